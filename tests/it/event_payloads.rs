//! Contracts on what events of every source tell, as policies read it.

use std::fmt::Write as _;

use crate::policy_tests::{doorward, said};

/// A source, its front, a pattern that its events fit, and a payload as its sample states it.
const SOURCES: [(&str, &str, &str, &str); 6] = [
    ("sqs", "queue:inbox", "queue = \"inbox\"", "{ n = N }"),
    ("sns", "topic:inbox", "topic = \"inbox\"", "{ n = N }"),
    ("eventbridge", "bus:123456789012", "event = \"*\"", "{ n = N }"),
    ("schedule", "schedule:nightly", "schedule = \"nightly\"", "{ n = N }"),
    ("kinesis", "stream:inbox", "stream = \"inbox\"", "{ n = N }"),
    ("dynamodb", "table:inbox", "table = \"inbox\"", "{ Keys = { id = \"1\" }, NewImage = { n = N } }"),
];

const NUMBER: &str =
    r#"{ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer", "maximum": 9 } } }"#;

/// What a table says of a change.
const IMAGE: &str = r#"{ "type": "object", "required": ["Keys", "NewImage"], "properties": { "NewImage": {
  "type": "object", "required": ["n"], "properties": { "n": { "type": "integer", "maximum": 9 } } } } }"#;

#[test]
fn the_payload_of_every_source_is_held_to_its_contract_and_typed_for_policies() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, mut policies, mut tests) = (String::new(), String::new(), String::new());
    let fronts: Vec<String> = SOURCES.iter().map(|(_, front, ..)| format!("{front:?}")).collect();
    let _ = write!(config, "fronts = [{}]\n[door]\nname = \"d\"\ntable = \"t\"\n", fronts.join(", "));
    config.push_str("[[targets]]\nname = \"worker\"\nlambda = \"worker\"\n");
    for (source, _, matched, payload) in SOURCES {
        let (schema, read) = match source {
            "dynamodb" => ("image.json", "context.input.NewImage.n"),
            _ => ("number.json", "context.input.n"),
        };
        let _ = write!(
            config,
            "[[events]]\nid = \"{source}Came\"\nsource = \"{source}\"\nmatch = {{ {matched} }}\ntarget = \"worker\"\ncontract = \"{schema}\"\n"
        );
        let _ = writeln!(
            policies,
            "permit (principal, action == Action::\"{source}Came\", resource) when {{ {read} == 1 }};"
        );
        let mut sample = |name: &str, payload: &str, expected: &str| {
            let told = match matched.contains("event") {
                true => String::new(),
                false => format!("{matched}, "),
            };
            let _ = writeln!(
                tests,
                "[[tests]]\nname = \"{source}: {name}\"\nevent = {{ source = \"{source}\", {told}payload = {payload} }}\n{expected}\n"
            );
        };
        sample("kept", &payload.replace('N', "1").replace("1ewImage", "NewImage"), "decision = \"allow\"");
        sample("denied", &payload.replace('N', "2").replace("2ewImage", "NewImage"), "decision = \"deny\"");
        sample(
            "broken",
            &payload.replace('N', "10").replace("10ewImage", "NewImage"),
            "code = \"contract-violation\"",
        );
        if ["sqs", "sns", "kinesis"].contains(&source) {
            sample("no JSON", "\"hello\"", "code = \"malformed-json\"");
            sample("twice", "\"{\\\"n\\\": 1, \\\"n\\\": 1}\"", "code = \"duplicate-key\"");
        }
    }
    let files = [("doorward.toml", &config), ("own.cedar", &policies), ("own.test.toml", &tests)]
        .map(|(name, text)| (name, text.as_str()));
    for (name, text) in files.into_iter().chain([("number.json", NUMBER), ("image.json", IMAGE)]) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let ran = doorward(&["policy", "test"], folder.path());
    let told = said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{told}");
    assert!(told.contains("24 tests: 24 passed, 0 failed"), "{told}");
}
