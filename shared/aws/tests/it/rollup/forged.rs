use serde_json::{Value, json};

use super::ledger::{aggregates, call, deliver, expected, put, stream, typed};
use crate::store::Store;

/// What is forged is told and does not come again, and the calls around it are counted.
#[track_caller]
fn check(store: &Store, change: impl FnOnce(&mut Value), cause: &'static str) -> Checked {
    let mut records = stream(store);
    change(&mut records[1]);
    Checked { records, cause }
}

struct Checked {
    records: Vec<Value>,
    cause: &'static str,
}

impl Checked {
    async fn holds(self) {
        let store = Store::start().await;
        let done = deliver(&store, &self.records).await;
        assert_eq!(done.again, Vec::<String>::new(), "{}", self.cause);
        assert_eq!(done.uncountable.len(), 1, "{}", self.cause);
        assert!(done.uncountable[0].ends_with(self.cause), "{:?}", done.uncountable);
        assert_eq!(aggregates(&store), expected(&[call("a", 1, "alice"), call("c", 1, "alice")]));
    }
}

#[tokio::test]
async fn a_forged_image_is_told_and_holds_up_nothing() {
    let store = Store::start().await;
    ["a", "b", "c"].iter().for_each(|id| put(&store, &call(id, 1, "alice")));
    let image = |name: &'static str, value: Value| {
        move |record: &mut Value| record["dynamodb"]["NewImage"][name] = value
    };
    let no_call = "it does not have the form of a call";
    check(&store, image("outcome", typed("odd".into())), no_call).holds().await;
    check(&store, image("units", typed((-1).into())), no_call).holds().await;
    check(&store, image("units", typed(1.5.into())), no_call).holds().await;
    check(&store, image("at", typed("today".into())), no_call).holds().await;
    check(&store, image("caller", typed(7.into())), no_call).holds().await;
    check(&store, image("units", typed(u64::MAX.into())), "`units` is larger than a call's can be")
        .holds()
        .await;
    check(&store, image("call", typed("other".into())), "its image is not of its key").holds().await;
    check(
        &store,
        |record| record["dynamodb"]["NewImage"]["caller"] = json!({ "S": 1 }),
        "`NewImage` is missing or not what a stream's record has there",
    )
    .holds()
    .await;
    check(
        &store,
        |record| drop(record["dynamodb"].as_object_mut().unwrap().remove("NewImage")),
        "the stream's view leaves new images out",
    )
    .holds()
    .await;
    let other = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-state/stream/1";
    check(&store, |record| record["eventSourceARN"] = other.into(), "it is of another table's stream")
        .holds()
        .await;
    check(
        &store,
        |record| {
            record["dynamodb"]["Keys"]["call"] = json!({ "S": "block#1" });
            record["dynamodb"]["NewImage"]["call"] = json!({ "S": "block#1" });
            record["dynamodb"]["NewImage"]["count"] = json!({ "N": "1" });
            record["dynamodb"]["NewImage"]["calls"] = json!({ "B": "aGk=" });
        },
        "the calls of a block are zlib of JSON lines",
    )
    .holds()
    .await;
}

#[tokio::test]
async fn a_forged_marker_is_told_and_holds_up_nothing() {
    let store = Store::start().await;
    ["a", "b", "c"].iter().for_each(|id| put(&store, &call(id, 1, "alice")));
    let records = stream(&store);
    let marker = json!({ "owner": { "S": "applied#b" }, "item": { "S": "usage" }, "version": { "S": "1" } });
    store.put("shop-state", marker);
    let done = deliver(&store, &records).await;
    assert_eq!(done.uncountable, ["the row \"b\": its marker cannot be read"]);
    assert_eq!(aggregates(&store), expected(&[call("a", 1, "alice"), call("c", 1, "alice")]));
}

#[tokio::test]
async fn a_row_that_takes_no_sum_is_told_and_holds_up_nothing() {
    let store = Store::start().await;
    put(&store, &call("a", 1, "alice"));
    put(&store, &call("b", 1, "bob"));
    let row = expected(&[call("b", 1, "bob")]).into_keys().next().unwrap();
    let broken =
        json!({ "owner": { "S": row.owner() }, "item": { "S": row.item(0) }, "calls": { "S": "many" } });
    store.put("shop-state", broken);
    let done = deliver(&store, &stream(&store)).await;
    assert_eq!((done.again.len(), done.uncountable.len()), (0, 1), "{done:?}");
    store.delete("state", json!({ "owner": { "S": row.owner() }, "item": { "S": row.item(0) } }));
    assert_eq!(aggregates(&store), expected(&[call("a", 1, "alice")]));
}
