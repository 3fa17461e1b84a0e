use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

use super::*;

/// Says nothing of any name.
struct Silent;

#[async_trait]
impl Resolve for Silent {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_connection_is_waited_for_no_longer_than_a_try_takes() {
    let (target, sender) = (local(), Sender::with(Arc::new(Silent), Vec::new()));
    let sent = Sent { attempt: Some(SHORT), ..Sent::get(&target, "http://silent.example") };
    let fault = sender.send(sent).await.unwrap_err();
    assert_eq!(fault, TargetFault::Unreachable("there was no connection in time".to_owned()));
}

#[tokio::test]
async fn calls_share_a_connection() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let (target, sender) = (local(), Sender::new());
    for _ in 0..20 {
        assert_eq!(text(sender.send(Sent::to(&target, &server)).await.unwrap()).await, "{}");
    }
    assert_eq!((server.requests().len(), server.connections()), (20, 1));
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_fails_no_call() {
    let server = UnrulyServer::start(|_| Conduct::AnswerAndClose(HttpMessage::answer(200, "{}"))).await;
    let (target, sender) = (local(), Sender::new());
    for _ in 0..20 {
        let mut sent = Sent::to(&target, &server);
        // What must not be sent twice is not tried again by anybody else.
        sent.request.method = http::Method::POST;
        assert_eq!(text(sender.send(sent).await.unwrap()).await, "{}");
    }
    assert_eq!(server.requests().len(), 20);
}

#[tokio::test]
async fn after_a_pause_connections_are_new() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let (target, sender) = (local(), Sender::new());
    let mut connections = Vec::new();
    for pause in [0, 20, 20, 21, 1] {
        sender.clock.advance(Duration::from_secs(pause));
        text(sender.send(Sent::to(&target, &server)).await.unwrap()).await;
        connections.push(server.connections());
    }
    assert_eq!(connections, [1, 1, 1, 2, 2], "a frozen sandbox does not see its connections end");
}

#[tokio::test]
async fn a_target_that_is_configured_anew_has_connections_of_its_own() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let sender = Sender::new();
    for most in [100, 200, 200] {
        let target = HttpTarget { max_answer: Some(most), ..local() };
        text(sender.send(Sent::to(&target, &server)).await.unwrap()).await;
    }
    assert_eq!(server.connections(), 2);
}
