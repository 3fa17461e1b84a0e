use crate::samples::{self, ROUTE_ARN, envelope, request, with};
use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerIamPolicyResponse, ApiGatewayV2CustomAuthorizerSimpleResponse,
};
use aws_lambda_events::iam::IamPolicyEffect;
use doorward_events::authorizer::{self, AnswerFault, AnswerForm, AuthorizerCall, Verdict};
use doorward_events::{Attested, EnvelopeError, UnknownEvent};
use doorward_model::{CallId, EntityName};
use serde_json::{Value, json};

fn read(event: &Value) -> Result<AuthorizerCall, EnvelopeError> {
    authorizer::read(&envelope(event.to_string().as_bytes()))
}

#[test]
fn a_question_is_read_without_a_body() {
    let call = read(&samples::authorizer()).unwrap();
    assert_eq!(call.route_arn, ROUTE_ARN);
    assert_eq!(call.inbound.front.to_string(), "http-api:a1b2c3");
    assert_eq!(call.inbound.call.as_str(), samples::REQUEST_ID);
    let http = request(&call.inbound);
    assert_eq!((http.method.as_str(), http.path.as_str()), ("GET", "/orders/42"));
    assert_eq!(http.headers["cookie"], "session=1; theme=dark");

    let with_body = with(samples::authorizer(), json!({"body": "*", "isBase64Encoded": true}));
    assert_eq!(request(&read(&with_body).unwrap().inbound).body, "");

    let staged = json!({
        "rawPath": "/test/orders/42",
        "requestContext": {"stage": "test", "domainName": "api.example.com"},
        "cookies": null,
        "identitySource": null,
        "headers": {"novelty": "é"}
    });
    assert_eq!(request(&read(&with(samples::authorizer(), staged)).unwrap().inbound).path, "/orders/42");
}

#[test]
fn anything_else_is_unknown_to_the_authorizer() {
    let check = |event: Value, expected| {
        let error = read(&event).unwrap_err();
        assert!(error.hint().is_some());
        assert_eq!(error, EnvelopeError::Unknown(expected));
    };
    check(samples::http_api(), UnknownEvent::NotForAuthorizer);
    check(samples::s3_event(&[samples::s3_record()]), UnknownEvent::NotForAuthorizer);
    check(with(samples::authorizer(), json!({"type": "TOKEN"})), UnknownEvent::NotForAuthorizer);
    check(with(samples::authorizer(), json!({"version": "1.0"})), UnknownEvent::PayloadFormatOne);
    let error = read(&with(samples::authorizer(), json!({"routeArn": 5}))).unwrap_err();
    assert!(matches!(error, EnvelopeError::Malformed(_)));
}

struct Known {
    caller: EntityName,
    call: CallId,
}

impl Known {
    fn new(id: &str) -> Self {
        Self { caller: EntityName::new("User", id), call: CallId::new("call-1") }
    }

    fn allow(&self) -> Verdict<'_> {
        Verdict::Allow(Attested { caller: &self.caller, plan: Some("free"), purpose: None, call: &self.call })
    }

    fn deny(&self) -> Verdict<'_> {
        Verdict::Deny { code: "forbidden", caller: Some(&self.caller), call: &self.call }
    }
}

#[test]
fn simple_answers_hold_texts_only() {
    let known = Known::new("alice");
    let answer = authorizer::answer(AnswerForm::Simple, ROUTE_ARN, &known.allow());
    let context = json!({"callerType": "User", "callerId": "alice", "plan": "free", "callId": "call-1"});
    assert_eq!(answer.json, json!({"isAuthorized": true, "context": context}));
    assert_eq!(answer.fault, None);
    let answer = authorizer::answer(AnswerForm::Simple, ROUTE_ARN, &known.deny());
    assert_eq!(
        answer.json,
        json!({"isAuthorized": false, "context": {"code": "forbidden", "callId": "call-1"}})
    );
    let typed: ApiGatewayV2CustomAuthorizerSimpleResponse = serde_json::from_value(answer.json).unwrap();
    assert!(!typed.is_authorized);
    // No policy is written, so a wildcard means nothing here.
    let answer = authorizer::answer(AnswerForm::Simple, "arn:x/GET/a*", &known.allow());
    assert_eq!(answer.json["isAuthorized"], true);
}

#[track_caller]
fn check_policy(route_arn: &str, verdict: &Verdict<'_>, effect: IamPolicyEffect, fault: Option<AnswerFault>) {
    let answer = authorizer::answer(AnswerForm::IamPolicy, route_arn, verdict);
    assert_eq!(answer.fault, fault);
    assert!(answer.json.to_string().len() <= authorizer::MAX_ANSWER_BYTES);
    let typed: ApiGatewayV2CustomAuthorizerIamPolicyResponse = serde_json::from_value(answer.json).unwrap();
    assert_eq!(typed.policy_document.version.as_deref(), Some("2012-10-17"));
    let [statement] = typed.policy_document.statement.as_slice() else { panic!("one statement") };
    assert_eq!(statement.effect, effect);
    assert_eq!(statement.action, ["execute-api:Invoke"]);
    assert_eq!(statement.resource, [route_arn]);
    assert_eq!(typed.context["code"].is_string(), effect == IamPolicyEffect::Deny);
}

#[test]
fn a_policy_is_for_the_exact_route_or_denies() {
    let known = Known::new("alice");
    check_policy(ROUTE_ARN, &known.allow(), IamPolicyEffect::Allow, None);
    check_policy(ROUTE_ARN, &known.deny(), IamPolicyEffect::Deny, None);
    for suffix in ["*", "?", "/a*b", "${aws:username}"] {
        let arn = format!("{ROUTE_ARN}{suffix}");
        check_policy(&arn, &known.allow(), IamPolicyEffect::Deny, Some(AnswerFault::Wildcard));
        check_policy(&arn, &known.deny(), IamPolicyEffect::Deny, None);
    }
    let answer = authorizer::answer(AnswerForm::IamPolicy, ROUTE_ARN, &known.allow());
    assert_eq!(answer.json["principalId"], "User::\"alice\"");
}

#[test]
fn an_answer_that_api_gateway_would_not_take_denies() {
    let known = Known::new(&"a".repeat(9000));
    check_policy(ROUTE_ARN, &known.allow(), IamPolicyEffect::Deny, Some(AnswerFault::TooLarge));
    check_policy(ROUTE_ARN, &known.deny(), IamPolicyEffect::Deny, None);
    let answer = authorizer::answer(AnswerForm::Simple, ROUTE_ARN, &known.allow());
    assert_eq!(answer.json["isAuthorized"], false);
    assert_eq!(answer.json["context"]["code"], "answer-too-large");
}

#[test]
fn a_malformed_question_had_no_denial() {
    let malformed = with(samples::authorizer(), json!({"routeArn": 5}));
    assert!(matches!(read(&malformed), Err(EnvelopeError::Malformed(_))));
    let call = CallId::new("call-1");
    let context = json!({"code": "malformed", "callId": "call-1"});
    let simple = authorizer::deny(AnswerForm::Simple, "malformed", &call);
    assert_eq!(simple, json!({"isAuthorized": false, "context": context}));
    let policy = authorizer::deny(AnswerForm::IamPolicy, "malformed", &call);
    assert_eq!(policy["context"], context);
    let typed: ApiGatewayV2CustomAuthorizerIamPolicyResponse = serde_json::from_value(policy).unwrap();
    let [statement] = typed.policy_document.statement.as_slice() else { panic!("one statement") };
    assert_eq!(statement.effect, IamPolicyEffect::Deny);
    assert_eq!(statement.resource, ["*"]);
}

#[test]
fn the_401_message_is_the_one_api_gateway_knows() {
    assert_eq!(authorizer::UNAUTHORIZED, "Unauthorized");
}
