//! The events of payload format 1.0: of REST APIs, and of HTTP APIs that are set to it.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header;
use serde_json::{Map, Value, json};

use super::inbound::Inbound;
use super::stage::Stage;
use crate::options::IamIdentity;

/// Which of the two kinds of API sends the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Rest,
    HttpApi,
}

/// Where a request has arrived.
#[derive(Debug)]
pub(super) struct Placement<'a> {
    pub(super) sender: Sender,
    pub(super) stage: &'a Stage,
    /// `/orders/{id}`.
    pub(super) resource: &'a str,
    /// Without the stage. As it was sent to a REST API, decoded by an HTTP API.
    pub(super) path: &'a str,
    /// With the stage, where the caller sends one.
    pub(super) context_path: &'a str,
    pub(super) path_parameters: &'a BTreeMap<String, String>,
    pub(super) request_id: &'a str,
    pub(super) extended_request_id: &'a str,
}

/// The body as it goes into an event, and whether it is encoded.
pub(super) struct EventBody {
    pub(super) text: Option<String>,
    pub(super) encoded: bool,
}

/// The event of a proxy integration. `authorizer` is what its context says under `authorizer`.
pub(super) fn integration(
    inbound: &Inbound,
    placement: &Placement<'_>,
    authorizer: Option<Value>,
    caller: Option<&IamIdentity>,
    body: EventBody,
) -> Bytes {
    let mut event = shared(inbound, placement, authorizer, caller);
    event.insert("body".into(), json!(body.text));
    event.insert("isBase64Encoded".into(), body.encoded.into());
    Value::Object(event).to_string().into()
}

/// The event of a REQUEST authorizer.
pub(super) fn request_authorizer(
    inbound: &Inbound,
    placement: &Placement<'_>,
    method_arn: &str,
    identity: &[String],
) -> Bytes {
    let mut event = shared(inbound, placement, None, None);
    event.insert("type".into(), "REQUEST".into());
    event.insert("methodArn".into(), method_arn.into());
    if placement.sender == Sender::HttpApi {
        let identity = identity.join(",");
        event.insert("identitySource".into(), identity.as_str().into());
        event.insert("authorizationToken".into(), identity.into());
    }
    Value::Object(event).to_string().into()
}

/// The event of a TOKEN authorizer.
pub(super) fn token_authorizer(token: &str, method_arn: &str) -> Bytes {
    json!({ "type": "TOKEN", "methodArn": method_arn, "authorizationToken": token }).to_string().into()
}

fn shared(
    inbound: &Inbound,
    placement: &Placement<'_>,
    authorizer: Option<Value>,
    caller: Option<&IamIdentity>,
) -> Map<String, Value> {
    let headers = headers(inbound, placement, caller.is_some());
    let query = inbound.query_values();
    let mut event = Map::new();
    if placement.sender == Sender::HttpApi {
        event.insert("version".into(), "1.0".into());
    }
    event.insert("resource".into(), placement.resource.into());
    event.insert("path".into(), placement.path.into());
    event.insert("httpMethod".into(), inbound.method.as_str().into());
    event.insert("headers".into(), json!(last_values(&headers)));
    event.insert("multiValueHeaders".into(), json!(headers));
    event.insert("queryStringParameters".into(), unless_empty(last_values(&query)));
    event.insert("multiValueQueryStringParameters".into(), unless_empty(query));
    event.insert("requestContext".into(), context(inbound, placement, authorizer, caller));
    event.insert("pathParameters".into(), unless_empty(placement.path_parameters.clone()));
    event.insert("stageVariables".into(), Value::Null);
    event
}

/// Several values of one name: the last one is the single value.
pub(super) fn last_values(values: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    let last = |(name, values): (&String, &Vec<String>)| Some((name.clone(), values.last()?.clone()));
    values.iter().filter_map(last).collect()
}

fn unless_empty<T: serde::Serialize>(values: BTreeMap<String, T>) -> Value {
    if values.is_empty() { Value::Null } else { json!(values) }
}

/// Callers' headers in lower case, as HTTP/2 sends them. What a REST API adds itself, it writes with capitals. A
/// signature that was verified is not passed on.
fn headers(inbound: &Inbound, placement: &Placement<'_>, signed: bool) -> BTreeMap<String, Vec<String>> {
    let mut fields = inbound.header_values();
    if signed {
        fields.remove("authorization");
    }
    let forwarded = inbound.forwarded_for();
    let port = placement.stage.port.to_string();
    let own = [
        ("X-Amzn-Trace-Id", inbound.trace()),
        ("X-Forwarded-For", forwarded),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http".to_owned()),
    ];
    for (name, value) in own {
        let lower = name.to_ascii_lowercase();
        fields.remove(&lower);
        fields.insert(if placement.sender == Sender::Rest { name.to_owned() } else { lower }, vec![value]);
    }
    if placement.sender == Sender::Rest
        && let Some(host) = fields.remove("host")
    {
        fields.insert("Host".to_owned(), host);
    }
    fields
}

fn context(
    inbound: &Inbound,
    placement: &Placement<'_>,
    authorizer: Option<Value>,
    caller: Option<&IamIdentity>,
) -> Value {
    let stage = placement.stage;
    let mut context = json!({
        "accountId": stage.account,
        "apiId": stage.api_id,
        "domainName": stage.domain_name,
        "domainPrefix": stage.api_id,
        "extendedRequestId": placement.extended_request_id,
        "httpMethod": inbound.method,
        "identity": identity(inbound, placement, caller),
        "path": placement.context_path,
        "protocol": inbound.protocol,
        "requestId": placement.request_id,
        "requestTime": inbound.access_time(),
        "requestTimeEpoch": inbound.received.as_millisecond(),
        "resourceId": resource_id(placement),
        "resourcePath": placement.resource,
        "stage": stage.name,
    });
    if let (Some(members), Some(authorizer)) = (context.as_object_mut(), authorizer) {
        members.insert("authorizer".into(), authorizer);
    }
    context
}

/// Six characters of a REST API's resource, the same in each run; `None` of an HTTP API, which has no resources.
fn resource_id(placement: &Placement<'_>) -> Option<String> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, placement.resource.as_bytes());
    let id: String = digest.as_ref().iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    (placement.sender == Sender::Rest).then_some(id)
}

fn identity(inbound: &Inbound, placement: &Placement<'_>, caller: Option<&IamIdentity>) -> Value {
    let user_agent = inbound.header(&header::USER_AGENT);
    let mut identity = json!({
        "accessKey": caller.map(|caller| &caller.access_key),
        "accountId": caller.map(|caller| &caller.account),
        "caller": caller.map(|caller| &caller.user_id),
        "cognitoAuthenticationProvider": null,
        "cognitoAuthenticationType": null,
        "cognitoIdentityId": null,
        "cognitoIdentityPoolId": null,
        "principalOrgId": caller.and_then(|caller| caller.organization.as_ref()),
        "sourceIp": inbound.source_ip.to_string(),
        "user": caller.map(|caller| &caller.user_id),
        "userAgent": user_agent,
        "userArn": caller.map(|caller| &caller.arn),
    });
    if let (Some(members), Some(certificate)) = (identity.as_object_mut(), &placement.stage.certificate) {
        members.insert("clientCert".into(), certificate.to_json());
    }
    identity
}
