use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use doorward_events::target::encode_v1;
use serde_json::{Value, json};

use crate::samples::{self, read_http, with};
use crate::target::encode_as;

fn encode(event: &Value) -> Value {
    encode_as(encode_v1, &read_http(event), &[http::header::AUTHORIZATION])
}

#[test]
fn a_target_receives_payload_format_one() {
    let expected = json!({
        "version": "1.0",
        "resource": "/orders/{id}",
        "path": "/orders/4 2",
        "httpMethod": "POST",
        "headers": {
            "accept": "*/*",
            "content-length": "13",
            "content-type": "application/json",
            "cookie": "session=1; theme=dark",
            "host": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "x-amzn-trace-id": samples::XRAY,
            "x-forwarded-for": "203.0.113.7"
        },
        "multiValueHeaders": {
            "accept": ["*/*"],
            "content-length": ["13"],
            "content-type": ["application/json"],
            "cookie": ["session=1; theme=dark"],
            "host": ["a1b2c3.execute-api.eu-central-1.amazonaws.com"],
            "traceparent": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            "x-amzn-trace-id": [samples::XRAY],
            "x-forwarded-for": ["203.0.113.7"]
        },
        "queryStringParameters": {"tag": "b c", "plain": ""},
        "multiValueQueryStringParameters": {"tag": ["a", "b c"], "plain": [""]},
        "requestContext": {
            "accountId": null,
            "apiId": "a1b2c3",
            "authorizer": {
                "principalId": "User::\"alice\"",
                "callerType": "User",
                "callerId": "alice",
                "plan": "free",
                "purpose": "checkout",
                "callId": "call-1"
            },
            "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3",
            "extendedRequestId": "call-1",
            "httpMethod": "POST",
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
                "sourceIp": "203.0.113.7",
                "user": null,
                "userAgent": "",
                "userArn": null
            },
            "path": "/orders/4 2",
            "protocol": "HTTP/1.1",
            "requestId": "call-1",
            "requestTime": "24/Nov/2026:23:00:00 +0000",
            "requestTimeEpoch": 1_795_561_200_500_u64,
            "resourceId": null,
            "resourcePath": "/orders/{id}",
            "stage": "$default"
        },
        "pathParameters": {"id": "4 2"},
        "stageVariables": null,
        "body": "{\"name\":\"é\"}",
        "isBase64Encoded": false
    });
    assert_eq!(encode(&samples::http_api()), expected);
}

#[test]
fn what_there_is_none_of_is_null() {
    let event =
        encode(&with(samples::http_api(), json!({"body": null, "cookies": null, "rawQueryString": ""})));
    for member in ["body", "queryStringParameters", "multiValueQueryStringParameters"] {
        assert_eq!(event[member], Value::Null, "{member}");
    }
    assert!(event["headers"].get("content-length").is_none());
}

#[test]
fn bytes_that_are_no_text_are_base64() {
    let event = encode(&with(samples::http_api(), json!({"body": "AP8=", "isBase64Encoded": true})));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
}

#[test]
fn a_target_written_in_rust_can_read_it() {
    for event in [samples::http_api(), samples::function_url(), samples::rest_api()] {
        let typed: ApiGatewayProxyRequest = serde_json::from_value(encode(&event)).unwrap();
        assert_eq!(typed.resource.as_deref(), Some("/orders/{id}"));
        assert_eq!(typed.path_parameters["id"], "4 2");
        assert_eq!(typed.request_context.authorizer.fields["callerId"], "alice");
    }
}
