//! What a request says of itself: named header fields and query parameters, and what its path puts the resource in.

use doorward_model::EntityName;
use doorward_policy::{ActionSpec, CallShape, HttpShape, Policies, Vocabulary};
use expect_test::expect;

use crate::shop::{Call, action, check_with, compile_files, file, user};

const NO: &str = "deny: no policy permits it";
const UNFIT: &str = "deny: the request does not fit the policy schema";

fn vocabulary() -> Vocabulary {
    let named = HttpShape {
        headers: vec!["x-tenant".to_owned()],
        query: vec!["page".to_owned(), "a b".to_owned()],
        ..HttpShape::default()
    };
    let read = action("readOrder", &["User"], "Order", CallShape::Http(HttpShape::default()));
    Vocabulary {
        actions: vec![
            action("status", &["User"], "Function", CallShape::Http(named)),
            ActionSpec { resource_parents: vec!["Tenant".to_owned(), "User".to_owned()], ..read },
        ],
        ..Vocabulary::default()
    }
}

fn compile(policy: &str, schema: &str, entities: &str) -> Policies {
    let schemas = [file("shop.cedarschema", schema)];
    let entities = file("entities.json", entities);
    compile_files(&[file("shop.cedar", policy)], &schemas, Some(&entities), &vocabulary())
        .unwrap_or_else(|faults| panic!("{faults}"))
}

#[track_caller]
fn check(policy: &str, call: &Call, expected: &str) {
    check_with(&compile(policy, "", "[]"), call, expected);
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn status(headers: &[(&str, &str)], query: &[(&str, &str)]) -> Call {
    Call { headers: pairs(headers), query: pairs(query), ..Call::status(user("ann", &[])) }
}

#[test]
fn named_fields_and_parameters_are_read() {
    let policy = r#"permit(principal, action == Action::"status", resource) when {
        context.request.headers has "x-tenant" && context.request.headers["x-tenant"] == "north"
        && context.request.query has page && context.request.query.page like "1*"
        && !(context.request.query has "a b")
    };"#;
    check(policy, &status(&[("x-tenant", "north")], &[("page", "12")]), "allow by shop#1");
    check(policy, &status(&[("x-tenant", "North")], &[("page", "12")]), NO);
    check(policy, &status(&[("x-tenant", "north")], &[]), NO);
    check(policy, &status(&[], &[]), NO);
    check(policy, &status(&[("x-tenant", "north")], &[("page", "12"), ("a b", "")]), NO);
    // What is not named is not seen.
    check(
        policy,
        &status(&[("x-tenant", "north"), ("x", "y")], &[("page", "1"), ("c", "d")]),
        "allow by shop#1",
    );
}

#[test]
fn what_no_route_names_is_not_there() {
    let vocabulary = vocabulary();
    for (member, hint) in [("headers", "x"), ("query", "page")] {
        let policy = format!(
            "permit(principal, action == Action::\"readOrder\", resource) when {{ context.request.{member} has \"{hint}\" }};"
        );
        let faults = compile_files(&[file("shop.cedar", &policy)], &[], None, &vocabulary);
        let faults = faults.expect_err("faults").to_string();
        assert!(faults.contains(&format!("attribute `request.{member}`")), "{faults}");
    }
    let policy = "permit(principal, action == Action::\"status\", resource) when { context.request.query.page == \"1\" };";
    let faults = compile_files(&[file("shop.cedar", policy)], &[], None, &vocabulary).expect_err("faults");
    expect![[r#"
        shop.cedar:1:64: for policy `shop#1`, unable to guarantee safety of access to optional attribute `request.query.page` in context for Action::"status"
          hint: try testing for the attribute's presence with `context.request.query has page && ..`"#]].assert_eq(&faults.to_string());
}

fn in_tenant(tenant: &str) -> Call {
    let call = Call::read(user("ann", &["staff"]), "42");
    let parents = vec![EntityName::new("Function", "orders"), EntityName::new("Tenant", tenant)];
    Call { parents, ..call }
}

#[test]
fn a_resource_is_in_what_its_path_names() {
    let policy = r#"permit(principal, action == Action::"readOrder", resource in Tenant::"7");"#;
    check(policy, &in_tenant("7"), "allow by shop#1");
    check(policy, &in_tenant("8"), NO);
    check(policy, &in_tenant("7\""), NO);
    let function = r#"permit(principal, action, resource in Function::"orders");"#;
    check(function, &in_tenant("7"), "allow by shop#1");
    let stranger = Call { parents: vec![EntityName::new("Order", "42")], ..in_tenant("7") };
    check(policy, &stranger, UNFIT);
}

#[test]
fn a_resource_may_be_in_its_caller() {
    let policy =
        r#"permit(principal, action == Action::"readOrder", resource) when { resource in principal };"#;
    let of = |owner: &str| Call { parents: vec![EntityName::new("User", owner)], ..in_tenant("7") };
    check(policy, &of("ann"), "allow by shop#1");
    check(policy, &of("bob"), NO);
}

#[test]
fn what_the_file_says_of_a_parent_holds() {
    let schema = "entity Region; entity Tenant in [Region];";
    let entities = r#"[{"uid": {"type": "Tenant", "id": "7"}, "attrs": {}, "parents": [{"type": "Region", "id": "eu"}]}]"#;
    let policy = r#"permit(principal, action == Action::"readOrder", resource in Region::"eu");"#;
    let policies = compile(policy, schema, entities);
    check_with(&policies, &in_tenant("7"), "allow by shop#1");
    check_with(&policies, &in_tenant("8"), NO);
}

#[test]
fn a_circle_of_the_path_and_the_file_is_denied() {
    let read = action("readOrder", &["User"], "Folder", CallShape::Http(HttpShape::default()));
    let vocabulary = Vocabulary {
        actions: vec![ActionSpec { resource_parents: vec!["Folder".to_owned()], ..read }],
        ..Vocabulary::default()
    };
    let entities = r#"[{"uid": {"type": "Folder", "id": "a"}, "attrs": {}, "parents": [{"type": "Folder", "id": "b"}]}]"#;
    let policy = r#"permit(principal, action, resource);"#;
    let policies = compile_files(
        &[file("shop.cedar", policy)],
        &[],
        Some(&file("entities.json", entities)),
        &vocabulary,
    )
    .unwrap_or_else(|faults| panic!("{faults}"));
    let folder = |id: &str| EntityName::new("Folder", id);
    let call = |id, parent| Call {
        resource: folder(id),
        parents: vec![EntityName::new("Function", "orders"), folder(parent)],
        ..Call::read(user("ann", &[]), "")
    };
    check_with(&policies, &call("c", "a"), "allow by shop#1");
    // An entity is in itself anyway.
    check_with(&policies, &call("c", "c"), "allow by shop#1");
    check_with(&policies, &call("b", "a"), UNFIT);
}

#[test]
fn types_of_ones_own_can_be_in_what_requests_put_them_in() {
    let faults = compile_files(
        &[],
        &[file("shop.cedarschema", "entity Order in [Function, User];")],
        None,
        &vocabulary(),
    );
    expect![[r#"
        shop.cedarschema:1:8: entities of type `Order` cannot be in a `Tenant`, but requests put them there
          hint: write `entity Order in [Function, Tenant, User]`"#]]
    .assert_eq(&faults.expect_err("faults").to_string());
}
