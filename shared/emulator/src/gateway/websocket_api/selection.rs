//! The route selection expression of a WebSocket API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html>

use serde_json::Value;

use crate::EmulatorError;

/// `$request.body.action`: where a message says which route it is for.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    path: Vec<String>,
}

impl Selection {
    pub(super) fn parse(expression: &str) -> Result<Self, EmulatorError> {
        let malformed = || EmulatorError::RouteSelection(expression.to_owned());
        let path = expression.strip_prefix("$request.body.").ok_or_else(malformed)?;
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        };
        if path.iter().all(is_name) { Ok(Self { path }) } else { Err(malformed()) }
    }

    /// The route key that a message names; `None` for one that is no JSON, or names none. Keys with `$` are not for messages.
    pub(super) fn key(&self, message: &str) -> Option<String> {
        let mut value = &serde_json::from_str::<Value>(message).ok()?;
        for name in &self.path {
            value = value.get(name)?;
        }
        let key = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        (!key.starts_with('$')).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, message: &str, expected: Option<&str>) {
        let selection = Selection::parse(expression).unwrap();
        assert_eq!(selection.key(message).as_deref(), expected, "{message}");
    }

    #[test]
    fn a_message_names_its_route() {
        let action = "$request.body.action";
        check(action, r#"{"action":"placeOrder"}"#, Some("placeOrder"));
        check(action, r#"{"action":7}"#, Some("7"));
        check("$request.body.to.route", r#"{"to":{"route":"a b"}}"#, Some("a b"));
        for none in [
            "",
            "hello",
            "{",
            "[1]",
            "{}",
            r#"{"action":null}"#,
            r#"{"action":{}}"#,
            r#"{"Action":"x"}"#,
            r#"{"body":{"action":"x"}}"#,
            r#"{"action":"$connect"}"#,
            r#"{"action":"$disconnect"}"#,
            r#"{"action":"$default"}"#,
            r#"{"action":"x"} {}"#,
        ] {
            check(action, none, None);
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for expression in
            ["", "$request.body", "$request.body.", "$request.body.a..b", "$request.header.a", "action"]
        {
            assert!(Selection::parse(expression).is_err(), "{expression}");
        }
    }
}
