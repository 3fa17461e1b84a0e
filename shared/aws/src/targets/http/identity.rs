use doorward_config::IdentityKey;
use doorward_core::ports::Forward;
use doorward_model::{Secret, TargetFault};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::message_signature::{Components, content_digest, hmac_sha256};

const CALLER: HeaderName = HeaderName::from_static("x-doorward-caller");
const PLAN: HeaderName = HeaderName::from_static("x-doorward-plan");
const PURPOSE: HeaderName = HeaderName::from_static("x-doorward-purpose");
const CALL: HeaderName = HeaderName::from_static("x-doorward-call");
const ACTION: HeaderName = HeaderName::from_static("x-doorward-action");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// What stands in a field's value in the place of itself: visible ASCII characters but `%`, and blanks.
const ESCAPED: AsciiSet = CONTROLS.add(b'%');

/// A request as it is signed.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a Uri,
    /// `Host` as it is sent.
    pub(super) authority: &'a str,
    pub(super) body: &'a [u8],
    pub(super) at: Timestamp,
}

/// Adds what the door vouches for of the caller, and its signature over it and over the request: method, host, path, query,
/// and the body by its digest. What the caller sent under these names goes.
///
/// # Errors
/// [`TargetFault::Unfit`] for what is no field's value however it is escaped.
pub(super) fn state(
    headers: &mut HeaderMap,
    forward: &Forward<'_>,
    request: &Signed<'_>,
    key: &IdentityKey,
    secret: &Secret,
) -> Result<(), TargetFault> {
    let (call, caller) = (forward.call, forward.principal.name.to_string());
    let stated = [
        (CALLER, Some(caller.as_str())),
        (PLAN, call.plan.as_deref()),
        (PURPOSE, call.purpose.as_deref()),
        (CALL, Some(call.id.as_str())),
        (ACTION, call.action.as_deref()),
    ];
    let digest = (!request.body.is_empty()).then(|| content_digest(request.body));
    let mut components = Components::default();
    components.add("@method", request.method);
    components.add("@authority", request.authority);
    components.add("@path", request.uri.path());
    components.add("@query", &format!("?{}", request.uri.query().unwrap_or_default()));
    for (name, value) in stated {
        headers.remove(&name);
        if let Some(value) = value {
            put(headers, &mut components, name, &utf8_percent_encode(value, &ESCAPED).to_string())?;
        }
    }
    headers.remove(&CONTENT_DIGEST);
    if let Some(digest) = digest {
        put(headers, &mut components, CONTENT_DIGEST, &digest)?;
    }
    let parameters = components.parameters(request.at.as_second(), &key.key_id, Some("hmac-sha256"));
    let signature = hmac_sha256(secret.reveal(), &components.base(&parameters));
    headers.insert(SIGNATURE_INPUT, value(&format!("doorward={parameters}"))?);
    headers.insert(SIGNATURE, value(&format!("doorward={signature}"))?);
    Ok(())
}

fn put(
    headers: &mut HeaderMap,
    components: &mut Components,
    name: HeaderName,
    text: &str,
) -> Result<(), TargetFault> {
    components.add(name.as_str(), text);
    headers.insert(name, value(text)?);
    Ok(())
}

fn value(text: &str) -> Result<HeaderValue, TargetFault> {
    HeaderValue::from_str(text).map_err(|_| TargetFault::Unfit("the identity cannot be stated"))
}
