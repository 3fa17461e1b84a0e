//! `requestParameters` of an integration with a server: what API Gateway changes of a request before it sends it on
//! ("Transform API requests and responses for HTTP APIs", <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>;
//! "Request and response data mappings" of REST APIs, <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>).
//!
//! A header field or a query parameter that is set to what a door cannot say is taken off: servers may trust it, since API
//! Gateway wrote it over that of the caller.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{Reading, Rewrite, Target, configuration, expressions, join};

/// What stands in a path where the integration puts in another thing than a parameter of the route's path: no parameter is
/// called so, which keeps a route from sending what its caller chose.
const NOT_CARRIED: &str = "{not-carried-over}";

/// What a target and its routes say of a request.
#[derive(Debug, Default)]
pub(super) struct Mappings {
    /// The path in the place of the address's own.
    path: Option<String>,
    /// What the parameters in the address's path stand for.
    parameters: BTreeMap<String, String>,
    /// Header fields with what they are set to, or that are taken off.
    headers: BTreeMap<String, Option<String>>,
    /// The same of query parameters.
    query: BTreeMap<String, Option<String>>,
}

/// Reads the mappings of the integration at `at`, whose route has the path `own`.
pub(super) fn read(reading: &mut Reading<'_>, at: &str, own: &str) -> Mappings {
    let at = join(at, "requestParameters");
    let mut mappings = Mappings::default();
    for (key, value) in reading.value(&at).and_then(Value::as_object).into_iter().flatten() {
        let place = join(&at, key);
        let value = value.as_str().unwrap_or_default();
        match Key::read(key) {
            Some(key) if key.is_same(value) => {}
            Some(key) => mappings.add(reading, &place, &key, value, own),
            None => reading.leave(&place, format!("the mapping `{key}`, which nothing here reads")),
        }
    }
    mappings
}

/// What a mapping changes.
#[derive(Debug, Clone, Copy)]
enum Part<'k> {
    /// The whole path.
    Path,
    /// A parameter in the path of the integration's address.
    Parameter(&'k str),
    Header(&'k str),
    Query(&'k str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Set,
    Append,
    Remove,
}

#[derive(Debug, Clone, Copy)]
struct Key<'k> {
    part: Part<'k>,
    change: Change,
    is_rest: bool,
}

impl<'k> Key<'k> {
    fn read(key: &'k str) -> Option<Self> {
        let named = |text: &'k str| match text.split_once('.')? {
            ("header", name) => Some(Part::Header(name)),
            ("querystring", name) => Some(Part::Query(name)),
            _ => None,
        };
        if let Some(own) = key.strip_prefix("integration.request.") {
            let part = named(own).or_else(|| own.strip_prefix("path.").map(Part::Parameter))?;
            return Some(Self { part, change: Change::Set, is_rest: true });
        }
        let (change, own) = key.split_once(':')?;
        let change = match change {
            "overwrite" => Change::Set,
            "append" => Change::Append,
            "remove" => Change::Remove,
            _ => return None,
        };
        let part = match own {
            "path" if change == Change::Set => Part::Path,
            own => named(own)?,
        };
        Some(Self { part, change, is_rest: false })
    }

    /// Whether it gives a part of a REST API's request the value that it has: these pass as they are.
    fn is_same(self, value: &str) -> bool {
        let stated = value.strip_prefix("method.request.").and_then(|stated| stated.split_once('.'));
        self.is_rest
            && match (self.part, stated) {
                (Part::Header(name), Some(("header", stated))) => name.eq_ignore_ascii_case(stated),
                (Part::Query(name), Some(("querystring", stated))) => name == stated,
                _ => false,
            }
    }
}

impl Mappings {
    fn add(&mut self, reading: &mut Reading<'_>, at: &str, key: &Key<'_>, value: &str, own: &str) {
        let read = |reading: &mut Reading<'_>| match (key.change, key.is_rest) {
            (Change::Remove, _) => None,
            (_, true) => expressions::rest(reading, at, value),
            (_, false) => expressions::http(reading, at, value, own),
        };
        let read = read(reading);
        match key.part {
            Part::Path => {
                if read.is_none() {
                    reading.leave(at, format!("the path `{value}`, which a door cannot say"));
                }
                self.path = Some(read.unwrap_or_else(|| format!("/{NOT_CARRIED}")));
            }
            Part::Parameter(name) => {
                let text = read.filter(|text| expressions::is_segment(text));
                if text.is_none() {
                    reading.leave(
                        at,
                        format!("the part `{name}` of the path is `{value}`, which a door cannot say"),
                    );
                }
                self.parameters.insert(name.to_owned(), text.unwrap_or_else(|| NOT_CARRIED.to_owned()));
            }
            Part::Header(name) => {
                let text = read.filter(|text| !text.contains('{'));
                let said = said(reading, at, &format!("the header field `{name}`"), key, value, text);
                self.header(reading, at, name, said);
            }
            Part::Query(name) => {
                let said = said(reading, at, &format!("the query parameter `{name}`"), key, value, read);
                self.query.insert(name.to_owned(), said);
            }
        }
    }

    /// Sets or takes off a header field, if a door takes that.
    fn header(&mut self, reading: &mut Reading<'_>, at: &str, name: &str, text: Option<String>) {
        let name = name.to_ascii_lowercase();
        let alone = |text: &Option<String>| {
            let headers = BTreeMap::from([(name.clone(), text.clone())]);
            let keys = vec![("http", json!("https://server.example")), ("headers", fields(&headers))];
            configuration::refuses(&Target { name: "server".to_owned(), keys })
        };
        for text in [text, None] {
            match alone(&text) {
                Some(why) => reading.leave(at, format!("the header field `{name}`: {why}")),
                None => return drop(self.headers.insert(name, text)),
            }
        }
    }

    /// The keys of a target that say it.
    pub(super) fn keys(&self) -> Option<(&'static str, Value)> {
        (!self.headers.is_empty()).then(|| ("headers", fields(&self.headers)))
    }

    /// What a route's server is sent, where `path` and `query` are those of the integration's address.
    pub(super) fn rewrite(mut self, reading: &mut Reading<'_>, at: &str, path: &str, query: &str) -> Rewrite {
        if self.path.is_some() && path != "/" {
            reading.leave(
                at,
                format!("the path of the integration's address, `{path}`, which `overwrite:path` replaces"),
            );
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let text = decoded(value);
            // An escaped brace is one; nothing in a door's text is.
            let is_plain = text.matches(['{', '}']).eq(value.matches(['{', '}']));
            if !is_plain {
                reading.leave(
                    at,
                    format!("the query parameter `{name}` of the integration's address, which holds braces"),
                );
            }
            let text = is_plain.then(|| expressions::filled(&text, &self.parameters));
            self.query.entry(decoded(name)).or_insert(text);
        }
        let path = self.path.unwrap_or_else(|| expressions::filled(path, &self.parameters));
        let (mut set_query, mut remove_query) = (Vec::new(), Vec::new());
        for (name, text) in self.query {
            match text {
                Some(text) => set_query.push((name, text)),
                None => remove_query.push(name),
            }
        }
        Rewrite { path: Some(path), set_query, remove_query }
    }
}

/// What is said of a header field or a query parameter; `None` where it is taken off.
fn said(
    reading: &mut Reading<'_>,
    at: &str,
    part: &str,
    key: &Key<'_>,
    value: &str,
    text: Option<String>,
) -> Option<String> {
    match (key.change, &text) {
        (Change::Append, Some(_)) => {
            reading.leave(at, format!("{part} is added to what callers send of it: theirs is left out now"));
        }
        (Change::Set | Change::Append, None) => {
            reading.leave(at, format!("{part} is `{value}`, which a door cannot say: it is left out, and what callers send of it too"));
        }
        _ => {}
    }
    text
}

/// `headers` of a target.
fn fields(headers: &BTreeMap<String, Option<String>>) -> Value {
    let set: Map<String, Value> =
        headers.iter().filter_map(|(name, text)| Some((name.clone(), json!(text.as_ref()?)))).collect();
    let remove: Vec<&String> =
        headers.iter().filter(|(_, text)| text.is_none()).map(|(name, _)| name).collect();
    let mut rules = Map::new();
    if !set.is_empty() {
        rules.insert("set".to_owned(), Value::Object(set));
    }
    if !remove.is_empty() {
        rules.insert("remove".to_owned(), json!(remove));
    }
    Value::Object(rules)
}

/// As WHATWG URL reads `application/x-www-form-urlencoded`.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
