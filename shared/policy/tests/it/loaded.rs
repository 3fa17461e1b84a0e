//! A resource whose attributes an item of a table gives.

use std::fmt::Write as _;

use doorward_model::{DenyReason, EntityName, Faults, Item, ItemValue, Place, Principal};
use doorward_policy::{
    ActionSpec, CallContext, CallShape, Context, HttpShape, Input, Loaded, Policies, Question, Sources,
    Vocabulary,
};
use expect_test::{Expect, expect};

use crate::shop::{NOW, action, file, render, user};

const SCHEMA: &str = "
entity User in [Group] { level?: Long, manager?: User };
entity Color enum [\"red\", \"green\"];
type Address = { zip: String, floor?: Long };
entity Order in [Function] {
    owner?: User, note?: String, total?: Long, price?: decimal, paid?: Bool, placed?: datetime, patience?: duration,
    from?: ipaddr, tags?: Set<String>, sizes?: Set<Long>, seen?: Set<User>, address?: Address, color?: Color,
};
entity Basket in [Function] { owner: User };
";

const ENTITIES: &str = r#"[
    {"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 3, "manager": {"type": "User", "id": "max"}}, "parents": []},
    {"uid": {"type": "User", "id": "max"}, "attrs": {"level": 9}, "parents": [{"type": "Group", "id": "staff"}]}
]"#;

fn place() -> Place {
    Place::new("doorward.toml", "resource = {}", 0..8)
}

fn vocabulary() -> Vocabulary {
    let http = || CallShape::Http(HttpShape::default());
    let loads = |name: &str, resource: &str| ActionSpec {
        load: Some(place()),
        ..action(name, &["User"], resource, http())
    };
    Vocabulary {
        actions: vec![
            loads("readOrder", "Order"),
            loads("readBasket", "Basket"),
            action("putBasket", &["User"], "Basket", http()),
        ],
        ..Vocabulary::default()
    }
}

fn compile_files(schema: &str, policies: &str, entities: &str) -> Result<Policies, Faults> {
    let sources = Sources {
        policies: &[file("shop.cedar", policies)],
        schemas: &[file("shop.cedarschema", schema)],
        entities: Some(&file("entities.json", entities)),
        ..Sources::default()
    };
    Policies::compile(&sources, &vocabulary())
}

#[track_caller]
fn compile(policies: &str) -> Policies {
    compile_files(SCHEMA, policies, ENTITIES).unwrap_or_else(|faults| panic!("{faults}"))
}

fn text(text: &str) -> ItemValue {
    ItemValue::Text(text.to_owned())
}

fn number(text: &str) -> ItemValue {
    ItemValue::Number(text.to_owned())
}

fn list<const N: usize>(values: [ItemValue; N]) -> ItemValue {
    ItemValue::List(values.into())
}

fn item<const N: usize>(members: [(&str, ItemValue); N]) -> Item {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn record<const N: usize>(members: [(&str, ItemValue); N]) -> ItemValue {
    ItemValue::Record(item(members))
}

fn ask(policies: &Policies, action: &str, resource: &EntityName, loaded: Option<&Loaded>) -> String {
    ask_as(policies, &user("ann", &[]), action, resource, loaded)
}

fn ask_as(
    policies: &Policies,
    principal: &Principal,
    action: &str,
    resource: &EntityName,
    loaded: Option<&Loaded>,
) -> String {
    let call = CallContext::Http {
        method: "GET",
        path: "/orders/42",
        source_ip: None,
        headers: &[],
        query: &[],
        invocation: None,
        connection: None,
        claimed: None,
    };
    render(&policies.decide(&Question {
        principal,
        action,
        resource,
        resource_parents: &[EntityName::new("Function", "orders")],
        loaded,
        context: Context { now: NOW.parse().unwrap(), purpose: None, call, input: Input::Checked(None) },
    }))
}

fn order() -> EntityName {
    EntityName::new("Order", "42")
}

/// The answer to a read of the order that `item` makes, where the one policy permits it under this condition.
#[track_caller]
fn check(condition: &str, item: &Item, expected: &str) {
    let policies = compile(&format!(
        "permit(principal, action == Action::\"readOrder\", resource) when {{ {condition} }};"
    ));
    let loaded = policies.load(&order(), item).unwrap_or_else(|reason| panic!("{reason}"));
    assert_eq!(ask(&policies, "readOrder", &order(), Some(&loaded)), expected, "{condition}");
}

const YES: &str = "allow by shop#1";
const NO: &str = "deny: no policy permits it";
const UNFIT: &str = "deny: the request does not fit the policy schema";

#[test]
fn an_owner_decides() {
    let owner = "resource has owner && resource.owner == principal";
    check(owner, &item([("owner", text("ann"))]), YES);
    check(owner, &item([("owner", text("bob"))]), NO);
    check(owner, &item([]), NO);
    check(owner, &item([("owner", ItemValue::Null)]), NO);
    check(owner, &item([("owner", record([("type", text("User")), ("id", text("ann"))]))]), YES);
    let escaped = record([("__entity", record([("type", text("User")), ("id", text("ann"))]))]);
    check(owner, &item([("owner", escaped)]), YES);
    check(owner, &item([("owner", text("User::\"ann\""))]), NO);
}

#[test]
fn every_type_is_read_exactly() {
    let holds = |condition: &str, name: &str, value: ItemValue| {
        check(&format!("resource has {name} && {condition}"), &item([(name, value)]), YES);
    };
    holds("resource.note == \"4\"", "note", text("4"));
    holds("resource.total == 9007199254740993", "total", number("9007199254740993"));
    holds("resource.total == -7", "total", number("-7.0"));
    holds("resource.price == decimal(\"10.99\")", "price", number("10.99"));
    holds("resource.price == decimal(\"922337203685477.5807\")", "price", number("922337203685477.5807"));
    holds("resource.price == decimal(\"3.0\")", "price", number("3"));
    holds("resource.paid", "paid", ItemValue::Bool(true));
    holds(
        "resource.placed == datetime(\"2026-03-04T03:06:07.089Z\")",
        "placed",
        text("2026-03-04T05:06:07.0899+02:00"),
    );
    holds("resource.patience == duration(\"90m\")", "patience", text("1h30m"));
    holds("resource.from.isInRange(ip(\"10.0.0.0/8\"))", "from", text("10.1.2.3"));
    holds("resource.from == ip(\"10.1.2.3\")", "from", text("::ffff:10.1.2.3"));
    holds("resource.from == ip(\"10.0.0.0/8\")", "from", text("10.0.0.0/8"));
    holds("resource.tags == [\"a\", \"b\"]", "tags", list([text("b"), text("a"), text("b")]));
    holds("resource.sizes == [1, 2]", "sizes", list([number("2"), number("1")]));
    holds("resource.seen.contains(principal)", "seen", list([text("bob"), text("ann")]));
    holds(
        "resource.address.zip == \"1\" && !(resource.address has floor)",
        "address",
        record([("zip", text("1")), ("else", number("1"))]),
    );
    holds(
        "resource.address has floor && resource.address.floor == 3",
        "address",
        record([("zip", text("1")), ("floor", number("3"))]),
    );
    holds("resource.color == Color::\"red\"", "color", text("red"));
}

#[test]
fn what_the_schema_does_not_declare_is_not_seen() {
    let more =
        item([("total", number("1")), ("other", ItemValue::Binary(vec![1, 2])), ("__entity", text("x"))]);
    check("resource has total && resource.total == 1", &more, YES);
}

/// The reason for which `value` is not the attribute `name`.
#[track_caller]
fn unfit(lines: &mut String, name: &str, value: ItemValue) {
    let policies = compile("");
    let reason = policies.load(&order(), &item([(name, value.clone())])).err();
    match reason {
        Some(DenyReason::EntityUnfit(why)) => writeln!(lines, "{why}").unwrap(),
        other => panic!("{other:?}: {name} = {value:?}"),
    }
}

#[test]
fn a_value_of_another_type_makes_no_entity() {
    let mut lines = String::new();
    let it = &mut lines;
    unfit(it, "note", number("4"));
    unfit(it, "total", text("4"));
    unfit(it, "price", number("10.99999"));
    unfit(it, "paid", text("true"));
    unfit(it, "placed", text("yesterday"));
    unfit(it, "patience", text("a while"));
    unfit(it, "from", text("localhost"));
    unfit(it, "tags", text("a"));
    unfit(it, "tags", list([text("a"), number("1")]));
    unfit(it, "seen", list([ItemValue::Null]));
    unfit(it, "address", text("1"));
    unfit(it, "address", record([("floor", number("1"))]));
    unfit(it, "address", record([("zip", text("1")), ("floor", number("1.5"))]));
    unfit(it, "owner", number("7"));
    unfit(it, "color", text("blue"));
    expect![[r#"
        the attribute `note` must be a text
        the attribute `total` must be a whole number of 64 bits
        the attribute `price` must be a number with at most four decimal places
        the attribute `paid` must be a boolean
        the attribute `placed` must be a time as text, as RFC 3339 writes it
        the attribute `patience` must be a duration as text, as Cedar writes it: `1h30m`
        the attribute `from` must be an address or a range of addresses as text
        the attribute `tags` must be a list or a set
        the attribute `tags[]` must be a text
        the attribute `seen[]` must be the id of a `User` as text, or a map of its `type` and `id`
        the attribute `address` must be a map
        the attribute `address.zip` must be there
        the attribute `address.floor` must be a whole number of 64 bits
        the attribute `owner` must be the id of a `User` as text, or a map of its `type` and `id`
        no `Order` can be made of it
    "#]]
    .assert_eq(&lines);
}

#[test]
fn whatever_does_not_fit_is_refused() {
    let it = &mut String::new();
    for value in ["9223372036854775808", "1.5", "1e400", "NaN", ""] {
        unfit(it, "total", number(value));
    }
    for value in ["922337203685477.5808", "0.00001", "x"] {
        unfit(it, "price", number(value));
    }
    for value in ["", "2026-03-04", "2026-03-04T05:06:07", "1772600767", "-009999-01-01T00:00:00Z"] {
        unfit(it, "placed", text(value));
    }
    for value in ["", "10.0.0.0/33", "10.0.0", "a::b::c", "10.0.0.0/08"] {
        unfit(it, "from", text(value));
    }
    for value in ["", "1", "-", "1h1h", "99999999999999999999d"] {
        unfit(it, "patience", text(value));
    }
    for value in [
        record([]),
        record([("type", text("Order")), ("id", text("ann"))]),
        record([("type", text("User"))]),
        record([("type", text("User")), ("id", number("1"))]),
        record([("__entity", text("ann")), ("type", text("User")), ("id", text("ann"))]),
        list([text("ann")]),
        ItemValue::Bool(true),
        ItemValue::Binary(vec![1, 2]),
    ] {
        unfit(it, "owner", value);
    }
    for name in ["note", "total", "price", "paid", "placed", "patience", "from", "tags", "address", "color"] {
        unfit(it, name, ItemValue::Binary(vec![1, 2]));
    }
}

#[test]
fn what_must_be_there_must_be_there() {
    let policies = compile("");
    let basket = EntityName::new("Basket", "b");
    let missing = "the attribute `owner` must be there";
    for item in [item([]), item([("owner", ItemValue::Null)]), item([("Owner", text("ann"))])] {
        let reason = policies.load(&basket, &item).unwrap_err();
        assert_eq!(reason, DenyReason::EntityUnfit(missing.to_owned()));
    }
    assert!(policies.load(&basket, &item([("owner", text(""))])).is_ok());
}

#[test]
fn what_an_item_names_is_taken_from_the_file_as_deep_as_policies_read() {
    let owned = item([("owner", text("ann"))]);
    check("resource has owner && resource.owner has level && resource.owner.level == 3", &owned, YES);
    check(
        "resource has owner && resource.owner has manager && resource.owner.manager has level && resource.owner.manager.level == 9",
        &owned,
        YES,
    );
    let staff = "resource has owner && resource.owner in Group::\"staff\"";
    check(staff, &item([("owner", text("max"))]), YES);
    check(staff, &owned, NO);
    check("resource has owner && resource.owner has level", &item([("owner", text("bob"))]), NO);
    check("resource in Function::\"orders\"", &owned, YES);
}

#[test]
fn only_the_entity_that_was_read_is_decided_on() {
    let policies = compile("permit(principal, action, resource);");
    let loaded = policies.load(&order(), &item([("owner", text("ann"))])).unwrap();
    let other = EntityName::new("Order", "43");
    assert_eq!(ask(&policies, "readOrder", &order(), Some(&loaded)), YES);
    assert_eq!(ask(&policies, "readOrder", &other, Some(&loaded)), UNFIT);
    assert_eq!(
        ask(&policies, "readOrder", &order(), None),
        UNFIT,
        "an action that loads has something to load"
    );
    let basket = EntityName::new("Basket", "b");
    let owned = policies.load(&basket, &item([("owner", text("ann"))])).unwrap();
    assert_eq!(ask(&policies, "readBasket", &basket, Some(&owned)), YES);
    assert_eq!(ask(&policies, "putBasket", &basket, None), YES);
    assert_eq!(ask(&policies, "putBasket", &basket, Some(&owned)), UNFIT);
    assert_eq!(policies.load(&EntityName::new("User", "ann"), &item([])).unwrap_err(), DenyReason::Unfit);
}

#[test]
fn an_action_that_loads_nothing_knows_no_attributes() {
    let policies =
        compile("permit(principal, action, resource is Basket) when { resource.owner == principal };");
    let basket = EntityName::new("Basket", "b");
    let erring =
        "deny: a policy could not be evaluated: it reads an entity that nothing describes, erring shop#1";
    assert_eq!(ask(&policies, "putBasket", &basket, None), erring);
}

#[test]
fn the_caller_may_be_what_the_item_names() {
    let policies = compile(
        "permit(principal, action == Action::\"readOrder\", resource) when {
            resource has owner && resource.owner == principal && resource.owner in Group::\"buyers\"
        };",
    );
    let loaded = policies.load(&order(), &item([("owner", text("ann"))])).unwrap();
    let ask = |groups: &[&str]| ask_as(&policies, &user("ann", groups), "readOrder", &order(), Some(&loaded));
    assert_eq!(ask(&["buyers"]), YES);
    assert_eq!(ask(&[]), NO);
}

#[test]
fn declared_attributes_are_read_and_no_others() {
    let policies = compile("");
    assert_eq!(policies.attributes("Basket"), Some(vec!["owner".to_owned()]));
    assert_eq!(policies.attributes("Order").map(|names| names.len()), Some(13));
    assert_eq!(policies.attributes("User"), None);
}

#[track_caller]
fn check_faults(schema: &str, entities: &str, expected: &Expect) {
    let faults = compile_files(schema, "", entities).expect_err("faults");
    expected.assert_eq(&faults.to_string());
}

#[test]
fn a_type_without_attributes_is_not_read() {
    check_faults(
        "entity User in [Group]; entity Order in [Function] { owner: User };",
        "[]",
        &expect![[r#"
            doorward.toml:1:1: the schema declares no attributes of `Basket`, so there is nothing to read
              hint: declare what policies read in a `.cedarschema` file: `entity Basket in [Function] = { owner: User };`"#]],
    );
    let many: String = (0..301).map(|n| format!("a{n}: Bool, ")).collect();
    check_faults(
        &format!(
            "entity User in [Group]; entity Order in [Function] {{ {many} }}; entity Basket in [Function] {{ a: Bool }};"
        ),
        "[]",
        &expect![[r#"
            doorward.toml:1:1: the schema declares 301 attributes of `Order`
              hint: at most 300 are read of an item"#]],
    );
}

#[test]
fn a_type_that_is_read_from_a_table_is_not_in_the_file() {
    check_faults(
        SCHEMA,
        "[\n{\"uid\": {\"type\": \"Order\", \"id\": \"42\"}, \"attrs\": {}, \"parents\": []}\n]",
        &expect![[r#"
            entities.json:2:1: `Order::"42"` is given here, but every `Order` is read from a table
              hint: leave the entity out here, or `load` out of the routes"#]],
    );
}

/// An item has no tags: a policy that asks for one would never hold, and it may forbid.
#[test]
fn a_type_with_tags_is_not_read() {
    let schema = SCHEMA.replace(
        "entity Basket in [Function] { owner: User };",
        "entity Basket in [Function] { owner: User } tags String;",
    );
    check_faults(
        &schema,
        "[]",
        &expect![[r#"
        doorward.toml:1:1: the schema declares tags of `Basket`, but an item gives none
          hint: declare an attribute: a set, or a record"#]],
    );
}

/// What is read of one entity is not read of those that it names: policies would find them without what they have.
#[test]
fn what_an_item_names_is_not_read_from_a_table_itself() {
    let schema = SCHEMA
        .replace("owner?: User, note?", "owner?: User, basket?: Basket, note?")
        .replace("{ owner: User };\n", "{ owner: User, locked?: Bool };\n");
    let forbid = "permit(principal, action, resource); forbid(principal, action == Action::\"readOrder\", resource) when {
        resource has basket && resource.basket has locked && resource.basket.locked };";
    let policies = compile_files(&schema, forbid, ENTITIES).unwrap_or_else(|faults| panic!("{faults}"));
    let ask = |item: Item| {
        let loaded = policies.load(&order(), &item).unwrap();
        self::ask(&policies, "readOrder", &order(), Some(&loaded))
    };
    assert_eq!(ask(item([])), "allow by shop#1");
    assert_eq!(ask(item([("basket", text("b1"))])), "deny: the request does not fit the policy schema");
}

/// A few common types that name each other twice stand for millions of types.
#[test]
fn a_type_that_unfolds_without_end_is_a_fault() {
    let chain = |member: &dyn Fn(usize) -> String| {
        let types: String = (1..16).map(|nth| format!("type T{nth} = {};\n", member(nth - 1))).collect();
        format!(
            "{}type T0 = Long;\n{types}",
            SCHEMA.replace(
                "entity Basket in [Function] { owner: User };",
                "entity Basket in [Function] { owner: T15 };"
            )
        )
    };
    let doubled = compile_files(&chain(&|below| format!("{{ a?: T{below}, b?: T{below} }}")), "", "[]");
    let faults = doubled.expect_err("faults").to_string();
    assert!(
        faults.contains("the attributes of `Basket` cannot be read") && faults.contains("at most 2000 types"),
        "{faults}"
    );
    assert!(compile_files(&chain(&|below| format!("Set<T{below}>")), "", "[]").is_ok());
}
