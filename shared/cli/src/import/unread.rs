//! Extensions of API Gateway's that say nothing to a door, or that nothing here has read.

use serde_json::Value;

use super::contract::Part;
use super::{Reading, join};

/// Lists every extension below `at` that was not read.
pub(super) fn list(reading: &mut Reading<'_>) {
    let document = reading.document.value();
    walk(reading, document, "", Part::Fields);
}

fn walk(reading: &mut Reading<'_>, value: &Value, at: &str, part: Part) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let inside = join(at, name);
                if !part.is_extension(name) {
                    walk(reading, value, &inside, part.inside(name, value));
                } else if !reading
                    .read
                    .iter()
                    .any(|read| read.starts_with(&inside) || inside.starts_with(read.as_str()))
                {
                    reading.leave(&inside, told(name));
                }
            }
        }
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                walk(reading, item, &format!("{at}/{nth}"), part);
            }
        }
        _ => {}
    }
}

fn told(name: &str) -> String {
    let what = match name.trim_start_matches("x-amazon-apigateway-") {
        "gateway-responses" => "the door's refusals have a form of their own, `application/problem+json`",
        "policy" => "the resource policy: what it allows and denies is for Cedar policies to say",
        "request-validator" | "request-validators" => {
            "the door checks parameters and body wherever a route has a contract"
        }
        "binary-media-types" | "minimum-compression-size" => "bodies pass as they are",
        "api-key-source" => "API keys are taken from their header field, or as bearer tokens",
        "endpoint-configuration" => "where the API is deployed; `fronts` names it",
        "importexport-version" => "what API Gateway states for its own import",
        "tag-value" => "tags of the API",
        "documentation" => "documentation beside the contract",
        _ => "nothing here reads it",
    };
    format!("`{name}`: {what}")
}
