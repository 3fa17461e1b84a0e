//! `x-amazon-apigateway-cors`: what pages of other origins may do at an HTTP API
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-cors-configuration.html>).

use serde_json::{Map, Value, json};

use super::{Reading, join};

/// `[cors]` as it is said, where origins are named.
pub(super) fn read(reading: &mut Reading<'_>) -> Option<Value> {
    let at = join("", "x-amazon-apigateway-cors");
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
    if let Some(seconds) = said.get("maxAge").and_then(Value::as_u64) {
        cors.insert("max_age".to_owned(), json!(format!("{seconds}s")));
    }
    Some(Value::Object(cors))
}
