use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward_config::{ClientAuth, Credentials, SecretRef};
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::*;

const SECRET: &str = "env:CLIENT";

/// A token endpoint whose answers tests choose, by the number of the request from 1 on.
async fn issuer(answer: impl Fn(usize, &HttpMessage) -> HttpMessage + Send + Sync + 'static) -> UnrulyServer {
    let count = AtomicUsize::new(0);
    UnrulyServer::start(move |request| {
        Conduct::Answer(answer(count.fetch_add(1, Ordering::SeqCst) + 1, request))
    })
    .await
}

fn grant(token: &str, seconds: u64) -> HttpMessage {
    let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{seconds}}}"#);
    HttpMessage::answer(200, body)
}

fn client(issuer: &UnrulyServer) -> HttpTarget {
    client_by(issuer, ClientAuth::Basic)
}

fn client_by(issuer: &UnrulyServer, client_auth: ClientAuth) -> HttpTarget {
    client_at(issuer.address(), client_auth)
}

fn client_at(issuer: SocketAddr, client_auth: ClientAuth) -> HttpTarget {
    let credentials = Credentials::ClientCredentials {
        token_url: format!("http://{issuer}/token"),
        client_id: "door:1".into(),
        secret: SecretRef::parse(SECRET).unwrap(),
        client_auth,
        scopes: vec!["mail".into(), "send".into()],
        parameters: vec![("audience".into(), "https://mail.example".into())],
    };
    HttpTarget { credentials: Some(credentials), ..local() }
}

/// A third party that refuses the tokens that begin with `revoked`.
async fn third_party() -> UnrulyServer {
    UnrulyServer::start(|request| match request.field("authorization") {
        Some(value) if value.starts_with("Bearer revoked") => Conduct::Answer(HttpMessage::answer(401, "")),
        Some(_) => ok("{}"),
        None => Conduct::Answer(HttpMessage::answer(401, "")),
    })
    .await
}

fn sender() -> Sender {
    let sender = Sender::new();
    sender.secrets.put(SECRET, "p s/t");
    sender
}

/// Calls until the server was shown this.
async fn until_shown(sender: &Sender, target: &HttpTarget, server: &UnrulyServer, value: &str) {
    let calls = async {
        while shown(server).last().is_none_or(|last| last != value) {
            sender.send(Sent::to(target, server)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, calls).await.unwrap();
}

/// A token endpoint that answers each request when it is let: `t1`, `t2`, ….
async fn held_issuer(let_go: Arc<Semaphore>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 1.. {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let request = HttpMessage::read(&mut stream).await.unwrap();
            assert!(request.is_some());
            let_go.acquire().await.unwrap().forget();
            let answer = grant(&format!("t{number}"), 300).with("connection", "close");
            answer.write(&mut stream).await.unwrap();
        }
    });
    address
}

fn shown(server: &UnrulyServer) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(|request| request.field("authorization").unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn a_client_shows_its_secret_in_the_body_where_it_is_to() {
    let issuer = issuer(|_, _| grant("t", 300)).await;
    let (server, sender) = (third_party().await, sender());
    sender.send(Sent::to(&client_by(&issuer, ClientAuth::Post), &server)).await.unwrap();
    assert_eq!(shown(&server), ["Bearer t"]);
    let asked = &issuer.requests()[0];
    assert_eq!(asked.field("authorization"), None);
    assert_eq!(
        String::from_utf8_lossy(&asked.body),
        "grant_type=client_credentials&scope=mail%20send&audience=https%3A%2F%2Fmail.example\
         &client_id=door%3A1&client_secret=p%20s%2Ft"
    );
}

#[tokio::test]
async fn a_token_is_fetched_once_and_serves_until_shortly_before_its_end() {
    let issuer = issuer(|number, _| grant(&format!("t{number}"), 300)).await;
    let (server, sender, target) = (third_party().await, sender(), client(&issuer));
    for pause in [0, 100, 169, 0] {
        sender.clock.advance(Duration::from_secs(pause));
        sender.send(Sent::to(&target, &server)).await.unwrap();
    }
    assert_eq!((shown(&server), issuer.requests().len()), (vec!["Bearer t1".to_owned(); 4], 1));
    sender.clock.advance(Duration::from_secs(2));
    until_shown(&sender, &target, &server, "Bearer t2").await;
    assert_eq!(issuer.requests().len(), 2);
    let asked = &issuer.requests()[0];
    assert_eq!(asked.start, "POST /token HTTP/1.1");
    assert_eq!(asked.field("content-type"), Some("application/x-www-form-urlencoded"));
    // `door%3A1:p%20s%2Ft`
    assert_eq!(asked.field("authorization"), Some("Basic ZG9vciUzQTE6cCUyMHMlMkZ0"));
    assert_eq!(
        String::from_utf8_lossy(&asked.body),
        "grant_type=client_credentials&scope=mail%20send&audience=https%3A%2F%2Fmail.example"
    );
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_fetch() {
    let issuer = issuer(|number, _| grant(&format!("t{number}"), 300)).await;
    let (server, sender, target) = (third_party().await, sender(), client(&issuer));
    let calls = (0..20).map(|_| sender.send(Sent::to(&target, &server)));
    for answered in futures_util::future::join_all(calls).await {
        assert_eq!(answered.unwrap().status, 200);
    }
    assert_eq!((issuer.requests().len(), server.requests().len()), (1, 20));
}

#[tokio::test]
async fn a_token_that_comes_too_late_for_one_call_serves_the_next() {
    let let_go = Arc::new(Semaphore::new(0));
    let target = client_at(held_issuer(Arc::clone(&let_go)).await, ClientAuth::Basic);
    let (server, sender) = (third_party().await, sender());
    let fault = sender.send(Sent::to(&target, &server).within(SHORT)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the token endpoint did not answer in time".into()));
    // The attempt goes on, so that the pause between two of them keeps nobody out.
    let_go.add_permits(1);
    sender.send(Sent::to(&target, &server)).await.unwrap();
    assert_eq!(shown(&server), ["Bearer t1"]);
}

#[tokio::test]
async fn calls_go_on_with_a_token_that_is_valid_while_another_is_fetched() {
    let let_go = Arc::new(Semaphore::new(1));
    let target = client_at(held_issuer(Arc::clone(&let_go)).await, ClientAuth::Basic);
    let (server, sender) = (third_party().await, sender());
    for pause in [0, 280, 5] {
        sender.clock.advance(Duration::from_secs(pause));
        sender.send(Sent::to(&target, &server)).await.unwrap();
    }
    assert_eq!(shown(&server), ["Bearer t1"; 3]);
    let_go.add_permits(1);
    until_shown(&sender, &target, &server, "Bearer t2").await;
}

#[tokio::test]
async fn an_attempt_that_a_sandbox_was_frozen_with_is_given_up() {
    let count = AtomicUsize::new(0);
    let issuer = UnrulyServer::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Conduct::SendAndHang(Vec::new()),
        _ => Conduct::Answer(grant("t2", 300)),
    })
    .await;
    let (server, sender, target) = (third_party().await, sender(), client(&issuer));
    sender.send(Sent::to(&target, &server).within(SHORT)).await.unwrap_err();
    sender.clock.advance(Duration::from_secs(60));
    sender.send(Sent::to(&target, &server)).await.unwrap();
    assert_eq!((shown(&server), issuer.requests().len()), (vec!["Bearer t2".to_owned()], 2));
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let issuer = issuer(|number, _| grant(if number == 2 { "good" } else { "revoked" }, 300)).await;
    let (server, sender, target) = (third_party().await, sender(), client(&issuer));
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the server refused them".into()), "it was asked just now");
    sender.clock.advance(Duration::from_secs(2));
    assert_eq!(sender.send(Sent::to(&target, &server)).await.unwrap().status, 200);
    assert_eq!(shown(&server), ["Bearer revoked", "Bearer revoked", "Bearer good"]);
    assert_eq!(issuer.requests().len(), 2);
}

#[tokio::test]
async fn a_client_secret_that_was_changed_is_taken_up() {
    // `door%3A1:new`
    let issuer = issuer(|_, request| match request.field("authorization") {
        Some("Basic ZG9vciUzQTE6bmV3") => grant("good", 300),
        _ => HttpMessage::answer(401, r#"{"error":"invalid_client"}"#),
    })
    .await;
    let (server, sender, target) = (third_party().await, sender(), client(&issuer));
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    let refused = TargetFault::Credentials("the token endpoint refused the client's secret".into());
    assert_eq!(fault, refused);
    sender.secrets.put(SECRET, "new");
    sender.clock.advance(Duration::from_secs(6));
    sender.send(Sent::to(&target, &server)).await.unwrap();
    assert_eq!(shown(&server), ["Bearer good"]);
    assert_eq!(issuer.requests().len(), 3);
}

#[tokio::test]
async fn an_issuer_that_gives_no_token_is_a_fault_of_the_credentials() {
    let huge = format!(r#"{{"access_token":"{}","token_type":"Bearer"}}"#, "a".repeat(100_000));
    for (answer, cause) in [
        (HttpMessage::answer(400, r#"{"error":"invalid_scope"}"#), "refused: `invalid_scope`"),
        (HttpMessage::answer(503, "busy"), "answered 503"),
        (HttpMessage::answer(302, "").with("location", "http://127.0.0.1:1/"), "answered 302"),
        (HttpMessage::answer(200, "<html>"), "section 5.1"),
        (HttpMessage::answer(200, huge), "larger than 65536 bytes"),
        (grant("t", 0), "already expired"),
    ] {
        let issuer = issuer(move |_, _| answer.clone()).await;
        let (server, sender, target) = (third_party().await, sender(), client(&issuer));
        let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
        assert!(
            matches!(&fault, TargetFault::Credentials(found) if found.contains(cause)),
            "{cause}: {fault}"
        );
        assert_eq!(fault.status(), 502);
        assert_eq!(server.connections(), 0);
        // It is not asked again for every call.
        sender.send(Sent::to(&target, &server)).await.unwrap_err();
        assert_eq!(issuer.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_token_serves_to_its_end_while_its_issuer_is_away() {
    let issuer =
        issuer(|number, _| if number == 1 { grant("t1", 300) } else { HttpMessage::answer(503, "") }).await;
    let (server, sender, target) = (third_party().await, sender(), client(&issuer));
    for pause in [0, 280] {
        sender.clock.advance(Duration::from_secs(pause));
        sender.send(Sent::to(&target, &server)).await.unwrap();
    }
    sender.clock.advance(Duration::from_secs(20));
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the token endpoint answered 503".into()));
    assert_eq!(shown(&server).len(), 2);
}

#[tokio::test]
async fn a_token_endpoint_is_held_to_the_targets_networks_and_to_time() {
    let hanging = UnrulyServer::start(|_| Conduct::SendAndHang(Vec::new())).await;
    let (server, sender) = (third_party().await, sender());
    let mut target = client(&hanging);
    let fault = sender.send(Sent::to(&target, &server).within(SHORT)).await.unwrap_err();
    assert_eq!(fault, TargetFault::Credentials("the token endpoint did not answer in time".into()));
    target.networks.clear();
    let fault = sender.send(Sent::to(&target, &server)).await.unwrap_err();
    assert!(matches!(&fault, TargetFault::Credentials(cause) if cause.contains("not admitted")), "{fault}");
    assert_eq!((hanging.connections(), server.connections()), (1, 0));
}
