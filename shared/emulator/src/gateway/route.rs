//! Which route of an HTTP API, or which method of a REST API, takes a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::EmulatorError;
use crate::options::{Access, Payload, Route};

/// Route key of the route that takes what no other does.
const DEFAULT: &str = "$default";

/// The routes of an API, the most specific first.
#[derive(Debug)]
pub(super) struct Routes(Vec<CompiledRoute>);

#[derive(Debug)]
struct CompiledRoute {
    key: String,
    function: String,
    access: Access,
    payload: Payload,
    pattern: Option<Pattern>,
}

/// Method and path of every route but `$default`.
#[derive(Debug)]
struct Pattern {
    /// `None` for `ANY`.
    method: Option<String>,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    /// Takes the rest of the path, at least one segment.
    Greedy(String),
}

/// The route that a request takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    pub(super) key: &'a str,
    pub(super) function: &'a str,
    pub(super) access: Access,
    pub(super) payload: Payload,
    /// Values of the path parameters as they were sent.
    pub(super) parameters: BTreeMap<String, String>,
}

impl<'a> Match<'a> {
    /// The path of the key; the key itself where it is `$default`.
    pub(super) fn resource(&self) -> &'a str {
        self.key.split_once(' ').map_or(self.key, |(_, path)| path)
    }

    /// Decoded values of the path parameters.
    pub(super) fn decoded_parameters(&self) -> BTreeMap<String, String> {
        let decoded = |(name, value): (&String, &String)| {
            (name.clone(), percent_decode_str(value).decode_utf8_lossy().into_owned())
        };
        self.parameters.iter().map(decoded).collect()
    }
}

impl Routes {
    pub(super) fn compile(routes: Vec<Route>) -> Result<Self, EmulatorError> {
        let mut compiled = routes.into_iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        compiled.sort_by_cached_key(|route| route.pattern.as_ref().map_or((1, Vec::new(), false), rank));
        let mut keys: Vec<&str> = compiled.iter().map(|route| route.key.as_str()).collect();
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[_]>::first) {
            Some(twice) => Err(EmulatorError::RouteTwice((*twice).to_owned())),
            None => Ok(Self(compiled)),
        }
    }

    /// The key of a route that asks for an authorizer.
    pub(super) fn authorized(&self) -> Option<&str> {
        self.0.iter().find(|route| route.access == Access::Authorizer).map(|route| route.key.as_str())
    }

    /// Functions that the routes name.
    pub(super) fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|route| route.function.as_str())
    }

    /// Matches the path as it was sent, so that `%2F` never acts as a separator.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        self.0.iter().find_map(|route| {
            let parameters = match &route.pattern {
                None => BTreeMap::new(),
                Some(pattern) => pattern.parameters(method, path)?,
            };
            Some(Match {
                key: &route.key,
                function: &route.function,
                access: route.access,
                payload: route.payload,
                parameters,
            })
        })
    }
}

/// `$default` comes last. Of two paths, the one whose first difference is the more literal comes first, a greedy
/// parameter after all others; of two equal paths, a method comes before `ANY`.
fn rank(pattern: &Pattern) -> (u8, Vec<u8>, bool) {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Parameter(_) => 1,
        Segment::Greedy(_) => 2,
    };
    let greedy = matches!(pattern.segments.last(), Some(Segment::Greedy(_)));
    let mut ranks = vec![u8::from(greedy)];
    ranks.extend(pattern.segments.iter().map(segment));
    (0, ranks, pattern.method.is_none())
}

fn compile(route: Route) -> Result<CompiledRoute, EmulatorError> {
    let Route { key, function, access, payload } = route;
    if key == DEFAULT {
        return Ok(CompiledRoute { key, function, access, payload, pattern: None });
    }
    match pattern(&key) {
        Some(pattern) => Ok(CompiledRoute { key, function, access, payload, pattern: Some(pattern) }),
        None => Err(EmulatorError::RouteKey(key)),
    }
}

fn pattern(key: &str) -> Option<Pattern> {
    let (method, path) = key.split_once(' ')?;
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let segments = path.strip_prefix('/')?.split('/').map(segment).collect::<Option<Vec<_>>>()?;
    let inner = segments.split_last().map(|(_, inner)| inner).unwrap_or_default();
    if inner.iter().any(|segment| matches!(segment, Segment::Greedy(_))) {
        return None;
    }
    Some(Pattern { method: (method != "ANY").then(|| method.to_owned()), segments })
}

fn segment(text: &str) -> Option<Segment> {
    let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
        return (!text.contains(['{', '}', ' '])).then(|| Segment::Literal(text.to_owned()));
    };
    let (name, greedy) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
    if name.is_empty() || name.contains(['{', '}', '+']) {
        return None;
    }
    let name = name.to_owned();
    Some(if greedy { Segment::Greedy(name) } else { Segment::Parameter(name) })
}

impl Pattern {
    fn parameters(&self, method: &str, path: &str) -> Option<BTreeMap<String, String>> {
        if self.method.as_ref().is_some_and(|own| own != method) {
            return None;
        }
        let mut rest = Some(path.strip_prefix('/')?);
        let mut parameters = BTreeMap::new();
        for segment in &self.segments {
            let text = rest?;
            let (head, tail) = text.split_once('/').map_or((text, None), |(head, tail)| (head, Some(tail)));
            rest = tail;
            match segment {
                Segment::Literal(literal) if literal == head => {}
                Segment::Parameter(name) if !head.is_empty() => {
                    parameters.insert(name.clone(), head.to_owned());
                }
                Segment::Greedy(name) if !text.is_empty() => {
                    parameters.insert(name.clone(), text.to_owned());
                    rest = None;
                }
                _ => return None,
            }
        }
        rest.is_none().then_some(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(keys: &[&str]) -> Result<Routes, EmulatorError> {
        let route = |key: &&str| Route {
            key: (*key).into(),
            function: "f".into(),
            access: Access::Authorizer,
            payload: Payload::V2,
        };
        Routes::compile(keys.iter().map(route).collect())
    }

    const KEYS: [&str; 8] = [
        "$default",
        "ANY /{proxy+}",
        "ANY /orders",
        "GET /orders",
        "GET /orders/{id}",
        "GET /orders/new",
        "GET /files/{path+}",
        "GET /files/{name}/meta",
    ];

    #[track_caller]
    fn check(request: &str, key: &str, parameters: &[(&str, &str)]) {
        let routes = routes(&KEYS).unwrap();
        let (method, path) = request.split_once(' ').unwrap();
        let found = routes.find(method, path).unwrap();
        assert_eq!(found.key, key);
        let expected: BTreeMap<_, _> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(found.decoded_parameters(), expected);
    }

    #[test]
    fn the_most_specific_route_wins() {
        check("GET /orders", "GET /orders", &[]);
        check("POST /orders", "ANY /orders", &[]);
        check("GET /orders/new", "GET /orders/new", &[]);
        check("GET /orders/42", "GET /orders/{id}", &[("id", "42")]);
        check("POST /orders/42", "ANY /{proxy+}", &[("proxy", "orders/42")]);
        check("GET /orders/42/items", "ANY /{proxy+}", &[("proxy", "orders/42/items")]);
        check("GET /files/a/b", "GET /files/{path+}", &[("path", "a/b")]);
        check("GET /files/a/meta", "GET /files/{name}/meta", &[("name", "a")]);
        check("GET /", "$default", &[]);
    }

    #[test]
    fn an_encoded_slash_separates_nothing_and_parameters_are_decoded() {
        check("GET /orders/a%2Fb", "GET /orders/{id}", &[("id", "a/b")]);
        check("GET /orders/%C3%A4%20", "GET /orders/{id}", &[("id", "ä ")]);
        let routes = routes(&KEYS).unwrap();
        assert_eq!(routes.find("GET", "/orders/%40").unwrap().parameters["id"], "%40");
    }

    #[test]
    fn an_empty_segment_is_no_value() {
        check("GET /orders/", "ANY /{proxy+}", &[("proxy", "orders/")]);
        assert_eq!(routes(&["GET /orders/{id}"]).unwrap().find("GET", "/orders/"), None);
        assert_eq!(routes(&["GET /orders"]).unwrap().find("GET", "/orders/"), None);
        assert_eq!(routes(&["GET /orders"]).unwrap().find("GET", "*"), None);
    }

    #[test]
    fn refuses_keys_that_api_gateway_does_not_know() {
        for key in ["", "GET", "/orders", "get /orders", "GET orders", "GET /{a+}/b", "GET /{}", "GET /a{b}"]
        {
            assert!(matches!(routes(&[key]), Err(EmulatorError::RouteKey(_))), "{key}");
        }
        assert!(matches!(routes(&["GET /a", "GET /a"]), Err(EmulatorError::RouteTwice(_))));
    }
}
