use doorward_aws::{DynamoPublications, Publisher};
use doorward_core::ports::Publications as _;

use super::{ATTEMPTS, counted, each};
use crate::publications::digest;
use crate::sample;
use crate::store::TABLE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_force_is_never_missing_because_nobody_answers() {
    each("GetItem", |case| async move {
        let publisher = Publisher::new(&case.store.clients, TABLE);
        let published = publisher.publish("shop", &digest('a'), b"archive", sample::now()).await.unwrap();
        let publications = DynamoPublications::new(&case.store.clients, TABLE);

        case.begin();
        let current = case.answer(publications.current()).await;
        let (attempts, _) = counted(&case.end().await, "GetItem");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let is_error = current.is_err();
        assert!(
            current == Ok(Some(published.clone())) || (is_error && !case.passes()),
            "{}: {current:?}",
            case.name
        );

        case.begin();
        let numbered = case.answer(publications.numbered(1)).await;
        drop(case.end().await);
        let is_error = numbered.is_err();
        assert!(
            numbered == Ok(Some(published.clone())) || (is_error && !case.passes()),
            "{}: {numbered:?}",
            case.name
        );

        case.begin();
        let fetched = case.answer(publications.fetch(&published)).await;
        drop(case.end().await);
        let is_error = fetched.is_err();
        let is_whole = fetched.is_ok_and(|archive| archive.is_some_and(|archive| archive == b"archive"[..]));
        assert!(is_whole || (is_error && !case.passes()), "{}", case.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_put_in_force_once_under_one_number() {
    each("TransactWriteItems", |case| async move {
        let publisher = Publisher::new(&case.store.clients, TABLE);
        let publications = DynamoPublications::new(&case.store.clients, TABLE);
        case.begin();
        let published = case.answer(publisher.publish("shop", &digest('a'), b"archive", sample::now())).await;
        assert!(published.is_ok() || !case.passes(), "{}: {published:?}", case.name);
        let (attempts, _) = counted(&case.end().await, "TransactWriteItems");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let current = publications.current().await.unwrap();
        let numbers = publisher.list().await.unwrap();
        assert_eq!(numbers, Vec::from_iter(current.clone()), "{}: the list says the same", case.name);
        match published {
            Ok(published) => assert_eq!((published.sequence, current), (1, Some(published)), "{}", case.name),
            // Nobody can know: it is there whole, or not at all.
            Err(_) => {
                if let Some(current) = current {
                    assert!(publications.fetch(&current).await.unwrap().is_some(), "{}", case.name);
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stored_is_never_in_force() {
    each("PutItem", |case| async move {
        let publisher = Publisher::new(&case.store.clients, TABLE);
        let publications = DynamoPublications::new(&case.store.clients, TABLE);
        let before = publisher.publish("shop", &digest('a'), b"archive", sample::now()).await.unwrap();
        let bytes = b"another archive";
        case.begin();
        let published = case.answer(publisher.publish("shop", &digest('b'), bytes, sample::now())).await;
        assert!(published.is_ok() || !case.passes(), "{}: {published:?}", case.name);
        let (attempts, _) = counted(&case.end().await, "PutItem");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let current = publications.current().await.unwrap().unwrap();
        let expected = if published.is_ok() { &bytes[..] } else { b"archive" };
        assert_eq!(current, published.unwrap_or(before), "{}", case.name);
        let fetched = publications.fetch(&current).await.unwrap().unwrap();
        assert!(fetched == expected, "{}: {} bytes", case.name, fetched.len());
    })
    .await;
}
