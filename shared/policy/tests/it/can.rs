//! What a principal may do, listed without a call.

use std::collections::HashMap;

use doorward_model::{EntityName, Principal};
use expect_test::{Expect, expect};

use crate::shop::{compile, compile_files, compile_linked, file, user, vocabulary};

const POLICIES: &str = r#"
@id("staff-anything") permit(principal in Group::"staff", action, resource);
@id("buyers-order") permit(principal in Group::"buyers", action == Action::"createOrder", resource == Function::"orders")
when { context.input.total <= 10 } unless { context has purpose };
@id("elsewhere") permit(principal, action == Action::"createOrder", resource == Function::"invoices");
@id("wrong-type") permit(principal is User, action in Action::"http", resource is Order);
@id("in-orders") permit(principal == User::"ann", action in [Action::"readOrder", Action::"createOrder"], resource in Function::"orders");
@id("one") permit(principal == User::"max", action, resource == Order::"42");
@id("filled") permit(principal == ?principal, action == Action::"status", resource) when { context.request.method == "GET" };
@id("not-that-one") forbid(principal, action, resource == Order::"43");
@id("not-at-night") forbid(principal is User, action == Action::"createOrder", resource) when { context.now < datetime("2026-01-01") };
@id("suspended") forbid(principal in Group::"suspended", action, resource);
@id("uploads") permit(principal is EventSource, action in Action::"events", resource);
"#;

const LINKS: &str =
    r#"[{"template_id": "filled", "link_id": "ann-status", "args": {"?principal": "User::\"ann\""}}]"#;

#[track_caller]
fn check(principal: &Principal, expected: &Expect) {
    let policies = compile_linked(POLICIES, Some(LINKS)).unwrap_or_else(|faults| panic!("{faults}"));
    let function = |action: &str, name: &str| (action.to_owned(), EntityName::new("Function", name));
    let functions = HashMap::from([
        function("createOrder", "orders"),
        function("readOrder", "orders"),
        function("status", "orders"),
        function("receiptUploaded", "receipts"),
    ]);
    let mut lines = String::new();
    for grant in policies.can(principal, &functions) {
        let condition = |condition: &Option<String>| condition.clone().unwrap_or_else(|| "always".to_owned());
        lines += &format!(
            "{} {} by {}: {}",
            grant.action,
            grant.resource,
            grant.permit.policy,
            condition(&grant.permit.condition)
        );
        for (forbid, reach) in &grant.forbids {
            lines += &format!("\n  but {} on {reach}: {}", forbid.policy, condition(&forbid.condition));
        }
        lines += &grant.void_by().map(|policy| format!("\n  void by {policy}")).unwrap_or_default();
        lines += "\n";
    }
    expected.assert_eq(&lines);
}

#[test]
fn a_user_of_the_file() {
    check(
        &user("ann", &[]),
        &expect![[r#"
        createOrder Function::"orders" by buyers-order: when { context.input.total <= 10 } unless { context has purpose }
          but not-at-night on Function::"orders": when { context.now < datetime("2026-01-01") }
        createOrder Function::"orders" by in-orders: always
          but not-at-night on Function::"orders": when { context.now < datetime("2026-01-01") }
        readOrder any Order by in-orders: always
          but not-that-one on Order::"43": always
        readOrder any Order by wrong-type: always
          but not-that-one on Order::"43": always
        status Function::"orders" by ann-status: when { context.request.method == "GET" }
    "#]],
    );
}

#[test]
fn groups_come_with_the_question() {
    check(
        &user("bob", &["staff"]),
        &expect![[r#"
        createOrder Function::"orders" by staff-anything: always
          but not-at-night on Function::"orders": when { context.now < datetime("2026-01-01") }
        readOrder any Order by staff-anything: always
          but not-that-one on Order::"43": always
        readOrder any Order by wrong-type: always
          but not-that-one on Order::"43": always
        status Function::"orders" by staff-anything: always
    "#]],
    );
}

#[test]
fn one_resource() {
    check(
        &user("max", &[]),
        &expect![[r#"
        readOrder Order::"42" by one: always
        readOrder any Order by wrong-type: always
          but not-that-one on Order::"43": always
    "#]],
    );
}

#[test]
fn a_forbid_without_conditions_leaves_nothing() {
    check(
        &user("eve", &["staff", "suspended"]),
        &expect![[r#"
        createOrder Function::"orders" by staff-anything: always
          but not-at-night on Function::"orders": when { context.now < datetime("2026-01-01") }
          but suspended on Function::"orders": always
          void by suspended
        readOrder any Order by staff-anything: always
          but not-that-one on Order::"43": always
          but suspended on any Order: always
          void by suspended
        readOrder any Order by wrong-type: always
          but not-that-one on Order::"43": always
          but suspended on any Order: always
          void by suspended
        status Function::"orders" by staff-anything: always
          but suspended on Function::"orders": always
          void by suspended
    "#]],
    );
}

#[test]
fn an_event_source() {
    let source = Principal { name: EntityName::new("EventSource", "receipts"), ..Principal::anonymous() };
    check(
        &source,
        &expect![[r#"
        receiptUploaded Function::"receipts" by uploads: always
    "#]],
    );
    check(&Principal::anonymous(), &expect![[r#""#]]);
    check(&Principal { name: EntityName::new("Nobody", "x"), ..Principal::anonymous() }, &expect![[r#""#]]);
}

#[test]
fn nobody_in_particular_may_do_what_names_nobody() {
    let permits = |text: &str| {
        let policies = compile(text).unwrap_or_else(|faults| panic!("{faults}"));
        let functions = HashMap::from([("status".to_owned(), EntityName::new("Function", "orders"))]);
        let grants = policies.can(&Principal::anonymous(), &functions);
        grants.into_iter().map(|grant| grant.permit.policy).collect::<Vec<_>>()
    };
    let everybody = "permit(principal, action, resource);";
    assert!(permits(everybody).is_empty());
    let named = format!(
        "{everybody} permit(principal is Anonymous, action, resource); permit(principal == Anonymous::\"anonymous\", action, resource);"
    );
    assert_eq!(permits(&named), ["shop#2", "shop#3"]);
}

#[test]
fn who_can_be_a_principal_and_in_a_group_is_known() {
    let policies = compile_linked(POLICIES, Some(LINKS)).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(policies.principal_types(), ["Anonymous", "EventSource", "User"]);
    assert!(policies.may_be_in("User", "Group"));
    for (child, parent) in
        [("EventSource", "Group"), ("Usr", "Group"), ("User", "Order"), ("User", "Nothing")]
    {
        assert!(!policies.may_be_in(child, parent), "{child} in {parent}");
    }
}

/// Functions may stand in what the user declares; what holds a function holds what is in it.
#[test]
fn what_holds_the_function_holds_its_resources() {
    let schema =
        "entity Service; entity Function in [Service]; entity Order in [Function]; entity User in [Group];";
    let entities = r#"[{"uid": {"type": "Function", "id": "orders"}, "attrs": {}, "parents": [{"type": "Service", "id": "shop"}]}]"#;
    let policies = "@id(\"all\") permit(principal, action, resource in Service::\"shop\");
        @id(\"none\") forbid(principal, action == Action::\"readOrder\", resource in Service::\"shop\");
        @id(\"other\") permit(principal, action, resource in Service::\"other\");";
    let schemas = [file("s.cedarschema", schema)];
    let compiled = compile_files(
        &[file("p.cedar", policies)],
        &schemas,
        Some(&file("entities.json", entities)),
        &vocabulary(),
    );
    let compiled = compiled.unwrap_or_else(|faults| panic!("{faults}"));
    let functions =
        ["createOrder", "readOrder"].map(|action| (action.to_owned(), EntityName::new("Function", "orders")));
    let grants = compiled.can(&user("ann", &[]), &HashMap::from(functions));
    let told: Vec<_> = grants
        .iter()
        .map(|grant| (grant.permit.policy.as_str(), grant.resource.to_string(), grant.void_by()))
        .collect();
    assert_eq!(
        told,
        [
            ("all", "Function::\"orders\"".to_owned(), None),
            ("all", "any Order".to_owned(), Some("none")),
            ("other", "any Order in Service::\"other\"".to_owned(), Some("none")),
        ]
    );
}
