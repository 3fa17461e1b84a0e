use doorward_aws::DynamoEntities;
use doorward_config::{EntityTable, KeyType};
use doorward_core::ports::{EntitySource, EntityStore, StoreError};
use doorward_model::{Item, ItemValue};
use doorward_testkit::fault_proxy::Fault;
use serde_json::{Value, json};

use crate::loopback::{self, Nobody};
use crate::store::{Store, TABLE};

struct Fixture {
    store: Store,
    entities: DynamoEntities,
}

impl Fixture {
    async fn start() -> Self {
        let store = Store::start().await;
        for (name, key, key_type) in [("shop-orders", "id", "S"), ("shop-numbers", "no", "N")] {
            let table = json!({
                "TableName": name,
                "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": key_type }],
                "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
                "BillingMode": "PAY_PER_REQUEST",
            });
            store.database.create_table(serde_json::from_value(table).unwrap()).unwrap();
        }
        let entities = DynamoEntities::new(&store.clients, TABLE);
        Self { store, entities }
    }

    fn put_state(&self, type_name: &str, id: &str, attributes: Value) {
        let owner = format!("entity#{type_name}");
        let item = json!({ "owner": { "S": owner }, "item": { "S": id }, "attributes": attributes });
        self.store.put("shop-state", item);
    }
}

pub(crate) fn source(table: EntityTable, attributes: &[&str]) -> EntitySource {
    let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
    EntitySource { type_name: "Order".to_owned(), table, attributes }
}

fn own(name: &str, key: &str, key_type: KeyType) -> EntityTable {
    EntityTable::Own { name: name.to_owned(), key: key.to_owned(), key_type }
}

fn orders() -> EntityTable {
    own("shop-orders", "id", KeyType::Text)
}

pub(crate) fn text(text: &str) -> ItemValue {
    ItemValue::Text(text.to_owned())
}

fn number(text: &str) -> ItemValue {
    ItemValue::Number(text.to_owned())
}

pub(crate) fn item<const N: usize>(members: [(&str, ItemValue); N]) -> Item {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[tokio::test]
async fn an_entity_of_the_doors_table_has_what_its_map_holds() {
    let fixture = Fixture::start().await;
    fixture.put_state(
        "Order",
        "42",
        json!({ "M": { "owner": { "S": "ann" }, "item": { "N": "7" }, "x": { "S": "y" } } }),
    );
    let from = source(EntityTable::State, &["owner", "item", "note"]);
    let loaded = fixture.entities.load(&from, "42").await;
    assert_eq!(loaded, Ok(Some(item([("owner", text("ann")), ("item", number("7"))]))));
    assert_eq!(fixture.store.asked(), ["GetItem"]);
    assert_eq!(fixture.entities.load(&from, "43").await, Ok(None));
    let basket = EntitySource { type_name: "Basket".to_owned(), ..from };
    assert_eq!(fixture.entities.load(&basket, "42").await, Ok(None), "a type has its own ids");
}

#[tokio::test]
async fn only_what_is_declared_is_read_and_as_it_is_now() {
    let fixture = Fixture::start().await;
    fixture
        .store
        .put("shop-orders", json!({ "id": { "S": "42" }, "owner": { "S": "ann" }, "card": { "S": "4711" } }));
    // `owner`, `size` and `status` are words of DynamoDB's own, and a dot is no path.
    let from = source(orders(), &["owner", "size", "status", "a.b"]);
    assert_eq!(fixture.entities.load(&from, "42").await, Ok(Some(item([("owner", text("ann"))]))));
    let asked = fixture.store.last();
    assert_eq!(asked["ConsistentRead"], true);
    assert_eq!(asked["ProjectionExpression"], "#key,#0,#1,#2,#3");
    assert_eq!(asked["ExpressionAttributeNames"]["#3"], "a.b");

    let with_key = source(orders(), &["id", "owner"]);
    let loaded = fixture.entities.load(&with_key, "42").await;
    assert_eq!(loaded, Ok(Some(item([("id", text("42")), ("owner", text("ann"))]))));
}

#[tokio::test]
async fn an_item_without_the_attributes_is_there() {
    let fixture = Fixture::start().await;
    fixture.store.put("shop-orders", json!({ "id": { "S": "42" }, "other": { "S": "x" } }));
    let from = source(orders(), &["owner"]);
    assert_eq!(fixture.entities.load(&from, "42").await, Ok(Some(Item::new())));
    let state = source(EntityTable::State, &["owner"]);
    for (id, attributes) in [("1", json!({ "M": {} })), ("2", json!({ "S": "x" })), ("3", json!({ "L": [] }))]
    {
        fixture.put_state("Order", id, attributes);
        assert_eq!(fixture.entities.load(&state, id).await, Ok(Some(Item::new())), "{id}");
    }
}

#[tokio::test]
async fn every_type_of_attribute_is_read_exactly() {
    let fixture = Fixture::start().await;
    let attributes = json!({
        "s": { "S": "é\u{0}" }, "n": { "N": "9007199254740993" }, "d": { "N": "0.1000000000000000055511151231257827" },
        "bool": { "BOOL": false }, "null": { "NULL": true }, "b": { "B": "aGk=" }, "bs": { "BS": ["aGk="] },
        "ss": { "SS": ["b", "a"] }, "ns": { "NS": ["1"] },
        "l": { "L": [{ "S": "x" }, { "N": "1" }, { "L": [] }] }, "m": { "M": { "zip": { "S": "1" }, "deep": { "M": {} } } },
    });
    fixture.put_state("Order", "42", json!({ "M": attributes }));
    let names: Vec<&str> = attributes.as_object().unwrap().keys().map(String::as_str).collect();
    let loaded = fixture.entities.load(&source(EntityTable::State, &names), "42").await.unwrap().unwrap();
    let set = |name: &str| match &loaded[name] {
        ItemValue::List(values) => values.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((set("ss"), set("ns")), (2, 1));
    let expected = item([
        ("s", text("é\u{0}")),
        ("n", number("9007199254740993")),
        ("d", number("0.1000000000000000055511151231257827")),
        ("bool", ItemValue::Bool(false)),
        ("null", ItemValue::Null),
        ("b", ItemValue::Binary(b"hi".to_vec())),
        ("bs", ItemValue::List(vec![ItemValue::Binary(b"hi".to_vec())])),
        ("ss", loaded["ss"].clone()),
        ("ns", ItemValue::List(vec![number("1")])),
        ("l", ItemValue::List(vec![text("x"), number("1"), ItemValue::List(Vec::new())])),
        ("m", ItemValue::Record(item([("zip", text("1")), ("deep", ItemValue::Record(Item::new()))]))),
    ]);
    assert_eq!(loaded, expected);
}

#[tokio::test]
async fn a_key_that_no_item_can_have_is_not_asked_for() {
    let fixture = Fixture::start().await;
    fixture.store.put("shop-numbers", json!({ "no": { "N": "42" }, "owner": { "S": "ann" } }));
    let numbers = source(own("shop-numbers", "no", KeyType::Number), &["owner"]);
    assert_eq!(fixture.entities.load(&numbers, "42").await, Ok(Some(item([("owner", text("ann"))]))));
    assert_eq!(fixture.entities.load(&numbers, "43").await, Ok(None));
    fixture.store.asked();
    for id in ["042", "42.0", "4.2e1", "+42", "x", "", &"9".repeat(39)] {
        assert_eq!(fixture.entities.load(&numbers, id).await, Ok(None), "{id}");
    }
    for (table, longest) in [(EntityTable::State, 1024), (orders(), 2048)] {
        let from = source(table, &["owner"]);
        assert_eq!(fixture.entities.load(&from, &"x".repeat(longest + 1)).await, Ok(None));
        assert!(fixture.store.asked().is_empty());
        assert_eq!(fixture.entities.load(&from, &"x".repeat(longest)).await, Ok(None));
        assert_eq!(fixture.store.asked(), ["GetItem"]);
    }
}

#[tokio::test]
async fn as_many_attributes_are_read_as_may_be_declared() {
    let fixture = Fixture::start().await;
    let names: Vec<String> = (0..300).map(|n| format!("attribute{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fixture.put_state("Order", "42", json!({ "M": { "attribute299": { "S": "x" } } }));
    let loaded = fixture.entities.load(&source(EntityTable::State, &names), "42").await;
    assert_eq!(loaded, Ok(Some(item([("attribute299", text("x"))]))));
    assert!(fixture.store.last()["ProjectionExpression"].as_str().unwrap().len() <= 4096);
}

#[tokio::test]
async fn a_throttled_read_is_tried_again_and_then_given_up() {
    let fixture = Fixture::start().await;
    fixture.put_state("Order", "42", json!({ "M": { "owner": { "S": "ann" } } }));
    let from = source(EntityTable::State, &["owner"]);
    fixture.store.fail_next(vec![Fault::Throttled; 2]);
    assert!(fixture.entities.load(&from, "42").await.unwrap().is_some());
    fixture.store.fail_next(vec![Fault::Throttled; 3]);
    let error = StoreError("`shop-state`: ProvisionedThroughputExceededException".to_owned());
    assert_eq!(fixture.entities.load(&from, "42").await, Err(error));
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_named() {
    let fixture = Fixture::start().await;
    let error = |text: &str| Err(StoreError(text.to_owned()));
    let nowhere = source(own("shop-nothing", "id", KeyType::Text), &["owner"]);
    assert_eq!(
        fixture.entities.load(&nowhere, "42").await,
        error("`shop-nothing`: ResourceNotFoundException")
    );
    let other_key = source(own("shop-orders", "no", KeyType::Text), &["owner"]);
    assert_eq!(fixture.entities.load(&other_key, "42").await, error("`shop-orders`: ValidationException"));

    let nobody = Nobody::new();
    let entities = DynamoEntities::new(&loopback::clients(nobody.address()), TABLE);
    let from = source(EntityTable::State, &["owner"]);
    assert_eq!(entities.load(&from, "42").await, error("`shop-state`: cannot be reached"));
}
