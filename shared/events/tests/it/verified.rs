use crate::samples::{self, read, read_http, request, with};
use doorward_events::EnvelopeError;
use doorward_model::{FrontClaims, FrontVerified, IamCaller, ListForm};
use serde_json::{Value, json};

#[track_caller]
fn check(event: Value, patch: Value, expected: FrontVerified) {
    assert_eq!(request(&read_http(&with(event, patch))).verified, expected);
}

fn claims(lists: ListForm, claims: Value) -> FrontVerified {
    let Value::Object(claims) = claims else { panic!("an object") };
    FrontVerified { claims: Some(FrontClaims { lists, claims }), ..FrontVerified::default() }
}

fn certificate(pem: &str) -> FrontVerified {
    FrontVerified { certificate: Some(pem.to_owned()), ..FrontVerified::default() }
}

fn context(value: Value) -> Value {
    json!({ "requestContext": value })
}

#[test]
fn nothing_is_verified_where_nothing_is_said() {
    for event in samples::every_http() {
        check(event, json!({}), FrontVerified::default());
    }
}

#[test]
fn claims_come_from_the_fronts_own_authorizers() {
    let said = json!({"sub": "alice", "groups": "[admins buyers]"});
    let jwt = context(json!({"authorizer": {"jwt": {"claims": said, "scopes": ["a"]}}}));
    check(samples::http_api(), jwt.clone(), claims(ListForm::Bracketed, said.clone()));
    check(samples::function_url(), jwt, FrontVerified::default());
    let cognito = context(json!({"authorizer": {"claims": said}}));
    check(samples::rest_api(), cognito.clone(), claims(ListForm::Commas, said.clone()));
    // Of these, a Lambda authorizer may have said it.
    for event in [samples::http_api(), samples::http_api_1(), samples::websocket(), samples::alb()] {
        check(event, cognito.clone(), FrontVerified::default());
    }
    for scalar in [json!("{\"sub\":\"root\"}"), json!(true), json!(5), json!(null), json!(["a"])] {
        let lambda = context(json!({"authorizer": {"claims": scalar, "principalId": "root"}}));
        check(samples::rest_api(), lambda, FrontVerified::default());
    }
    let lambda = context(json!({"authorizer": {"lambda": {"jwt": {"claims": said}, "claims": said}}}));
    check(samples::http_api(), lambda, FrontVerified::default());
}

const ARN: &str = "arn:aws:sts::123456789012:assumed-role/orders/session";

#[test]
fn a_verified_signature_names_its_caller() {
    let caller = IamCaller {
        arn: ARN.to_owned(),
        account: "123456789012".to_owned(),
        organization: Some("o-a1b2c3".to_owned()),
        unique_id: Some("AROAEXAMPLE:session".to_owned()),
    };
    let expected = FrontVerified { iam: Some(caller.clone()), ..FrontVerified::default() };
    let two = json!({
        "accessKey": "ASIAEXAMPLE", "accountId": "123456789012", "callerId": "AROAEXAMPLE:session",
        "cognitoIdentity": null, "principalOrgId": "o-a1b2c3", "userArn": ARN, "userId": "AROAEXAMPLE:session"
    });
    for event in [samples::http_api(), samples::function_url()] {
        check(event, context(json!({"authorizer": {"iam": two}})), expected.clone());
    }
    let one = json!({
        "accessKey": "ASIAEXAMPLE", "accountId": "123456789012", "caller": "AROAEXAMPLE:session",
        "principalOrgId": "o-a1b2c3", "user": "AROAEXAMPLE:session", "userArn": ARN
    });
    for event in [samples::rest_api(), samples::http_api_1(), samples::websocket()] {
        check(event, context(json!({"identity": one})), expected.clone());
    }
    let bare = IamCaller { organization: None, unique_id: None, ..caller };
    let expected = FrontVerified { iam: Some(bare), ..FrontVerified::default() };
    let said = json!({"accountId": "123456789012", "userArn": ARN});
    check(samples::rest_api(), context(json!({"identity": said})), expected.clone());
    check(samples::http_api(), context(json!({"authorizer": {"iam": said}})), expected);
}

#[test]
fn half_of_an_identity_is_refused() {
    for (event, patch, place) in [
        (samples::rest_api(), json!({"identity": {"userArn": ARN}}), "requestContext.identity.accountId"),
        (samples::rest_api(), json!({"identity": {"userArn": 5}}), "requestContext.identity.userArn"),
        (
            samples::http_api(),
            json!({"authorizer": {"iam": {"userArn": ARN}}}),
            "requestContext.authorizer.iam.accountId",
        ),
        (samples::http_api(), json!({"authorizer": {"iam": ARN}}), "requestContext.authorizer.iam"),
        (samples::http_api(), json!({"authorizer": {"jwt": {}}}), "requestContext.authorizer.jwt.claims"),
        (
            samples::http_api(),
            json!({"authentication": {"clientCert": {}}}),
            "requestContext.authentication.clientCert.clientCertPem",
        ),
        (samples::rest_api(), json!({"identity": {"clientCert": "x"}}), "requestContext.identity.clientCert"),
    ] {
        match read(&with(event, context(patch))) {
            Err(EnvelopeError::Malformed { fault, .. }) => {
                assert!(fault.to_string().starts_with(&format!("`{place}` is missing")), "{fault}");
            }
            other => panic!("{place}: {other:?}"),
        }
    }
}

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB+a/b==\n-----END CERTIFICATE-----\n";

#[test]
fn a_client_certificate_comes_from_where_its_front_states_it() {
    let cert = json!({"clientCert": {"clientCertPem": PEM, "subjectDN": "CN=x"}});
    for event in [samples::rest_api(), samples::http_api_1()] {
        check(event.clone(), context(json!({"identity": cert})), certificate(PEM));
        check(event, context(json!({"authentication": cert})), FrontVerified::default());
    }
    check(samples::http_api(), context(json!({"authentication": cert})), certificate(PEM));
    check(samples::http_api(), context(json!({"identity": cert})), FrontVerified::default());
    check(samples::function_url(), context(json!({"authentication": cert})), FrontVerified::default());
}

#[test]
fn only_a_load_balancer_states_a_certificate_in_a_header() {
    let leaf = PEM.replace(' ', "%20").replace('\n', "%0A");
    let name = "X-Amzn-Mtls-Clientcert-Leaf";
    check(samples::alb(), json!({"headers": {name: leaf}}), certificate(PEM));
    check(samples::alb_multi(), json!({"multiValueHeaders": {name: [leaf]}}), certificate(PEM));
    let passed = json!({"headers": {"X-Amzn-Mtls-Clientcert": leaf}});
    check(samples::alb(), passed, FrontVerified::default());
    for event in [samples::http_api(), samples::function_url()] {
        check(event, json!({"headers": {name: leaf}}), FrontVerified::default());
    }
    for event in [samples::rest_api(), samples::http_api_1(), samples::websocket()] {
        let both = json!({"headers": {name: leaf}, "multiValueHeaders": {name: [leaf]}});
        check(event, both, FrontVerified::default());
    }
    let twice = json!({"multiValueHeaders": {name: [leaf, leaf]}});
    assert!(matches!(read(&with(samples::alb_multi(), twice)), Err(EnvelopeError::Malformed { .. })));
    let twins = json!({"headers": {name: leaf, "x-amzn-mtls-clientcert-leaf": leaf}});
    assert!(matches!(read(&with(samples::alb(), twins)), Err(EnvelopeError::Malformed { .. })));
}
