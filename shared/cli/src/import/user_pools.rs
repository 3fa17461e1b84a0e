//! Which tokens of a user pool the authorizers of a REST API look at: access tokens on methods that ask for scopes, ID tokens on
//! all others ("Integrate a REST API with an Amazon Cognito user pool", API Gateway guide).

use serde_json::Value;

use super::Reading;
use super::schemes::AUTHORIZER;

/// What operations ask of a user pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asks {
    /// Some ask for scopes.
    pub(super) access_tokens: bool,
    /// Some ask for none.
    pub(super) id_tokens: bool,
}

/// What the operations of the document ask of one of the schemes that are called so.
pub(super) fn asks(reading: &Reading<'_>, schemes: &[&str]) -> Asks {
    let mut asks = Asks::default();
    let items =
        reading.value("/paths").and_then(Value::as_object).into_iter().flat_map(|paths| paths.values());
    let operations =
        items.filter_map(Value::as_object).flat_map(|item| item.values()).filter(|value| value.is_object());
    for operation in operations {
        let security = operation.get("security").or_else(|| reading.value("/security"));
        for requirement in
            security.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
        {
            let scopes = requirement.iter().filter(|(name, _)| schemes.contains(&name.as_str()));
            for (_, scopes) in scopes {
                let has_scopes = scopes.as_array().is_some_and(|scopes| !scopes.is_empty());
                asks.access_tokens |= has_scopes;
                asks.id_tokens |= !has_scopes;
            }
        }
    }
    asks
}

/// The schemes whose authorizers take the tokens of the user pool first of all.
pub(super) fn same_pool<'a>(reading: &Reading<'a>, pool: &str) -> Vec<&'a str> {
    let schemes = reading.value("/components/securitySchemes").and_then(Value::as_object);
    let first = |scheme: &'a Value| scheme.get(AUTHORIZER)?.get("providerARNs")?.get(0)?.as_str();
    let all = schemes.into_iter().flatten();
    all.filter(|(_, scheme)| first(scheme) == Some(pool)).map(|(name, _)| name.as_str()).collect()
}
