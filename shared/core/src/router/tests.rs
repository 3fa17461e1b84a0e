//! The router against a matcher that looks at every route, and at the requests that are made to get around it.

use std::collections::HashSet;

use doorward_config::{Config, RouteMatch, RouteMethod};
use doorward_model::{CanonicalPath, PathForm};
use fastrand::Rng;
use http::Method;

use super::{Match, Router};

/// The configuration with these routes.
fn config(matches: &[String]) -> Config {
    let mut text = r#"
        [door]
        name = "door"
        table = "door"
        fronts = []

        [[targets]]
        name = "files"
        lambda = "files"
    "#
    .to_owned();
    for (nth, matched) in matches.iter().enumerate() {
        text.push_str(&format!(
            "[[routes]]\nid = \"r{nth}\"\nmatch = \"{matched}\"\ntarget = \"files\"\nauth = [\"anonymous\"]\n"
        ));
    }
    doorward_config::parse("doorward.toml", &text).unwrap_or_else(|faults| panic!("{faults}\n{matches:?}"))
}

fn path(segments: &[&str]) -> CanonicalPath {
    CanonicalPath::parse(&format!("/{}", segments.join("/")), PathForm::Decoded).unwrap()
}

/// How much a route says of a path that it matches, the most first, and its parameters: whether its last parameter is greedy,
/// then what each of its segments is (literal, parameter, greedy), then whether its method is any.
type Rank = ((bool, Vec<u8>, bool), Vec<(String, String)>);

fn rank(matched: &RouteMatch, path: &[&str]) -> Option<Rank> {
    let RouteMatch::Http { method, path: template } = matched else { panic!() };
    let segments: Vec<&str> = template.split('/').skip(1).filter(|segment| !segment.is_empty()).collect();
    let (mut kinds, mut parameters) = (Vec::new(), Vec::new());
    let mut rest = path;
    for segment in segments {
        let (first, behind) = rest.split_first()?;
        match segment.strip_prefix('{').map(|inner| inner.trim_end_matches('}')) {
            None if segment == *first => kinds.push(0),
            None => return None,
            Some(name) => match name.strip_suffix('+') {
                None => {
                    parameters.push((name.to_owned(), (*first).to_owned()));
                    kinds.push(1);
                }
                Some(name) => {
                    parameters.push((name.to_owned(), rest.join("/")));
                    kinds.push(2);
                    rest = &[];
                    continue;
                }
            },
        }
        rest = behind;
    }
    let greedy = kinds.contains(&2);
    rest.is_empty().then(|| ((greedy, kinds, *method == RouteMethod::Any), parameters))
}

/// What a request leads to, by looking at each route.
fn expected(config: &Config, method: &Method, path: &[&str]) -> Match {
    let found = |method: &Method| {
        let takes = |matched: &RouteMatch| match matched {
            RouteMatch::Http { method: RouteMethod::Only(own), .. } => own == method,
            RouteMatch::Http { method: RouteMethod::Any, .. } => RouteMethod::ALL.contains(method),
            _ => false,
        };
        let routes = config.routes.iter().enumerate().filter(|(_, route)| takes(&route.matched));
        let ranked = routes.filter_map(|(place, route)| {
            let (rank, parameters) = rank(&route.matched, path)?;
            Some((rank, place, parameters))
        });
        ranked.min().map(|(_, place, parameters)| Match::Route(place, parameters))
    };
    found(method).unwrap_or_else(|| {
        let mut others = RouteMethod::ALL.to_vec();
        others.retain(|method| found(method).is_some());
        others.sort_by_key(ToString::to_string);
        if others.is_empty() { Match::Nothing } else { Match::OtherMethods(others) }
    })
}

/// A match whose paths meet those of others often.
fn template(rng: &mut Rng) -> String {
    let count = rng.usize(0..5);
    let segment = |nth: usize, rng: &mut Rng| match rng.u8(0..6) {
        0..3 => (*rng.choice(&["a", "b"]).unwrap()).to_owned(),
        _ if nth + 1 == count && rng.bool() => format!("{{{}{nth}+}}", rng.choice(["p", "q"]).unwrap()),
        _ => format!("{{{}{nth}}}", rng.choice(["p", "q"]).unwrap()),
    };
    let segments: Vec<String> = (0..count).map(|nth| segment(nth, rng)).collect();
    let method = rng.choice(["GET", "POST", "OPTIONS", "ANY", "ANY"]).unwrap();
    format!("{method} /{}", segments.join("/"))
}

/// What two matches of one configuration may not share.
fn shape(matched: &str) -> String {
    let segment = |segment: &str| match (segment.starts_with('{'), segment.ends_with("+}")) {
        (false, _) => segment.to_owned(),
        (true, greedy) => format!("{{{greedy}}}"),
    };
    matched.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[test]
fn each_request_goes_where_looking_at_every_route_says() {
    let cases = std::env::var("CASES").map_or(40_000, |cases| cases.parse().unwrap());
    let mut rng = Rng::with_seed(7);
    let methods: Vec<Method> = RouteMethod::ALL
        .into_iter()
        .chain(["ANY", "get", "PROPFIND"].map(|name| name.parse().unwrap()))
        .collect();
    let (mut asked, mut by_kind) = (0, [0; 4]);
    while asked < cases {
        let mut shapes = HashSet::new();
        let mut matches: Vec<String> = (0..rng.usize(1..14)).map(|_| template(&mut rng)).collect();
        matches.retain(|matched| shapes.insert(shape(matched)));
        let config = config(&matches);
        let router = Router::new(&config.routes).unwrap();
        for _ in 0..40 {
            let count = rng.usize(0..7);
            let segments: Vec<&str> =
                (0..count).map(|_| rng.choice(["a", "b", "c", "{p0}", "*", "a+b ü"]).unwrap()).collect();
            let method = rng.choice(&methods).unwrap();
            let found = router.find(method, &path(&segments));
            assert_eq!(found, expected(&config, method, &segments), "{method} {segments:?} of {matches:#?}");
            by_kind[match found {
                Match::Route(place, _) if matches[place].ends_with("+}") => 0,
                Match::Route(..) => 1,
                Match::OtherMethods(_) => 2,
                _ => 3,
            }] += 1;
            asked += 1;
        }
    }
    assert!(by_kind.iter().all(|kind| kind * 50 > asked), "a kind of answer hardly occurs: {by_kind:?}");
}

const TABLE: [&str; 8] = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "ANY /pets/dog/1",
    "DELETE /{a}/{b}/{c}",
    "OPTIONS /files/{path+}",
    "ANY /files/{path+}",
];

#[track_caller]
fn check(request: &str, expected: &str) {
    let config = config(&TABLE.map(str::to_owned));
    let (method, asked) = request.split_once(' ').unwrap();
    let path = CanonicalPath::parse(asked, PathForm::Encoded).unwrap();
    let found = match Router::new(&config.routes).unwrap().find(&method.parse().unwrap(), &path) {
        Match::Route(place, parameters) => {
            let shown = parameters.iter().map(|(name, value)| format!(" {name}={value}"));
            format!("{}{}", TABLE[place], shown.collect::<String>())
        }
        other => format!("{other:?}"),
    };
    assert_eq!(found, expected, "{request}");
}

#[test]
fn routes_are_looked_at_as_http_apis_do() {
    // The first four are the documentation's own.
    check("GET /pets/dog/1", "GET /pets/dog/1");
    check("GET /pets/dog/2", "GET /pets/dog/{id} id=2");
    check("GET /pets/cat/1", "GET /pets/{proxy+} proxy=cat/1");
    check("POST /test/5", "ANY /{proxy+} proxy=test/5");
    check("POST /pets/dog/1", "ANY /pets/dog/1");
    check("POST /pets/dog/2", "ANY /{proxy+} proxy=pets/dog/2");
    // A full match of the method goes first, whatever is more literal among the greedy ones.
    check("DELETE /files/a/b", "DELETE /{a}/{b}/{c} a=files b=a c=b");
    check("DELETE /files/a", "ANY /files/{path+} path=a");
    check("OPTIONS /files/a/b", "OPTIONS /files/{path+} path=a/b");
    check("HEAD /files/a%20b/c/", "ANY /files/{path+} path=a b/c");
}

#[test]
fn a_greedy_parameter_takes_one_segment_or_more_and_nothing_of_the_doors_own() {
    check("GET /files", "ANY /{proxy+} proxy=files");
    check("GET /", "Nothing");
    check("PROPFIND /files/a", "OtherMethods([DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT])");
    check("ANY /files/a", "OtherMethods([DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT])");
    for own in ["/.doorward", "/.doorward/", "/.doorward/usage", "/.doorward/a/b", "/%2Edoorward/health"] {
        check(&format!("GET {own}"), "Nothing");
    }
    check("GET /.doorwards/x", "ANY /{proxy+} proxy=.doorwards/x");
    let deep = "/s".repeat(1_000);
    check(
        &format!("GET /files{deep}"),
        &format!("ANY /files/{{path+}} path={}", deep.trim_start_matches('/')),
    );
}
