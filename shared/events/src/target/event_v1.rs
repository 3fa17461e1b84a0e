use std::collections::BTreeMap;

use doorward_model::QueryPairs;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::event::{TargetRequest, domain_prefix, source_ip, stated, time, user_agent};
use crate::{body, fields};

/// Writes the event for a target in payload format 1.0 ("Create AWS Lambda proxy integrations for HTTP APIs", API Gateway
/// guide), whatever the front. The path is decoded, as in format 2.0; what there is none of is `null`, as API Gateway has it.
/// What the door vouches for is in `requestContext.authorizer`, where API Gateway puts the context of a Lambda authorizer,
/// the caller as `principalId` beside it.
#[must_use]
pub fn encode_v1(forward: &TargetRequest<'_>) -> Value {
    let request = forward.request;
    let headers = fields::for_target(&request.headers, forward.withheld);
    let (text, is_base64) = body::encode(&request.body, &headers);
    let mut listed = fields::listed(&headers);
    listed.extend(stated(forward).map(|(name, value)| (name.to_owned(), json!([value]))));
    let query = query_lists(&request.query);
    let parameters = Some(forward.path_parameters).filter(|parameters| !parameters.is_empty());
    json!({
        "version": "1.0",
        "resource": resource(forward),
        "path": forward.path.as_str(),
        "httpMethod": request.method.as_str(),
        "headers": last_of_each(&listed),
        "multiValueHeaders": listed,
        "queryStringParameters": some(last_of_each(&query)),
        "multiValueQueryStringParameters": some(query),
        "requestContext": request_context(forward, &headers),
        "pathParameters": parameters,
        "stageVariables": null,
        "body": text,
        "isBase64Encoded": is_base64,
    })
}

/// The path in `GET /orders/{id}`; `$default` as it is.
fn resource<'a>(forward: &TargetRequest<'a>) -> &'a str {
    forward.route_key.split_once(' ').map_or(forward.route_key, |(_, path)| path)
}

fn request_context(forward: &TargetRequest<'_>, headers: &HeaderMap) -> Value {
    let request = forward.request;
    let mut authorizer = forward.attested.context();
    authorizer.insert("principalId".to_owned(), forward.attested.caller.to_string().into());
    json!({
        "accountId": null,
        "apiId": forward.front.id,
        "authorizer": authorizer,
        "domainName": request.host,
        "domainPrefix": domain_prefix(request),
        "extendedRequestId": forward.attested.call.as_str(),
        "httpMethod": request.method.as_str(),
        "identity": {
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "clientCert": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": source_ip(request),
            "user": null,
            "userAgent": user_agent(headers),
            "userArn": null,
        },
        "path": forward.path.as_str(),
        "protocol": "HTTP/1.1",
        "requestId": forward.attested.call.as_str(),
        "requestTime": time(forward.at),
        "requestTimeEpoch": forward.at.as_millisecond(),
        "resourceId": null,
        "resourcePath": resource(forward),
        "stage": "$default",
    })
}

/// Every value of each name, in their order.
pub(super) fn query_lists(query: &str) -> Map<String, Value> {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in QueryPairs::parse(query).0 {
        lists.entry(name).or_default().push(value);
    }
    lists.into_iter().map(|(name, values)| (name, values.into())).collect()
}

/// Where a name has several values, the last one stands for them.
pub(super) fn last_of_each(lists: &Map<String, Value>) -> Map<String, Value> {
    let last = |values: &Value| values.as_array().and_then(|values| values.last()).cloned();
    lists.iter().filter_map(|(name, values)| Some((name.clone(), last(values)?))).collect()
}

pub(super) fn some(members: Map<String, Value>) -> Option<Map<String, Value>> {
    Some(members).filter(|members| !members.is_empty())
}
