//! What callers and sources send, in the form in which their front hands it over.

use doorward_core::{ApiKey, ApiKeyRecord, RANDOM_BYTES};
use doorward_events::records::Openings;
use doorward_events::s3::{S3Sample, sample};
use doorward_events::{Entrance, Envelope};
use doorward_testkit::standard_signature;
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

const WEBHOOK_KEY: &[u8] = b"plainly-fake-key-of-tests";
/// [`WEBHOOK_KEY`] as the door is given it.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_cGxhaW5seS1mYWtlLWtleS1vZi10ZXN0cw==";

/// A caller with an API key.
pub(crate) struct KeyHolder {
    /// As the ledger names it: `Client::"alice"`.
    pub(crate) name: String,
    key: ApiKey,
    record: ApiKeyRecord,
}

impl KeyHolder {
    /// A caller on this plan, or on that of the route.
    pub(crate) fn new(owner: &str, plan: Option<&str>, random: &mut Rng) -> Self {
        let mut bytes = [0; RANDOM_BYTES];
        random.fill(&mut bytes);
        let key = ApiKey::generate("shop", &bytes);
        let hash = key.hash();
        let record = ApiKeyRecord {
            hash,
            id: hash.id(),
            owner: owner.to_owned(),
            plan: plan.map(str::to_owned),
            groups: Vec::new(),
            created: Timestamp::now(),
            expires: None,
            revoked: None,
            note: None,
        };
        Self { name: format!("Client::\"{owner}\""), key, record }
    }

    /// Its item in the state table, as the door reads it.
    pub(crate) fn item(&self) -> Value {
        let text = |text: &str| json!({ "S": text });
        let hash = self.record.hash.to_hex();
        let mut item = json!({
            "owner": text(&format!("key#{hash}")),
            "item": text("key"),
            "hash": text(&hash),
            "id": text(&self.record.id),
            "client": text(&self.record.owner),
            "created": text(&self.record.created.to_string()),
        });
        if let Some(plan) = &self.record.plan {
            item["plan"] = text(plan);
        }
        item
    }

    /// `POST path`.
    pub(crate) fn post(&self, path: &str) -> Value {
        self.post_bytes(path, 0)
    }

    /// `POST path` with a body of so many bytes.
    pub(crate) fn post_bytes(&self, path: &str, bytes: usize) -> Value {
        function_url(path, json!({ "x-api-key": self.key.expose() }), &"x".repeat(bytes))
    }
}

/// A signed delivery of the payment provider's.
pub(crate) fn webhook(id: &str) -> Value {
    let time = Timestamp::now().as_second();
    let body = json!({ "type": "payment.succeeded", "id": id }).to_string();
    let headers = json!({
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": time.to_string(),
        "webhook-signature": standard_signature(WEBHOOK_KEY, id, time, &body),
    });
    function_url("/payments/webhook", headers, &body)
}

/// A bucket's notification of one upload.
pub(crate) fn upload(key: &str) -> Value {
    sample(&S3Sample {
        bucket: "receipts",
        key,
        size: 1,
        version: None,
        event: "ObjectCreated:Put",
        sequencer: "0055AED6DCD90281E5",
        time: Timestamp::UNIX_EPOCH,
        region: "us-east-1",
        account: "123456789012",
    })
}

/// The ids of the calls that the records of a notification are.
pub(crate) fn calls_of(notification: &Value) -> Vec<String> {
    let payload = notification.to_string();
    match doorward_events::read(&Envelope::new(payload.as_bytes(), "any", u64::MAX, None), &Openings::new()) {
        Ok(Entrance::Records(batch)) => {
            batch.records.into_iter().map(|record| record.ok().unwrap().call.to_string()).collect()
        }
        _ => panic!("no records in {payload}"),
    }
}

fn function_url(path: &str, headers: Value, body: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "shopurl",
            "domainName": "shopurl.lambda-url.us-east-1.on.aws",
            "domainPrefix": "shopurl",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.10",
                "userAgent": "agent",
            },
            "requestId": "5d9e6ab6-0c2b-4f0e-8a5b-6b4b2f3f7c11",
            "routeKey": "$default",
            "stage": "$default",
            "time": "24/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_521_600_000_u64,
        },
        "body": body,
        "isBase64Encoded": false,
    })
}
