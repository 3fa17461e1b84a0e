use doorward_config::{Credentials, SecretRef};
use http::header::AUTHORIZATION;

use super::*;

const SECRET: &str = "env:MAILER";

fn with(credentials: Credentials) -> HttpTarget {
    HttpTarget { credentials: Some(credentials), ..local() }
}

fn bearer() -> HttpTarget {
    let secret = SecretRef::parse(SECRET).unwrap();
    with(Credentials::Header { name: AUTHORIZATION, prefix: "Bearer ".into(), secret })
}

/// A third party that takes `Bearer good` alone.
async fn third_party() -> UnrulyServer {
    UnrulyServer::start(|request| match request.field("authorization") {
        Some("Bearer good") => ok("{}"),
        _ => Conduct::Answer(
            HttpMessage::answer(401, "no").with("www-authenticate", "Bearer realm=\"theirs\""),
        ),
    })
    .await
}

fn shown(server: &UnrulyServer) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(|request| request.field("authorization").unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn a_third_party_is_shown_the_doors_secret_and_not_the_callers() {
    let server = third_party().await;
    let (sender, target) = (Sender::new(), bearer());
    sender.secrets.put(SECRET, "good");
    let mut sent = Sent::to(&target, &server);
    sent.request.headers.insert("authorization", "Bearer theirs".parse().unwrap());
    sent.request.headers.insert("cookie", "session=theirs".parse().unwrap());
    assert_eq!(sender.send(sent).await.unwrap().status, 200);
    assert_eq!(shown(&server), ["Bearer good"]);
    assert_eq!(server.requests()[0].field("cookie"), None);
    assert_eq!(sender.secrets.switch.calls(), 1);
}

#[tokio::test]
async fn a_password_is_shown_as_basic_has_it() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let secret = SecretRef::parse(SECRET).unwrap();
    let (sender, target) = (Sender::new(), with(Credentials::Basic { user: "Aladdin".into(), secret }));
    sender.secrets.put(SECRET, "open sesame");
    sender.send(Sent::to(&target, &server)).await.unwrap();
    assert_eq!(shown(&server), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
}

#[tokio::test]
async fn a_secret_is_read_again_when_it_is_old() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let (sender, target) = (Sender::new(), bearer());
    sender.secrets.put(SECRET, "first");
    sender.send(Sent::to(&target, &server)).await.unwrap();
    sender.secrets.put(SECRET, "second");
    for pause in [30, 1] {
        sender.clock.advance(Duration::from_secs(pause));
        sender.send(Sent::to(&target, &server)).await.unwrap();
    }
    // The store is away, and then says that the secret is withdrawn.
    sender.secrets.switch.away(true);
    sender.clock.advance(Duration::from_secs(600));
    sender.send(Sent::to(&target, &server)).await.unwrap();
    assert_eq!(shown(&server), ["Bearer first", "Bearer first", "Bearer second", "Bearer second"]);
    sender.secrets.switch.away(false);
    sender.secrets.remove(SECRET);
    sender.clock.advance(Duration::from_secs(31));
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("`env:MAILER` cannot be read".into()));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_secret_that_was_changed_is_taken_up_when_the_old_one_is_refused() {
    let server = third_party().await;
    let (sender, target) = (Sender::new(), bearer());
    sender.secrets.put(SECRET, "old");
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the server refused them".into()));
    assert_eq!(shown(&server), ["Bearer old"], "the same secret is not shown twice");
    sender.secrets.put(SECRET, "good");
    sender.clock.advance(Duration::from_secs(6));
    let mut sent = Sent::to(&target, &server);
    sent.request.method = http::Method::POST;
    sent.request.body = "order".into();
    assert_eq!(text(sender.send(sent).await.unwrap()).await, "{}");
    assert_eq!(shown(&server), ["Bearer old", "Bearer old", "Bearer good"]);
    assert_eq!(server.requests()[2].body, b"order");
}

#[tokio::test]
async fn a_refusal_of_the_doors_credentials_is_none_of_the_callers() {
    let server = third_party().await;
    let (sender, target) = (Sender::new(), bearer());
    sender.secrets.put(SECRET, "bad");
    for round in 1..=20 {
        let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
        assert_eq!(fault.status(), 502);
        assert_eq!(server.requests().len(), round, "one try each");
    }
    assert_eq!(sender.secrets.switch.calls(), 1, "refusals do not flood the store");
    // Without credentials of the door's own, 401 is between the caller and the server.
    let reply = sender.send(Sent::to(&local(), &server)).await.unwrap();
    assert_eq!(reply.status, 401);
    assert_eq!(reply.headers["www-authenticate"], "Bearer realm=\"theirs\"");
}

#[tokio::test]
async fn nothing_is_sent_without_the_credentials() {
    let server = third_party().await;
    let (sender, target) = (Sender::new(), bearer());
    sender.secrets.switch.away(true);
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("`env:MAILER` cannot be read".into()));
    sender.secrets.switch.away(false);
    sender.secrets.put(SECRET, "good\r\nx-evil: 1");
    sender.clock.advance(Duration::from_secs(2));
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the secret is no field's value".into()));
    sender.secrets.switch.hang(true);
    sender.clock.advance(Duration::from_secs(4000));
    let fault = sender.send(Sent::to(&target, &server).within(SHORT)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("they cannot be had in time".into()));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_request_to_aws_is_signed_by_the_doors_role() {
    let server = UnrulyServer::start(|request| match request.request_line().1 {
        "/forbidden/orders/42" => Conduct::Answer(HttpMessage::answer(403, "{}")),
        "/expired/orders/42" => {
            Conduct::Answer(HttpMessage::answer(403, "{}").with("x-amzn-errortype", "ExpiredTokenException"))
        }
        _ => ok("{}"),
    })
    .await;
    let target = with(Credentials::SigV4 { service: "execute-api".into(), region: Some("eu-west-1".into()) });
    let sender = Sender::new();
    let base = |path: &str| format!("http://{}{path}", server.address());
    let mut sent = Sent::get(&target, base(""));
    sent.request.query = "b=2&a=x%20y".into();
    sent.request.headers.insert("authorization", "Bearer theirs".parse().unwrap());
    assert_eq!(sender.send(sent).await.unwrap().status, 200);
    let request = &server.requests()[0];
    let authorization = request.field("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/"), "{authorization}");
    assert!(authorization.contains("/eu-west-1/execute-api/aws4_request"), "{authorization}");
    assert!(authorization.contains("SignedHeaders=host;x-amz-date"), "{authorization}");
    assert!(request.field("x-amz-date").is_some());
    // What the service says of the call itself goes on; what it says of the signer does not.
    assert_eq!(sender.send(Sent::get(&target, base("/forbidden"))).await.unwrap().status, 403);
    let fault = sender.send(Sent::get(&target, base("/expired"))).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the server refused them".into()));
}

#[tokio::test]
async fn a_signature_covers_every_field_that_aws_reads() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let mut target = with(Credentials::SigV4 { service: "dynamodb".into(), region: None });
    for (name, value) in [
        ("x-amz-target", "DynamoDB_20120810.ListTables"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20000101T000000Z"),
        ("x-version", "2"),
    ] {
        target.headers.set.push((name.parse().unwrap(), value.parse().unwrap()));
    }
    Sender::new().send(Sent::to(&target, &server)).await.unwrap();
    let request = &server.requests()[0];
    let authorization = request.field("authorization").unwrap();
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-target,";
    assert!(authorization.contains(signed), "{authorization}");
    assert_eq!(request.field("x-amz-target"), Some("DynamoDB_20120810.ListTables"));
    assert_ne!(request.field("x-amz-date"), Some("20000101T000000Z"));
}

#[tokio::test]
async fn objects_are_asked_for_as_s3_has_it_signed() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let target = with(Credentials::SigV4 { service: "s3".into(), region: None });
    Sender::new().send(Sent::to(&target, &server)).await.unwrap();
    let request = &server.requests()[0];
    let authorization = request.field("authorization").unwrap();
    assert!(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date"), "{authorization}");
    // SHA-256 of no bytes.
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(request.field("x-amz-content-sha256"), Some(hash));
}

#[tokio::test]
async fn a_third_party_sets_no_cookies_of_the_doors_and_challenges_nobody() {
    let server = UnrulyServer::start(|_| {
        let answer = HttpMessage::answer(403, "no").with("set-cookie", "session=theirs; Path=/");
        Conduct::Answer(answer.with("www-authenticate", "Bearer realm=\"theirs\"").with("x-kept", "1"))
    })
    .await;
    let sender = Sender::new();
    sender.secrets.put(SECRET, "good");
    let reply = sender.send(Sent::to(&bearer(), &server)).await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.headers["x-kept"]), (403, &"1".parse().unwrap()));
    assert!(!reply.headers.contains_key("set-cookie") && !reply.headers.contains_key("www-authenticate"));
}
