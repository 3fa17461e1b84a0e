use std::collections::BTreeSet;

use doorward_aws::{DynamoPublications, Publisher};
use doorward_core::Publication;
use doorward_core::ports::{Publications, StoreError};
use doorward_testkit::fault_proxy::Fault;
use jiff::ToSpan;
use serde_json::{Value, json};

use crate::loopback::{self, Nobody};
use crate::sample;
use crate::store::{Store, TABLE};

struct Fixture {
    store: Store,
    publisher: Publisher,
    publications: DynamoPublications,
}

impl Fixture {
    async fn start() -> Self {
        let store = Store::start().await;
        let publisher = Publisher::new(&store.clients, TABLE);
        let publications = DynamoPublications::new(&store.clients, TABLE);
        Self { store, publisher, publications }
    }

    async fn publish(&self, letter: char, archive: &[u8]) -> Publication {
        self.publisher.publish("shop", &digest(letter), archive, sample::now()).await.unwrap()
    }

    /// Changes an item behind everybody's back.
    fn change(&self, owner: &str, item: &str, change: impl FnOnce(&mut Value)) {
        let key = json!({ "owner": { "S": owner }, "item": { "S": item } });
        let mut found = self.store.item("state", key).unwrap();
        change(&mut found);
        self.store.put(&format!("{TABLE}-state"), found);
    }
}

pub(crate) fn digest(letter: char) -> String {
    letter.to_string().repeat(64)
}

fn sequences(publications: &[Publication]) -> Vec<u64> {
    publications.iter().map(|publication| publication.sequence).collect()
}

/// Bytes of several parts, of which no two are alike.
fn large(parts: usize) -> Vec<u8> {
    (0..parts * 350_000).map(|at| (at % 251) as u8 ^ (at / 350_000) as u8).collect()
}

#[tokio::test]
async fn nothing_is_in_force_before_the_first_publication() {
    let Fixture { store, publisher, publications } = &Fixture::start().await;
    assert_eq!(publications.current().await, Ok(None));
    assert_eq!(store.asked(), ["GetItem"], "one look is one read");
    assert_eq!(publisher.list().await, Ok(Vec::new()));
}

#[tokio::test]
async fn what_is_published_is_in_force_and_reads_back() {
    let fixture = Fixture::start().await;
    let published = fixture.publish('a', b"archive").await;
    assert_eq!(
        published,
        Publication {
            door: Some("shop".to_owned()),
            ..Publication::of(1, &digest('a'), b"archive", sample::now())
        }
    );
    assert_eq!(fixture.store.asked(), ["PutItem", "Query", "GetItem", "TransactWriteItems"]);
    assert_eq!(fixture.publications.current().await, Ok(Some(published.clone())));
    assert_eq!(fixture.publications.fetch(&published).await.unwrap().unwrap(), &b"archive"[..]);
    assert_eq!(fixture.store.asked(), ["GetItem", "GetItem"]);
}

#[tokio::test]
async fn a_large_archive_is_kept_in_parts() {
    let fixture = Fixture::start().await;
    for bytes in [large(3), [large(3), vec![1]].concat(), large(1)] {
        let published = fixture.publish('a', &bytes).await;
        fixture.store.asked();
        assert_eq!(fixture.publications.fetch(&published).await.unwrap().unwrap(), bytes);
        assert_eq!(fixture.store.asked().len(), bytes.len().div_ceil(350_000));
    }
}

#[tokio::test]
async fn an_archive_of_which_a_part_is_missing_or_another_s_is_none() {
    let fixture = Fixture::start().await;
    let published = fixture.publish('a', &large(3)).await;
    let owner = format!("bundle#{}", published.archive);
    let remove =
        |part: &str| fixture.store.delete("state", json!({ "owner": { "S": owner }, "item": { "S": part } }));
    let gone =
        async |what: &str| assert_eq!(fixture.publications.fetch(&published).await, Ok(None), "{what}");

    fixture.change(&owner, "001", |part| part["parts"] = json!({ "N": "2" }));
    gone("a part of another count").await;
    fixture.publish('a', &large(3)).await;
    fixture.change(&owner, "001", |part| part["data"] = json!({ "S": "text" }));
    gone("a part that holds no bytes").await;
    fixture.publish('a', &large(3)).await;
    fixture.change(&owner, "000", |part| part["parts"] = json!({ "N": "1000000" }));
    gone("more parts than any archive has").await;
    fixture.publish('a', &large(3)).await;
    assert!(
        fixture.publications.fetch(&published).await.unwrap().is_some(),
        "published again, it is whole again"
    );
    remove("002");
    gone("the last part").await;
    remove("000");
    gone("the first part").await;
}

#[tokio::test]
async fn two_publishers_never_take_one_number() {
    let fixture = &Fixture::start().await;
    let publish = async |letter: char| {
        let mut taken = Vec::new();
        for _ in 0..5 {
            taken.push(fixture.publish(letter, letter.to_string().as_bytes()).await.sequence);
        }
        taken
    };
    let (a, b, c) = tokio::join!(publish('a'), publish('b'), publish('c'));
    let all: BTreeSet<u64> = [a, b, c].concat().into_iter().collect();
    assert_eq!(all, (1..=15).collect());
    let listed = fixture.publisher.list().await.unwrap();
    assert_eq!(sequences(&listed), (1..=15).rev().collect::<Vec<_>>());
    assert_eq!(fixture.publications.current().await.unwrap().as_ref(), listed.first());
}

#[tokio::test]
async fn an_earlier_bundle_is_published_anew_under_a_new_number() {
    let fixture = Fixture::start().await;
    let first = fixture.publish('a', b"a").await;
    fixture.publish('b', b"b").await;
    let at = sample::now() + 1.hours();
    let again = fixture.publisher.publish_anew(&first, at).await.unwrap();
    assert_eq!(again, Publication { sequence: 3, at, ..first });
    assert_eq!(fixture.publications.current().await, Ok(Some(again)));
    assert_eq!(sequences(&fixture.publisher.list().await.unwrap()), [3, 2, 1]);
}

#[tokio::test]
async fn a_publication_whose_answer_was_lost_is_made_once() {
    let fixture = Fixture::start().await;
    fixture.store.fail_at("TransactWriteItems", Fault::ServerErrorAfterCommit);
    assert_eq!(fixture.publish('a', b"a").await.sequence, 1);
    assert_eq!(sequences(&fixture.publisher.list().await.unwrap()), [1]);
}

#[tokio::test]
async fn a_number_that_was_taken_is_never_taken_again() {
    let fixture = Fixture::start().await;
    fixture.publish('a', b"a").await;
    fixture.publish('b', b"b").await;
    fixture.store.delete("state", json!({ "owner": { "S": "bundle" }, "item": { "S": "current" } }));
    assert_eq!(fixture.publish('c', b"c").await.sequence, 3);
    fixture.change("bundle", "current", |item| item["sequence"] = json!({ "N": "41" }));
    assert_eq!(fixture.publish('d', b"d").await.sequence, 42);
}

#[tokio::test]
async fn more_publications_than_a_page_holds_are_listed() {
    let fixture = Fixture::start().await;
    let first = fixture.publish('a', b"a").await;
    let item = fixture
        .store
        .item("state", json!({ "owner": { "S": "bundle" }, "item": { "S": "current" } }))
        .unwrap();
    for sequence in 2..=12 {
        let mut item = item.clone();
        item["sequence"] = json!({ "N": sequence.to_string() });
        item["item"] = json!({ "S": format!("publication#{sequence:020}") });
        item["padding"] = json!({ "S": "x".repeat(300_000) });
        fixture.store.put(&format!("{TABLE}-state"), item);
    }
    fixture.store.asked();
    let listed = fixture.publisher.list().await.unwrap();
    assert_eq!(sequences(&listed), (1..=12).rev().collect::<Vec<_>>());
    assert_eq!(listed.last(), Some(&first));
    assert!(fixture.store.asked().len() > 1);
}

#[tokio::test]
async fn an_item_that_is_no_publication_is_none() {
    let fixture = Fixture::start().await;
    fixture.publish('a', b"a").await;
    let unreadable = StoreError("a publication in the table cannot be read".to_owned());
    for (name, value) in [
        ("sequence", json!({ "N": "0" })),
        ("sequence", json!({ "N": "-1" })),
        ("sequence", json!({ "S": "1" })),
        ("digest", json!({ "S": "short" })),
        ("digest", json!({ "S": format!("\n{}", "a".repeat(63)) })),
        ("archive", json!({ "S": "../".repeat(22) })),
        ("bytes", json!({ "BOOL": true })),
        ("at", json!({ "S": "yesterday" })),
    ] {
        let kept = |item: &mut Value| std::mem::replace(&mut item[name], value.clone());
        let mut before = Value::Null;
        fixture.change("bundle", "current", |item| before = kept(item));
        assert_eq!(fixture.publications.current().await, Err(unreadable.clone()), "{name}: {value}");
        fixture.change("bundle", "current", |item| item[name] = before);
    }
    assert!(fixture.publications.current().await.unwrap().is_some());
}

#[tokio::test]
async fn a_table_that_is_away_is_told_from_one_without_publications() {
    let nobody = Nobody::new();
    let clients = loopback::clients(nobody.address());
    assert!(DynamoPublications::new(&clients, TABLE).current().await.is_err());
    assert!(
        Publisher::new(&clients, TABLE).publish("shop", &digest('a'), b"a", sample::now()).await.is_err()
    );
}

#[tokio::test]
async fn what_was_published_before_doors_were_named_is_read() {
    let fixture = Fixture::start().await;
    let named = fixture.publish('a', b"a").await;
    fixture.change("bundle", "current", |item| {
        item.as_object_mut().unwrap().remove("door").unwrap();
    });
    assert_eq!(fixture.publications.current().await, Ok(Some(Publication { door: None, ..named })));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told_from_a_store_that_is_away() {
    let fixture = Fixture::start().await;
    let nowhere = DynamoPublications::new(&fixture.store.clients, "nowhere").current().await.unwrap_err();
    assert!(doorward_aws::is_table_missing(&nowhere), "{nowhere}");
    let listed = Publisher::new(&fixture.store.clients, "nowhere").list().await.unwrap_err();
    assert!(doorward_aws::is_table_missing(&listed), "{listed}");
    assert!(!doorward_aws::is_table_missing(&StoreError("timed out".to_owned())));
}
