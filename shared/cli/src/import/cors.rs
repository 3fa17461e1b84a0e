//! `x-amazon-apigateway-cors`: what pages of other origins may do at an HTTP API
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-cors-configuration.html>).

use serde_json::{Map, Value, json};

use super::{Reading, Route, join, operations};

const KEY: &str = "x-amazon-apigateway-cors";
/// What pages may send whatever the answer to a preflight names (Fetch Standard, "CORS-safelisted method").
const SAFELISTED: [&str; 3] = ["GET", "HEAD", "POST"];

/// `[cors]` as it is said, where origins are named.
pub(super) fn read(reading: &mut Reading<'_>) -> Option<Value> {
    let at = join("", KEY);
    let said = reading.value(&at)?;
    reading.read.push(at.clone());
    let list = |name: &str| {
        said.get(name).filter(|list| list.as_array().is_some_and(|list| !list.is_empty())).cloned()
    };
    let Some(origins) = list("allowOrigins") else {
        reading.leave(&at, "the answers to pages of other origins: no origins are named");
        return None;
    };
    let mut cors = Map::from_iter([("origins".to_owned(), origins)]);
    for (theirs, own) in [("allowHeaders", "headers"), ("exposeHeaders", "expose")] {
        match list(theirs) {
            Some(names) if names.as_array().is_some_and(|names| names.iter().any(|name| name == "*")) => {
                reading.leave(
                    &join(&at, theirs),
                    format!("every header field (`*`): list those that are meant as `{own}` in `[cors]`"),
                );
            }
            Some(names) => drop(cors.insert(own.to_owned(), names)),
            None => {}
        }
    }
    if said.get("allowCredentials") == Some(&Value::Bool(true)) {
        cors.insert("credentials".to_owned(), json!(true));
    }
    match said.get("maxAge").map(Value::as_u64) {
        Some(Some(seconds)) => drop(cors.insert("max_age".to_owned(), json!(format!("{seconds}s")))),
        Some(None) => reading.leave(
            &join(&at, "maxAge"),
            "for how long browsers may keep an answer: say `max_age` in `[cors]`",
        ),
        None => {}
    }
    Some(Value::Object(cors))
}

/// Lists the methods of routes that pages could not call at the API: the door answers preflights with all that its routes take.
pub(super) fn tell_methods(reading: &mut Reading<'_>, routes: &[Route]) {
    let at = join(&join("", KEY), "allowMethods");
    let allowed: Vec<&str> = reading
        .value(&at)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if allowed.contains(&"*") {
        return;
    }
    let is_more = |method: &&str| !allowed.contains(method) && !SAFELISTED.contains(method);
    let is_taken =
        |method: &&str| routes.iter().any(|route| route.method == *method || route.method == operations::ANY);
    let all = operations::METHODS.map(str::to_ascii_uppercase);
    let more: Vec<&str> = all.iter().map(String::as_str).filter(is_more).filter(is_taken).collect();
    if more.is_empty() {
        return;
    }
    let what = format!(
        "the methods that pages of other origins may send: the door's answers to preflights name those of its routes, so {} too",
        more.join(", ")
    );
    reading.leave(if reading.value(&at).is_some() { &at } else { "/x-amazon-apigateway-cors" }, what);
}
