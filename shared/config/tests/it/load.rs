//! `load` in a route's `resource`.

use std::time::Duration;

use doorward_config::{EntityTable, KeyType, LoadRule, parse};
use expect_test::{Expect, expect};

use crate::shop::{self, SHOP};

const RESOURCE: &str = r#"resource = { type = "Order", id = "path.id" }"#;

/// The resource with this after its id.
fn resource(load: &str) -> String {
    RESOURCE.replace(" }", &format!(", {load} }}"))
}

fn read(load: &str) -> LoadRule {
    let config = parse("doorward.toml", &SHOP.replace(RESOURCE, &resource(load))).unwrap();
    config.routes[1].resource.clone().unwrap().load.unwrap()
}

#[track_caller]
fn check(load: &str, expected: Expect) {
    shop::check(RESOURCE, &resource(load), expected);
}

fn own(name: &str, key: &str, key_type: KeyType) -> EntityTable {
    EntityTable::Own { name: name.to_owned(), key: key.to_owned(), key_type }
}

#[test]
fn a_resource_is_read_from_the_doors_table_or_from_ones_own() {
    let rule = read(r#"load = "table""#);
    assert_eq!((rule.table, rule.cache, rule.place.line), (EntityTable::State, None, 40));
    let table = |load| read(load).table;
    assert_eq!(table("load = {}"), EntityTable::State);
    assert_eq!(table(r#"load = { table = "shop-orders" }"#), own("shop-orders", "id", KeyType::Text));
    assert_eq!(
        table(r#"load = { table = "a_b.C-1", key = "order no", key_type = "number" }"#),
        own("a_b.C-1", "order no", KeyType::Number)
    );
    let cache = |load| read(load).cache;
    assert_eq!(cache(r#"load = { cache = "5s" }"#), Some(Duration::from_secs(5)));
    assert_eq!(cache(r#"load = { table = "orders", cache = "0s" }"#), Some(Duration::ZERO));
}

#[test]
fn what_cannot_be_a_table_is_refused() {
    check(
        r#"load = "tabel""#,
        expect![[r#"
        doorward.toml:40:53: unknown value `tabel`
          hint: did you mean `table`?"#]],
    );
    check(r#"load = true"#, expect!["doorward.toml:40:53: expected a table, found a boolean"]);
    check(
        r#"load = { table = "ab" }"#,
        expect![[r#"
        doorward.toml:40:63: `ab` is not the name of a DynamoDB table
          hint: use 3 to 255 letters, digits, `-`, `_` and `.`"#]],
    );
    check(
        r#"load = { table = "arn:aws:dynamodb:eu-central-1:1:table/orders" }"#,
        expect![[r#"
            doorward.toml:40:63: `arn:aws:dynamodb:eu-central-1:1:table/orders` is not the name of a DynamoDB table
              hint: use 3 to 255 letters, digits, `-`, `_` and `.`"#]],
    );
    check(
        r#"load = { table = "orders", key = "" }"#,
        expect![[r#"
            doorward.toml:40:79: an empty text cannot name the key of a DynamoDB table
              hint: use 1 to 255 bytes without control characters"#]],
    );
    check(
        r#"load = { table = "orders", key_type = "N" }"#,
        expect![[r#"
        doorward.toml:40:84: unknown value `N`
          hint: expected `string` or `number`"#]],
    );
    check(
        r#"load = { table = "orders", kee = "id" }"#,
        expect![[r#"
            doorward.toml:40:73: unknown key `kee` in `load`
              hint: did you mean `key`?"#]],
    );
    check(r#"load = { cache = "2h" }"#, expect!["doorward.toml:40:63: `2h` is not between `0s` and `1h`"]);
}

#[test]
fn a_key_is_that_of_ones_own_table() {
    let expected = |column: usize| {
        format!(
            "doorward.toml:40:{column}: a key belongs to a table of your own\n  hint: name the `table`, or leave the key out"
        )
    };
    for (load, column) in [(r#"load = { key = "id" }"#, 61), (r#"load = { key_type = "number" }"#, 66)] {
        let text = SHOP.replace(RESOURCE, &resource(load));
        assert_eq!(parse("doorward.toml", &text).unwrap_err().to_string(), expected(column));
    }
}

/// The shop with a second route of the same resource type.
fn two_routes(first: &str, second: &str) -> String {
    let route = format!(
        "[[routes]]\nid = \"cancel\"\nmatch = \"DELETE /orders/{{id}}\"\ntarget = \"orders\"\nauth = [\"main\"]\n{}\n\n[[plans]]",
        resource(second)
    );
    SHOP.replace(RESOURCE, &resource(first)).replace("[[plans]]", &route)
}

#[test]
fn a_type_has_one_table() {
    let text = two_routes(r#"load = "table""#, r#"load = { table = "orders" }"#);
    shop::check_text(
        &text,
        expect![[r#"
            doorward.toml:54:53: `Order` is read from another table elsewhere
              hint: it is first read on line 40: a type has one table"#]],
    );
    for (first, second) in [
        (r#"load = "table""#, r#"load = { cache = "0s" }"#),
        (r#"load = { table = "orders" }"#, r#"load = { table = "orders", key = "id", cache = "1m" }"#),
    ] {
        assert!(parse("doorward.toml", &two_routes(first, second)).is_ok(), "{first}, {second}");
    }
}
