//! Payload format 2.0: HTTP APIs and function URLs.

use serde_json::{Map, Value, json};

use super::{ACCOUNT, Form, Place, grouped, http_api, joined, parameters, passed_on, session, singles};
use crate::same_everywhere::requests::Request;

pub(super) fn http_api(request: &Request, place: Place, said: Option<&Map<String, Value>>) -> Value {
    let path = format!("{}{}", place.before(Form::HttpApi2), http_api::path(request));
    let context = context(request, &path, "http1", place.domain(Form::HttpApi2), place.stage(Form::HttpApi2));
    let mut event = message(request, &path, http_api::fields(request), context);
    match (session(request), said) {
        (Some(_), _) => event["requestContext"]["authorizer"] = iam(request),
        (None, Some(said)) => event["requestContext"]["authorizer"] = json!({ "lambda": said }),
        (None, None) => {}
    }
    event
}

pub(super) fn function_url(request: &Request) -> Value {
    let domain = "url1.lambda-url.eu-central-1.on.aws";
    let context = context(request, &request.path, "url1", domain, "$default");
    let joined = |(name, values): (String, Vec<String>)| (name, vec![values.join(",")]);
    let fields = grouped(&passed_on(request, &[])).into_iter().map(joined).collect();
    let mut event = message(request, &request.path, fields, context);
    if session(request).is_some() {
        event["requestContext"]["authorizer"] = iam(request);
    }
    event
}

/// Cookies stand beside the fields; members without anything in them are left out.
pub(super) fn message(
    request: &Request,
    path: &str,
    mut fields: Vec<(String, Vec<String>)>,
    context: Value,
) -> Value {
    let cookies = fields.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, values)| values.clone());
    let cookies: Vec<String> =
        cookies.flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>()).collect();
    fields.retain(|(name, _)| name != "cookie");
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": singles(&fields, joined),
        "requestContext": context,
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    let parameters = parameters(request);
    if !parameters.is_empty() {
        event["queryStringParameters"] = singles(&parameters, joined);
    }
    event
}

pub(super) fn context(request: &Request, path: &str, id: &str, domain: &str, stage: &str) -> Value {
    json!({
        "accountId": if id == "url1" { "anonymous" } else { ACCOUNT },
        "apiId": id,
        "domainName": domain,
        "domainPrefix": domain.split('.').next(),
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": "agent",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "$default",
        "stage": stage,
        "time": "24/Nov/2026:12:00:00 +0000",
        "timeEpoch": 1_795_521_600_000_u64,
    })
}

fn iam(request: &Request) -> Value {
    let session = session(request).unwrap();
    json!({ "iam": {
        "accessKey": "AKIAEXAMPLE",
        "accountId": ACCOUNT,
        "callerId": session.id,
        "cognitoIdentity": null,
        "principalOrgId": null,
        "userArn": session.arn,
        "userId": session.id,
    } })
}
