use doorward_aws::{DynamoApiKeys, KeyKeeper};
use doorward_core::ApiKeyRecord;
use doorward_core::ports::ApiKeys as _;

use super::{ATTEMPTS, counted, each};
use crate::api_keys::record;
use crate::sample;
use crate::store::TABLE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_never_unknown_because_nobody_answers() {
    each("GetItem", |case| async move {
        let made = record(1);
        KeyKeeper::new(&case.store.clients, TABLE).create(&made).await.unwrap();
        case.begin();
        let found = case.answer(DynamoApiKeys::new(&case.store.clients, TABLE).find(&made.hash)).await;
        let (attempts, _) = counted(&case.end().await, "GetItem");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        assert!(found == Ok(Some(made)) || (found.is_err() && !case.passes()), "{}: {found:?}", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_whole_or_not_at_all_and_never_said_to_be_anothers() {
    each("TransactWriteItems", |case| async move {
        let made = record(1);
        let keeper = KeyKeeper::new(&case.store.clients, TABLE);
        case.begin();
        let created = case.answer(keeper.create(&made)).await;
        assert!(created == Ok(true) || (created.is_err() && !case.passes()), "{}: {created:?}", case.name);
        let (attempts, _) = counted(&case.end().await, "TransactWriteItems");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let found = DynamoApiKeys::new(&case.store.clients, TABLE).find(&made.hash).await.unwrap();
        assert_eq!(found, keeper.get(&made.id).await.unwrap(), "{}: the list says the same", case.name);
        assert!(found.as_ref() == Some(&made) || (found.is_none() && created.is_err()), "{}", case.name);
        assert_eq!(keeper.create(&made).await, Ok(true), "{}: once more", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_said_to_be_revoked_is() {
    each("TransactWriteItems", |case| async move {
        let made = record(1);
        let keeper = KeyKeeper::new(&case.store.clients, TABLE);
        keeper.create(&made).await.unwrap();
        case.begin();
        let revoked = case.answer(keeper.revoke(&made.id, sample::now())).await;
        assert!(revoked.is_ok() || !case.passes(), "{}: {revoked:?}", case.name);
        let (attempts, _) = counted(&case.end().await, "TransactWriteItems");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let found = DynamoApiKeys::new(&case.store.clients, TABLE).find(&made.hash).await.unwrap();
        assert_eq!(found, keeper.get(&made.id).await.unwrap(), "{}: the list says the same", case.name);
        if revoked.is_ok() {
            let expected = ApiKeyRecord { revoked: Some(sample::now()), ..made };
            assert_eq!(
                (found.as_ref(), revoked),
                (Some(&expected), Ok(Some(expected.clone()))),
                "{}",
                case.name
            );
        }
    })
    .await;
}
