//! Decisions that are kept, cut down to what policies read, and made again.

use doorward_model::{EntityName, Facts};
use doorward_policy::{
    CallShape, Decision, HttpShape, Policies, Redecider, Redecision, Sources, Unwritable, Vocabulary,
};
use expect_test::{Expect, expect};
use serde_json::json;

use crate::shop::{
    Call, ENTITIES, Payload, SCHEMA, action, compile, file, render, required, text, user, vocabulary,
};
use crate::{shadow, shop, stock};

/// The decision of `call`, and what is kept of it after it was written and read back.
fn record(policies: &Policies, call: &Call) -> (Decision, Option<Facts>) {
    call.question(|question| {
        let judgement = policies.judge(question);
        let facts = judgement.facts().unwrap().map(|facts| serde_json::to_string(&facts).unwrap());
        (judgement.decision, facts.map(|text| serde_json::from_str(&text).unwrap()))
    })
}

fn recording(policies: &str) -> Policies {
    let sources = Sources {
        policies: &[file("shop.cedar", policies)],
        schemas: &[file("shop.cedarschema", SCHEMA)],
        entities: Some(&file("entities.json", ENTITIES)),
        recorded: true,
        ..Sources::default()
    };
    Policies::compile(&sources, &vocabulary()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn calls() -> Vec<Call> {
    let mut calls = stock::calls();
    for groups in [&[][..], &["staff"], &["people"]] {
        let order = Call::create(user("bob", groups), json!({ "total": 1 }));
        for input in [Payload::Faulty, Payload::Absent, Payload::Checked(None)] {
            calls.push(order.clone().input(input));
        }
    }
    calls.push(Call::upload());
    calls
}

#[test]
fn a_decision_is_made_again_from_what_was_kept() {
    let policies = recording(stock::POLICIES);
    let redecider = Redecider::new(&policies);
    for call in calls() {
        let (decision, facts) = record(&policies, &call);
        let facts = facts.unwrap_or_else(|| panic!("{call:?}"));
        assert_eq!(redecider.redecide(&facts), Redecision::Told(decision), "{call:?}\n{facts:#?}");
    }
}

/// Other policies than those of the stock test, which read other things.
const OTHERS: &str = r#"
permit(principal in Group::"people", action, resource);
permit(principal is User, action == Action::"readOrder", resource) when {
    (if resource.owner has manager then resource.owner.manager else principal) == principal
};
permit(principal, action == Action::"createOrder", resource) when {
    context.input has tags && context.input.tags.contains("x") || context.input.total < 5
};
forbid(principal, action in Action::"http", resource) when { context.request == context.request && context has purpose };
forbid(principal is User, action, resource) when { principal.hasTag("site") && context.now > datetime("2027-01-01") };
forbid(principal, action == Action::"readOrder", resource) when { resource.owner has level && resource.owner.level > 2 };
permit(principal, action == Action::"receiptUploaded", resource) when { context.event.key like "inbox/*" };
"#;

#[test]
fn a_decision_is_made_by_the_candidates_from_what_was_kept_for_them() {
    let policies = shadow::compile(stock::POLICIES, OTHERS, None, true).unwrap();
    let others = compile(OTHERS).unwrap();
    let redecider = Redecider::new(&others);
    let mut effects = std::collections::BTreeSet::new();
    for call in calls() {
        let facts = record(&policies, &call).1.unwrap();
        let decision = call.ask(&others);
        effects.insert(format!("{:?}", decision.deny));
        assert_eq!(redecider.redecide(&facts), Redecision::Told(decision), "{call:?}\n{facts:#?}");
    }
    assert!(effects.len() >= 3, "{effects:?}");
}

#[test]
fn a_decision_is_made_again_or_it_is_not_told_but_never_otherwise() {
    let policies = recording(stock::POLICIES);
    let others: Vec<&str> = OTHERS.lines().filter(|line| !line.contains("context.request")).collect();
    let others = compile(&others.join("\n")).unwrap();
    let redecider = Redecider::new(&others);
    let (mut told, mut untold) = (0, 0);
    for call in calls() {
        let facts = record(&policies, &call).1.unwrap();
        match redecider.redecide(&facts) {
            Redecision::Told(decision) => {
                told += 1;
                assert_eq!(decision, call.ask(&others), "{call:?}\n{facts:#?}");
            }
            Redecision::Untold(paths) => {
                untold += 1;
                assert!(!paths.is_empty());
            }
            Redecision::Unreadable => panic!("{facts:#?}"),
        }
    }
    assert!(told > 10 && untold > 10, "{told} {untold}");
}

#[track_caller]
fn check_facts(policies: &str, call: &Call, expected: &Expect) {
    let (_, facts) = record(&recording(policies), call);
    let Facts { context, given, found, reads, .. } = facts.unwrap();
    let entities = |name: &str, all: &[serde_json::Value]| -> String {
        all.iter().map(|entity| format!("{name} {entity}\n")).collect()
    };
    let (given, found) = (entities("given", &given), entities("found", &found));
    let (context, reads) = (json!(context), json!(reads));
    expected.assert_eq(&format!("context {context}\n{given}{found}reads {reads}"));
}

#[test]
fn what_is_kept_is_what_policies_for_the_action_read() {
    let policies = r#"
        permit(principal, action == Action::"createOrder", resource) when {
            context.input.total <= 10 && context.input has note &&
            context.request has source_ip && context.request.source_ip.isLoopback()
        };
        permit(principal, action == Action::"readOrder", resource) when { context.request.path == "/" };
    "#;
    let input = json!({ "total": 7, "note": "SECRET", "gift": true, "tags": ["SECRET"] });
    let call = Call::create(user("ann", &["guests"]), input).from("192.0.2.7").purpose("checkout");
    check_facts(
        policies,
        &call,
        &expect![[r#"
            context {"input":{"note":{},"total":7},"now":{"__extn":{"fn":"datetime","arg":"2026-03-04T05:06:07.000Z"}},"purpose":"checkout","request":{"source_ip":{"__extn":{"fn":"ip","arg":"192.0.2.7"}}},"trust":"unproven"}
            given {"uid":{"type":"Function","id":"orders"},"attrs":{},"parents":[]}
            given {"uid":{"type":"User","id":"ann"},"attrs":{},"parents":[{"type":"Group","id":"guests"}]}
            found {"uid":{"type":"User","id":"ann"},"attrs":{},"parents":[{"type":"Group","id":"buyers"},{"type":"Group","id":"people"}]}
            reads {"context":{"m":{"input":{"m":{"note":{},"total":{"v":true}}},"now":{"v":true},"purpose":{"v":true},"request":{"m":{"source_ip":{"v":true}}},"trust":{"v":true}}}}"#]],
    );
}

#[test]
fn entities_are_kept_as_far_as_they_are_read() {
    let policy = r#"permit(principal, action == Action::"readOrder", resource) when {
        resource has owner && resource.owner has manager.level && principal in Group::"people"
    };"#;
    check_facts(
        policy,
        &Call::read(user("ann", &["staff"]), "42"),
        &expect![[r#"
            context {"now":{"__extn":{"fn":"datetime","arg":"2026-03-04T05:06:07.000Z"}},"trust":"unproven"}
            given {"uid":{"type":"Order","id":"42"},"attrs":{},"parents":[{"type":"Function","id":"orders"}]}
            given {"uid":{"type":"User","id":"ann"},"attrs":{},"parents":[{"type":"Group","id":"staff"}]}
            found {"uid":{"type":"Order","id":"42"},"attrs":{"owner":{"__entity":{"type":"User","id":"ann"}}},"parents":[]}
            found {"uid":{"type":"User","id":"ann"},"attrs":{"manager":{"__entity":{"type":"User","id":"max"}}},"parents":[{"type":"Group","id":"buyers"},{"type":"Group","id":"people"}]}
            found {"uid":{"type":"User","id":"max"},"attrs":{"level":{}},"parents":[]}
            reads {"principal":{"v":true,"i":true},"resource":{"m":{"owner":{"m":{"manager":{"m":{"level":{}}}}}}},"context":{"m":{"now":{"v":true},"purpose":{"v":true},"trust":{"v":true}}}}"#]],
    );
}

#[test]
fn what_linked_templates_read_is_known() {
    let template = r#"@id("t") permit(principal == ?principal, action in Action::"http", resource)
        when { context.request.method == "POST" };"#;
    let links = r#"[{"template_id": "t", "link_id": "ann", "args": {"?principal": "User::\"ann\""}}]"#;
    let sources = Sources {
        policies: &[file("shop.cedar", template)],
        links: Some(&file("links.json", links)),
        recorded: true,
        ..Sources::default()
    };
    let policies = Policies::compile(&sources, &vocabulary()).unwrap_or_else(|faults| panic!("{faults}"));
    let (decision, facts) = record(&policies, &Call::status(user("ann", &[])));
    let facts = facts.unwrap();
    assert_eq!(facts.context["request"], json!({ "method": "POST" }));
    assert_eq!(Redecider::new(&policies).redecide(&facts), Redecision::Told(decision));
}

#[test]
fn nothing_is_kept_unless_somebody_asked() {
    let call = Call::status(user("ann", &[]));
    assert_eq!(record(&compile(stock::POLICIES).unwrap(), &call).1, None);
    assert_eq!(record(&recording(stock::POLICIES), &call.purpose("fun")).1, None, "no policy saw it");
}

#[test]
fn what_has_no_json_form_is_said_to_have_none() {
    let odd =
        HttpShape { input: Some(shop::record([("__entity", required(text()))])), ..HttpShape::default() };
    let actions = vec![action("createOrder", &["User"], "Function", CallShape::Http(odd))];
    let sources = Sources { recorded: true, ..Sources::default() };
    let policies = Policies::compile(&sources, &Vocabulary { actions, ..Vocabulary::default() }).unwrap();
    let call = Call::create(user("ann", &[]), json!({ "__entity": "x" }));
    assert_eq!(call.question(|question| policies.judge(question).facts()), Err(Unwritable));
}

/// What `others` make of a call that was recorded under `policies`.
#[track_caller]
fn check_again(policies: &str, call: &Call, others: &str, expected: &str) {
    let facts = record(&recording(policies), call).1.unwrap();
    let others = compile(others).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(show(&Redecider::new(&others).redecide(&facts)), expected);
}

pub(crate) fn show(redecision: &Redecision) -> String {
    match redecision {
        Redecision::Told(decision) => render(decision),
        Redecision::Untold(paths) => format!("untold: {}", paths.join(", ")),
        Redecision::Unreadable => "unreadable".to_owned(),
    }
}

#[test]
fn anonymous_callers_are_named_again() {
    let named = "permit(principal is Anonymous, action, resource);";
    let everybody = "permit(principal, action, resource);";
    let call = Call::status(doorward_model::Principal::anonymous());
    let unnamed = "deny: no policy that permits it names `Anonymous` in its scope";
    check_again(named, &call, everybody, unnamed);
    check_again(everybody, &call, named, "allow by shop#1");
}

#[test]
fn what_was_not_kept_is_not_guessed() {
    let on_create = |condition: &str| {
        format!("permit(principal, action == Action::\"createOrder\", resource) when {{ {condition} }};")
    };
    let total = on_create("context.input.total <= 10");
    let call = Call::create(user("ann", &[]), json!({ "total": 7, "gift": true }));
    check_again(&total, &call, &on_create("context.input.total <= 5"), "deny: no policy permits it");
    check_again(
        &total,
        &call,
        &on_create("context.input has gift && context.input.gift"),
        "untold: context.input.gift",
    );
    check_again(&total, &call, &on_create("context has input"), "allow by shop#1");
    check_again(&total, &call, &on_create("context.input == context.input"), "untold: context.input");
    check_again(&total, &call, &on_create("[context].contains(context)"), "untold: context");
    check_again(&total, &call, &on_create("context.request.method == \"POST\""), "untold: context.request");
    check_again(
        &total,
        &call,
        &on_create("context.now < datetime(\"2027-01-01\") && !(context has purpose)"),
        "allow by shop#1",
    );
    let has = on_create("context.input has gift");
    check_again(&has, &call, &on_create("context.input has gift"), "allow by shop#1");
    check_again(
        &has,
        &call,
        &on_create("context.input has gift && context.input.gift"),
        "untold: context.input.gift",
    );
    let without = Call::create(user("ann", &[]), json!({ "total": 7 }));
    check_again(
        &has,
        &without,
        &on_create("context.input has gift && context.input.gift"),
        "deny: no policy permits it",
    );
    let whole = on_create("context.input == context.input");
    check_again(&whole, &call, &on_create("context.input has gift && context.input.gift"), "allow by shop#1");
    check_again(
        &whole,
        &call,
        &on_create("context.input has note && context.input.note == \"\""),
        "deny: no policy permits it",
    );
}

#[test]
fn policies_whose_scope_does_not_apply_need_nothing() {
    let call = Call::create(user("ann", &[]), json!({ "total": 7 }));
    let others = r#"
        permit(principal in Group::"buyers", action, resource);
        forbid(principal in Group::"guests", action == Action::"createOrder", resource) when { context.input.total > 1 };
    "#;
    check_again("", &call, others, "allow by shop#1");
    let guest = Call::create(user("ann", &["guests"]), json!({ "total": 7 }));
    check_again("", &guest, others, "untold: context.input");
}

#[test]
fn policies_that_are_left_open_need_nothing() {
    let call = Call::create(user("ann", &[]), json!({})).input(Payload::Faulty);
    let others =
        "permit(principal, action == Action::\"createOrder\", resource) when { context.input.total > 1 };";
    check_again("", &call, others, "allow by shop#1");
}

#[test]
fn entities_of_the_other_project_stand_as_they_are_there() {
    let call = Call::read(user("bob", &["guests"]), "42");
    let facts = record(&recording(""), &call).1.unwrap();
    let policy = r#"permit(principal in Group::"guests", action == Action::"readOrder", resource) when {
        resource.owner has level && resource.owner.level > 5
    };"#;
    check_again("", &call, policy, "deny: no policy permits it");
    let entities = ENTITIES.replace("\"level\": 3", "\"level\": 30");
    let sources = Sources {
        policies: &[file("shop.cedar", policy)],
        schemas: &[file("shop.cedarschema", SCHEMA)],
        entities: Some(&file("entities.json", &entities)),
        ..Sources::default()
    };
    let others = Policies::compile(&sources, &vocabulary()).unwrap();
    assert_eq!(show(&Redecider::new(&others).redecide(&facts)), "allow by shop#1");
}

#[test]
fn questions_that_the_other_project_does_not_have_are_denied_as_there() {
    let facts = record(&recording(""), &Call::status(user("ann", &[]))).1.unwrap();
    let policies = recording("permit(principal, action, resource);");
    let redecider = Redecider::new(&policies);
    let again = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts.clone();
        change(&mut facts);
        show(&redecider.redecide(&facts))
    };
    assert_eq!(again(&|_| {}), "allow by shop#1");
    assert_eq!(again(&|facts| facts.action = "stop".into()), "deny: the action is unknown");
    let unfit = "deny: the request does not fit the policy schema";
    assert_eq!(again(&|facts| facts.principal.type_name = "Robot".into()), unfit);
    assert_eq!(again(&|facts| facts.resource = EntityName::new("Order", "42")), unfit);
    let in_order = json!({ "uid": { "type": "User", "id": "ann" }, "attrs": {}, "parents": [{ "type": "Order", "id": "1" }] });
    assert_eq!(again(&|facts| facts.given = vec![in_order.clone()]), unfit);
    assert_eq!(again(&|facts| facts.given = vec![json!({ "uid": 1 })]), "unreadable");
    let stranger = json!({ "uid": { "type": "User", "id": "max" }, "attrs": {}, "parents": [] });
    assert_eq!(again(&|facts| facts.given = vec![stranger.clone()]), "unreadable");
    assert_eq!(again(&|facts| drop(facts.context.insert("x".into(), json!(null)))), "unreadable");
}

#[test]
fn a_record_of_before_there_were_trust_levels_tells_nothing_of_them() {
    let whole = "permit(principal, action, resource) when { [context].contains(context) };";
    let trusting = "permit(principal, action, resource); forbid(principal, action, resource) when { context.trust == \"unproven\" };";
    let mut facts = record(&recording(whole), &Call::status(user("ann", &[]))).1.unwrap();
    let (trusting, whole) = (compile(trusting).unwrap(), compile(whole).unwrap());
    assert_eq!(show(&Redecider::new(&trusting).redecide(&facts)), "deny: a policy forbids it by shop#2");
    facts.context.remove("trust").unwrap();
    for policies in [&trusting, &whole] {
        assert_eq!(show(&Redecider::new(policies).redecide(&facts)), "untold: context.trust");
    }
}
