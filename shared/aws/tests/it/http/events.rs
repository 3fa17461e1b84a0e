//! Records of events that go to a server.

use doorward_config::{Target, TargetKind};
use doorward_core::ports::{Forward, ForwardMessage, Targets};
use doorward_model::{EventKind, EventRecord, Principal, Trace};
use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use serde_json::{Value, json};

use super::{LONG, Sender, local, ok};
use crate::sample;

#[tokio::test]
async fn a_record_is_posted_in_its_sources_own_envelope() {
    let server = UnrulyServer::start(|request| match request.request_line().1 {
        "/hook" => ok(""),
        _ => Conduct::Answer(HttpMessage::answer(503, "later")),
    })
    .await;
    let record = EventRecord::new(
        EventKind::S3,
        &"bucket:receipts".parse().unwrap(),
        "ObjectCreated:Put",
        "us-east-1",
        json!({ "eventSource": "aws:s3", "s3": { "object": { "key": "inbox/é.pdf" } } }),
    );
    let sender = Sender::new();
    for (path, status) in [("/hook", 200), ("/away", 503)] {
        let (call, principal, trace) = (sample::call("c-1"), Principal::anonymous(), Trace::default());
        let message = ForwardMessage::Event { records: &[&record] };
        let forward = Forward { call: &call, principal: &principal, trace: &trace, message, stream: None };
        let base = format!("http://{}{path}", server.address());
        let target = Target::new("receipts", TargetKind::Http(local()), base);
        let reply = sender.targets.send(&target, &target.endpoints[0], forward, LONG).await.unwrap();
        assert_eq!(reply.status, status);
        let seen = server.requests();
        let request = seen.last().unwrap();
        assert_eq!(request.start, format!("POST {path} HTTP/1.1"));
        assert_eq!(request.field("content-type"), Some("application/json"));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body, json!({ "Records": [record.record] }));
    }
}
