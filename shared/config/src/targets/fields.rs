use doorward_model::Fault;
use http::{HeaderName, HeaderValue};

use crate::checked::FieldRules;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

/// Fields that frame a message or name its host: whoever sends the message sets them.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// What stands before the names of the fields that the door states.
const OWN: &str = "x-doorward-";

/// Reads `{ set = { x-version = "2" }, remove = ["x-debug"] }`.
pub(super) fn rules(value: Value<'_>) -> Result<FieldRules, Reported> {
    value.section("header rules", |section| {
        let set = section.or("set", Vec::new(), |value| {
            value.entries(|key, value| {
                let name = field(key.text).map_err(|fault| key.fault(fault));
                let content = value.parse(content);
                Ok((name?, content?))
            })
        });
        let remove = section.or("remove", Vec::new(), |value| value.set(|item| item.parse(field)));
        Ok(FieldRules { set: set?, remove: remove? })
    })
}

/// A field's name that a configuration may speak of.
pub(super) fn field(text: &str) -> Result<HeaderName, Fault> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| Fault::new(format!("{} is no name of a header field", quote(text))))?;
    if FRAMING.contains(&name.as_str()) {
        return Err(Fault::new(format!("the header field {} is for the door to set", quote(text))));
    }
    if name.as_str().starts_with(OWN) {
        return Err(Fault::new(format!("header fields named `{OWN}…` are the door's own")));
    }
    Ok(name)
}

fn content(text: &str) -> Result<HeaderValue, Fault> {
    let visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let value = HeaderValue::from_str(text).ok().filter(|_| visible && text.trim() == text);
    value.ok_or_else(|| {
        Fault::new("not a header field's value")
            .hint("use visible ASCII characters, with blanks between them only")
    })
}

/// Fields whose content is a secret: what a server knows its client by.
const SECRET: [&str; 12] = [
    "api-key",
    "apikey",
    "authorization",
    "cookie",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-functions-key",
    "x-goog-api-key",
];

/// Reads the rules of requests, which set no field that holds a secret: secrets do not stand in the file.
pub(super) fn of_requests(section: &mut Section<'_>, key: &'static str) -> Result<FieldRules, Reported> {
    section.or(key, FieldRules::default(), |value| {
        let rules = rules(value)?;
        match rules.set.iter().find(|(name, _)| SECRET.contains(&name.as_str())) {
            None => Ok(rules),
            Some((name, _)) => {
                let fault = Fault::new(format!("the header field `{name}` holds a secret, which must not stand in the file"));
                Err(value.fault(fault.hint(format!(
                    "write `credentials = {{ header = \"{name}\", secret = \"env:NAME\" }}`, with `prefix = \"Bearer \"` where there is one"
                ))))
            }
        }
    })
}

/// Reads rules at `key` of `section`.
pub(super) fn optional(section: &mut Section<'_>, key: &'static str) -> Result<FieldRules, Reported> {
    section.or(key, FieldRules::default(), rules)
}
