use doorward_aws::{DecisionRange, DynamoDecisions, RecordedDecisions};
use doorward_core::ports::{Decisions, KeepError, StoreError};
use doorward_model::{CallId, DecisionNote, DecisionRecord, Effect, EntityName, Facts, Reads};
use doorward_testkit::fault_proxy::Fault;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use crate::sample;
use crate::store::{Store, TABLE};

pub(crate) fn record(call: &str, minute: i64, action: &str) -> DecisionRecord {
    let facts = Facts {
        action: action.into(),
        principal: EntityName::new("User", "alice"),
        resource: EntityName::new("Function", "orders"),
        input_unknown: false,
        context: Map::from_iter([(
            "input".to_owned(),
            json!({ "total": 9_007_199_254_740_993_i64, "é": "" }),
        )]),
        given: vec![json!({ "uid": { "type": "User", "id": "alice" }, "attrs": {}, "parents": [] })],
        loaded: false,
        from_token: Vec::new(),
        found: Vec::new(),
        reads: Reads::everything(),
    };
    let note = DecisionNote { effect: Effect::Allow, policies: vec!["p".into()], errors: Vec::new() };
    DecisionRecord {
        call: CallId::new(call),
        at: sample::now() + minute.minutes(),
        bundle: "b".into(),
        decision: note,
        cause: None,
        facts,
    }
}

struct Fixture {
    store: Store,
    decisions: DynamoDecisions,
}

impl Fixture {
    async fn start() -> Self {
        let store = Store::start().await;
        let decisions = DynamoDecisions::new(&store.clients, TABLE);
        Self { store, decisions }
    }

    async fn keep(&self, record: &DecisionRecord) {
        self.decisions.keep(record, record.at + 24.hours()).await.unwrap();
    }

    async fn read(&self, minutes: [i64; 2], action: Option<&str>, most: usize) -> RecordedDecisions {
        let range = DecisionRange {
            since: sample::now() + minutes[0].minutes(),
            until: sample::now() + minutes[1].minutes(),
            action: action.map(str::to_owned),
            most,
        };
        self.decisions.read(&range).await.unwrap()
    }
}

fn calls(read: &RecordedDecisions) -> Vec<&str> {
    read.records.iter().map(|record| record.call.as_str()).collect()
}

#[tokio::test]
async fn a_decision_is_one_write_and_reads_back_whole() {
    let fixture = Fixture::start().await;
    let record = record("c-1", 0, "createOrder");
    fixture.keep(&record).await;
    fixture.keep(&record).await;
    assert_eq!(fixture.store.asked(), ["PutItem", "PutItem"]);
    let item = fixture.store.last()["Item"].clone();
    let expires = (record.at + 24.hours()).as_second().to_string();
    assert_eq!(item["expires"], json!({ "N": expires }), "the table's attribute for its time to live");
    assert!(item["owner"]["S"].as_str().unwrap().starts_with("decision#2026-11-24T12#"), "{item}");
    assert_eq!(item["item"], json!({ "S": "2026-11-24T12:00:00.000000Z#c-1" }));
    assert_eq!(
        (&item["action"], &item["effect"]),
        (&json!({ "S": "createOrder" }), &json!({ "S": "allow" }))
    );
    assert_eq!(fixture.read([0, 0], None, 10).await.records, [record], "the same call twice is one record");
}

#[tokio::test]
async fn a_range_is_read_over_hours_and_shards_in_the_order_of_time() {
    let fixture = Fixture::start().await;
    for minute in [-61, -60, -1, 0, 1, 59, 60, 121] {
        let action = if minute % 2 == 0 { "even" } else { "odd" };
        fixture.keep(&record(&format!("c{minute}"), minute, action)).await;
    }
    let all = fixture.read([-120, 180], None, 10).await;
    assert_eq!(calls(&all), ["c-61", "c-60", "c-1", "c0", "c1", "c59", "c60", "c121"]);
    assert!(!all.more);
    assert_eq!(calls(&fixture.read([-60, 59], None, 10).await), ["c-60", "c-1", "c0", "c1", "c59"]);
    assert_eq!(calls(&fixture.read([-60, 59], Some("odd"), 10).await), ["c-1", "c1", "c59"]);
    let newest = fixture.read([-120, 180], None, 3).await;
    assert_eq!((calls(&newest), newest.more), (vec!["c59", "c60", "c121"], true));
    assert_eq!(calls(&fixture.read([2, 58], None, 10).await), Vec::<&str>::new());
    assert_eq!(calls(&fixture.read([10, 0], None, 10).await), Vec::<&str>::new());
}

#[tokio::test]
async fn pages_of_a_shard_are_read_on() {
    let fixture = Fixture::start().await;
    for number in 0..60 {
        // All in one shard: the id is the same.
        let mut record = record("c-1", number, "createOrder");
        record.facts.context.insert("filler".into(), json!("x".repeat(30_000)));
        fixture.keep(&record).await;
    }
    fixture.store.asked();
    let read = fixture.read([0, 59], None, 1000).await;
    assert_eq!(read.records.len(), 60);
    assert_eq!(fixture.store.asked().len(), 16 + 1, "one of the shards has two pages");
    assert_eq!(fixture.read([0, 59], None, 7).await.records.len(), 7);
}

#[tokio::test]
async fn a_record_is_bounded() {
    let fixture = Fixture::start().await;
    let mut large = record("c-1", 0, "createOrder");
    large.facts.context.insert("filler".into(), json!("x".repeat(40_000)));
    let refused = fixture.decisions.keep(&large, Timestamp::MAX).await;
    assert!(matches!(refused, Err(KeepError::TooLarge(40_000..))), "{refused:?}");
    assert!(fixture.store.asked().is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_says_so() {
    let fixture = Fixture::start().await;
    fixture.store.fail_next(vec![Fault::Throttled; 3]);
    let refused = fixture.decisions.keep(&record("c-1", 0, "a"), Timestamp::MAX).await;
    let cause = StoreError("ProvisionedThroughputExceededException".into());
    assert_eq!(refused, Err(KeepError::Away(cause)));
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let fixture = Fixture::start().await;
    fixture.keep(&record("c-1", 0, "createOrder")).await;
    let mut item: Value = fixture.store.last()["Item"].clone();
    item["record"] = json!({ "S": "{}" });
    item["item"] = json!({ "S": "2026-11-24T12:00:00.000000Z#c-2" });
    fixture.store.put("shop-state", item);
    let read = fixture.read([0, 0], None, 10).await;
    assert_eq!(
        (calls(&read), &read.unreadable[..]),
        (vec!["c-1"], &["2026-11-24T12:00:00.000000Z#c-2".to_owned()][..])
    );
}
