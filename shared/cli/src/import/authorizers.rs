//! What authorizers of tokens say that an issuer does not
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>).

use serde_json::Value;

use super::schemes::AUTHORIZER;
use super::{Reading, join};

/// Members that need no word: what they say becomes the issuer, or holds of any.
const SAID: [&str; 5] =
    ["type", "providerARNs", "jwtConfiguration", "identitySource", "authorizerResultTtlInSeconds"];
/// Where the door takes tokens, in lower case.
const FIELD: &str = "authorization";

/// Lists what the authorizer of the security scheme at `at` says that is not carried over.
pub(super) fn tell(reading: &mut Reading<'_>, at: &str, scheme: &Value) {
    let inside = join(at, AUTHORIZER);
    let Some(authorizer) = scheme.get(AUTHORIZER) else { return };
    for name in authorizer.as_object().into_iter().flat_map(|members| members.keys()) {
        let what = match name.as_str() {
            name if SAID.contains(&name) => continue,
            "identityValidationExpression" => {
                "the expression that tokens are held to: let `audiences` of the issuer name the app clients that it matches, and no other"
            }
            _ => "this part of the authorizer",
        };
        reading.leave(&join(&inside, name), what);
    }
    let sources = match authorizer.get("identitySource") {
        Some(Value::String(one)) => one.split(',').map(str::trim).collect(),
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(other) = sources.iter().find(|source| !is_own(source)) {
        tell_field(reading, &join(&inside, "identitySource"), other);
    } else if sources.is_empty()
        && scheme.get("in").and_then(Value::as_str) == Some("header")
        && let Some(field) = scheme.get("name").and_then(Value::as_str)
        && !field.eq_ignore_ascii_case(FIELD)
    {
        tell_field(reading, &join(at, "name"), field);
    }
}

/// `method.request.header.Authorization` of REST APIs, and `$request.header.Authorization` of HTTP APIs.
fn is_own(source: &str) -> bool {
    let field =
        ["method.request.header.", "$request.header."].iter().find_map(|start| source.strip_prefix(start));
    field.is_some_and(|field| field.eq_ignore_ascii_case(FIELD))
}

fn tell_field(reading: &mut Reading<'_>, at: &str, stated: &str) {
    let what = format!(
        "tokens are shown in `{stated}`: the door takes them in `Authorization` alone, where callers are to show them now"
    );
    reading.leave(at, what);
}
