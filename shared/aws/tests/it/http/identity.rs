use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_config::{IdentityKey, SecretRef};

use super::*;

const KEY: &[u8] = b"plainly-fake-shared-key";

fn identified() -> HttpTarget {
    let secret = SecretRef::parse("env:IDENTITY").unwrap();
    HttpTarget { identity: Some(IdentityKey { secret, key_id: "door-1".into() }), ..local() }
}

/// The components that a request is signed over, by a verifier that is written from RFC 9421 alone.
fn verified(request: &HttpMessage) -> Option<Vec<String>> {
    let input = request.field("signature-input")?.strip_prefix("doorward=")?;
    let signature = request.field("signature")?.strip_prefix("doorward=:")?.strip_suffix(':')?;
    let (covered, parameters) = input.strip_prefix('(')?.split_once(')')?;
    assert!(parameters.contains(";keyid=\"door-1\"") && parameters.contains(";alg=\"hmac-sha256\""));
    assert!(parameters.contains(&format!(";created={}", sample::now().as_second())));
    let (method, target) = request.request_line();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut base = String::new();
    let mut names = Vec::new();
    for name in covered.split(' ') {
        let bare = name.strip_prefix('"')?.strip_suffix('"')?;
        let value = match bare {
            "@method" => method.to_owned(),
            "@authority" => request.field("host")?.to_owned(),
            "@path" => path.to_owned(),
            "@query" => format!("?{query}"),
            field => request.field(field)?.to_owned(),
        };
        base += &format!("{name}: {value}\n");
        names.push(bare.to_owned());
    }
    base += &format!("\"@signature-params\": {input}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    hmac::verify(&key, base.as_bytes(), &STANDARD.decode(signature).ok()?).ok()?;
    Some(names)
}

#[tokio::test]
async fn the_server_is_told_who_calls_and_can_verify_it() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let (sender, target) = (Sender::new(), identified());
    sender.secrets.put("env:IDENTITY", KEY);
    for body in ["", "hello"] {
        let mut sent = Sent::to(&target, &server);
        sent.request.query = "a=1".into();
        sent.request.body = body.into();
        for name in
            ["x-doorward-caller", "x-doorward-admin", "signature", "signature-input", "content-digest"]
        {
            sent.request.headers.insert(name, "theirs".parse().unwrap());
        }
        sender.send(sent).await.unwrap();
    }
    let requests = server.requests();
    for request in &requests {
        // As Cedar writes it, and percent-encoded where that is not visible ASCII.
        assert_eq!(request.field("x-doorward-caller"), Some("User::\"zo%C3%AB \\\"z\\\"\""));
        assert_eq!(request.field("x-doorward-plan"), Some("gold"));
        assert_eq!(request.field("x-doorward-action"), Some("readOrder"));
        assert_eq!(request.field("x-doorward-call"), Some("c-1"));
        assert_eq!(request.field("x-doorward-purpose"), None);
        assert_eq!(request.field("x-doorward-admin"), None);
    }
    let covered = [
        "@method",
        "@authority",
        "@path",
        "@query",
        "x-doorward-caller",
        "x-doorward-plan",
        "x-doorward-call",
        "x-doorward-action",
    ];
    assert_eq!(verified(&requests[0]).unwrap(), covered);
    assert_eq!(verified(&requests[1]).unwrap(), [&covered[..], &["content-digest"]].concat());
    assert_eq!(requests[0].field("content-digest"), None);
    let digest = STANDARD.encode(digest::digest(&digest::SHA256, b"hello"));
    assert_eq!(requests[1].field("content-digest"), Some(format!("sha-256=:{digest}:").as_str()));
    for (field, other) in [("x-doorward-caller", "User::\"root\""), ("host", "other.example")] {
        let mut changed = requests[0].clone();
        changed.fields.iter_mut().find(|(name, _)| name == field).unwrap().1 = other.to_owned();
        assert_eq!(verified(&changed), None, "{field} is held by the signature");
    }
}

#[tokio::test]
async fn without_identity_the_server_is_told_nothing_of_the_caller() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    Sender::new().send(Sent::to(&local(), &server)).await.unwrap();
    let requests = server.requests();
    assert!(!requests[0].fields.iter().any(|(name, _)| name.starts_with("x-doorward")));
}

#[tokio::test]
async fn nothing_is_sent_unsigned_where_the_key_cannot_be_read() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let fault = Sender::new().send(Sent::to(&identified(), &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("`env:IDENTITY` cannot be read".into()));
    assert_eq!(server.connections(), 0);
}
