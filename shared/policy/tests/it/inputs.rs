use doorward_model::EntityName;
use serde_json::json;

use crate::shop::{Call, Payload, check, user};

const NO: &str = "deny: no policy permits it";

/// Without the input, both forms are decided alike.
#[track_caller]
fn check_unknown(policies: &str, call: &Call, expected: &str) {
    check(policies, &call.clone().input(Payload::Absent), expected);
    check(policies, &call.clone().input(Payload::Faulty), expected);
}

fn create(groups: &[&str]) -> Call {
    Call::create(user("bob", groups), json!({"total": 1000}))
}

#[test]
fn a_permit_on_the_input_counts_where_its_scope_applies() {
    let policy = r#"@id("small") permit(principal in Group::"staff", action == Action::"createOrder", resource) when {
        context.input.total <= 10
    };"#;
    check(policy, &create(&["staff"]), NO);
    check_unknown(policy, &create(&["staff"]), "allow by small");
    check_unknown(policy, &create(&["buyers"]), NO);
}

#[test]
fn the_scope_is_all_that_counts_of_such_a_permit() {
    let policy = r#"permit(principal is User, action == Action::"createOrder", resource == Function::"orders") when {
        context.input.total <= 10 && context.request.method == "GET"
    } unless { principal has level };"#;
    check_unknown(policy, &create(&[]), "allow by shop#1");
    let elsewhere = Call { resource: EntityName::new("Function", "other"), ..create(&[]) };
    check_unknown(policy, &elsewhere, NO);
}

#[test]
fn a_forbid_on_the_input_waits_for_the_input() {
    let policies = r#"
        permit(principal, action, resource);
        forbid(principal, action == Action::"createOrder", resource) when { context.input.total > 100 };
    "#;
    check(policies, &create(&[]), "deny: a policy forbids it by shop#2");
    check_unknown(policies, &create(&[]), "allow by shop#1");
}

#[test]
fn other_policies_decide_as_they_are_written() {
    let policies = r#"
        permit(principal, action == Action::"createOrder", resource) when { context.input.total <= 10 };
        forbid(principal, action in Action::"http", resource) when {
            context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))
        };
    "#;
    check_unknown(policies, &create(&[]).from("192.0.2.1"), "allow by shop#1");
    check_unknown(policies, &create(&[]).from("10.0.0.1"), "deny: a policy forbids it by shop#2");
    let purpose = r#"permit(principal, action, resource) when { context has purpose && context.purpose == "checkout" };"#;
    check_unknown(purpose, &create(&[]), NO);
    check_unknown(purpose, &create(&[]).purpose("checkout"), "allow by shop#1");
}

#[test]
fn calls_without_an_input_are_decided_plainly() {
    let policies = r#"
        permit(principal, action, resource) when { context has input && context.input.total <= 10 };
        permit(principal in Group::"staff", action == Action::"status", resource);
    "#;
    check_unknown(policies, &Call::status(user("bob", &["staff"])), "allow by shop#2");
    check_unknown(policies, &Call::status(user("bob", &[])), NO);
    check_unknown("permit(principal, action, resource);", &Call::upload(), "allow by shop#1");
}

#[test]
fn what_does_not_fit_is_denied_without_an_input_too() {
    let all = "permit(principal, action, resource);";
    let unfit = "deny: the request does not fit the policy schema";
    check_unknown(all, &create(&[]), "allow by shop#1");
    check_unknown(all, &create(&[]).purpose("fun"), unfit);
    check_unknown(all, &Call { resource: EntityName::new("Order", "42"), ..create(&[]) }, unfit);
    check_unknown(all, &Call { event: Call::upload().event, ..create(&[]) }, unfit);
}

#[test]
fn policies_on_a_payload_that_the_contract_lets_be_missing_err() {
    let missing = create(&["staff"]).input(Payload::Checked(None));
    let permits = r#"
        permit(principal, action == Action::"createOrder", resource) when { context.input.total <= 10 };
        permit(principal in Group::"staff", action, resource);
    "#;
    check(permits, &missing, "allow by shop#2, erring shop#1");
    let forbids = r#"
        permit(principal, action, resource);
        forbid(principal, action == Action::"createOrder", resource) when { context.input.total > 10 };
    "#;
    check(forbids, &missing, "deny: a forbidding policy could not be evaluated by shop#2, erring shop#2");
}
