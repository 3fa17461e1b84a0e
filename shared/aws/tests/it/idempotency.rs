use bytes::Bytes;
use doorward_aws::DynamoIdempotency;
use doorward_core::ports::{IdempotencyStore as _, LARGEST_STORED_ANSWER, Put};
use doorward_model::{CallId, EntityName, IdempotencyRecord, IdempotencyState, StoredAnswer};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::ToSpan;
use serde_json::json;

use crate::sample;
use crate::store::{Store, TABLE};

/// The key as `call` takes it.
pub(crate) fn taken(call: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        id: "5e".repeat(32),
        call: CallId::new(call),
        caller: EntityName::new("User", "al\"ice"),
        fingerprint: "f0".repeat(32),
        at: sample::now() + 1.nanosecond(),
        until: Some(sample::now() + 30.seconds()),
        window_ends: sample::now() + 24.hours(),
        state: IdempotencyState::InProgress,
    }
}

/// The same call's key when the call has ended.
pub(crate) fn ended(taken: &IdempotencyRecord, state: IdempotencyState) -> IdempotencyRecord {
    IdempotencyRecord { state, ..taken.clone() }
}

pub(crate) fn answered() -> IdempotencyState {
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("set-cookie"), HeaderValue::from_static("a=1")),
        (HeaderName::from_static("set-cookie"), HeaderValue::from_static("b=2")),
        (HeaderName::from_static("x-name"), HeaderValue::from_bytes(b"\xfc\xff").unwrap()),
        (HeaderName::from_static("x-empty"), HeaderValue::from_static("")),
    ]);
    let body = Bytes::from_static(b"{\"id\":\"7\"}\x00\xff");
    IdempotencyState::Answered(StoredAnswer { status: StatusCode::CREATED, headers, body })
}

async fn start() -> (Store, DynamoIdempotency) {
    let store = Store::start().await;
    let keys = DynamoIdempotency::new(&store.clients, TABLE);
    (store, keys)
}

fn otherwise(stands: &IdempotencyRecord) -> Put {
    Put::Otherwise(Some(Box::new(stands.clone())))
}

#[tokio::test]
async fn an_answer_reads_back_as_it_was() {
    let (_store, keys) = start().await;
    let held = taken("c-1");
    assert_eq!(keys.find(&held.id).await.unwrap(), None);
    assert_eq!(keys.put(&held, None).await.unwrap(), Put::Written);
    assert_eq!(keys.find(&held.id).await.unwrap(), Some(held.clone()));
    for state in [answered(), IdempotencyState::NotKept, IdempotencyState::Released] {
        let (_store, keys) = start().await;
        keys.put(&held, None).await.unwrap();
        let ended = ended(&held, state);
        assert_eq!(keys.put(&ended, Some(&held)).await.unwrap(), Put::Written);
        assert_eq!(keys.find(&held.id).await.unwrap(), Some(ended));
    }
    let unending = IdempotencyRecord { until: None, ..taken("c-2") };
    let (_store, keys) = start().await;
    keys.put(&unending, None).await.unwrap();
    assert_eq!(keys.find(&unending.id).await.unwrap(), Some(unending));
}

#[tokio::test]
async fn what_is_not_as_it_was_found_stays() {
    let (_store, keys) = start().await;
    let (first, second) = (taken("c-1"), taken("c-2"));
    keys.put(&first, None).await.unwrap();
    // Taken, and taken again by a try that saw nothing.
    assert_eq!(keys.put(&second, None).await.unwrap(), otherwise(&first));
    let released = ended(&first, IdempotencyState::Released);
    keys.put(&released, Some(&first)).await.unwrap();
    assert_eq!(keys.put(&second, Some(&first)).await.unwrap(), otherwise(&released));
    assert_eq!(keys.put(&second, Some(&released)).await.unwrap(), Put::Written);
    // Whoever was taken over has nothing to end.
    assert_eq!(keys.put(&ended(&first, answered()), Some(&first)).await.unwrap(), otherwise(&second));
    // The same call once more, at another time, is another try.
    let again = IdempotencyRecord { at: second.at + 1.nanosecond(), ..second.clone() };
    assert_eq!(keys.put(&again, None).await.unwrap(), otherwise(&second));
    assert_eq!(keys.put(&ended(&again, answered()), Some(&again)).await.unwrap(), otherwise(&second));
}

#[tokio::test]
async fn what_the_table_forgot_is_found_nowhere() {
    let (store, keys) = start().await;
    let held = taken("c-1");
    keys.put(&held, None).await.unwrap();
    store.delete(
        "state",
        json!({ "owner": { "S": format!("idempotency#{}", held.id) }, "item": { "S": "key" } }),
    );
    assert_eq!(keys.put(&ended(&held, answered()), Some(&held)).await.unwrap(), Put::Otherwise(None));
    assert_eq!(keys.find(&held.id).await.unwrap(), None);
}

#[tokio::test]
async fn the_largest_answers_fit() {
    let pairs = LARGEST_STORED_ANSWER / 20;
    let field = |n: usize| {
        (format!("x-{n:05}").parse::<HeaderName>().unwrap(), HeaderValue::from_static("0123456789012"))
    };
    let many: HeaderMap = (0..pairs).map(field).collect();
    let whole = StoredAnswer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::from(vec![b'a'; LARGEST_STORED_ANSWER]),
    };
    for answer in [whole, StoredAnswer { status: StatusCode::OK, headers: many, body: Bytes::new() }] {
        assert!(
            (LARGEST_STORED_ANSWER - 20..=LARGEST_STORED_ANSWER).contains(&answer.size()),
            "{}",
            answer.size()
        );
        let (_store, keys) = start().await;
        let held = taken("c-1");
        keys.put(&held, None).await.unwrap();
        let ended = ended(&held, IdempotencyState::Answered(answer));
        assert_eq!(keys.put(&ended, Some(&held)).await.unwrap(), Put::Written);
        assert_eq!(keys.find(&held.id).await.unwrap(), Some(ended));
    }
}

#[tokio::test]
async fn an_item_that_is_no_key_is_no_answer() {
    let (store, keys) = start().await;
    let held = taken("c-1");
    let key = json!({ "owner": { "S": format!("idempotency#{}", held.id) }, "item": { "S": "key" } });
    store.put(&format!("{TABLE}-state"), key);
    for found in [keys.find(&held.id).await.map(drop), keys.put(&held, None).await.map(drop)] {
        assert!(found.unwrap_err().to_string().ends_with("an idempotency key that is there cannot be read"));
    }
}

#[tokio::test]
async fn the_table_forgets_a_key_behind_its_window() {
    let (store, keys) = start().await;
    let held = taken("c-1");
    keys.put(&held, None).await.unwrap();
    let key = json!({ "owner": { "S": format!("idempotency#{}", held.id) }, "item": { "S": "key" } });
    let item = store.item("state", key).unwrap();
    assert_eq!(item["expires"]["N"], (held.window_ends.as_second() + 1).to_string());
    assert_eq!(item["caller"]["S"], r#"User::"al\"ice""#);
}
