use doorward_model::TargetFault;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::answer::{document, field_fault, headers, status, text, unreadable};
use crate::fields;
use crate::reply::MAX_STREAM_HEAD_BYTES;

/// What ends the head of a streamed answer.
const END: [u8; 8] = [0; 8];

/// The head of a streamed answer without what ends it, and what is there of its payload.
pub type Split<'a> = (&'a [u8], &'a [u8]);

/// Splits the head of a function's streamed answer from what is there of its payload; `None` while the head is not whole.
///
/// # Errors
/// [`TargetFault::Unreadable`] where the head is longer than the 16 KB that API Gateway takes.
pub fn split_stream(begun: &[u8]) -> Result<Option<Split<'_>>, TargetFault> {
    let end = begun.windows(END.len()).position(|bytes| bytes == END);
    match end.and_then(|end| begun.split_at_checked(end)) {
        Some((head, rest)) if head.len() <= MAX_STREAM_HEAD_BYTES => {
            Ok(Some((head, rest.get(END.len()..).unwrap_or_default())))
        }
        None if begun.len() <= MAX_STREAM_HEAD_BYTES + END.len() => Ok(None),
        _ => Err(unreadable(format!("its head is longer than {MAX_STREAM_HEAD_BYTES} bytes"))),
    }
}

/// Reads the head of a function's streamed answer: an object with `statusCode`, which is 200 where it is not there, `headers`,
/// `multiValueHeaders` and `cookies` ("Set up a Lambda proxy integration with payload response streaming", API Gateway guide).
///
/// # Errors
/// [`TargetFault::Unreadable`] for anything that a front would have to guess at.
pub fn decode_stream_head(head: &[u8]) -> Result<(StatusCode, HeaderMap), TargetFault> {
    let Value::Object(mut members) = document(head)? else {
        return Err(unreadable("the head of its stream is not an object"));
    };
    let status = match members.remove("statusCode") {
        None | Some(Value::Null) => StatusCode::OK,
        code => status(code)?,
    };
    let mut headers = headers(members.remove("headers"), members.remove("cookies"))?;
    match members.remove("multiValueHeaders") {
        None | Some(Value::Null) => {}
        Some(Value::Object(lists)) => {
            for (name, values) in lists {
                let Value::Array(values) = values else {
                    return Err(unreadable("the values of a header are not a list"));
                };
                for value in values {
                    fields::append(&mut headers, &name, &text(value)?).map_err(field_fault)?;
                }
            }
        }
        Some(_) => return Err(unreadable("`multiValueHeaders` is not an object")),
    }
    Ok((status, fields::of_answer(&headers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, status: u16, expected: &[(&str, &str)]) {
        let (found, headers) = decode_stream_head(head.as_bytes()).unwrap();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!((found.as_u16(), headers.as_slice()), (status, expected), "{head}");
    }

    #[test]
    fn a_head_has_the_members_of_both_formats() {
        check("{}", 200, &[]);
        check(
            r#"{"statusCode":null,"headers":null,"cookies":null,"multiValueHeaders":null,"x":1}"#,
            200,
            &[],
        );
        check(
            r#"{"statusCode":404,"headers":{"content-type":"text/event-stream","x-n":1},"cookies":["a=1","b=2"]}"#,
            404,
            &[
                ("content-type", "text/event-stream"),
                ("x-n", "1"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
            ],
        );
        check(
            r#"{"multiValueHeaders":{"x-a":["1","2"]},"headers":{"connection":"x-b","x-b":"3"}}"#,
            200,
            &[("x-a", "1"), ("x-a", "2")],
        );
    }

    #[test]
    fn nothing_is_guessed_of_a_head() {
        for head in [
            "",
            "[]",
            "{",
            r#"{"statusCode":199}"#,
            r#"{"statusCode":"2x0"}"#,
            r#"{"statusCode":407}"#,
            r#"{"statusCode":200,"statusCode":201}"#,
            r#"{"headers":[]}"#,
            r#"{"headers":{"a b":"c"}}"#,
            r#"{"headers":{"a":"c\nd"}}"#,
            r#"{"multiValueHeaders":{"a":"b"}}"#,
            r#"{"cookies":"a=1"}"#,
        ] {
            assert!(decode_stream_head(head.as_bytes()).is_err(), "{head}");
        }
    }

    #[test]
    fn a_head_ends_with_eight_nuls_wherever_chunks_do() {
        let whole = b"{}\0\0\0\0\0\0\0\0\0payload";
        for cut in 0..10 {
            assert_eq!(split_stream(&whole[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(split_stream(&whole[..10]).unwrap(), Some((b"{}".as_slice(), b"".as_slice())));
        assert_eq!(split_stream(whole).unwrap(), Some((b"{}".as_slice(), b"\0payload".as_slice())));
        let long = vec![b' '; MAX_STREAM_HEAD_BYTES];
        assert_eq!(split_stream(&long).unwrap(), None);
        assert!(split_stream(&[long.as_slice(), &[0; 7], b"x"].concat()).is_ok());
        assert!(split_stream(&[long.as_slice(), b"xxxxxxxxx"].concat()).is_err());
        assert!(split_stream(&[long.as_slice(), b"x", &END].concat()).is_err());
    }
}
