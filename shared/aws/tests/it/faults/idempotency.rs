use doorward_aws::DynamoIdempotency;
use doorward_core::ports::{IdempotencyStore as _, Put};
use doorward_model::IdempotencyState;

use super::{ATTEMPTS, counted, each};
use crate::idempotency::{answered, ended, taken};
use crate::store::TABLE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_one_holder() {
    each("PutItem", |case| async move {
        let keys = DynamoIdempotency::new(&case.store.clients, TABLE);
        let (first, second) = (taken("c-1"), taken("c-2"));
        case.begin();
        let put = case.answer(keys.put(&first, None)).await;
        assert!(put == Ok(Put::Written) || (put.is_err() && !case.passes()), "{}: {put:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "PutItem");
        assert!(attempts <= ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        assert!(put.is_err() || written == 1, "{}: said to be held", case.name);
        let stands = match keys.put(&second, None).await.unwrap() {
            Put::Written => &second,
            Put::Otherwise(found) => {
                assert_eq!(found.as_deref(), Some(&first), "{}", case.name);
                &first
            }
        };
        assert_eq!(stands.call.as_str(), if written == 1 { "c-1" } else { "c-2" }, "{}", case.name);
        // Whoever heard nothing gives up what it may hold, and never what another holds.
        let released = ended(&first, IdempotencyState::Released);
        let given_up = keys.put(&released, Some(&first)).await.unwrap();
        assert_eq!(given_up == Put::Written, written == 1, "{}: {given_up:?}", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_said_to_be_kept_is() {
    each("PutItem", |case| async move {
        let keys = DynamoIdempotency::new(&case.store.clients, TABLE);
        let held = taken("c-1");
        keys.put(&held, None).await.unwrap();
        let ended = ended(&held, answered());
        case.begin();
        let put = case.answer(keys.put(&ended, Some(&held))).await;
        assert!(put == Ok(Put::Written) || (put.is_err() && !case.passes()), "{}: {put:?}", case.name);
        let (attempts, written) = counted(&case.end().await, "PutItem");
        assert!(attempts <= ATTEMPTS && written <= 1, "{}: {attempts}, {written}", case.name);
        assert!(put.is_err() || written == 1, "{}: said to be kept", case.name);
        // Either way nobody takes the key: it is answered, or not known to have ended.
        let stands = if written == 1 { &ended } else { &held };
        assert_eq!(keys.find(&held.id).await.unwrap().as_ref(), Some(stands), "{}", case.name);
        assert_eq!(
            keys.put(&taken("c-2"), None).await.unwrap(),
            Put::Otherwise(Some(Box::new(stands.clone()))),
            "{}",
            case.name
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_cannot_be_read_is_not_taken_for_free() {
    each("GetItem", |case| async move {
        let keys = DynamoIdempotency::new(&case.store.clients, TABLE);
        let held = taken("c-1");
        keys.put(&held, None).await.unwrap();
        case.begin();
        let found = case.answer(keys.find(&held.id)).await;
        assert!(found == Ok(Some(held)) || (found.is_err() && !case.passes()), "{}: {found:?}", case.name);
        let (attempts, _) = counted(&case.end().await, "GetItem");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
    })
    .await;
}
