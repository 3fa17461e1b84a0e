use std::time::Duration;

use doorward_aws::{DynamoApiKeys, KeyKeeper};
use doorward_core::ports::{ApiKeys as _, StoreError};
use doorward_core::{ApiKey, ApiKeyRecord, RANDOM_BYTES};
use doorward_testkit::fault_proxy::Fault;
use serde_json::{Value, json};

use crate::loopback::{self, Nobody};
use crate::sample;
use crate::store::{Store, TABLE};

struct Fixture {
    store: Store,
    keeper: KeyKeeper,
    keys: DynamoApiKeys,
}

impl Fixture {
    async fn start() -> Self {
        let store = Store::start().await;
        let keeper = KeyKeeper::new(&store.clients, TABLE);
        let keys = DynamoApiKeys::new(&store.clients, TABLE);
        Self { store, keeper, keys }
    }

    fn item(&self, owner: &str, item: &str) -> Option<Value> {
        self.store.item("state", json!({ "owner": { "S": owner }, "item": { "S": item } }))
    }

    /// Changes the key's own item behind everybody's back.
    fn change(&self, record: &ApiKeyRecord, change: impl FnOnce(&mut Value)) {
        let mut found = self.item(&format!("key#{}", record.hash.to_hex()), "key").unwrap();
        change(&mut found);
        self.store.put(&format!("{TABLE}-state"), found);
    }
}

pub(crate) fn record(byte: u8) -> ApiKeyRecord {
    let hash = ApiKey::generate("shop", &[byte; RANDOM_BYTES]).hash();
    ApiKeyRecord {
        hash,
        id: hash.id(),
        owner: "warehouse".to_owned(),
        plan: Some("partner".to_owned()),
        groups: vec!["buyers".to_owned()],
        created: sample::now() + Duration::from_secs(byte.into()),
        expires: Some(sample::now() + Duration::from_secs(3600)),
        revoked: None,
        note: Some("the scanner in hall 3".to_owned()),
    }
}

#[tokio::test]
async fn a_key_that_is_made_is_found_by_one_read() {
    let Fixture { store, keeper, keys } = &Fixture::start().await;
    let made = record(1);
    assert_eq!(keys.find(&made.hash).await, Ok(None));
    assert_eq!(keeper.create(&made).await, Ok(true));
    store.asked();
    assert_eq!(keys.find(&made.hash).await, Ok(Some(made.clone())));
    assert_eq!(store.asked(), ["GetItem"]);
    assert_eq!(store.last()["ConsistentRead"], json!(true));
    let least = ApiKeyRecord { plan: None, groups: Vec::new(), expires: None, note: None, ..record(2) };
    assert_eq!(keeper.create(&least).await, Ok(true));
    assert_eq!(keys.find(&least.hash).await, Ok(Some(least)));
}

#[tokio::test]
async fn the_table_never_holds_the_key_and_never_forgets_it_by_itself() {
    let fixture = Fixture::start().await;
    let key = ApiKey::generate("shop", &[1; RANDOM_BYTES]);
    fixture.keeper.create(&record(1)).await.unwrap();
    let own = fixture.item(&format!("key#{}", key.hash().to_hex()), "key").unwrap();
    let listed = fixture.item("keys", &key.hash().id()).unwrap();
    for item in [own, listed] {
        assert!(!item.to_string().contains(key.expose()), "{item}");
        assert!(item.get("expires").is_none(), "the table's time to live: {item}");
    }
}

#[tokio::test]
async fn a_hash_or_an_id_is_taken_once() {
    let Fixture { keeper, keys, .. } = &Fixture::start().await;
    assert_eq!(keeper.create(&record(1)).await, Ok(true));
    let again = ApiKeyRecord { owner: "mallory".to_owned(), ..record(1) };
    assert_eq!(keeper.create(&again).await, Ok(false));
    assert_eq!(keys.find(&again.hash).await.unwrap().unwrap().owner, "warehouse");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_in_its_place() {
    let Fixture { store, keeper, .. } = &Fixture::start().await;
    store.fail_at("TransactWriteItems", Fault::ServerErrorAfterCommit);
    assert_eq!(keeper.create(&record(1)).await, Ok(true));
    store.fail_at("TransactWriteItems", Fault::ServerErrorAfterCommit);
    let revoked = keeper.revoke(&record(1).id, sample::now()).await.unwrap().unwrap();
    assert_eq!(revoked.revoked, Some(sample::now()));
}

#[tokio::test]
async fn a_revoked_key_is_kept_with_the_time_of_its_first_revocation() {
    let Fixture { keeper, keys, .. } = &Fixture::start().await;
    let made = record(1);
    keeper.create(&made).await.unwrap();
    keeper.create(&record(2)).await.unwrap();
    let at = sample::now() + Duration::from_secs(60);
    let revoked = ApiKeyRecord { revoked: Some(at), ..made.clone() };
    assert_eq!(keeper.revoke(&made.id, at).await, Ok(Some(revoked.clone())));
    assert_eq!(keeper.revoke(&made.id, at + Duration::from_secs(60)).await, Ok(Some(revoked.clone())));
    assert_eq!(keys.find(&made.hash).await, Ok(Some(revoked.clone())));
    assert_eq!(keeper.list().await, Ok(vec![revoked, record(2)]), "the other one is as it was");
    assert_eq!(keeper.revoke("0123456789ab", at).await, Ok(None));
}

#[tokio::test]
async fn a_key_that_the_list_alone_has_is_not_said_to_be_revoked() {
    let fixture = Fixture::start().await;
    let made = record(1);
    fixture.keeper.create(&made).await.unwrap();
    let key = json!({ "owner": { "S": format!("key#{}", made.hash.to_hex()) }, "item": { "S": "key" } });
    fixture.store.delete("state", key);
    let said = fixture.keeper.revoke(&made.id, sample::now()).await.unwrap_err();
    assert_eq!(said, StoreError("the API key and the list of keys do not agree".to_owned()));
    assert_eq!(fixture.keeper.get(&made.id).await, Ok(Some(made)), "nothing is half written");
}

#[tokio::test]
async fn keys_are_listed_whatever_else_the_table_holds_and_however_many_there_are() {
    let Fixture { store, keeper, .. } = &Fixture::start().await;
    assert_eq!(keeper.list().await, Ok(Vec::new()));
    let many: Vec<ApiKeyRecord> =
        (0..250).map(|n| ApiKeyRecord { note: Some("x".repeat(1000)), ..record(n) }).collect();
    let others = json!({ "owner": { "S": "caller#User::\"alice\"" }, "item": { "S": "limits" } });
    store.put(&format!("{TABLE}-state"), others);
    for made in &many {
        assert_eq!(keeper.create(made).await, Ok(true));
    }
    let mut large = many.clone();
    for n in 0..5 {
        let hash = ApiKey::generate("other", &[n; RANDOM_BYTES]).hash();
        let groups = (0..64).map(|group| format!("{group}{}", "g".repeat(500))).collect();
        let made = ApiKeyRecord { hash, id: hash.id(), groups, ..record(251 + n) };
        assert_eq!(keeper.create(&made).await, Ok(true));
        large.push(made);
    }
    assert_eq!(keeper.list().await, Ok(large));
}

#[tokio::test]
async fn an_item_that_is_no_key_proves_nobody() {
    let fixture = Fixture::start().await;
    let made = record(1);
    fixture.keeper.create(&made).await.unwrap();
    let other = record(2).hash;
    for (name, value) in [
        ("client", json!({ "S": "" })),
        ("client", json!({ "N": "7" })),
        ("client", json!({ "S": "a\u{7}" })),
        ("groups", json!({ "L": [{ "S": "" }] })),
        ("groups", json!({ "S": "buyers" })),
        ("ends", json!({ "S": "tomorrow" })),
        ("revoked", json!({ "BOOL": true })),
        ("hash", json!({ "S": "abc" })),
        ("hash", json!({ "S": other.to_hex() })),
    ] {
        let mut before = Value::Null;
        fixture.change(&made, |item| before = std::mem::replace(&mut item[name], value.clone()));
        let found = fixture.keys.find(&made.hash).await;
        assert_eq!(found, Err(StoreError("the item of an API key cannot be read".to_owned())), "{value}");
        fixture.change(&made, |item| {
            if before.is_null() {
                item.as_object_mut().unwrap().remove(name);
            } else {
                item[name] = before;
            }
        });
    }
    assert_eq!(fixture.keys.find(&made.hash).await, Ok(Some(made)));
}

#[tokio::test]
async fn an_unsound_record_is_not_kept() {
    let Fixture { store, keeper, .. } = &Fixture::start().await;
    for unsound in [
        ApiKeyRecord { owner: String::new(), ..record(1) },
        ApiKeyRecord { groups: vec!["a\nb".to_owned()], ..record(1) },
        ApiKeyRecord { groups: vec!["g".to_owned(); 65], ..record(1) },
        ApiKeyRecord { note: Some("x".repeat(1025)), ..record(1) },
        ApiKeyRecord { id: record(2).id, ..record(1) },
    ] {
        assert!(keeper.create(&unsound).await.is_err(), "{unsound:?}");
    }
    assert!(store.asked().is_empty());
}

#[tokio::test]
async fn a_table_that_is_away_says_nothing_of_keys() {
    let nobody = Nobody::new();
    let clients = loopback::clients(nobody.address());
    let (keys, keeper) = (DynamoApiKeys::new(&clients, TABLE), KeyKeeper::new(&clients, TABLE));
    assert!(keys.find(&record(1).hash).await.is_err());
    assert!(keeper.create(&record(1)).await.is_err());
    assert!(keeper.list().await.is_err());
    assert!(keeper.revoke(&record(1).id, sample::now()).await.is_err());
}
