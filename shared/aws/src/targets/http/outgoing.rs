use bytes::Bytes;
use doorward_config::{Credentials, Endpoint, HttpTarget, IdentityKey};
use doorward_core::ports::{Forward, ForwardMessage};
use doorward_events::records::envelope;
use doorward_events::target::http::{ServerRequest, asked_host, request_fields};
use doorward_model::{EventRecord, Secret, TargetFault};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;

use super::address::{self, Asked};
use super::exchange::Outgoing;
use super::identity;
use crate::signer::{Scope, Signer};

/// What a server is sent, but for identity and credentials.
///
/// # Errors
/// [`TargetFault::Unfit`] for what no server can be sent.
pub(super) fn compose(
    target: &HttpTarget,
    endpoint: &Endpoint,
    forward: &Forward<'_>,
) -> Result<Outgoing, TargetFault> {
    let mut outgoing = match forward.message {
        ForwardMessage::Http { request, path, parameters, withheld, rewrite, .. } => {
            // Neither is a request to a resource (RFC 9110 sections 9.3.6 and 9.3.8).
            if [Method::CONNECT, Method::TRACE].contains(&request.method) {
                return Err(TargetFault::Unfit("its method is for proxies and for tracing"));
            }
            let strict = matches!(target.credentials, Some(Credentials::SigV4 { .. }));
            let asked = Asked { path, query: &request.query, parameters, rewrite, strict };
            let uri = address::of_request(&endpoint.address, &asked)?;
            let sent = ServerRequest {
                request,
                front: &forward.call.front,
                withheld,
                trace: forward.trace,
                third_party: target.credentials.is_some(),
            };
            let mut headers = request_fields(&sent);
            if target.preserve_host {
                let host = asked_host(request);
                headers.insert(HOST, host.ok_or(TargetFault::Unfit("the host that was asked for is none"))?);
            }
            Outgoing { method: request.method.clone(), uri, headers, body: request.body.clone() }
        }
        ForwardMessage::Event { records } => event(endpoint, records)?,
        // Servers are sent it as a request.
        ForwardMessage::Invoke { .. } => return Err(TargetFault::Unfit("it is for functions")),
        ForwardMessage::CloudEvent { .. } => return Err(TargetFault::Unfit("it is for services")),
    };
    for name in &target.headers.remove {
        outgoing.headers.remove(name);
    }
    for (name, value) in &target.headers.set {
        outgoing.headers.insert(name, value.clone());
    }
    Ok(outgoing)
}

/// Records in their source's own envelope, as a function is sent them.
fn event(endpoint: &Endpoint, records: &[&EventRecord]) -> Result<Outgoing, TargetFault> {
    let body = serde_json::to_vec(&envelope(records))
        .map_err(|_| TargetFault::Unfit("the records cannot be written"))?;
    let headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_LENGTH, HeaderValue::from(body.len())),
        (USER_AGENT, HeaderValue::from_static("doorward")),
    ]);
    let uri = address::of_event(&endpoint.address)?;
    Ok(Outgoing { method: Method::POST, uri, headers, body: Bytes::from(body) })
}

/// The same with what the door vouches for of the caller.
pub(super) fn identified(
    mut outgoing: Outgoing,
    forward: &Forward<'_>,
    key: &IdentityKey,
    secret: &Secret,
    at: Timestamp,
) -> Result<Outgoing, TargetFault> {
    let authority = host(&outgoing.headers, &outgoing.uri);
    let signed = identity::Signed {
        method: outgoing.method.as_str(),
        uri: &outgoing.uri,
        authority: &authority.to_ascii_lowercase(),
        body: &outgoing.body,
        at,
    };
    identity::state(&mut outgoing.headers, forward, &signed, key, secret)?;
    Ok(outgoing)
}

/// Fields that a signature brings itself: what stands there is replaced.
const OF_SIGNATURE: [&str; 3] = ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];

/// Signs with the credentials of the door's own role what AWS demands ("Create a signed AWS API request", IAM user guide):
/// method, path, query and body, host and media type, and every field named `x-amz-…`, which the configuration may set.
pub(super) fn sign(
    outgoing: &mut Outgoing,
    signer: &Signer,
    service: &str,
    region: &str,
) -> Result<(), TargetFault> {
    let unsigned = || TargetFault::Credentials("the request cannot be signed".to_owned());
    for name in OF_SIGNATURE {
        outgoing.headers.remove(name);
    }
    let host = host(&outgoing.headers, &outgoing.uri);
    let mut fields = vec![("host", host.as_str())];
    for (name, value) in &outgoing.headers {
        if *name == CONTENT_TYPE || name.as_str().starts_with("x-amz-") {
            fields.push((name.as_str(), value.to_str().map_err(|_| unsigned())?));
        }
    }
    let (method, url) = (outgoing.method.as_str(), outgoing.uri.to_string());
    let signature = signer.sign(Scope { region, service }, method, &url, &fields, &outgoing.body);
    for (name, value) in signature.map_err(|_| unsigned())? {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsigned())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| unsigned())?;
        value.set_sensitive(true);
        outgoing.headers.insert(name, value);
    }
    Ok(())
}

/// `Host` as it is sent.
fn host(headers: &HeaderMap, uri: &Uri) -> String {
    let stated = headers.get(HOST).and_then(|host| host.to_str().ok());
    stated.or(uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default().to_owned()
}
