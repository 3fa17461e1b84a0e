//! The candidate set: decided from the same question, and noted where its effect is another.

use doorward_model::Faults;
use doorward_policy::{Candidate, Policies, SourceFile, Sources};
use expect_test::expect;
use serde_json::json;

use crate::shop::{Call, ENTITIES, Payload, SCHEMA, file, render, user, vocabulary};

/// The shop with `active` policies in force and `candidate` beside them.
pub fn compile(
    active: &str,
    candidate: &str,
    links: Option<&SourceFile>,
    recorded: bool,
) -> Result<Policies, Faults> {
    let sources = Sources {
        policies: &[file("shop.cedar", active)],
        candidate: Some(Candidate { policies: &[file("candidate/shop.cedar", candidate)], links }),
        schemas: &[file("shop.cedarschema", SCHEMA)],
        entities: Some(&file("entities.json", ENTITIES)),
        recorded,
        ..Sources::default()
    };
    Policies::compile(&sources, &vocabulary())
}

#[track_caller]
fn check(active: &str, candidate: &str, call: &Call, decision: &str, shadow: Option<&str>) {
    let policies = compile(active, candidate, None, false).unwrap_or_else(|faults| panic!("{faults}"));
    let (decided, noted) = call.question(|question| {
        let judgement = policies.judge(question);
        (judgement.decision, judgement.shadow)
    });
    assert_eq!(decided, call.ask(&policies), "the candidate is never enforced");
    assert_eq!(render(&decided), decision);
    let noted =
        noted.map(|note| format!("{:?} by {:?}, erring {:?}", note.effect, note.policies, note.errors));
    assert_eq!(noted.as_deref(), shadow);
}

const ALL: &str = "permit(principal, action, resource);";
const NONE: &str = "";

#[test]
fn only_another_effect_is_a_difference() {
    let call = Call::status(user("ann", &[]));
    check(ALL, ALL, &call, "allow by shop#1", None);
    check(
        ALL,
        "permit(principal is User, action, resource);\npermit(principal, action, resource);",
        &call,
        "allow by shop#1",
        None,
    );
    check(ALL, NONE, &call, "allow by shop#1", Some("Deny by [], erring []"));
    check(NONE, ALL, &call, "deny: no policy permits it", Some(r#"Allow by ["shop#1"], erring []"#));
    let forbids = "permit(principal, action, resource);\n@id(\"closed\") forbid(principal, action == Action::\"status\", resource);";
    check(ALL, forbids, &call, "allow by shop#1", Some(r#"Deny by ["closed"], erring []"#));
    check(NONE, forbids, &call, "deny: no policy permits it", None);
}

#[test]
fn the_candidate_is_closed_as_the_others_are() {
    let errs = "permit(principal, action, resource);\nforbid(principal, action == Action::\"readOrder\", resource) when { resource.owner == principal };";
    check(
        ALL,
        errs,
        &Call::read(user("ann", &[]), "new"),
        "allow by shop#1",
        Some(r#"Deny by ["shop#2"], erring ["shop#2"]"#),
    );
}

#[test]
fn candidates_name_anonymous_callers_too() {
    let call = Call::status(doorward_model::Principal::anonymous());
    let unnamed = "deny: no policy that permits it names `Anonymous` in its scope";
    check(ALL, ALL, &call, unnamed, None);
    let named = "permit(principal is Anonymous, action, resource);";
    check(ALL, named, &call, unnamed, Some(r#"Allow by ["shop#1"], erring []"#));
    check(named, ALL, &call, "allow by shop#1", Some("Deny by [], erring []"));
}

#[test]
fn entities_are_loaded_as_deep_as_the_candidate_reads() {
    let deep = "permit(principal, action == Action::\"readOrder\", resource) when { resource.owner has manager.level && resource.owner.manager.level > 5 };";
    let call = Call::read(user("bob", &[]), "42");
    check(NONE, deep, &call, "deny: no policy permits it", Some(r#"Allow by ["shop#1"], erring []"#));
    check(deep, NONE, &call, "allow by shop#1", Some("Deny by [], erring []"));
    let depth = |active, candidate| compile(active, candidate, None, false).unwrap().depth();
    assert_eq!((depth(ALL, ALL), depth(ALL, deep), depth(deep, ALL)), (1, 3, 3));
}

#[test]
fn an_unknown_input_leaves_candidates_open_too() {
    let small =
        "permit(principal, action == Action::\"createOrder\", resource) when { context.input.total <= 10 };";
    let never =
        "forbid(principal, action == Action::\"createOrder\", resource) when { context.input.total > 0 };";
    let both = format!("{ALL}\n{never}");
    let order = Call::create(user("ann", &[]), json!({ "total": 11 }));
    check(ALL, small, &order, "allow by shop#1", Some("Deny by [], erring []"));
    check(ALL, &both, &order, "allow by shop#1", Some(r#"Deny by ["shop#2"], erring []"#));
    for unknown in [Payload::Absent, Payload::Faulty] {
        check(ALL, small, &order.clone().input(unknown.clone()), "allow by shop#1", None);
        check(ALL, &both, &order.clone().input(unknown), "allow by shop#1", None);
    }
}

#[test]
fn a_question_that_no_policy_sees_has_no_shadow() {
    check(
        NONE,
        ALL,
        &Call::status(user("ann", &[])).purpose("fun"),
        "deny: the request does not fit the policy schema",
        None,
    );
}

#[test]
fn candidates_are_checked_like_policies_in_force_and_may_have_their_ids() {
    let same = "@id(\"a\") permit(principal, action, resource);";
    assert_eq!(compile(same, same, None, false).unwrap().candidate_count(), Some(1));
    expect![[r#"
        shop.cedar:1:26: unexpected token `,`: expected `)` or identifier
        candidate/shop.cedar:1:69: for policy `shop#1`, attribute `input.totel` in context for Action::"createOrder" not found
          hint: did you mean `total`?
        candidate/shop.cedar:2:1: the policy id `shop#1` is used twice
          hint: give one of them another id
          see: candidate/shop.cedar:1:1"#]]
    .assert_eq(
        &compile(
            "permit(principal, action,,resource);",
            "permit(principal, action == Action::\"createOrder\", resource) when { context.input.totel <= 1 };\n@id(\"shop#1\") permit(principal, action, resource);",
            None,
            false,
        )
        .expect_err("faults")
        .to_string(),
    );
}

#[test]
fn candidates_have_links_of_their_own() {
    let template = "@id(\"readers\") permit(principal == ?principal, action, resource);";
    let links = file(
        "candidate/links.json",
        r#"[{"template_id": "readers", "link_id": "ann", "args": {"?principal": "User::\"ann\""}}]"#,
    );
    let policies = compile(NONE, template, Some(&links), false).unwrap();
    let shadow = Call::status(user("ann", &[])).question(|question| policies.judge(question).shadow);
    assert_eq!(shadow.unwrap().policies, ["ann"]);
    let unlinked = compile(NONE, template, None, false).expect_err("nothing links it").to_string();
    assert!(
        unlinked.starts_with("candidate/shop.cedar:1:1: the template `readers` decides nothing"),
        "{unlinked}"
    );
}
