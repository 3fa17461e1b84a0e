//! What tokens tell policies: `context.token`, and the attributes that they give to principals.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{Claim, ClaimType, Claims, EntityName, Faults, Principal};
use doorward_policy::{CallShape, HttpShape, Policies, TokenShape, Vocabulary};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::shop::{Call, action, check_with, compile_files, file, user};

const NO: &str = "deny: no policy permits it";
const UNFIT: &str = "deny: the request does not fit the policy schema";

fn claims<const N: usize>(claims: [(&str, ClaimType, bool); N]) -> Claims {
    claims.into_iter().map(|(name, ty, required)| (name.to_owned(), Claim { ty, required })).collect()
}

/// `order` takes only tokens, `status` callers without one too, and `plain` knows no claims. Tokens give users a
/// tenant and a level.
fn vocabulary() -> Vocabulary {
    let all = claims([
        ("https://shop.example/roles", ClaimType::Texts, false),
        ("level", ClaimType::Long, false),
        ("limit", ClaimType::Decimal, false),
        ("network", ClaimType::Address, false),
        ("since", ClaimType::Instant, false),
        ("sites", ClaimType::Longs, false),
        ("tenant", ClaimType::Text, true),
        ("verified", ClaimType::Bool, false),
    ]);
    let http = |token| CallShape::Http(HttpShape { token, ..HttpShape::default() });
    let token = |required| {
        Some(TokenShape { claims: all.clone(), principals: BTreeSet::from(["User".to_owned()]), required })
    };
    let attributes = claims([("tenant", ClaimType::Text, true), ("level", ClaimType::Long, false)]);
    Vocabulary {
        actions: vec![
            action("createOrder", &["User"], "Function", http(token(true))),
            action("readOrder", &["User"], "Order", http(token(true))),
            action("status", &["Anonymous", "User"], "Function", http(token(false))),
            action("plain", &["User"], "Function", http(None)),
        ],
        attributes: BTreeMap::from([("User".to_owned(), attributes)]),
        ..Vocabulary::default()
    }
}

const ORDER: &str = "entity Order in [Function] { owner: User, \"tenant\": String };\n";

const ENTITIES: &str = r#"[
    {"uid": {"type": "User", "id": "ann"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]},
    {"uid": {"type": "Order", "id": "42"}, "attrs": {"owner": {"type": "User", "id": "ann"}, "tenant": "north"},
     "parents": []}
]"#;

fn compile(policies: &str, schema: &str, entities: &str) -> Result<Policies, Faults> {
    let policies = [file("shop.cedar", policies)];
    let schemas = [file("shop.cedarschema", schema)];
    compile_files(&policies, &schemas, Some(&file("entities.json", entities)), &vocabulary())
}

#[track_caller]
fn check(policy: &str, call: &Call, expected: &str) {
    let policies = compile(policy, ORDER, ENTITIES).unwrap_or_else(|faults| panic!("{faults}"));
    check_with(&policies, call, expected);
}

#[track_caller]
fn refuse(policies: &str, schema: &str, entities: &str, expected: Expect) {
    expected.assert_eq(&compile(policies, schema, entities).expect_err("faults").to_string());
}

/// `name` with a token of these claims, of which `tenant` and `level` are attributes.
fn holder(name: &str, claims: Value) -> Principal {
    let claims = claims.as_object().cloned().unwrap();
    let of_entity = |name: &String| ["tenant", "level"].contains(&name.as_str());
    let attributes = claims.clone().into_iter().filter(|(name, _)| of_entity(name)).collect();
    Principal { claims, attributes, ..user(name, &[]) }
}

fn order(claims: Value) -> Call {
    Call { action: "createOrder".to_owned(), ..Call::status(holder("ann", claims)) }
}

#[test]
fn claims_are_read_as_the_types_that_they_are_declared_to_have() {
    let policy = r#"permit(principal, action == Action::"createOrder", resource) when {
        context.token.tenant == "north" && context.token has level && context.token.level >= 3
        && context.token has limit && context.token.limit.greaterThan(decimal("10.5"))
        && context.token has verified && context.token.verified
        && context.token has since && context.token.since < context.now
        && context.token has network && ip("10.1.2.3").isInRange(context.token.network)
        && context.token has sites && context.token.sites.contains(7)
        && context.token has "https://shop.example/roles"
        && context.token["https://shop.example/roles"].containsAny(["clerk", "buyer"])
    };"#;
    let all = json!({
        "tenant": "north", "level": 3, "limit": 10.75, "verified": true, "since": 1_700_000_000, "network": "10.0.0.0/8",
        "sites": [1, 7], "https://shop.example/roles": ["buyer"], "undeclared": {"__entity": 1},
    });
    check(policy, &order(all.clone()), "allow by shop#1");
    for (name, value, expected) in [
        ("since", json!("2026-03-04T05:06:06Z"), "allow by shop#1"),
        ("since", json!("2026-03-04T05:06:07Z"), NO),
        ("level", json!(2), NO),
        ("level", json!(null), NO),
        ("level", json!("3"), UNFIT),
        ("limit", json!(10.123_45), UNFIT),
        ("network", json!("192.0.2.0/24"), NO),
        ("network", json!("10.0.0.0/33"), UNFIT),
        ("sites", json!([7, "7"]), UNFIT),
        ("tenant", json!(null), UNFIT),
    ] {
        let mut changed = all.clone();
        changed[name] = value;
        check(policy, &order(changed), expected);
    }
}

#[test]
fn only_who_came_with_a_token_has_one() {
    let policy = r#"permit(principal, action == Action::"status", resource) when {
        context has token && context.token.tenant == "north"
    };"#;
    check(policy, &Call::status(holder("ann", json!({"tenant": "north"}))), "allow by shop#1");
    check(policy, &Call::status(holder("ann", json!({"tenant": "south"}))), NO);
    check(policy, &Call::status(Principal::anonymous()), NO);
    check(policy, &Call::status(user("ann", &[])), UNFIT);
    let forged =
        Principal { claims: holder("", json!({"tenant": "north"})).claims, ..Principal::anonymous() };
    check(policy, &Call::status(forged), NO);
}

#[test]
fn a_policy_asks_whether_an_optional_claim_is_there() {
    refuse(
        "permit(principal, action == Action::\"createOrder\", resource) when { context.token.level > 1 };",
        ORDER,
        ENTITIES,
        expect![[r#"
            shop.cedar:1:69: for policy `shop#1`, unable to guarantee safety of access to optional attribute `token.level` in context for Action::"createOrder"
              hint: try testing for the attribute's presence with `context.token has level && ..`"#]],
    );
    refuse(
        "permit(principal, action == Action::\"status\", resource) when { context.token.tenant == \"a\" };",
        ORDER,
        ENTITIES,
        expect![[r#"
            shop.cedar:1:64: for policy `shop#1`, unable to guarantee safety of access to optional attribute `token` in context for Action::"status"
              hint: try testing for the attribute's presence with `context has token && ..`"#]],
    );
    refuse(
        "permit(principal, action == Action::\"plain\", resource) when { context.token.tenant == \"a\" };",
        ORDER,
        ENTITIES,
        expect![[r#"
            shop.cedar:1:63: for policy `shop#1`, attribute `token` in context for Action::"plain" not found
              hint: did you mean `now`?"#]],
    );
    refuse(
        "permit(principal, action == Action::\"createOrder\", resource) when { context.token.tenent == \"a\" };",
        ORDER,
        ENTITIES,
        expect![[r#"
            shop.cedar:1:69: for policy `shop#1`, attribute `token.tenent` in context for Action::"createOrder" not found
              hint: did you mean `tenant`?"#]],
    );
}

#[test]
fn tokens_give_attributes_to_the_caller() {
    let policy = r#"permit(principal is User, action == Action::"readOrder", resource) when {
        principal has tenant && principal.tenant == resource.tenant && principal has level && principal.level > 1
    };"#;
    let read = |claims| Call::read(holder("bob", claims), "42");
    check(policy, &read(json!({"tenant": "north", "level": 2})), "allow by shop#1");
    check(policy, &read(json!({"tenant": "south", "level": 2})), NO);
    check(policy, &read(json!({"tenant": "north"})), NO);
    // A claim that is not among the attributes stays in the token.
    let mut caller = holder("bob", json!({"tenant": "north", "level": 2}));
    caller.attributes.remove("level");
    check(policy, &Call::read(caller, "42"), NO);
    let mut caller = holder("bob", json!({"tenant": "north", "level": 2}));
    caller.attributes.insert("level".to_owned(), json!("2"));
    check(policy, &Call::read(caller, "42"), UNFIT);
}

#[test]
fn attributes_of_the_token_join_what_the_file_gives() {
    let policy = r#"permit(principal in Group::"staff", action == Action::"readOrder", resource) when {
        principal is User && principal has tenant && principal.tenant == "north"
        && resource.owner has tenant && resource.owner.tenant == principal.tenant
    };"#;
    let read = |name| Call::read(holder(name, json!({"tenant": "north"})), "42");
    check(policy, &read("ann"), "allow by shop#1");
    // The owner's token is not here: nobody else has attributes of one.
    let caller =
        Principal { parents: user("", &["staff"]).parents, ..holder("bob", json!({"tenant": "north"})) };
    check(policy, &Call::read(caller, "42"), NO);
}

#[test]
fn a_type_of_ones_own_has_what_tokens_give() {
    let users = |attributes: &str| format!("{ORDER}entity User in [Group] {{ {attributes} }};\n");
    for good in [
        "tenant?: String, level?: Long",
        "tenant: String, level?: Long, site?: String",
        "tenant?: __cedar::String, level?: Level };\ntype Level = Long;\nentity Site {",
    ] {
        compile("", &users(good), "[]").unwrap_or_else(|faults| panic!("{good}: {faults}"));
    }
    refuse(
        "",
        &users("site?: String"),
        "[]",
        expect![[r#"
            shop.cedarschema:2:8: `User` has no attribute `level`, but credentials give it one
              hint: write `level?: Long` in `User`
            shop.cedarschema:2:8: `User` has no attribute `tenant`, but credentials give it one
              hint: write `tenant?: String` in `User`"#]],
    );
    refuse(
        "",
        &users("tenant?: Long, level?: Set<Long>"),
        "[]",
        expect![[r#"
            shop.cedarschema:2:26: the attribute `tenant` of `User` is no `String`, but credentials make it one
              hint: write `tenant?: String` in `User`
            shop.cedarschema:2:41: the attribute `level` of `User` is no `Long`, but credentials make it one
              hint: write `level?: Long` in `User`"#]],
    );
    refuse(
        "",
        &users("tenant: String, level: Long"),
        "[]",
        expect![[r#"
        shop.cedarschema:2:42: the attribute `level` of `User` is required, but credentials may lack it
          hint: write `level?: Long` in `User`"#]],
    );
    refuse(
        "",
        &format!("{ORDER}entity User enum [\"ann\"];"),
        "[]",
        expect![[r#"
            shop.cedarschema:2:8: `User` has no attribute `level`, but credentials give it one
              hint: write `level?: Long` in `User`
            shop.cedarschema:2:8: `User` has no attribute `tenant`, but credentials give it one
              hint: write `tenant?: String` in `User`
            shop.cedarschema:2:8: entities of type `User` cannot be in a `Group`, but requests put them there
              hint: write `entity User in [Group]`"#]],
    );
}

/// Every type fits its own declaration and no other's.
#[test]
fn a_type_of_ones_own_is_held_to_each_type() {
    for declared in ClaimType::ALL {
        for given in ClaimType::ALL {
            let attributes = BTreeMap::from([("User".to_owned(), claims([("a b", given, false)]))]);
            let vocabulary = Vocabulary { attributes, ..vocabulary() };
            let schema = file(
                "shop.cedarschema",
                &format!("{ORDER}entity User in [Group] {{ \"a b\"?: {} }};", declared.word()),
            );
            let compiled = compile_files(&[], &[schema], None, &vocabulary);
            assert_eq!(compiled.is_ok(), declared == given, "{declared:?} {given:?}");
        }
    }
}

#[test]
fn an_attribute_has_one_giver() {
    refuse(
        "",
        ORDER,
        r#"[
  {"uid": {"type": "User", "id": "ann"}, "attrs": {"tenant": "north", "level": 3}, "parents": []},
  {"uid": {"type": "User", "id": "bob"}, "attrs": {}, "parents": []}
]"#,
        expect![[r#"
            entities.json:2:3: `User::"ann"` is given the attribute `level` by credentials and here
              hint: leave it out here, or out of `attributes` in `[[issuers]]`
            entities.json:2:3: `User::"ann"` is given the attribute `tenant` by credentials and here
              hint: leave it out here, or out of `attributes` in `[[issuers]]`"#]],
    );
}

#[test]
fn hostile_claims_stay_texts() {
    let policy = r#"permit(principal, action == Action::"createOrder", resource) when { context.token.tenant == "north" };"#;
    for tenant in ["", "North", "north\"", "north\" || true", "north\0", "nort\u{200b}h"] {
        check(policy, &order(json!({ "tenant": tenant })), NO);
    }
    let odd = ["__entity", "__extn", "type", "a\"b", "a\\", "ä b"];
    let token = TokenShape {
        claims: odd.map(|name| (name.to_owned(), text_claim())).into(),
        principals: BTreeSet::from(["User".to_owned()]),
        required: true,
    };
    let http = CallShape::Http(HttpShape { token: Some(token), ..HttpShape::default() });
    let vocabulary =
        Vocabulary { actions: vec![action("status", &["User"], "Function", http)], ..Vocabulary::default() };
    let policy = r#"permit(principal, action, resource) when { context.token["__entity"] == "x" };"#;
    let policies = compile_files(&[file("p.cedar", policy)], &[], None, &vocabulary);
    let policies = policies.unwrap_or_else(|faults| panic!("{faults}"));
    let values = odd.map(|name| (name.to_owned(), json!("x")));
    let caller = Principal { claims: values.into_iter().collect(), ..user("ann", &[]) };
    check_with(&policies, &Call::status(caller), "allow by p#1");
}

fn text_claim() -> Claim {
    Claim { ty: ClaimType::Text, required: true }
}

#[test]
fn a_principal_of_a_namespace_has_attributes_too() {
    let attributes =
        BTreeMap::from([("Shop::User".to_owned(), claims([("tenant", ClaimType::Text, false)]))]);
    let http = CallShape::Http(HttpShape::default());
    let vocabulary = Vocabulary {
        actions: vec![action("status", &["Shop::User"], "Function", http)],
        attributes,
        ..Vocabulary::default()
    };
    let compile = |schema: &str| {
        let policy = r#"permit(principal, action, resource) when { principal has tenant && principal.tenant == "a" };"#;
        compile_files(&[file("p.cedar", policy)], &[file("s.cedarschema", schema)], None, &vocabulary)
    };
    let policies = compile("namespace Shop { entity User in [Group] { tenant?: String }; }");
    let policies = policies.unwrap_or_else(|faults| panic!("{faults}"));
    let caller =
        Principal { name: EntityName::new("Shop::User", "ann"), ..holder("ann", json!({"tenant": "a"})) };
    check_with(&policies, &Call::status(caller), "allow by p#1");
    let faults = compile("namespace Shop { entity User in [Group]; }").expect_err("faults");
    expect![[r#"
        s.cedarschema:1:25: `Shop::User` has no attribute `tenant`, but credentials give it one
          hint: write `tenant?: String` in `Shop::User`"#]]
    .assert_eq(&faults.to_string());
}
