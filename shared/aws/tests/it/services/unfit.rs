use super::*;

/// The kinds to which `body` is no payload; none of them is sent anything.
async fn check(body: &[u8], expected: &[&str]) {
    let mut unfit = Vec::new();
    for (target, good) in every_target() {
        let server = scripted::serve(Script::answer(200, &[], good)).await;
        match send(&targets(&server), &target, body, LONG).await {
            Ok(_) => assert_eq!(server.requests().len(), 1),
            Err(TargetFault::Unfit(_)) => {
                assert!(server.requests().is_empty(), "nothing was sent");
                unfit.push(target.kind.word());
            }
            Err(fault) => panic!("{}: {fault}", target.kind.word()),
        }
    }
    assert_eq!(unfit, expected, "{}", String::from_utf8_lossy(body.get(..40).unwrap_or(body)));
}

const ALL: [&str; 5] = ["sqs", "sns", "eventbridge", "stepfunctions", "stepfunctions"];
const JSON: [&str; 3] = ["eventbridge", "stepfunctions", "stepfunctions"];

#[tokio::test]
async fn a_payload_that_a_service_does_not_take_is_not_sent() {
    check(b"", &["sqs", "sns"]).await;
    check(b"\xff", &ALL).await;
    check(b"{}", &[]).await;
    check(b"hello", &JSON).await;
    check(b"[1]", &["eventbridge"]).await;
    check(b"{\"a\":1,\"a\":2}", &JSON).await;
    check(b"{\"a\":1", &JSON).await;
    check("[".repeat(10_000).as_bytes(), &JSON).await;
    check(b"\x00", &ALL).await;
    check(b"a\x1bb", &ALL).await;
    check("a\u{ffff}".as_bytes(), &ALL).await;
    check(b"\t\r\n{\"a\":\"\xf0\x9f\x8d\xb5\"}", &[]).await;
}

/// A JSON object of so many bytes.
fn object(bytes: usize) -> Vec<u8> {
    format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8)).into_bytes()
}

#[tokio::test]
async fn nor_is_one_that_is_too_large_for_it() {
    const KIB: usize = 1024;
    check(&object(250 * KIB), &[]).await;
    check(&object(256 * KIB), &["sns"]).await;
    check(&object(256 * KIB + 1), &["sns", "stepfunctions", "stepfunctions"]).await;
    check(&object(1023 * KIB), &["sns", "stepfunctions", "stepfunctions"]).await;
    check(&object(1024 * KIB), &ALL).await;
}
