//! Recorded decisions over what a request brings to its entities: a table's item, a token's claims.

use std::collections::BTreeMap;

use doorward_model::{Claim, ClaimType, Claims, EntityName, Facts, Item, ItemValue, Place, Principal};
use doorward_policy::{
    ActionSpec, CallContext, CallShape, Context, Decision, HttpShape, Input, Policies, Question, Redecider,
    Sources, Vocabulary,
};
use serde_json::json;

use crate::recorded::show;
use crate::shop::{Call, NOW, action, file, render, user};

/// A project whose orders are read from a table, or stand in `entities.json`.
fn orders(policy: &str, loads: bool) -> Policies {
    let read = action("readOrder", &["User"], "Order", CallShape::Http(HttpShape::default()));
    let place = loads.then(|| Place::new("doorward.toml", "resource = {}", 0..8));
    let vocabulary =
        Vocabulary { actions: vec![ActionSpec { load: place, ..read }], ..Vocabulary::default() };
    let schema = "entity User in [Group] { level?: Long, manager?: User };\nentity Order in [Function] { owner?: User, note?: String };";
    let entities = r#"[{"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 3}, "parents": []},
        {"uid": {"type": "Order", "id": "42"}, "attrs": {"owner": {"type": "User", "id": "ann"}}, "parents": []}]"#;
    let entities = if loads {
        entities.replace("\"type\": \"Order\", \"id\": \"42\"}, \"attrs\": {\"owner\": {\"type\": \"User\", \"id\": \"ann\"}}", "\"type\": \"User\", \"id\": \"max\"}, \"attrs\": {}")
    } else {
        entities.to_owned()
    };
    let sources = Sources {
        policies: &[file("shop.cedar", policy)],
        schemas: &[file("shop.cedarschema", schema)],
        entities: Some(&file("entities.json", &entities)),
        recorded: true,
        ..Sources::default()
    };
    Policies::compile(&sources, &vocabulary).unwrap_or_else(|faults| panic!("{faults}"))
}

fn read_order(policies: &Policies, item: Option<Item>) -> (Decision, Facts) {
    let order = EntityName::new("Order", "42");
    let loaded = item.map(|item| policies.load(&order, &item).unwrap());
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
    let (principal, parents) = (user("bob", &["guests"]), [EntityName::new("Function", "orders")]);
    let judgement = policies.judge(&Question {
        principal: &principal,
        action: "readOrder",
        resource: &order,
        resource_parents: &parents,
        loaded: loaded.as_ref(),
        context: Context { now: NOW.parse().unwrap(), purpose: None, call, input: Input::Checked(None) },
    });
    (judgement.decision.clone(), judgement.facts().unwrap().unwrap())
}

#[test]
fn what_a_table_gave_stands_as_it_was() {
    let item = || {
        let text = |text: &str| ItemValue::Text(text.to_owned());
        Item::from_iter([("owner".to_owned(), text("ann")), ("note".to_owned(), text("SECRET"))])
    };
    let on = |condition: &str| format!("permit(principal, action, resource) when {{ {condition} }};");
    let owner = on("resource has owner && resource.owner has level && resource.owner.level == 3");
    let (decision, facts) = read_order(&orders(&owner, true), Some(item()));
    assert_eq!(render(&decision), "allow by shop#1");
    assert!(!serde_json::to_string(&facts).unwrap().contains("SECRET"));
    let again =
        |facts: &Facts, policy: &str, loads| show(&Redecider::new(&orders(policy, loads)).redecide(facts));
    assert_eq!(again(&facts, &owner, true), "allow by shop#1");
    let note = on("resource has note");
    assert_eq!(again(&facts, &note, true), "untold: resource.note");
    assert_eq!(again(&facts, &note, false), "deny: no policy permits it", "a file is known whole");
    let (_, facts) = read_order(&orders(&owner, true), Some(Item::new()));
    assert_eq!(again(&facts, &owner, true), "deny: no policy permits it");
    assert_eq!(again(&facts, &owner, false), "allow by shop#1", "the file's own owner");
    let (_, facts) = read_order(&orders(&owner, false), None);
    assert_eq!(again(&facts, &owner, true), "untold: resource.owner", "nobody read the table then");
}

/// A project whose tokens give users these attributes, or none.
fn tokens(policy: &str, attributes: &[&str], entities: &str) -> Policies {
    let claim = |name: &&str| ((*name).to_owned(), Claim { ty: ClaimType::Text, required: false });
    let claims: Claims = attributes.iter().map(claim).collect();
    let attributes =
        if claims.is_empty() { BTreeMap::new() } else { BTreeMap::from([("User".to_owned(), claims)]) };
    let http = || CallShape::Http(HttpShape::default());
    let actions = vec![
        action("status", &["User"], "Function", http()),
        action("readOrder", &["User"], "Order", http()),
    ];
    let vocabulary = Vocabulary { actions, attributes, ..Vocabulary::default() };
    let sources = Sources {
        policies: &[file("shop.cedar", policy)],
        schemas: &[file(
            "shop.cedarschema",
            "entity User in [Group] { tenant?: String, site?: String };\nentity Order in [Function] { owner: User };",
        )],
        entities: Some(&file("entities.json", entities)),
        recorded: true,
        ..Sources::default()
    };
    Policies::compile(&sources, &vocabulary).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn what_a_token_gave_stands_as_it_was() {
    let attributes = [("tenant".to_owned(), json!("north")), ("site".to_owned(), json!("SECRET"))];
    let principal = Principal { attributes: attributes.into_iter().collect(), ..user("ann", &[]) };
    let facts = |policies: &Policies, principal: Principal| {
        Call::status(principal).question(|question| policies.judge(question).facts().unwrap().unwrap())
    };
    let on = |condition: &str| format!("permit(principal is User, action, resource) when {{ {condition} }};");
    let tenant = on("principal has tenant && principal.tenant == \"north\"");
    let both = ["tenant", "site"];
    let recorded = facts(&tokens(&tenant, &both, "[]"), principal);
    assert!(!serde_json::to_string(&recorded).unwrap().contains("SECRET"));
    assert_eq!(recorded.from_token, ["tenant"]);
    let again = |facts: &Facts, policy: &str, attributes: &[&str], entities: &str| {
        show(&Redecider::new(&tokens(policy, attributes, entities)).redecide(facts))
    };
    let site = on("principal has site && principal.site == \"SECRET\"");
    assert_eq!(again(&recorded, &tenant, &both, "[]"), "allow by shop#1");
    assert_eq!(again(&recorded, &site, &both, "[]"), "untold: principal.site");
    let file = |attribute: &str, value: &str| {
        json!([{ "uid": { "type": "User", "id": "ann" }, "attrs": { attribute: value }, "parents": [] }])
            .to_string()
    };
    assert_eq!(again(&recorded, &site, &["tenant"], &file("site", "SECRET")), "allow by shop#1");
    assert_eq!(
        again(&recorded, &tenant, &["site"], "[]"),
        "deny: no policy permits it",
        "no token gives it there"
    );
    let nobody = facts(&tokens(&tenant, &both, "[]"), user("ann", &[]));
    assert_eq!(again(&nobody, &tenant, &both, "[]"), "deny: no policy permits it");
    let from_file = facts(&tokens(&tenant, &[], &file("tenant", "north")), user("ann", &[]));
    assert_eq!(
        again(&from_file, &tenant, &both, "[]"),
        "untold: principal.tenant",
        "no token was asked then"
    );
    assert_eq!(again(&from_file, &tenant, &[], &file("tenant", "south")), "deny: no policy permits it");
}

#[test]
fn a_principal_may_be_reached_by_another_way() {
    let policy = "permit(principal, action == Action::\"readOrder\", resource) when {
        resource.owner has tenant && resource.owner.tenant == \"north\"
    };";
    let order = r#"[{"uid": {"type": "Order", "id": "42"}, "attrs": {"owner": {"type": "User", "id": "ann"}}, "parents": []}]"#;
    let policies = tokens(policy, &["tenant"], order);
    let attributes = [("tenant".to_owned(), json!("north"))].into_iter().collect();
    let owner = Principal { attributes, ..user("ann", &[]) };
    for (principal, expected) in [
        (owner, "allow by shop#1"),
        (user("ann", &[]), "deny: no policy permits it"),
        (user("bob", &[]), "deny: no policy permits it"),
    ] {
        let (decision, facts) = Call::read(principal, "42").question(|question| {
            let judgement = policies.judge(question);
            (judgement.decision.clone(), judgement.facts().unwrap().unwrap())
        });
        assert_eq!(render(&decision), expected);
        assert_eq!(show(&Redecider::new(&policies).redecide(&facts)), expected);
    }
}
