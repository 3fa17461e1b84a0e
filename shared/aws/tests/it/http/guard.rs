use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;

/// What a name stands for, look-up by look-up; the last answer stays.
struct Scripted {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let addresses = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(addresses).collect()),
            asked: Mutex::default(),
        })
    }
}

#[async_trait]
impl Resolve for Scripted {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        match answers.len() {
            0 => Err(io::Error::other("no such name")),
            1 => Ok(answers[0].clone()),
            _ => Ok(answers.remove(0)),
        }
    }
}

#[tokio::test]
async fn no_spelling_of_an_address_that_is_not_admitted_is_called() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let port = server.address().port();
    let sender = Sender::new();
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "0.0.0.0",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
    ] {
        let target = HttpTarget::default();
        let fault = sender.send(Sent::get(&target, format!("http://{host}:{port}"))).await.unwrap_err();
        // A few of them are no name to some resolvers, which is as good.
        let refused = matches!(&fault, TargetFault::Address(_))
            || matches!(&fault, TargetFault::Unreachable(cause) if cause.contains("resolved"));
        assert!(refused && fault.is_untouched(), "{host}: {fault}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_declared_network_is_called_by_name_and_by_address() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let port = server.address().port();
    let names = Scripted::new(&[&["10.0.0.1", "127.0.0.1"]]);
    let sender = Sender::with(names.clone(), Vec::new());
    for host in ["internal.example", "127.0.0.1"] {
        let target = local();
        let reply = sender.send(Sent::get(&target, format!("http://{host}:{port}"))).await.unwrap();
        assert_eq!(reply.status, 200, "{host}");
    }
    assert_eq!(*names.asked.lock().unwrap(), ["internal.example"]);
    assert_eq!(server.requests()[0].field("host"), Some(format!("internal.example:{port}").as_str()));
}

#[tokio::test]
async fn a_name_that_moves_to_an_inner_address_is_refused_at_its_next_connection() {
    let server = UnrulyServer::start(|_| Conduct::AnswerAndClose(HttpMessage::answer(200, "{}"))).await;
    let port = server.address().port();
    let names = Scripted::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let sender = Sender::with(names.clone(), Vec::new());
    let target = local();
    let sent = || Sent::get(&target, format!("http://rebound.example:{port}"));
    assert_eq!(text(sender.send(sent()).await.unwrap()).await, "{}");
    sender.clock.advance(Duration::from_secs(21));
    let fault = sender.send(sent()).await.unwrap_err();
    assert!(matches!(&fault, TargetFault::Address(cause) if cause.contains("169.254.169.254")), "{fault}");
    assert_eq!(
        names.asked.lock().unwrap().len(),
        2,
        "each connection goes by the one look-up that was checked"
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn what_one_target_may_call_another_may_not() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let sender = Sender::new();
    sender.send(Sent::to(&local(), &server)).await.unwrap();
    // The connection is still open; the same name with other networks is another target all the same.
    let fault = sender.send(Sent::to(&HttpTarget::default(), &server)).await.unwrap_err();
    assert!(matches!(fault, TargetFault::Address(_)), "{fault}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn who_is_not_there_cannot_be_reached_and_was_sent_nothing() {
    let nobody = Nobody::new();
    let (target, sender) = (local(), Sender::with(Scripted::new(&[]), Vec::new()));
    for (base, cause) in [
        (format!("http://{}", nobody.address()), "the connection was refused"),
        ("http://nowhere.invalid".to_owned(), "its name cannot be resolved"),
    ] {
        let fault = sender.send(Sent::get(&target, base)).await.unwrap_err();
        assert_eq!(fault, TargetFault::Unreachable(cause.to_owned()));
        assert!(fault.is_untouched());
    }
}

#[tokio::test]
async fn a_resolver_that_hangs_is_no_server_that_does() {
    struct Hanging;
    #[async_trait]
    impl Resolve for Hanging {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }
    let (target, sender) = (local(), Sender::with(Arc::new(Hanging), Vec::new()));
    let fault = sender.send(Sent::get(&target, "http://a.example").within(SHORT)).await.unwrap_err();
    assert!(matches!(fault, TargetFault::Unreachable(_)), "{fault}");
}
