use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::fault::MalformedRequest;
use crate::members::Members;

/// What a front has done to the query parameters that it hands over one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// Percent-decoded them: payload format 1.0.
    Decoded,
    /// Nothing: load balancers.
    AsSent,
}

const MULTI: &str = "multiValueQueryStringParameters";
const SINGLE: &str = "queryStringParameters";

/// The query string that parameters came from, as far as it can be told: the order of names is lost, and with
/// [`Given::Decoded`] how each was encoded. All of `multiValueQueryStringParameters` where it is there; the other member
/// then holds one value of each name, and may name nothing else.
pub(crate) fn query(document: &mut Members, given: Given) -> Result<String, MalformedRequest> {
    let single = document.pairs(SINGLE)?;
    let pairs: Vec<(String, String)> = match document.optional_lists(MULTI)? {
        None => single,
        Some(multi) => {
            let lacks =
                |name: &String| !multi.iter().any(|(other, values)| other == name && !values.is_empty());
            if single.iter().any(|(name, _)| lacks(name)) {
                return Err(MalformedRequest::Lacking { single: SINGLE, multi: MULTI });
            }
            let each = |(name, values): (String, Vec<String>)| {
                values.into_iter().map(move |value| (name.clone(), value))
            };
            multi.into_iter().flat_map(each).collect()
        }
    };
    let written = pairs.iter().map(|(name, value)| match given {
        Given::Decoded => Ok(format!("{}={}", encode(name), encode(value))),
        Given::AsSent if is_sent(name, true) && is_sent(value, false) => Ok(format!("{name}={value}")),
        Given::AsSent => Err(MalformedRequest::Query),
    });
    Ok(written.collect::<Result<Vec<_>, _>>()?.join("&"))
}

fn encode(text: &str) -> impl std::fmt::Display {
    // Contracts split lists at commas that are not encoded, which most are in what callers send.
    const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',');
    utf8_percent_encode(text, &PLAIN)
}

/// Whether a front that decodes nothing can have found `text` between the delimiters of a query string.
fn is_sent(text: &str, is_name: bool) -> bool {
    !text.contains(|c: char| matches!(c, '&' | '#') || (is_name && c == '=') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_model::QueryPairs;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(document: Value, given: Given, expected: Result<&str, MalformedRequest>) {
        let Value::Object(document) = document else { panic!("an object") };
        let query = query(&mut Members::of(document), given);
        assert_eq!(query.as_deref().map_err(Clone::clone), expected.as_ref().copied().map_err(Clone::clone));
    }

    #[test]
    fn decoded_parameters_are_encoded_again() {
        check(json!({}), Given::Decoded, Ok(""));
        check(json!({SINGLE: null, MULTI: null}), Given::Decoded, Ok(""));
        check(json!({SINGLE: {"a b": "x&y=z+%2F"}}), Given::Decoded, Ok("a%20b=x%26y%3Dz%2B%252F"));
        check(json!({SINGLE: {"a": "1,2|3 4"}}), Given::Decoded, Ok("a=1,2%7C3%204"));
        let multi = json!({SINGLE: {"a": "2", "é": ""}, MULTI: {"a": ["1", "2"], "é": [""]}});
        check(multi, Given::Decoded, Ok("a=1&a=2&%C3%A9="));
        let value = "100% & more = é/+";
        let Value::Object(document) = json!({SINGLE: {"q": value}}) else { panic!("an object") };
        let query = query(&mut Members::of(document), Given::Decoded).unwrap();
        assert_eq!(QueryPairs::only(&query, "q"), Ok(Some(value.to_owned())));
    }

    #[test]
    fn parameters_as_sent_are_left_alone() {
        check(json!({SINGLE: {"a%20b": "x%26y+z=1", "p": ""}}), Given::AsSent, Ok("a%20b=x%26y+z=1&p="));
        for faulty in [
            json!({"a&b": "1"}),
            json!({"a=b": "1"}),
            json!({"a": "1&b=2"}),
            json!({"a": "1#b"}),
            json!({"a#": "1"}),
            json!({"a": "1\r\nb"}),
        ] {
            check(json!({SINGLE: faulty}), Given::AsSent, Err(MalformedRequest::Query));
        }
    }

    #[test]
    fn one_member_says_no_more_than_the_other() {
        let lacking = Err(MalformedRequest::Lacking { single: SINGLE, multi: MULTI });
        for multi in [json!({}), json!({"a": []}), json!({"A": ["1"]})] {
            check(json!({SINGLE: {"a": "1"}, MULTI: multi}), Given::Decoded, lacking.clone());
        }
        check(json!({SINGLE: {"a": "1"}, MULTI: {"a": ["1"], "b": ["2"]}}), Given::AsSent, Ok("a=1&b=2"));
    }
}
