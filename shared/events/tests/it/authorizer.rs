use crate::samples::{self, ROUTE_ARN, envelope, request, with};
use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerResponse, ApiGatewayV2CustomAuthorizerIamPolicyResponse,
    ApiGatewayV2CustomAuthorizerSimpleResponse,
};
use aws_lambda_events::iam::IamPolicyEffect;
use doorward_events::authorizer::{
    self, Allowed, AnswerFault, AnswerForm, AuthorizerCall, QuestionKind, UsageKey, Verdict,
};
use doorward_events::{Attested, EnvelopeError, UnknownEvent};
use doorward_model::{CallId, CanonicalPath, EntityName, FrontVerified, PathForm, ReplyForm};
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
    let call = read(&with(samples::authorizer(), staged)).unwrap();
    assert_eq!(
        (request(&call.inbound).path.as_str(), call.kind),
        ("/test/orders/42", QuestionKind::HttpApi2)
    );
    assert_eq!(request(&call.inbound).stage.as_deref(), Some("test"));
    assert!(call.is_about(&path("/orders/42")) && !call.is_about(&path("/test/orders/42")));
    // The guide's own sample leaves the stage out of the path.
    let bare = json!({"rawPath": "/orders/42", "requestContext": {"stage": "test"}});
    assert_eq!(request(&read(&with(samples::authorizer(), bare)).unwrap().inbound).stage, None);
}

fn path(text: &str) -> CanonicalPath {
    CanonicalPath::parse(text, PathForm::Encoded).unwrap()
}

#[test]
fn the_path_of_the_gateways_route_is_told_where_it_says_one() {
    let template = |question: Value| read(&question).unwrap().template;
    let keyed = |key: &str| template(with(samples::authorizer(), json!({ "routeKey": key })));
    assert_eq!(keyed("ANY /files/{path+}").as_deref(), Some("/files/{path+}"));
    assert_eq!(keyed("$default"), None);
    for question in [samples::rest_question(), samples::http_api_1_question()] {
        let named = with(question.clone(), json!({ "resource": "/orders/{id}" }));
        assert_eq!(template(named).as_deref(), Some("/orders/{id}"));
        assert_eq!(template(with(question, json!({ "resource": "$default" }))), None);
    }
    assert_eq!(template(samples::token_question()), None);
}

#[test]
fn a_token_question_knows_what_its_arn_names() {
    let call = read(&samples::token_question()).unwrap();
    assert_eq!(
        (call.kind, call.inbound.front.to_string().as_str()),
        (QuestionKind::RestToken, "rest-api:a1b2c3")
    );
    let http = request(&call.inbound);
    assert_eq!(
        (http.method.as_str(), http.path.as_str(), http.path_form),
        ("GET", "/orders/42", PathForm::Unclear)
    );
    assert_eq!(http.headers["authorization"], "Bearer x.y.z");
    assert_eq!((http.headers.len(), http.query.as_str(), http.host.as_str()), (1, "", ""));
    assert_eq!((http.source_ip, &http.stage, &http.verified), (None, &None, &FrontVerified::default()));
    let arn = |end: &str| format!("arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/prod/{end}");
    for (end, reads) in [
        ("GET/", true),
        ("GET/orders/a:b", true),
        ("GET/orders/4%202", false),
        ("GET/orders/42%", false),
        ("GET/orders/42%2", false),
        ("GET/orders/42%u002F", false),
        ("GET/orders/42/", false),
        ("GET//", false),
        ("GET/a/../b", false),
    ] {
        let call = read(&with(samples::token_question(), json!({"methodArn": arn(end)}))).unwrap();
        let http = request(&call.inbound);
        assert_eq!(CanonicalPath::parse(&http.path, http.path_form).is_ok(), reads, "{end}");
    }
}

#[test]
fn a_question_of_payload_format_one_is_about_its_arn() {
    for (question, kind, stage, front) in [
        (samples::rest_question(), QuestionKind::RestRequest, None, "rest-api:a1b2c3"),
        (samples::http_api_1_question(), QuestionKind::HttpApi1, Some("prod"), "http-api:a1b2c3"),
    ] {
        let call = read(&question).unwrap();
        assert_eq!((call.kind, call.inbound.front.to_string().as_str()), (kind, front));
        assert_eq!(
            (request(&call.inbound).stage.as_deref(), call.route_arn.as_str()),
            (stage, question["methodArn"].as_str().unwrap())
        );
        assert!(call.is_about(&path("/orders/4%202")));
        for other in ["/orders/42", "/prod/orders/4%202", "/"] {
            assert!(!call.is_about(&path(other)), "{other}");
        }
    }
    // A custom domain's base path stands in the path, and not in the ARN.
    let based = json!({"path": "/shop/orders/4%202", "requestContext": {"domainName": "api.example.com"}});
    let call = read(&with(samples::rest_question(), based)).unwrap();
    assert!(call.is_about(&path("/orders/4%202")) && !call.is_about(&path("/shop/orders/4%202")));
}

#[test]
fn a_question_of_a_websocket_api_is_about_its_connection() {
    let call = read(&samples::websocket_question()).unwrap();
    assert_eq!(
        (call.kind, call.inbound.front.to_string().as_str()),
        (QuestionKind::WebSocket, "websocket-api:w1x2y3")
    );
    assert_eq!(request(&call.inbound).socket.as_ref().unwrap().route_key, "$connect");
    let message = json!({"requestContext": {"routeKey": "send", "eventType": "MESSAGE"}});
    let error = read(&with(samples::websocket_question(), message)).unwrap_err();
    assert_eq!(error, EnvelopeError::Unknown(UnknownEvent::NotForAuthorizer), "no API asks about messages");
}

#[test]
fn anything_else_is_unknown_to_the_authorizer() {
    let check = |event: Value, expected| {
        let error = read(&event).unwrap_err();
        assert!(error.hint().is_some());
        assert_eq!(error, EnvelopeError::Unknown(expected), "{event}");
    };
    for event in samples::every_http() {
        check(event, UnknownEvent::NotForAuthorizer);
    }
    let arn = samples::ROUTE_ARN;
    for event in [
        samples::s3_event(&[samples::s3_record()]),
        with(samples::authorizer(), json!({"type": "TOKEN"})),
        with(samples::authorizer(), json!({"type": "request"})),
        with(samples::authorizer(), json!({"version": "1.0"})),
        with(samples::authorizer(), json!({"methodArn": arn})),
        with(samples::authorizer(), json!({"httpMethod": "GET"})),
        with(samples::rest_question(), json!({"routeArn": arn})),
        with(samples::rest_question(), json!({"version": "2.0"})),
        with(samples::rest_question(), json!({"methodArn": null})),
        with(samples::token_question(), json!({"requestContext": {}})),
        with(samples::token_question(), json!({"authorizationToken": null})),
        with(samples::alb(), json!({"type": "REQUEST", "methodArn": arn})),
        with(samples::function_url(), json!({"type": "REQUEST", "routeArn": arn})),
    ] {
        check(event, UnknownEvent::NotForAuthorizer);
    }
    for (event, form) in [
        (with(samples::authorizer(), json!({"routeArn": 5})), ReplyForm::V2),
        (with(samples::authorizer(), json!({"routeArn": "GET /orders"})), ReplyForm::V2),
        (with(samples::rest_question(), json!({"methodArn": "arn:aws:s3:::receipts"})), ReplyForm::V1),
        (with(samples::token_question(), json!({"authorizationToken": "a\r\nb: c"})), ReplyForm::V1),
        (with(samples::token_question(), json!({"authorizationToken": ["a"]})), ReplyForm::V1),
        (with(samples::websocket_question(), json!({"methodArn": arn})), ReplyForm::V1),
    ] {
        let error = read(&event).unwrap_err();
        assert!(matches!(error, EnvelopeError::Malformed { form: found, .. } if found == form), "{event}");
    }
}

struct Known {
    caller: EntityName,
    call: CallId,
    resources: Vec<String>,
}

impl Known {
    fn new(id: &str) -> Self {
        Self::of(id, &[ROUTE_ARN])
    }

    fn of(id: &str, resources: &[&str]) -> Self {
        Self {
            caller: EntityName::new("User", id),
            call: CallId::new("call-1"),
            resources: resources.iter().map(|&arn| arn.to_owned()).collect(),
        }
    }

    fn allow(&self) -> Verdict<'_> {
        let attested = Attested { caller: &self.caller, plan: Some("free"), purpose: None, call: &self.call };
        Verdict::Allow(Allowed {
            attested,
            resources: &self.resources,
            usage_key: Some(UsageKey("secret-key")),
            connection: None,
        })
    }

    fn deny(&self) -> Verdict<'_> {
        Verdict::Deny { code: "forbidden", caller: Some(&self.caller), call: &self.call }
    }
}

#[test]
fn simple_answers_hold_texts_only() {
    let known = Known::new("alice");
    let answer = authorizer::answer(QuestionKind::HttpApi2, AnswerForm::Simple, ROUTE_ARN, &known.allow());
    let context = json!({"callerType": "User", "callerId": "alice", "plan": "free", "callId": "call-1"});
    assert_eq!(answer.json, json!({"isAuthorized": true, "context": context}));
    assert_eq!(answer.fault, None);
    let answer = authorizer::answer(QuestionKind::HttpApi2, AnswerForm::Simple, ROUTE_ARN, &known.deny());
    assert_eq!(
        answer.json,
        json!({"isAuthorized": false, "context": {"code": "forbidden", "callId": "call-1"}})
    );
    let typed: ApiGatewayV2CustomAuthorizerSimpleResponse = serde_json::from_value(answer.json).unwrap();
    assert!(!typed.is_authorized);
    // No policy is written, so a wildcard means nothing here.
    let answer =
        authorizer::answer(QuestionKind::HttpApi2, AnswerForm::Simple, "arn:x/GET/a*", &known.allow());
    assert_eq!(answer.json["isAuthorized"], true);
}

#[track_caller]
fn check_policy(route_arn: &str, verdict: &Verdict<'_>, effect: IamPolicyEffect, fault: Option<AnswerFault>) {
    let answer = authorizer::answer(QuestionKind::HttpApi2, AnswerForm::IamPolicy, route_arn, verdict);
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
        let wild = Known::of("alice", &[ROUTE_ARN, &arn]);
        check_policy(&arn, &wild.allow(), IamPolicyEffect::Deny, Some(AnswerFault::Wildcard));
        check_policy(&arn, &known.deny(), IamPolicyEffect::Deny, None);
    }
    let answer = authorizer::answer(QuestionKind::HttpApi2, AnswerForm::IamPolicy, ROUTE_ARN, &known.allow());
    assert_eq!(answer.json["principalId"], "User::\"alice\"");
}

#[test]
fn a_policy_names_all_that_the_caller_may_do() {
    let others = [ROUTE_ARN, "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/$default/GET/orders"];
    let known = Known::of("alice", &others);
    let answer = authorizer::answer(QuestionKind::HttpApi1, AnswerForm::IamPolicy, ROUTE_ARN, &known.allow());
    let typed: ApiGatewayV2CustomAuthorizerIamPolicyResponse = serde_json::from_value(answer.json).unwrap();
    let [statement] = typed.policy_document.statement.as_slice() else { panic!("one statement") };
    assert_eq!(statement.resource, others);
    let nothing = Known::of("alice", &[]);
    check_policy(ROUTE_ARN, &nothing.allow(), IamPolicyEffect::Deny, Some(AnswerFault::NoResource));
}

#[test]
fn only_a_rest_api_is_told_of_an_api_key() {
    let known = Known::new("alice");
    for (kind, key) in [
        (QuestionKind::RestToken, Some("secret-key")),
        (QuestionKind::RestRequest, Some("secret-key")),
        (QuestionKind::HttpApi1, None),
        (QuestionKind::HttpApi2, None),
        (QuestionKind::WebSocket, None),
    ] {
        let answer = authorizer::answer(kind, AnswerForm::IamPolicy, ROUTE_ARN, &known.allow());
        assert!(!format!("{answer:?} {:?}", known.allow()).contains("secret-key"));
        let typed: ApiGatewayCustomAuthorizerResponse = serde_json::from_value(answer.json).unwrap();
        assert_eq!(typed.usage_identifier_key.as_deref(), key, "{kind:?}");
        let denied = authorizer::answer(kind, AnswerForm::IamPolicy, ROUTE_ARN, &known.deny());
        assert!(!denied.json.to_string().contains("usageIdentifierKey"));
    }
}

#[test]
fn what_is_kept_with_a_connection_is_a_text_of_the_context() {
    let known = Known::new("alice");
    let Verdict::Allow(allowed) = known.allow() else { panic!("it allows") };
    let verdict = Verdict::Allow(Allowed { connection: Some("{\"door\":\"shop\"}"), ..allowed });
    let answer = authorizer::answer(QuestionKind::WebSocket, AnswerForm::IamPolicy, ROUTE_ARN, &verdict);
    assert_eq!(answer.json["context"]["doorwardConnection1"], "{\"door\":\"shop\"}");
    assert_eq!(answer.json["context"]["callerId"], "alice");
    let too_long = "x".repeat(9000);
    let verdict = Verdict::Allow(Allowed { connection: Some(&too_long), ..allowed });
    let answer = authorizer::answer(QuestionKind::WebSocket, AnswerForm::IamPolicy, ROUTE_ARN, &verdict);
    assert_eq!(answer.fault, Some(AnswerFault::TooLarge));
    assert!(!answer.json.to_string().contains("doorwardConnection1"));
}

#[test]
fn a_simple_answer_to_an_api_that_takes_none_denies() {
    let known = Known::new("alice");
    for kind in
        [QuestionKind::RestToken, QuestionKind::RestRequest, QuestionKind::HttpApi1, QuestionKind::WebSocket]
    {
        let answer = authorizer::answer(kind, AnswerForm::Simple, ROUTE_ARN, &known.allow());
        assert_eq!(answer.fault, Some(AnswerFault::NotSimple));
        assert_eq!(answer.json["policyDocument"]["Statement"][0]["Effect"], "Deny");
        assert_eq!(answer.json["context"]["code"], "answer-not-simple");
    }
}

#[test]
fn an_answer_that_api_gateway_would_not_take_denies() {
    let known = Known::new(&"a".repeat(9000));
    check_policy(ROUTE_ARN, &known.allow(), IamPolicyEffect::Deny, Some(AnswerFault::TooLarge));
    check_policy(ROUTE_ARN, &known.deny(), IamPolicyEffect::Deny, None);
    let answer = authorizer::answer(QuestionKind::HttpApi2, AnswerForm::Simple, ROUTE_ARN, &known.allow());
    assert_eq!(answer.json["isAuthorized"], false);
    assert_eq!(answer.json["context"]["code"], "answer-too-large");
}

#[test]
fn a_malformed_question_had_no_denial() {
    let malformed = with(samples::authorizer(), json!({"routeArn": 5}));
    assert!(matches!(read(&malformed), Err(EnvelopeError::Malformed { .. })));
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
