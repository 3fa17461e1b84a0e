use std::fmt::Write as _;

use doorward_model::Principal;
use doorward_policy::{Clause, Connective, Explanation, Holds, Keyword, PolicyEffect};
use expect_test::{Expect, expect};
use serde_json::json;

use crate::shop::{Call, Payload, compile, compile_linked, render, user};

fn word(holds: &Holds) -> String {
    match holds {
        Holds::Yes => "yes".to_owned(),
        Holds::No => "no".to_owned(),
        Holds::Error(cause) => format!("error: {cause}"),
        Holds::NotReached => "not reached".to_owned(),
        Holds::Open => "open".to_owned(),
    }
}

fn show(Explanation { decision, applicable }: &Explanation) -> String {
    let mut shown = render(decision);
    for policy in applicable {
        let effect = match policy.effect {
            PolicyEffect::Permit => "permit",
            PolicyEffect::Forbid => "forbid",
        };
        let _ = write!(shown, "\n{effect} {}: {}", policy.id, word(&policy.holds));
        for Clause { keyword, connective, parts } in &policy.clauses {
            let keyword = if *keyword == Keyword::When { "when" } else { "unless" };
            let joined = if *connective == Connective::And { "all" } else { "one" };
            let _ = write!(shown, "\n  {keyword} {joined} of");
            for part in parts {
                let _ = write!(shown, "\n    {}: `{}`: {}", part.line, part.text, word(&part.holds));
            }
        }
    }
    shown
}

#[track_caller]
fn check(policies: &str, call: &Call, expected: Expect) {
    let policies = compile(policies).unwrap_or_else(|faults| panic!("{faults}"));
    let explanation = call.question(|question| policies.explain(question));
    expected.assert_eq(&show(&explanation));
    assert_eq!(explanation.decision, call.ask(&policies), "an explanation decides nothing else");
    let applicable: Vec<&str> = explanation.applicable.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(call.question(|question| policies.applicable(question).join(" ")), applicable.join(" "));
}

const POLICIES: &str = r#"// Who may order.
permit (principal in Group::"buyers", action == Action::"createOrder", resource)
when {
  context.input.total <= 10 && // small
  context.input has gift &&
  context.input.gift
} unless { principal in Group::"guests" || context has purpose };
permit (principal in Group::"staff", action in Action::"http", resource);
forbid (principal, action, resource is Order);
forbid (principal is User, action, resource in Function::"orders")
when { principal has level && principal.level + 1 > 5 };
permit (principal, action == Action::"receiptUploaded", resource) when { context.event has size && context.event.size < 10 };
"#;

#[test]
fn the_part_that_does_not_hold_is_named() {
    let ann = || user("ann", &[]);
    check(
        POLICIES,
        &Call::create(ann(), json!({ "total": 11, "gift": true })),
        expect![[r#"
        deny: no policy permits it
        permit shop#1: no
          when all of
            4: `context.input.total <= 10`: no
            5: `context.input has gift`: not reached
            6: `context.input.gift`: not reached
          unless one of
            7: `principal in Group::"guests"`: not reached
            7: `context has purpose`: not reached
        forbid shop#4: no
          when all of
            11: `principal has level`: yes
            11: `principal.level + 1 > 5`: no"#]],
    );
    check(
        POLICIES,
        &Call::create(ann(), json!({ "total": 10 })),
        expect![[r#"
        deny: no policy permits it
        permit shop#1: no
          when all of
            4: `context.input.total <= 10`: yes
            5: `context.input has gift`: no
            6: `context.input.gift`: not reached
          unless one of
            7: `principal in Group::"guests"`: not reached
            7: `context has purpose`: not reached
        forbid shop#4: no
          when all of
            11: `principal has level`: yes
            11: `principal.level + 1 > 5`: no"#]],
    );
    check(
        POLICIES,
        &Call::create(ann(), json!({ "total": 10, "gift": true })).purpose("checkout"),
        expect![[r#"
            deny: no policy permits it
            permit shop#1: no
              when all of
                4: `context.input.total <= 10`: yes
                5: `context.input has gift`: yes
                6: `context.input.gift`: yes
              unless one of
                7: `principal in Group::"guests"`: no
                7: `context has purpose`: yes
            forbid shop#4: no
              when all of
                11: `principal has level`: yes
                11: `principal.level + 1 > 5`: no"#]],
    );
    check(
        POLICIES,
        &Call::create(ann(), json!({ "total": 10, "gift": true })),
        expect![[r#"
        allow by shop#1
        permit shop#1: yes
          when all of
            4: `context.input.total <= 10`: yes
            5: `context.input has gift`: yes
            6: `context.input.gift`: yes
          unless one of
            7: `principal in Group::"guests"`: no
            7: `context has purpose`: no
        forbid shop#4: no
          when all of
            11: `principal has level`: yes
            11: `principal.level + 1 > 5`: no"#]],
    );
}

#[test]
fn only_policies_whose_scope_applies_are_explained() {
    check(POLICIES, &Call::status(Principal::anonymous()), expect!["deny: no policy permits it"]);
    check(
        POLICIES,
        &Call::upload(),
        expect![[r#"
        deny: no policy permits it
        permit shop#5: no
          when all of
            12: `context.event has size`: yes
            12: `context.event.size < 10`: no"#]],
    );
    check(
        POLICIES,
        &Call::read(user("max", &["staff"]), "42"),
        expect![[r#"
        deny: a policy forbids it by shop#3, erring shop#4
        permit shop#2: yes
        forbid shop#3: yes
        forbid shop#4: error: integer overflow while attempting to add the values `9223372036854775807` and `1`
          when all of
            11: `principal has level`: yes
            11: `principal.level + 1 > 5`: error: integer overflow while attempting to add the values `9223372036854775807` and `1`"#]],
    );
}

#[test]
fn a_policy_that_reads_an_unknown_input_is_left_open() {
    let call = Call::create(user("ann", &[]), json!({}));
    check(
        POLICIES,
        &call.clone().input(Payload::Absent),
        expect![[r#"
        allow by shop#1
        permit shop#1: open
        forbid shop#4: no
          when all of
            11: `principal has level`: yes
            11: `principal.level + 1 > 5`: no"#]],
    );
    check(
        POLICIES,
        &call.input(Payload::Checked(None)),
        expect![[r#"
            deny: no policy permits it, and a permitting policy could not be evaluated, erring shop#1
            permit shop#1: error: record does not have the attribute `input`
              when all of
                4: `context.input.total <= 10`: error: record does not have the attribute `input`
                5: `context.input has gift`: not reached
                6: `context.input.gift`: not reached
              unless one of
                7: `principal in Group::"guests"`: not reached
                7: `context has purpose`: not reached
            forbid shop#4: no
              when all of
                11: `principal has level`: yes
                11: `principal.level + 1 > 5`: no"#]],
    );
}

#[test]
fn a_question_that_does_not_fit_is_seen_by_no_policy() {
    check(
        POLICIES,
        &Call::create(user("ann", &[]), json!({ "total": "much" })),
        expect!["deny: the request does not fit the policy schema"],
    );
}

#[test]
fn a_link_is_explained_by_its_templates_text() {
    let template = "\n\n@id(\"of\") permit(principal in ?principal, action in Action::\"http\", resource)\nwhen { context.request.method == \"GET\" };";
    let links = r#"[{"template_id": "of", "link_id": "staff", "args": {"?principal": "Group::\"staff\""}}]"#;
    let policies = compile_linked(template, Some(links)).unwrap_or_else(|faults| panic!("{faults}"));
    let explanation = Call::status(user("max", &["staff"])).question(|question| policies.explain(question));
    expect![[r#"
        deny: no policy permits it
        permit staff: no
          when all of
            4: `context.request.method == "GET"`: no"#]]
    .assert_eq(&show(&explanation));
    assert_eq!(policies.ids(), ["staff"]);
    let source = policies.source("staff").unwrap();
    assert_eq!((source.place.file.as_str(), source.place.line), ("links.json", 1));
    assert!(source.text.starts_with("@id(\"of\") permit"), "{source:?}");
    assert_eq!(policies.source("of"), None, "a template is no policy");
}

#[test]
fn a_policy_is_found_where_it_stands() {
    let policies = compile(POLICIES).unwrap();
    assert_eq!(policies.ids(), ["shop#1", "shop#2", "shop#3", "shop#4", "shop#5"]);
    let source = policies.source("shop#4").unwrap();
    assert_eq!((source.place.file.as_str(), source.place.line), ("policies/shop.cedar", 10));
    assert!(
        source.text.starts_with("forbid (principal is User") && source.text.ends_with("};"),
        "{source:?}"
    );
    assert_eq!(policies.source("shop#6"), None);
}
