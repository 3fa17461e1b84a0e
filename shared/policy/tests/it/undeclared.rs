//! Attributes that nothing declares, which Cedar's validator takes for absent without a word; and policies that never
//! hold.

use doorward_model::EventKind;
use doorward_policy::{CallShape, Candidate, HttpShape, Policies, Sources, TokenShape, Vocabulary};
use expect_test::{Expect, expect};

use crate::shop::{SCHEMA, action, compile, compile_linked, file, order, vocabulary};

const CREATE: &str = "principal, action == Action::\"createOrder\", resource";

#[track_caller]
fn check(policies: &str, expected: &Expect) {
    expected.assert_eq(&compile(policies).expect_err("faults").to_string());
}

/// `condition` of a `forbid` of `createOrder`.
#[track_caller]
fn check_when(condition: &str, expected: &Expect) {
    check(&format!("forbid ({CREATE}) when {{\n{condition}\n}};"), expected);
}

/// `condition` has no fault in a `permit` with this `scope`.
#[track_caller]
fn check_sound(scope: &str, condition: &str) {
    let policies = format!("permit ({scope}) when {{\n{condition}\n}};");
    if let Err(faults) = compile(&policies) {
        panic!("{faults}");
    }
}

#[test]
fn a_misspelt_name_behind_a_guard_is_a_fault() {
    check_when(
        "context.input.total > 5000 || (context.input has discuont && context.input.discuont > decimal(\"1.0\"))",
        &expect![[r#"
            policies/shop.cedar:2:50: no `discuont` in `context.input` of `createOrder`
              hint: did you mean `discount`?"#]],
    );
    check_when(
        "context.input.total > 1 || context has inptu.total",
        &expect![[r#"
        policies/shop.cedar:2:40: no `inptu` in `context` of `createOrder`
          hint: did you mean `input`?"#]],
    );
    check_when(
        "context.input.total > 1 || context has input.totel",
        &expect![[r#"
        policies/shop.cedar:2:46: no `totel` in `context.input` of `createOrder`
          hint: did you mean `total`?"#]],
    );
    check_when(
        "context.input.total > 1 ||\n  context[\"input\"] has \"no te\"",
        &expect![[r#"
        policies/shop.cedar:3:24: no `no te` in `context.input` of `createOrder`
          hint: did you mean `note`?"#]],
    );
    check_when(
        "context.input.total > 1 || context.request has sourceip || context has porpose",
        &expect![[r#"
        policies/shop.cedar:2:48: no `sourceip` in `context.request` of `createOrder`
          hint: did you mean `source_ip`?
        policies/shop.cedar:2:72: no `porpose` in `context` of `createOrder`
          hint: did you mean `purpose`?"#]],
    );
    check_when(
        "context.input.total > 1 || principal has levl",
        &expect![[r#"
        policies/shop.cedar:2:42: no `levl` in `principal`, of the type `User`
          hint: did you mean `level`?"#]],
    );
    check_when(
        "context.input.total > 1 || (principal has manager && principal.manager has levl)",
        &expect![[r#"
        policies/shop.cedar:2:76: no `levl` in `principal.manager`, of the type `User`
          hint: did you mean `level`?"#]],
    );
    check_when(
        "context.input.total > 1 || resource has owner",
        &expect![[r#"
        policies/shop.cedar:2:41: no `owner` in `resource`, of the type `Function`
          hint: `Function` has no attributes: declare them in a `.cedarschema` file"#]],
    );
    check(
        &format!(
            "permit ({CREATE})\nunless {{ context.input has not && context.input.not like \"*refund*\" }};"
        ),
        &expect![[r#"
            policies/shop.cedar:2:28: no `not` in `context.input` of `createOrder`
              hint: did you mean `note`?"#]],
    );
}

#[test]
fn what_the_contract_has_and_no_schema_states_is_told_so() {
    check_when(
        "context.input.total > 1 || context.input has extra",
        &expect![[r#"
        policies/shop.cedar:2:46: no `extra` in `context.input` of `createOrder`
          hint: policies cannot read it: a union of types"#]],
    );
}

#[test]
fn a_scope_decides_who_must_have_it() {
    check(
        "permit (principal, action, resource) when { context has input && context.input has totel };",
        &expect![[r#"
        policies/shop.cedar:1:84: no `totel` in `context.input` of `createOrder`
          hint: did you mean `total`?"#]],
    );
    check(
        "permit (principal, action in Action::\"events\", resource) when { context has input };",
        &expect![[r#"
            policies/shop.cedar:1:77: no `input` in `context` of `receiptUploaded`
              hint: expected `event`, `now`, `purpose` or `trust`"#]],
    );
    check(
        "permit (principal, action == Action::\"readOrder\", resource) when { resource has ownr };",
        &expect![[r#"
        policies/shop.cedar:1:81: no `ownr` in `resource`, of the type `Order`
          hint: did you mean `owner`?"#]],
    );
    check(
        "permit (principal is Anonymous, action, resource) when { principal has level };",
        &expect![[r#"
        policies/shop.cedar:1:72: no `level` in `principal`, of the type `Anonymous`
          hint: `Anonymous` has no attributes: declare them in a `.cedarschema` file"#]],
    );
    check(
        "permit (principal, action, resource) when { resource has tenant };",
        &expect![[r#"
        policies/shop.cedar:1:58: no `tenant` in `resource`, of the type `Function` or `Order`
          hint: expected `owner`"#]],
    );
}

#[test]
fn what_one_action_or_type_has_may_be_asked_for() {
    let any = "principal, action, resource";
    check_sound(any, "context has input && context.input has note && context.input.note == \"x\"");
    check_sound(any, "principal has level && principal.level > 1");
    check_sound(any, "resource has owner && resource.owner has manager.level");
    check_sound(any, "context has event && context.event has size");
    check_sound(any, "context.now > datetime(\"2026-01-01\") && context has purpose");
    check_sound(
        "principal is User, action in [Action::\"status\", Action::\"createOrder\"], resource",
        "context has input.note",
    );
    check_sound("principal in Group::\"staff\", action, resource", "principal has manager.level");
    check_sound("principal, action, resource == Order::\"1\"", "resource.owner has level");
    check_sound(
        "principal == User::\"ann\", action in Action::\"http\", resource",
        "context.request has source_ip",
    );
    check_sound("principal, action, resource is Function", "context has input.items");
}

#[test]
fn paths_end_where_they_cannot_be_followed() {
    check_sound(CREATE, "principal.hasTag(\"site\") && principal.getTag(\"site\") == \"north\"");
    check_sound(CREATE, "{\"input\": context.input}.input has note");
    check_sound(
        "principal, action in [Action::\"createOrder\", Action::\"receiptUploaded\"], resource",
        "(if action == Action::\"createOrder\" then context.input else context.event) has size",
    );
}

#[test]
fn the_same_is_not_told_twice() {
    check_when(
        "context.input.totel > 1",
        &expect![[r#"
        policies/shop.cedar:2:1: for policy `shop#1`, attribute `input.totel` in context for Action::"createOrder" not found
          hint: did you mean `total`?"#]],
    );
    check_when(
        "context.input.totel > 1 || context.input has totel || context.input has nte",
        &expect![[r#"
        policies/shop.cedar:2:1: for policy `shop#1`, attribute `input.totel` in context for Action::"createOrder" not found
          hint: did you mean `total`?
        policies/shop.cedar:2:73: no `nte` in `context.input` of `createOrder`
          hint: did you mean `note`?"#]],
    );
}

#[test]
fn the_template_of_links_is_looked_at_once() {
    let template = "@id(\"t\") permit (principal == ?principal, action in Action::\"http\", resource)\nwhen { principal has levl };";
    let links = r#"[
        {"template_id": "t", "link_id": "a", "args": {"?principal": "User::\"ann\""}},
        {"template_id": "t", "link_id": "b", "args": {"?principal": "User::\"bob\""}}
    ]"#;
    expect![[r#"
        policies/shop.cedar:2:22: no `levl` in `principal`, of the type `User`
          hint: did you mean `level`?"#]]
    .assert_eq(&compile_linked(template, Some(links)).expect_err("faults").to_string());
    let sound = template.replace("levl", "level");
    let links = r#"[
        {"template_id": "t", "link_id": "a", "args": {"?principal": "Anonymous::\"anonymous\""}},
        {"template_id": "t", "link_id": "b", "args": {"?principal": "User::\"bob\""}}
    ]"#;
    assert!(compile_linked(&sound, Some(links)).is_ok());
}

#[test]
fn a_candidate_is_held_to_it_too() {
    let policies =
        [file("next/shop.cedar", "permit (principal, action, resource) when { principal has levl };")];
    let sources = Sources {
        candidate: Some(Candidate { policies: &policies, links: None }),
        schemas: &[file("shop.cedarschema", SCHEMA)],
        ..Sources::default()
    };
    expect![[r#"
        next/shop.cedar:1:59: no `levl` in `principal`, of the type `Anonymous`, `EventSource` or `User`
          hint: did you mean `level`?"#]]
    .assert_eq(&Policies::compile(&sources, &vocabulary()).expect_err("faults").to_string());
}

#[test]
fn an_input_that_is_not_known_is_not_looked_into() {
    let policies = [file(
        "shop.cedar",
        "forbid (principal, action, resource) when { context has input && context.input has anything };\n\
         permit (principal, action, resource) when { context has inptu };",
    )];
    let vocabulary = Vocabulary {
        actions: vec![action("status", &["User"], "Function", CallShape::Http(HttpShape::default()))],
        inputs_unknown: true,
        ..Vocabulary::default()
    };
    let sources = Sources { policies: &policies, ..Sources::default() };
    expect![[r#"
        shop.cedar:2:57: no `inptu` in `context` of `status`
          hint: expected `now`, `request` or `trust`"#]]
    .assert_eq(&Policies::compile(&sources, &vocabulary).expect_err("faults").to_string());
}

#[test]
fn declarations_are_followed_by_their_names() {
    let schema = "type Address = { town: String, zip?: String };
        entity User in [Group] = { home?: Address };
        namespace Shop { entity Order in [Function] = { owner: User, lines: Set<{ sku: String }> }; }";
    let policies = |condition: &str| {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let vocabulary = Vocabulary {
            actions: vec![
                action("read", &["User"], "Shop::Order", CallShape::Http(HttpShape::default())),
                action(
                    "on",
                    &["EventSource"],
                    "Function",
                    CallShape::Event {
                        kind: EventKind::S3,
                        claimed: EventKind::S3.claims(),
                        input: None,
                        omissions: Vec::new(),
                    },
                ),
            ],
            ..Vocabulary::default()
        };
        let sources = Sources {
            policies: &[file("a.cedar", &text)],
            schemas: &[file("a.cedarschema", schema)],
            ..Sources::default()
        };
        Policies::compile(&sources, &vocabulary).map(|_| ()).map_err(|faults| faults.to_string())
    };
    assert_eq!(policies("resource has owner.home.zip && principal has home.town"), Ok(()));
    expect![[r#"
        a.cedar:1:69: no `zap` in `resource.owner.home` of `User`
          hint: did you mean `zip`?"#]]
    .assert_eq(&policies("resource has owner.home.zap").unwrap_err());
    expect![[r#"
        a.cedar:1:64: no `street` in `principal.home` of `User`
          hint: expected `town` or `zip`"#]]
    .assert_eq(&policies("principal has home.street").unwrap_err());
}

#[test]
fn a_forbid_that_never_holds_is_a_fault() {
    check(
        &format!("forbid ({CREATE})\nwhen {{ context.input.total > 1 && principal is Anonymous }};"),
        &expect![[r#"
            policies/shop.cedar:1:1: for policy `shop#1`, policy is impossible: the policy expression evaluates to false for all valid requests
              hint: `principal is Anonymous` never holds"#]],
    );
    check(
        "forbid (principal is Anonymous, action == Action::\"createOrder\", resource);",
        &expect![[r#"
            policies/shop.cedar:1:1: for policy `shop#1`, unable to find an applicable action given the policy scope constraints
              hint: no action takes such a principal on such a resource"#]],
    );
    check(
        &format!("forbid ({CREATE})\nunless {{ context has input || context.input.total > 1 }};"),
        &expect![[r#"
        policies/shop.cedar:1:1: for policy `shop#1`, policy is impossible: the policy expression evaluates to false for all valid requests
          hint: `context has input` always holds"#]],
    );
    check(
        &format!("forbid ({CREATE}) when {{ (principal is Anonymous) || (principal is Group) }};"),
        &expect![
            "policies/shop.cedar:1:1: for policy `shop#1`, policy is impossible: the policy expression evaluates to false for all valid requests"
        ],
    );
}

#[test]
fn a_permit_that_never_holds_is_warned_of() {
    let policies = compile(
        "permit (principal is Anonymous, action == Action::\"createOrder\", resource);\n\
        permit (principal, action == Action::\"createOrder\", resource) when { principal is Anonymous };",
    )
    .unwrap();
    let warnings: Vec<String> = policies.warnings().iter().map(ToString::to_string).collect();
    expect![[r#"
        policies/shop.cedar:1:1: for policy `shop#1`, unable to find an applicable action given the policy scope constraints
          hint: no action takes such a principal on such a resource
        policies/shop.cedar:2:1: for policy `shop#2`, policy is impossible: the policy expression evaluates to false for all valid requests
          hint: `principal is Anonymous` never holds"#]].assert_eq(&warnings.join("\n"));
}

#[test]
fn claims_are_held_to_what_tokens_have() {
    let shape =
        HttpShape { input: Some(order()), token: Some(TokenShape::default()), ..HttpShape::default() };
    let vocabulary = Vocabulary {
        actions: vec![action("status", &["User"], "Function", CallShape::Http(shape))],
        ..Vocabulary::default()
    };
    let policies =
        [file("shop.cedar", "permit (principal, action, resource) when { context has token.tenant };")];
    let sources = Sources { policies: &policies, ..Sources::default() };
    expect![[r#"
        shop.cedar:1:63: no `tenant` in `context.token` of `status`
          hint: it has no members"#]]
    .assert_eq(&Policies::compile(&sources, &vocabulary).expect_err("faults").to_string());
}
