use super::*;
use crate::loopback::{self, Nobody};

/// Every kind of target meets `script`.
async fn check(script: impl Fn(&str) -> Script, within: Duration, code: &str, untouched: bool) {
    for (target, good) in every_target() {
        let script = script(good);
        let server = scripted::serve(script.clone()).await;
        let fault = send(&targets(&server), &target, b"{}", within).await.unwrap_err();
        let kind = target.kind.word();
        assert_eq!((fault.code(), fault.is_untouched()), (code, untouched), "{kind}: {script:?}: {fault}");
        assert_eq!(server.requests().len(), 1, "{kind}: {script:?}");
    }
}

/// Both forms in which services name their errors.
fn refusal(status: u16, word: &str) -> [Script; 2] {
    let json = format!(r#"{{"__type":"com.amazonaws.x#{word}","message":"card 4111"}}"#);
    let xml = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{word}</Code><Message>card 4111</Message></Error></ErrorResponse>"
    );
    [Script::answer(status, &[], &json), Script::answer(status, &[], &xml)]
}

#[tokio::test]
async fn a_refusal_leaves_everything_as_it_was() {
    for (status, word) in [
        (400, "ThrottlingException"),
        (429, "TooManyRequestsException"),
        (403, "AccessDenied"),
        (400, "UnrecognizedClientException"),
        (400, "AWS.SimpleQueueService.NonExistentQueue"),
        (404, "NotFound"),
    ] {
        for script in refusal(status, word) {
            check(|_| script.clone(), LONG, "target-unavailable", true).await;
            let server = scripted::serve(script).await;
            let fault = send(&targets(&server), &queue(), b"{}", LONG).await.unwrap_err();
            assert_eq!(
                fault,
                TargetFault::Unreachable(word.to_owned()),
                "the word, and nothing that it says"
            );
        }
    }
    check(|_| Script::answer(403, &[], "<html>no</html>"), LONG, "target-unavailable", true).await;
}

#[tokio::test]
async fn a_service_that_fails_may_have_done_it() {
    for script in refusal(500, "InternalFailure").into_iter().chain(refusal(503, "ServiceUnavailable")) {
        check(|_| script.clone(), LONG, "target-reset", false).await;
    }
    check(|_| Script::answer(502, &[], ""), LONG, "target-reset", false).await;
}

#[tokio::test]
async fn so_may_one_whose_connection_ends() {
    check(|_| Script::Reset, LONG, "target-reset", false).await;
    check(|_| Script::Close, LONG, "target-reset", false).await;
    let cut = |good: &str| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", good.len() + 1);
        Script::Answer([head.as_bytes(), good.as_bytes()].concat())
    };
    check(cut, LONG, "target-reset", false).await;
}

#[tokio::test]
async fn so_may_one_that_does_not_answer() {
    check(|_| Script::Hang, Duration::from_millis(200), "target-timeout", false).await;
}

#[tokio::test]
async fn an_answer_that_does_not_say_it_is_none() {
    let half = |good: &str| Script::answer(200, &[], good.get(..good.len() / 2).unwrap());
    check(half, LONG, "target-unreadable", false).await;
    check(|_| Script::answer(200, &[], ""), LONG, "target-unreadable", false).await;
    check(|_| Script::answer(200, &[], "null"), LONG, "target-unreadable", false).await;
    check(|_| Script::answer(200, &[], &"x".repeat(4 * 1024 * 1024)), LONG, "target-unreadable", false).await;
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let other = scripted::serve(Script::Close).await;
    let location = format!("http://{}/", other.address());
    let away = |_: &str| Script::answer(307, &[("location", &location)], "");
    check(away, LONG, "target-unreadable", false).await;
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn who_is_not_there_was_sent_nothing() {
    let nobody = Nobody::new();
    let targets = ServiceTargets::new(&loopback::clients(nobody.address()));
    for (target, _) in every_target() {
        let fault = send(&targets, &target, b"{}", LONG).await.unwrap_err();
        assert_eq!(fault, TargetFault::Unreachable("no connection".to_owned()));
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_but_on_loopback() {
    let lookup = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ENDPOINT_URL" => Some("http://192.0.2.1".to_owned()),
        _ => None,
    };
    let targets = ServiceTargets::new(&AwsClients::from_variables(lookup).unwrap());
    for (target, _) in every_target() {
        let fault = send(&targets, &target, b"{}", LONG).await.unwrap_err();
        assert!(fault.is_untouched() && fault.to_string().contains("only `https`"), "{fault}");
    }
}

#[tokio::test]
async fn an_event_that_was_not_put_is_a_failure_though_the_status_is_200() {
    let entry =
        r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"m"}]}"#;
    let server = scripted::serve(Script::answer(200, &[], entry)).await;
    let fault = send(&targets(&server), &bus(), b"{}", LONG).await.unwrap_err();
    assert_eq!(fault, TargetFault::Unreachable("ThrottlingException".to_owned()));
}

#[tokio::test]
async fn an_execution_that_an_earlier_try_started_is_started() {
    let [refused, _] = refusal(400, "ExecutionAlreadyExists");
    let server = scripted::serve(refused).await;
    let reply = send(&targets(&server), &machine(Invocation::Async), b"{}", LONG).await.unwrap();
    assert_eq!(
        (reply.status.as_u16(), text(&reply)),
        (202, format!(r#"{{"executionArn":"{EXECUTION}"}}"#).as_str())
    );
}

#[tokio::test]
async fn an_execution_that_failed_is_a_failed_call() {
    for (answer, expected) in [
        (
            r#"{"status":"FAILED","error":"Shop.NoStock","cause":"card 4111"}"#,
            TargetFault::Failed("Shop.NoStock".to_owned()),
        ),
        (r#"{"status":"TIMED_OUT"}"#, TargetFault::TimedOut),
    ] {
        let server = scripted::serve(Script::answer(200, &[], answer)).await;
        let fault = send(&targets(&server), &machine(Invocation::Sync), b"{}", LONG).await.unwrap_err();
        assert_eq!(fault, expected);
    }
}
