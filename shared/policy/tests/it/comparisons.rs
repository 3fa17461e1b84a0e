//! Comparisons with words that a member of the context never has, which Cedar's validator takes for conditions that may hold.

use std::collections::BTreeMap;

use doorward_model::{EventKind, Fault, Field, Shape};
use doorward_policy::{CallShape, Candidate, HttpShape, Policies, SourceFile, Sources, Vocabulary};
use expect_test::{Expect, expect};

use crate::shop::{SCHEMA, action, file, optional, record, required, text};

const ANY: &str = "principal, action, resource";
const CREATE: &str = "principal, action == Action::\"createOrder\", resource";
const HTTP: &str = "principal, action in Action::\"http\", resource";

fn choice(values: &[&str]) -> Shape {
    Shape::Text { values: values.iter().map(|value| (*value).to_owned()).collect() }
}

fn http(input: Shape) -> CallShape {
    let methods = ["GET", "POST", "PATCH"].map(str::to_owned).into();
    CallShape::Http(HttpShape { methods, input: Some(input), ..HttpShape::default() })
}

fn event(kind: EventKind) -> CallShape {
    CallShape::Event { kind, claimed: BTreeMap::new(), input: None, omissions: Vec::new() }
}

/// Orders have a kind and tags; what is changed of one has a kind of other words, and a note in the place of the status.
fn vocabulary() -> Vocabulary {
    let order = |kinds: &[&str], status: Field| {
        let tags = Shape::List(Box::new(choice(&["gift", "fragile"])));
        let ship = record([("by", required(choice(&["air", "sea"])))]);
        let fields = [("kind", required(choice(kinds))), ("status", status), ("tags", required(tags))];
        let fields = fields.into_iter().chain([("ship", required(ship)), ("note", optional(text()))]);
        Shape::Record(fields.map(|(name, field)| (name.to_owned(), field)).collect())
    };
    let created = order(&["standard", "express"], required(choice(&["new"])));
    let changed = order(&["standard", "recurring"], required(text()));
    let invoked = HttpShape { invocation: true, connection: true, ..HttpShape::default() };
    Vocabulary {
        actions: vec![
            action("createOrder", &["User"], "Order", http(created)),
            action("changeOrder", &["User"], "Order", http(changed)),
            action("invoke", &["User"], "Function", CallShape::Http(invoked)),
            action("uploaded", &["EventSource"], "Function", event(EventKind::S3)),
            action("queued", &["EventSource"], "Function", event(EventKind::Sqs)),
            action("changed", &["EventSource"], "Function", event(EventKind::DynamoDb)),
        ],
        purposes: vec!["checkout".to_owned(), "analytics".to_owned()],
        ..Vocabulary::default()
    }
}

/// Faults and warnings, each a line with its hint.
fn told(policies: &[SourceFile], links: Option<&SourceFile>) -> String {
    let schemas = [file("shop.cedarschema", SCHEMA)];
    let sources = Sources { policies, links, schemas: &schemas, ..Sources::default() };
    let said =
        |word: &str, all: &[Fault]| all.iter().map(|fault| format!("{word} {fault}\n")).collect::<String>();
    match Policies::compile(&sources, &vocabulary()) {
        Ok(compiled) => said("warning:", compiled.warnings()),
        Err(faults) => said("fault:", &faults.0),
    }
}

#[track_caller]
fn check(policies: &str, expected: &Expect) {
    expected.assert_eq(&told(&[file("a.cedar", policies)], None));
}

/// `condition` of a `forbid` with this scope.
#[track_caller]
fn check_when(scope: &str, condition: &str, expected: &Expect) {
    check(&format!("forbid ({scope}) when {{\n{condition}\n}};"), expected);
}

/// Neither a fault nor a warning.
#[track_caller]
fn check_sound(scope: &str, condition: &str) {
    check(&format!("forbid ({scope}) when {{\n{condition}\n}};"), &expect![""]);
    check(&format!("permit ({scope}) unless {{\n{condition}\n}};"), &expect![""]);
}

#[test]
fn every_member_with_known_words_is_held_to_them() {
    check_when(
        ANY,
        "context.trust == \"verifed\"",
        &expect![[r#"
        fault: a.cedar:2:18: `context.trust` is never `verifed`: it is `unproven`, `attested` or `verified`
          hint: did you mean `verified`?
    "#]],
    );
    check_when(HTTP, "context.request.method == \"get\"", &expect![""]);
    check_when(
        HTTP,
        "context has purpose && context.purpose == \"statistics\"",
        &expect![[r#"
        fault: a.cedar:2:43: `context.purpose` is never `statistics`: it is `checkout` or `analytics`
    "#]],
    );
    check_when(
        CREATE,
        "context.input.kind == \"Express\"",
        &expect![[r#"
        fault: a.cedar:2:23: `context.input.kind` is never `Express`: it is `standard` or `express`
          hint: did you mean `express`?
    "#]],
    );
    check_when(
        CREATE,
        "context[\"input\"][\"ship\"].by == \"rail\"",
        &expect![[r#"
        fault: a.cedar:2:32: `context.input.ship.by` is never `rail`: it is `air` or `sea`
    "#]],
    );
    let invoke = "principal, action == Action::\"invoke\", resource";
    check_when(
        invoke,
        "context.request.invocation_type == \"DryRun\"",
        &expect![[r#"
        fault: a.cedar:2:36: `context.request.invocation_type` is never `DryRun`: it is `Event` or `RequestResponse`
    "#]],
    );
    check_when(
        invoke,
        "context.request.event_type == \"connect\"",
        &expect![[r#"
        fault: a.cedar:2:31: `context.request.event_type` is never `connect`: it is `CONNECT`, `MESSAGE` or `DISCONNECT`
          hint: did you mean `CONNECT`?
    "#]],
    );
    check_when(
        "principal, action in Action::\"events\", resource",
        "context.event.source == \"aws:sqs\"",
        &expect![[r#"
            fault: a.cedar:2:25: `context.event.source` is never `aws:sqs`: it is `s3`, `sqs`, `sns`, `eventbridge`, `schedule`, `dynamodb` or `kinesis`
        "#]],
    );
    let changed = "principal, action == Action::\"changed\", resource";
    check_when(
        changed,
        "context.event.type == \"DELETE\" || context.event.type == \"insert\"",
        &expect![[r#"
        fault: a.cedar:2:23: `context.event.type` is never `DELETE`: it is `INSERT`, `MODIFY` or `REMOVE`
        fault: a.cedar:2:57: `context.event.type` is never `insert`: it is `INSERT`, `MODIFY` or `REMOVE`
          hint: did you mean `INSERT`?
    "#]],
    );
}

#[test]
fn every_form_of_comparison_is_looked_at() {
    check_when(
        ANY,
        "\"verifed\" == context.trust",
        &expect![[r#"
        fault: a.cedar:2:1: `context.trust` is never `verifed`: it is `unproven`, `attested` or `verified`
          hint: did you mean `verified`?
    "#]],
    );
    check_when(
        ANY,
        "[\"verified\", \"atested\", \"\"].contains(context.trust)",
        &expect![[r#"
        fault: a.cedar:2:14: `context.trust` is never `atested`: it is `unproven`, `attested` or `verified`
          hint: did you mean `attested`?
        fault: a.cedar:2:25: `context.trust` is never ``: it is `unproven`, `attested` or `verified`
    "#]],
    );
    check_when(
        ANY,
        "[context.trust, \"x\"].contains(\"verifed\")",
        &expect![[r#"
        fault: a.cedar:2:31: `context.trust` is never `verifed`: it is `unproven`, `attested` or `verified`
          hint: did you mean `verified`?
    "#]],
    );
    check_when(
        CREATE,
        "context.input.tags.contains(\"gifts\")",
        &expect![[r#"
        fault: a.cedar:2:29: `context.input.tags` never holds `gifts`: each is `gift` or `fragile`
          hint: did you mean `gift`?
    "#]],
    );
    check_when(
        CREATE,
        "context.input.tags.containsAll([\"gift\", \"frail\"])",
        &expect![[r#"
        fault: a.cedar:2:41: `context.input.tags` never holds `frail`: each is `gift` or `fragile`
          hint: did you mean `fragile`?
    "#]],
    );
    check_when(
        CREATE,
        "[\"gifts\"].containsAny(context.input.tags)",
        &expect![[r#"
        fault: a.cedar:2:2: `context.input.tags` never holds `gifts`: each is `gift` or `fragile`
          hint: did you mean `gift`?
    "#]],
    );
    check_when(
        CREATE,
        "context.input.tags == [\"gift\", \"other\"]",
        &expect![[r#"
        fault: a.cedar:2:32: `context.input.tags` never holds `other`: each is `gift` or `fragile`
    "#]],
    );
    check_when(
        CREATE,
        "context.input.kind like \"exp*es\"",
        &expect![[r#"
        fault: a.cedar:2:1: `context.input.kind` is never like `exp*es`: it is `standard` or `express`
          hint: did you mean `express`?
    "#]],
    );
}

#[test]
fn every_place_in_a_condition_is_looked_at() {
    let wrong = "context.trust == \"none\"";
    for condition in [
        format!("context has input && ({wrong})"),
        format!("if {wrong} then true else false"),
        format!("if context.input has note then {wrong} else false"),
        format!("if context.input has note then true else {wrong}"),
        format!("({wrong}) == (context.input has note)"),
        format!("{{\"a\": {wrong}}}.a"),
        format!("[{wrong}].contains(true)"),
    ] {
        let told = told(&[file("a.cedar", &format!("forbid ({CREATE}) when {{ {condition} }};"))], None);
        assert!(told.contains("`context.trust` is never `none`"), "{condition}: {told}");
        assert_eq!(told.matches("is never").count(), 1, "{told}");
    }
}

/// What is of no use is warned of; what opens a door is a fault.
#[test]
fn what_a_word_opens_is_a_fault() {
    let severity = |policy: &str| {
        let told = told(&[file("a.cedar", policy)], None);
        told.split(':').next().unwrap_or_default().to_owned()
    };
    for (permit, condition) in [
        ("warning", "when { context.trust == \"x\" }"),
        ("fault", "when { context.trust != \"x\" }"),
        ("fault", "when { !(context.trust == \"x\") }"),
        ("warning", "when { !(context.trust != \"x\") }"),
        ("fault", "unless { context.trust == \"x\" }"),
        ("warning", "unless { context.trust != \"x\" }"),
        ("warning", "when { true } when { context.now == context.now && context.trust like \"x*\" }"),
        ("fault", "unless { context has purpose || [\"x\"].contains(context.trust) }"),
        ("warning", "when { if context has purpose then context.trust == \"x\" else true }"),
    ] {
        assert_eq!(severity(&format!("permit ({ANY}) {condition};")), permit, "{condition}");
        let forbid = if permit == "fault" { "warning" } else { "fault" };
        assert_eq!(severity(&format!("forbid ({ANY}) {condition};")), forbid, "{condition}");
    }
    // Whether these make a condition hold or not depends on another.
    for condition in ["if context.trust == \"x\" then true else false", "(context.trust == \"x\") == false"] {
        for effect in ["permit", "forbid"] {
            let policy = format!("{effect} ({ANY}) when {{ {condition} }};");
            assert_eq!(severity(&policy), "fault", "{policy}");
        }
    }
}

#[test]
fn words_of_one_action_are_none_of_anothers() {
    check_sound(
        "principal, action == Action::\"changeOrder\", resource",
        "context.input.kind == \"recurring\"",
    );
    check_when(
        CREATE,
        "context.input.kind == \"recurring\"",
        &expect![[r#"
        fault: a.cedar:2:23: `context.input.kind` is never `recurring`: it is `standard` or `express`
    "#]],
    );
    // Of all that the scope has a place for, one has it.
    check_sound(HTTP, "context has input && context.input.kind == \"recurring\"");
    check_when(
        HTTP,
        "context has input && context.input.kind == \"regular\"",
        &expect![[r#"
        fault: a.cedar:2:44: `context.input.kind` is never `regular`: it is `standard`, `recurring` or `express`
    "#]],
    );
    // One of them may be any text.
    check_sound(HTTP, "context has input && context.input.status == \"anything\"");
    check_sound("principal, action in Action::\"events\", resource", "context.event.type == \"DELETE\"");
}

#[test]
fn what_may_be_is_left_alone() {
    check_sound(ANY, "[\"verified\", \"attested\", \"unproven\"].contains(context.trust)");
    check_sound(ANY, "context.trust like \"*\" || context.trust like \"ver*ed\"");
    check_sound(HTTP, "context.request.method == \"PATCH\" || context.request.path == \"/any\"");
    check_sound(CREATE, "context.input has note && context.input.note == \"verifed\"");
    check_sound(CREATE, "context.input.kind == context.trust || context.input.kind == context.input.kind");
    check_sound(CREATE, "(if true then context.trust else \"x\") == \"x\"");
    check_sound(CREATE, "{\"trust\": \"x\"}.trust == \"x\" || {\"trust\": context}.trust.trust == \"x\"");
    check_sound(CREATE, "principal.hasTag(\"trust\") && principal.getTag(\"trust\") == \"x\"");
    check_sound(CREATE, "context.input.tags.isEmpty() || context.input.tags.containsAll([\"gift\"])");
    // Where no methods are stated, it may be any text.
    check_sound("principal, action == Action::\"invoke\", resource", "context.request.method == \"get\"");
}

#[test]
fn templates_candidates_and_all_files_are_looked_at() {
    let template =
        "@id(\"t\") permit (principal == ?principal, action, resource)\nunless { context.trust == \"low\" };";
    let links = file(
        "links.json",
        r#"[
            {"template_id": "t", "link_id": "a", "args": {"?principal": "User::\"ann\""}},
            {"template_id": "t", "link_id": "b", "args": {"?principal": "User::\"bob\""}}
        ]"#,
    );
    let other = "permit (principal, action, resource);\n\n// é\nforbid (principal, action, resource)\n  when { context.trust == \"un\\u{70}rove\" };";
    expect![[r#"
        fault: b.cedar:2:27: `context.trust` is never `low`: it is `unproven`, `attested` or `verified`
        fault: a.cedar:5:27: `context.trust` is never `unprove`: it is `unproven`, `attested` or `verified`
          hint: did you mean `unproven`?
    "#]]
    .assert_eq(&told(&[file("b.cedar", template), file("a.cedar", other)], Some(&links)));
    let policies = [file("next/shop.cedar", other)];
    let sources = Sources {
        candidate: Some(Candidate { policies: &policies, links: None }),
        schemas: &[file("shop.cedarschema", SCHEMA)],
        ..Sources::default()
    };
    expect![[r#"
        next/shop.cedar:5:27: `context.trust` is never `unprove`: it is `unproven`, `attested` or `verified`
          hint: did you mean `unproven`?"#]]
    .assert_eq(&Policies::compile(&sources, &vocabulary()).expect_err("faults").to_string());
}

#[test]
fn an_input_that_is_not_known_is_not_held_to_what_others_have() {
    let policy = format!(
        "forbid ({HTTP}) when {{ context has input && context.input.kind == \"x\" }};\nforbid ({HTTP}) when {{ context.trust == \"x\" }};"
    );
    let policies = [file("a.cedar", &policy)];
    let schemas = [file("shop.cedarschema", SCHEMA)];
    let sources = Sources { policies: &policies, schemas: &schemas, ..Sources::default() };
    let vocabulary = Vocabulary { inputs_unknown: true, ..vocabulary() };
    expect!["a.cedar:2:80: `context.trust` is never `x`: it is `unproven`, `attested` or `verified`"]
        .assert_eq(&Policies::compile(&sources, &vocabulary).expect_err("faults").to_string());
}
