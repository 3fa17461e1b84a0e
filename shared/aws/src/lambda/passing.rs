//! What is passed on of an invocation that came in by the Invoke API itself, and of its answer.

use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_smithy_types::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_core::ports::Forward;
use doorward_events::MAX_EVENT_BYTES;
use doorward_model::{Body, Reply, TargetFault};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

/// Bytes of a client context, in base64 ("Invoke", AWS Lambda API reference).
const LONGEST_CONTEXT: usize = 3583;

/// What the door's own members of `custom` begin with, in whatever case; functions take no other word for them.
const OWN: &str = "x-doorward-";

/// The client context that the function is handed: what its caller says, and in `custom` what the door vouches for. Runtimes read
/// `custom` as texts by name, and take it from a header field: hence texts, and ASCII.
///
/// # Errors
/// [`TargetFault::Unfit`] where both together are longer than Lambda takes.
pub(super) fn client_context(
    forward: &Forward<'_>,
    said: Option<&Map<String, Value>>,
) -> Result<String, TargetFault> {
    let mut context = said.cloned().unwrap_or_default();
    let mut custom = match context.remove("custom") {
        Some(Value::Object(custom)) => custom,
        _ => Map::new(),
    };
    custom.retain(|name, _| !name.to_ascii_lowercase().starts_with(OWN));
    let call = forward.call;
    let caller = forward.principal.name.to_string();
    let vouched = [
        ("caller", Some(caller.as_str())),
        ("action", call.action.as_deref()),
        ("plan", call.plan.as_deref()),
        ("purpose", call.purpose.as_deref()),
        ("call", Some(call.id.as_str())),
    ];
    for (name, value) in vouched {
        custom.extend(value.map(|value| (format!("{OWN}{name}"), Value::from(value))));
    }
    context.insert("custom".to_owned(), Value::Object(custom));
    let encoded = STANDARD.encode(ascii(&Value::Object(context).to_string()));
    match encoded.len() {
        ..=LONGEST_CONTEXT => Ok(encoded),
        _ => Err(TargetFault::Unfit("its client context is longer than a function takes")),
    }
}

/// A JSON text in which every other character is escaped (RFC 8259 section 7): outside of its strings there is none.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        match c.is_ascii() {
            true => text.push(c),
            false => {
                for unit in c.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        text
    })
}

/// The function of an endpoint without the version that stands behind its name.
pub(super) fn unqualified(address: &str) -> &str {
    let colons = if address.starts_with("arn:") { 7 } else { 1 };
    let mut found = address.match_indices(':');
    found.nth(colons - 1).and_then(|(at, _)| address.get(..at)).unwrap_or(address)
}

/// The function's answer, or its error, as it came.
pub(super) fn reply(output: InvokeOutput) -> Result<Reply, TargetFault> {
    let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
    if payload.len() > MAX_EVENT_BYTES {
        return Err(TargetFault::TooLarge(format!("more than {MAX_EVENT_BYTES} bytes")));
    }
    let told = [
        ("x-amz-executed-version", output.executed_version),
        ("x-amz-function-error", output.function_error),
        ("x-amz-log-result", output.log_result),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in told {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(Reply { status: StatusCode::OK, headers, body: Body::Full(payload.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_off_behind_the_name() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        for (address, expected) in [
            ("orders", "orders"),
            ("orders:live", "orders"),
            ("orders:$LATEST", "orders"),
            (arn, arn),
            (&format!("{arn}:live"), arn),
        ] {
            assert_eq!(unqualified(address), expected);
        }
    }

    #[test]
    fn a_json_text_becomes_ascii_and_says_the_same() {
        let value = serde_json::json!({ "näme": "Grüße \u{1f600} \"quoted\" \\" });
        let text = ascii(&value.to_string());
        assert!(text.is_ascii() && text.contains("\\ud83d\\ude00"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
