use doorward_config::PurposeRule;
use doorward_model::{Principal, PurposeFault, Refusal};
use serde_json::Value;

use crate::find::{Found, Subject};

/// What a call of `principal` is for: one of the `declared` purposes. `None` where nothing says so and nothing must.
///
/// What the caller states and is not declared is refused even where nothing need be stated: a spelling mistake must not
/// pass for no purpose.
pub(crate) fn of<'a>(
    found: &'a Found<'_>,
    principal: &'a Principal,
    declared: &[String],
) -> Result<Option<&'a str>, Refusal> {
    let http = match found.subject() {
        Subject::Http(http) => http,
        Subject::Event { rules, .. } => return Ok(rules.rule.purpose.as_deref()),
    };
    let is_declared = |purpose: &str| declared.iter().any(|declared| declared == purpose);
    match &http.rules.route.purpose {
        None => Ok(None),
        Some(PurposeRule::Fixed(purpose)) => Ok(Some(purpose)),
        Some(PurposeRule::Header { name, required }) => match http.purpose.as_deref() {
            Some(purpose) if is_declared(purpose) => Ok(Some(purpose)),
            Some(_) => Err(Refusal::Purpose(PurposeFault::UnknownHeader(name.to_string()))),
            None if *required => Err(Refusal::Purpose(PurposeFault::NoHeader(name.to_string()))),
            None => Ok(None),
        },
        Some(PurposeRule::Claim { name, required }) => match principal.claims.get(name) {
            Some(Value::String(purpose)) if is_declared(purpose) => Ok(Some(purpose)),
            None | Some(Value::Null) if *required => {
                Err(Refusal::Purpose(PurposeFault::NoClaim(name.clone())))
            }
            None | Some(Value::Null) => Ok(None),
            Some(_) => Err(Refusal::Purpose(PurposeFault::UnknownClaim(name.clone()))),
        },
    }
}
