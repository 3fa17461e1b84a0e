//! What the mappings of an integration put in: texts with the parameters of the route's path in braces, as a door has them.

use std::collections::BTreeMap;

use super::{Reading, names};

/// The value of a mapping of a REST API: `'text'`, `method.request.path.NAME` or `stageVariables.NAME`; `None` for all that
/// no door can say.
pub(super) fn rest(reading: &mut Reading<'_>, at: &str, value: &str) -> Option<String> {
    if let Some(name) = value.strip_prefix("method.request.path.") {
        return Some(format!("{{{}}}", names::parameter(name)));
    }
    if let Some(name) = value.strip_prefix("stageVariables.") {
        return literal(&reading.with_variables(at, &format!("${{stageVariables.{name}}}")));
    }
    literal(value.strip_prefix('\'')?.strip_suffix('\'')?)
}

/// The value of a mapping of an HTTP API: a text, in which `$request.path.NAME` or `${request.path.NAME}`, `$request.path` and
/// `$stageVariables.NAME` may stand. `own` is the path of the route, which is what a request of its asks for.
pub(super) fn http(reading: &mut Reading<'_>, at: &str, value: &str, own: &str) -> Option<String> {
    let (mut whole, mut rest) = (String::new(), value);
    while let Some((before, behind)) = rest.split_once('$') {
        whole.push_str(&literal(before)?);
        let (name, after) = match behind.strip_prefix('{') {
            Some(inner) => inner.split_once('}')?,
            None => {
                let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
                behind.split_at(behind.find(|c| !is_inside(c)).unwrap_or(behind.len()))
            }
        };
        let text = match name.split_once("request.path") {
            Some(("", "")) => own.replace("+}", "}"),
            Some(("", name)) => format!("{{{}}}", names::parameter(name.strip_prefix('.')?)),
            _ => {
                let name = name.strip_prefix("stageVariables.")?;
                literal(&reading.with_variables(at, &format!("${{stageVariables.{name}}}")))?
            }
        };
        whole.push_str(&text);
        rest = after;
    }
    Some(whole + &literal(rest)?)
}

/// A text as it stands, if nothing in it would be read as a parameter.
fn literal(text: &str) -> Option<String> {
    (!text.contains(['{', '}'])).then(|| text.to_owned())
}

/// Whether what stands beside parameters needs no escape in a segment of a path (RFC 3986 section 2.3).
pub(super) fn is_segment(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~{}".contains(c))
}

/// The text with the parameters in braces that `parameters` gives, each put in at once: nothing that was put in is read again.
pub(super) fn filled(text: &str, parameters: &BTreeMap<String, String>) -> String {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        whole.push_str(before);
        match parameters.get(name) {
            Some(text) => whole.push_str(text),
            None => whole.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use doorward_contract::RawDocument;

    use super::*;

    #[track_caller]
    fn check(read: impl Fn(&mut Reading<'_>) -> Option<String>, expected: Option<&str>) {
        let document = RawDocument::read("f", "{}").unwrap();
        let variables = [("v".to_owned(), "two".to_owned())];
        let mut reading =
            Reading { document: &document, variables: &variables, leftovers: Vec::new(), read: Vec::new() };
        assert_eq!(read(&mut reading).as_deref(), expected);
    }

    #[test]
    fn expressions_of_http_apis_are_read_or_not_at_all() {
        for (value, expected) in [
            ("/static", Some("/static")),
            ("/$request.path.id/x", Some("/{id}/x")),
            ("/${request.path.id}-${stageVariables.v}", Some("/{id}-two")),
            ("/$stageVariables.v", Some("/two")),
            ("$request.path", Some("/a/{id}/{rest}")),
            ("/v2${request.path}", Some("/v2/a/{id}/{rest}")),
            ("$request.path.order-id", Some("{order_id}")),
            ("${request.path.id", None),
            ("{id}", None),
            ("$request.pathology", None),
            ("$request.header.x", None),
            ("$request.querystring.x", None),
            ("$request.body.x", None),
            ("/$context.authorizer.claims.sub", None),
            ("$", None),
        ] {
            check(|reading| http(reading, "", value, "/a/{id}/{rest+}"), expected);
        }
    }

    #[test]
    fn expressions_of_rest_apis_are_read_or_not_at_all() {
        for (value, expected) in [
            ("'static'", Some("static")),
            ("method.request.path.order-id", Some("{order_id}")),
            ("stageVariables.v", Some("two")),
            ("'{id}'", None),
            ("static", None),
            ("method.request.header.x", None),
            ("context.authorizer.principalId", None),
            ("", None),
        ] {
            check(|reading| rest(reading, "", value), expected);
        }
    }
}
