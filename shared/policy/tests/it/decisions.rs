use doorward_model::{EntityName, Principal};
use serde_json::json;

use crate::shop::{Call, check, user};

const NO: &str = "deny: no policy permits it";
const UNFIT: &str = "deny: the request does not fit the policy schema";

#[test]
fn nothing_is_permitted_by_default() {
    check("", &Call::status(user("ann", &[])), NO);
}

#[test]
fn a_role_is_a_group() {
    let policy = r#"permit(principal in Group::"staff", action == Action::"status", resource);"#;
    check(policy, &Call::status(user("bob", &["staff"])), "allow by shop#1");
    check(policy, &Call::status(user("bob", &["buyers"])), NO);
    check(policy, &Call::status(user("bob", &[])), NO);
}

#[test]
fn groups_of_the_file_and_of_the_request_add_up() {
    let people = r#"permit(principal in Group::"people", action, resource);"#;
    check(people, &Call::status(user("ann", &[])), "allow by shop#1");
    check(people, &Call::status(user("bob", &["staff"])), "allow by shop#1");
    check(people, &Call::status(user("bob", &["unknown"])), NO);
    let both =
        r#"permit(principal in Group::"buyers", action, resource) when { principal in Group::"guests" };"#;
    check(both, &Call::status(user("ann", &["guests"])), "allow by shop#1");
    check(both, &Call::status(user("ann", &[])), NO);
}

#[test]
fn attributes_and_tags_of_the_file_survive_groups_of_the_request() {
    let policy = r#"permit(principal is User, action, resource) when {
        principal has level && principal.level == 3 && principal.hasTag("site") && principal.getTag("site") == "north"
    };"#;
    check(policy, &Call::status(user("ann", &["guests", "buyers"])), "allow by shop#1");
    check(policy, &Call::status(user("bob", &["guests"])), NO);
}

#[test]
fn an_owner_is_known_from_the_file() {
    let policy = r#"permit(principal is User, action == Action::"readOrder", resource) when { resource.owner == principal };"#;
    check(policy, &Call::read(user("ann", &[]), "42"), "allow by shop#1");
    check(policy, &Call::read(user("bob", &[]), "42"), NO);
    check(
        policy,
        &Call::read(user("ann", &[]), "43"),
        "deny: a policy could not be evaluated: it reads an entity that nothing describes, erring shop#1",
    );
}

#[test]
fn references_are_followed_as_deep_as_policies_read() {
    let policy = r#"permit(principal, action == Action::"readOrder", resource) when {
        resource.owner has manager && resource.owner.manager has level && resource.owner.manager.level > 5
    };"#;
    check(policy, &Call::read(user("bob", &[]), "42"), "allow by shop#1");
    let owner = r#"permit(principal, action == Action::"readOrder", resource) when { resource.owner in Group::"people" };"#;
    check(owner, &Call::read(user("bob", &[]), "42"), "allow by shop#1");
}

#[test]
fn a_resource_is_in_its_function() {
    let policy = r#"permit(principal, action, resource in Function::"orders");"#;
    check(policy, &Call::read(user("bob", &[]), "42"), "allow by shop#1");
    check(policy, &Call::read(user("bob", &[]), "new"), "allow by shop#1");
    check(policy, &Call::status(user("bob", &[])), "allow by shop#1");
    check(policy, &Call { parents: Vec::new(), ..Call::read(user("bob", &[]), "42") }, NO);
}

#[test]
fn amounts_are_read_from_the_input() {
    let policy =
        r#"permit(principal, action == Action::"createOrder", resource) when { context.input.total <= 10 };"#;
    check(policy, &Call::create(user("ann", &[]), json!({"total": 10})), "allow by shop#1");
    check(policy, &Call::create(user("ann", &[]), json!({"total": 11})), NO);
    check(policy, &Call::create(user("ann", &[]), json!({"total": "10"})), UNFIT);
    check(policy, &Call::create(user("ann", &[]), json!({})), UNFIT);
}

#[test]
fn decimals_are_never_rounded() {
    let policy = r#"permit(principal, action == Action::"createOrder", resource) when {
        context.input has discount && context.input.discount.lessThan(decimal("0.25"))
    };"#;
    let call = |discount| Call::create(user("ann", &[]), json!({"total": 1, "discount": discount}));
    check(policy, &call(json!(0.2499)), "allow by shop#1");
    check(policy, &call(json!(0)), "allow by shop#1");
    check(policy, &call(json!(0.25)), NO);
    let beyond = "deny: policies read `/discount` of the payload, which holds more than Cedar can";
    check(policy, &call(json!(0.24999)), beyond);
    check(policy, &call(json!(1e300)), beyond);
    check(policy, &call(json!("0.2")), UNFIT);
}

#[test]
fn a_number_beyond_cedars_that_no_policy_reads_is_left_out() {
    let call = |discount| Call::create(user("ann", &[]), json!({"total": 1, "discount": discount}));
    let policy =
        r#"permit(principal, action == Action::"createOrder", resource) when { context.input.total <= 10 };"#;
    check(policy, &call(json!(0.24999)), "allow by shop#1");
}

#[test]
fn null_is_absence_and_unknown_members_are_not_seen() {
    let policy =
        r#"permit(principal, action == Action::"createOrder", resource) when { !(context.input has note) };"#;
    let call = |input| Call::create(user("ann", &[]), input);
    check(policy, &call(json!({"total": 1, "note": null})), "allow by shop#1");
    check(policy, &call(json!({"total": 1, "extra": {"a": 1}, "other": []})), "allow by shop#1");
    check(policy, &call(json!({"total": 1, "note": "x"})), NO);
    check(policy, &call(json!({"total": null})), UNFIT);
}

#[test]
fn lists_are_sets() {
    let policy = r#"permit(principal, action == Action::"createOrder", resource) when {
        context.input has tags && context.input.tags.contains("fragile")
        && context.input has items && context.input.items.contains({"sku": "a", "quantity": 2})
    };"#;
    let items = json!([{"sku": "b", "quantity": 1}, {"sku": "a", "quantity": 2}]);
    let call = |tags| Call::create(user("ann", &[]), json!({"total": 1, "tags": tags, "items": items}));
    check(policy, &call(json!(["x", "fragile"])), "allow by shop#1");
    check(policy, &call(json!([])), NO);
}

#[test]
fn a_forbid_wins() {
    let policies = r#"
        @id("everybody") permit(principal, action, resource);
        @id("not from here") forbid(principal, action in Action::"http", resource) when {
            context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))
        };
    "#;
    check(policies, &Call::status(user("ann", &[])).from("192.0.2.1"), "allow by everybody");
    check(
        policies,
        &Call::status(user("ann", &[])).from("10.1.2.3"),
        "deny: a policy forbids it by not from here",
    );
    check(
        policies,
        &Call::status(user("ann", &[])).from("::ffff:10.1.2.3"),
        "deny: a policy forbids it by not from here",
    );
    check(policies, &Call::upload(), "allow by everybody");
}

const OVERFLOW: &str =
    "principal has manager && principal.manager has level && principal.manager.level + 1 > 0";

#[test]
fn an_erring_forbid_denies() {
    let policies = format!(
        "permit(principal, action, resource);
         forbid(principal is User, action, resource) when {{ {OVERFLOW} }};"
    );
    let expected = "deny: a forbidding policy could not be evaluated by shop#2, erring shop#2";
    check(&policies, &Call::status(user("ann", &[])), expected);
    check(&policies, &Call::status(user("bob", &[])), "allow by shop#1");
}

#[test]
fn a_satisfied_forbid_is_the_reason_beside_an_erring_one() {
    let policies = format!(
        "forbid(principal, action, resource);
         forbid(principal is User, action, resource) when {{ {OVERFLOW} }};"
    );
    check(&policies, &Call::status(user("ann", &[])), "deny: a policy forbids it by shop#1, erring shop#2");
}

#[test]
fn an_erring_permit_is_listed() {
    let policies = format!(
        "permit(principal is User, action, resource) when {{ {OVERFLOW} }};
         permit(principal, action, resource);"
    );
    check(&policies, &Call::status(user("ann", &[])), "allow by shop#2, erring shop#1");
}

#[test]
fn anonymous_callers_are_permitted_by_name_or_type() {
    let users = "permit(principal is User, action, resource);";
    check(users, &Call::status(Principal::anonymous()), NO);
    let anonymous = r#"permit(principal == Anonymous::"anonymous", action == Action::"status", resource);"#;
    check(anonymous, &Call::status(Principal::anonymous()), "allow by shop#1");
    check(anonymous, &Call::status(user("anonymous", &[])), NO);
}

/// A policy for everybody was written for callers who are known.
#[test]
fn anonymous_callers_are_not_everybody() {
    let unnamed = "deny: no policy that permits it names `Anonymous` in its scope";
    let call = || Call::status(Principal::anonymous());
    check("permit(principal, action, resource);", &call(), unnamed);
    check("permit(principal, action, resource);", &Call::status(user("ann", &[])), "allow by shop#1");
    check("permit(principal, action, resource) when { principal is Anonymous };", &call(), unnamed);
    check(r#"permit(principal in Anonymous::"anonymous", action, resource);"#, &call(), unnamed);
    check("permit(principal, action, resource) when { principal is User };", &call(), NO);
    let both = "permit(principal, action, resource); permit(principal is Anonymous, action, resource);";
    check(both, &call(), "allow by shop#1 shop#2");
    let condition = |condition: &str| {
        format!(
            "permit(principal, action, resource); permit(principal is Anonymous, action, resource) when {{ {condition} }};"
        )
    };
    let method = |method: &str| condition(&format!("context.request.method == \"{method}\""));
    check(&method("POST"), &call(), "allow by shop#1 shop#2");
    check(&method("PUT"), &call(), unnamed);
    let forbid = format!("{both} forbid(principal, action, resource);");
    check(&forbid, &call(), "deny: a policy forbids it by shop#3");
}

#[test]
fn the_purpose_is_a_declared_one() {
    let policy = r#"permit(principal, action, resource) when { context has purpose && context.purpose == "checkout" };"#;
    check(policy, &Call::status(user("ann", &[])).purpose("checkout"), "allow by shop#1");
    check(policy, &Call::status(user("ann", &[])).purpose("analytics"), NO);
    check(policy, &Call::status(user("ann", &[])), NO);
    check(policy, &Call::status(user("ann", &[])).purpose("fun"), UNFIT);
}

#[test]
fn the_time_and_the_request_are_read() {
    let policy = r#"permit(principal, action in Action::"http", resource) when {
        context.now.toDate() == datetime("2026-03-04") && context.now < datetime("2026-03-04T05:06:07.001Z")
        && context.request.method == "POST" && context.request.path like "/orders*"
    };"#;
    check(policy, &Call::status(user("ann", &[])), "allow by shop#1");
}

#[test]
fn events_have_a_context_of_their_own() {
    let policy = r#"permit(principal == EventSource::"receipts", action in Action::"events", resource == Function::"receipts") when {
        context.event.source == "s3" && context.event.type like "ObjectCreated:*" && context.event.region == "eu-central-1"
        && context.event has account && context.event.account == "123456789012"
        && context.event.bucket == "receipts" && context.event.key like "inbox/*"
        && context.event has size && context.event.size < 4096 && !(context.event has version)
    };"#;
    check(policy, &Call::upload(), "allow by shop#1");
}

#[test]
fn what_does_not_fit_is_denied() {
    let all = "permit(principal, action, resource);";
    let status = || Call::status(user("ann", &[]));
    check(all, &status(), "allow by shop#1");
    check(all, &Call { action: "unknown".to_owned(), ..status() }, "deny: the action is unknown");
    check(all, &Call { action: "http".to_owned(), ..status() }, "deny: the action is unknown");
    check(all, &Call { action: "readOrder".to_owned(), ..status() }, UNFIT);
    check(all, &Call { resource: EntityName::new("Nothing", "x"), ..status() }, UNFIT);
    check(all, &Call { parents: vec![EntityName::new("Group", "x")], ..status() }, UNFIT);
    check(all, &Call { event: Call::upload().event, ..status() }, UNFIT);
    check(all, &Call { event: None, ..Call::upload() }, UNFIT);
    check(all, &Call { action: "createOrder".to_owned(), ..Call::status(Principal::anonymous()) }, UNFIT);
    let mut stranger = user("ann", &[]);
    stranger.parents.push(EntityName::new("Function", "orders"));
    check(all, &Call::status(stranger), UNFIT);
    let mut anonymous = Principal::anonymous();
    anonymous.parents.push(EntityName::new("Group", "staff"));
    check(all, &Call::status(anonymous), UNFIT);
}

#[test]
fn hostile_names_stay_names() {
    let policy = r#"permit(principal == User::"ann", action, resource);"#;
    for name in ["", "ann\"", "ann\" || true", "ann\\", "ann\0", "Ann", "ann\u{200b}", "ａnn"] {
        check(policy, &Call::status(user(name, &[])), NO);
    }
    let staff = r#"permit(principal in Group::"staff", action, resource);"#;
    check(staff, &Call::status(user("bob", &["staff\"", "Group::\"staff\"", ""])), NO);
}
