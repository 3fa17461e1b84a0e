use doorward_model::{CallId, EntityName};
use serde_json::{Map, Value};

/// Under this name our authorizer keeps with a connection what it proved of its caller; the number is that of the text's form.
pub const CONNECTION: &str = "doorwardConnection1";

/// What the door vouches for to whatever runs behind it. Targets find it as `requestContext.authorizer.lambda`,
/// whether the dispatcher forwards to them or API Gateway does after our authorizer.
#[derive(Debug, Clone, Copy)]
pub struct Attested<'a> {
    /// The caller.
    pub caller: &'a EntityName,
    /// The plan that the caller is on.
    pub plan: Option<&'a str>,
    /// The declared purpose.
    pub purpose: Option<&'a str>,
    /// The call.
    pub call: &'a CallId,
}

impl Attested<'_> {
    /// Texts only: HTTP APIs hand nothing else from an authorizer to an integration unchanged.
    pub(crate) fn context(&self) -> Map<String, Value> {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        [
            Some(text("callerType", &self.caller.type_name)),
            Some(text("callerId", &self.caller.id)),
            self.plan.map(|plan| text("plan", plan)),
            self.purpose.map(|purpose| text("purpose", purpose)),
            Some(text("callId", self.call.as_str())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
