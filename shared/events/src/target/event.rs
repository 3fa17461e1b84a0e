use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use doorward_model::{CanonicalPath, Front, HttpRequest, QueryPairs, Trace};
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::attested::Attested;
use crate::{body, fields};

/// An admitted request, as its target is to see it.
#[derive(Debug, Clone, Copy)]
pub struct TargetRequest<'a> {
    /// The request as it came in.
    pub request: &'a HttpRequest,
    /// Where it came in.
    pub front: &'a Front,
    /// The route that matched: `GET /orders/{id}`.
    pub route_key: &'a str,
    /// The one reading of the path, which the decision was made on.
    pub path: &'a CanonicalPath,
    /// The path's parameters, decoded.
    pub path_parameters: &'a BTreeMap<String, String>,
    /// Header fields that hold credentials of the door's own, which stay with it.
    pub withheld: &'a [HeaderName],
    /// What the door vouches for.
    pub attested: Attested<'a>,
    /// The trace to carry on.
    pub trace: &'a Trace,
    /// When it came in.
    pub at: Timestamp,
}

/// Writes the event for a target in payload format 2.0. The path is decoded, as HTTP APIs have it; fields that a caller may not state are
/// left out; empty members are left out, as API Gateway does.
#[must_use]
pub fn encode(forward: &TargetRequest<'_>) -> Value {
    let request = forward.request;
    let mut headers = fields::for_target(&request.headers, forward.withheld);
    let cookies = fields::take_cookies(&mut headers);
    let (text, is_base64) = body::encode(&request.body, &headers);
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    put("version", "2.0".into());
    put("routeKey", forward.route_key.into());
    put("rawPath", forward.path.as_str().into());
    // Some frameworks part parameters at `;` too, and would read one that neither policies nor contract saw.
    put("rawQueryString", request.query.replace(';', "%3B").into());
    if !cookies.is_empty() {
        put("cookies", cookies.into());
    }
    let query = query_parameters(&request.query);
    if !query.is_empty() {
        put("queryStringParameters", json!(query));
    }
    if !forward.path_parameters.is_empty() {
        put("pathParameters", json!(forward.path_parameters));
    }
    put("requestContext", request_context(forward, &headers));
    put("headers", header_members(forward, &headers).into());
    if let Some(text) = text {
        put("body", text.into());
    }
    put("isBase64Encoded", is_base64.into());
    event.into()
}

fn header_members(forward: &TargetRequest<'_>, headers: &HeaderMap) -> Map<String, Value> {
    let mut members = fields::joined(headers);
    members.extend(stated(forward).map(|(name, value)| (name.to_owned(), value.into())));
    members
}

/// The fields that the door states itself.
pub(super) fn stated(forward: &TargetRequest<'_>) -> impl Iterator<Item = (&'static str, String)> {
    let length = Some(forward.request.body.len()).filter(|length| *length > 0);
    [
        forward.trace.traceparent.clone().map(|traceparent| ("traceparent", traceparent)),
        forward.trace.xray.clone().map(|xray| ("x-amzn-trace-id", xray)),
        length.map(|length| ("content-length", length.to_string())),
    ]
    .into_iter()
    .flatten()
}

fn request_context(forward: &TargetRequest<'_>, headers: &HeaderMap) -> Value {
    let request = forward.request;
    json!({
        "apiId": forward.front.id,
        "authorizer": { "lambda": forward.attested.context() },
        "domainName": request.host,
        "domainPrefix": domain_prefix(request),
        "http": {
            "method": request.method.as_str(),
            "path": forward.path.as_str(),
            "protocol": "HTTP/1.1",
            "sourceIp": source_ip(request),
            "userAgent": user_agent(headers),
        },
        "requestId": forward.attested.call.as_str(),
        "routeKey": forward.route_key,
        "stage": "$default",
        "time": time(forward.at),
        "timeEpoch": forward.at.as_millisecond(),
    })
}

pub(super) fn domain_prefix(request: &HttpRequest) -> &str {
    request.host.split('.').next().unwrap_or_default()
}

pub(super) fn source_ip(request: &HttpRequest) -> String {
    request.source_ip.map(|address| address.to_string()).unwrap_or_default()
}

pub(super) fn user_agent(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).map(fields::text).unwrap_or_default()
}

/// As the common log format has it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

/// Several values of one name are joined by commas, as API Gateway does; who needs them apart reads
/// `rawQueryString`.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in QueryPairs::parse(query).0 {
        match parameters.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(mut entry) => {
                entry.get_mut().push(',');
                entry.get_mut().push_str(&value);
            }
        }
    }
    parameters
}
