//! Payload format 1.0: REST APIs, and HTTP APIs that are set to it.

use serde_json::{Map, Value, json};

use super::{
    ACCOUNT, Form, OF_THE_CONNECTION, Place, grouped, http_api, last, lists, parameters, passed_on, session,
    singles,
};
use crate::same_everywhere::requests::Request;

pub(super) fn rest_api(request: &Request, place: Place, context: Option<&Map<String, Value>>) -> Value {
    let fields = rest_fields(request);
    let parameters = parameters(request);
    json!({
        "resource": "/{proxy+}",
        "path": path(request, Form::RestApi, place),
        "httpMethod": request.method,
        "headers": singles(&fields, last),
        "multiValueHeaders": lists(&fields),
        "queryStringParameters": singles(&parameters, last),
        "multiValueQueryStringParameters": lists(&parameters),
        "pathParameters": { "proxy": request.path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": self::context(request, Form::RestApi, place, context),
        "body": null,
        "isBase64Encoded": false,
    })
}

pub(super) fn http_api(request: &Request, place: Place, context: Option<&Map<String, Value>>) -> Value {
    let fields = http_api::fields(request);
    let parameters = parameters(request);
    json!({
        "version": "1.0",
        "resource": "$default",
        "path": path(request, Form::HttpApi1, place),
        "httpMethod": request.method,
        "headers": singles(&fields, last),
        "multiValueHeaders": lists(&fields),
        "queryStringParameters": singles(&parameters, last),
        "multiValueQueryStringParameters": lists(&parameters),
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": self::context(request, Form::HttpApi1, place, context),
        "body": "",
        "isBase64Encoded": false,
    })
}

/// A REST API leaves names as they were sent; repeated ones are one field.
pub(super) fn rest_fields(request: &Request) -> Vec<(String, Vec<String>)> {
    let spelt = |name: String| {
        let sent = request.headers.iter().map(|(own, _)| own).find(|own| own.eq_ignore_ascii_case(&name));
        sent.cloned().unwrap_or(name)
    };
    let fields = grouped(&passed_on(request, OF_THE_CONNECTION)).into_iter();
    fields.map(|(name, values)| (spelt(name), values)).collect()
}

/// A REST API leaves it as it was sent, and its stage out of it; an HTTP API does neither.
pub(super) fn path(request: &Request, form: Form, place: Place) -> String {
    let own = if form == Form::RestApi { request.path.clone() } else { http_api::path(request) };
    format!("{}{own}", place.before(form))
}

pub(super) fn context(
    request: &Request,
    form: Form,
    place: Place,
    authorizer: Option<&Map<String, Value>>,
) -> Value {
    let id = if form == Form::RestApi { "rest1" } else { "http1" };
    let session = session(request);
    let arn = session.as_ref().map(|session| session.arn.clone());
    let user = session.map(|session| session.id);
    let mut context = json!({
        "accountId": ACCOUNT,
        "apiId": id,
        "domainName": place.domain(form),
        "domainPrefix": place.domain(form).split('.').next(),
        "extendedRequestId": "JKJaXmPLvHcESHA=",
        "httpMethod": request.method,
        "identity": {
            "accessKey": null,
            "accountId": arn.as_ref().map(|_| ACCOUNT),
            "caller": user,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": request.source_ip,
            "user": user,
            "userAgent": "agent",
            "userArn": arn,
        },
        "path": format!("/{}{}", place.stage(form), request.path),
        "protocol": "HTTP/1.1",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTime": "24/Nov/2026:12:00:00 +0000",
        "requestTimeEpoch": 1_795_521_600_000_u64,
        "resourceId": "123456",
        "resourcePath": "/{proxy+}",
        "stage": place.stage(form),
    });
    if let Some(said) = authorizer {
        context["authorizer"] = Value::Object(said.clone());
        context["authorizer"]["principalId"] = json!("somebody");
    }
    context
}
