//! Attributes of messages as policies read them: in policy tests, and of messages that `doorward emit` sends.

use doorward_tests::local_door::LocalDoor;
use doorward_tests::workspace;
use serde_json::json;

use crate::emit::emit;
use crate::policy_tests::{doorward, said};

const CONFIG: &str = r#"
fronts = ["queue:inbox", "topic:inbox"]
[door]
name = "d"
table = "t"
[[targets]]
name = "worker"
lambda = "worker"
[[events]]
id = "asked"
source = "sqs"
match = { queue = "inbox" }
target = "worker"
attributes = ["tenant"]
[[events]]
id = "told"
source = "sns"
match = { topic = "inbox" }
target = "worker"
attributes = ["tenant"]
"#;

const POLICIES: &str = r#"
permit (principal, action in [Action::"asked", Action::"told"], resource)
when {
  context.claimed.attributes has tenant && context.claimed.attributes.tenant == "gold" &&
  !context.claimed.attribute_names.contains("debug")
};
"#;

#[test]
fn a_policy_test_states_the_attributes_of_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut tests = String::new();
    for (source, front) in [("sqs", "queue"), ("sns", "topic")] {
        for (attributes, decision) in [
            ("{ tenant = \"gold\" }", "allow"),
            ("{ tenant = \"iron\" }", "deny"),
            ("{ tenant = \"gold\", debug = \"1\" }", "deny"),
            ("{}", "deny"),
        ] {
            tests += &format!(
                "[[tests]]\nname = \"{source} {}\"\nevent = {{ source = \"{source}\", {front} = \"inbox\", \
                 attributes = {attributes} }}\ndecision = \"{decision}\"\n",
                attributes.replace('"', "'")
            );
        }
    }
    for (name, text) in [("doorward.toml", CONFIG), ("own.cedar", POLICIES), ("own.test.toml", &tests)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let ran = doorward(&["policy", "test"], folder.path());
    let told = said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{told}");
    assert!(told.contains("8 tests: 8 passed, 0 failed"), "{told}");

    // A table's changes have none.
    let odd = "[[tests]]\nname = \"odd\"\nevent = { source = \"dynamodb\", table = \"t\", attributes = {} }\ndecision = \"deny\"\n";
    std::fs::write(folder.path().join("own.test.toml"), odd).unwrap();
    let ran = doorward(&["policy", "test"], folder.path());
    assert_ne!(ran.status.code(), Some(0));
    assert!(said(&ran).contains("events of `dynamodb` have no `attributes`"), "{}", said(&ran));
}

#[test]
fn an_emitted_message_has_the_attributes_that_it_is_given() {
    let project = tempfile::tempdir().unwrap();
    crate::check::copy(&workspace::root().join("policies"), project.path());
    let config = project.path().join("doorward.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let named = text.replacen(
        "id = \"paymentAsked\"\nsource = \"sqs\"\n",
        "id = \"paymentAsked\"\nsource = \"sqs\"\nattributes = [\"tenant\"]\n",
        1,
    );
    assert_ne!(text, named);
    std::fs::write(&config, named).unwrap();
    let forbid = "@id(\"no-iron\") forbid (principal, action == Action::\"paymentAsked\", resource)\nwhen { \
                  context.claimed.attributes has tenant && context.claimed.attributes.tenant == \"iron\" };";
    std::fs::write(project.path().join("tenants.cedar"), forbid).unwrap();
    let door = LocalDoor::open(project.path(), &[]);
    let emit = |attributes: &[&'static str]| {
        let attributes = attributes.iter().flat_map(|attribute| ["--attribute", *attribute]);
        let message = ["sqs", "--queue", "payments", "--body", "{}"];
        let sent = emit(&door, &message.into_iter().chain(attributes).collect::<Vec<_>>());
        (sent.code, sent.told)
    };
    let (_, told) = emit(&["tenant=iron", "other=a=b"]);
    assert_eq!(told["calls"][0]["decision"]["policies"], json!(["no-iron"]), "{told}");
    let (_, told) = emit(&["tenant=gold"]);
    assert_ne!(told["calls"][0]["decision"]["policies"], json!(["no-iron"]), "{told}");
    assert_eq!(emit(&["tenant"]).0, Some(3));
    assert_eq!(emit(&["tenant=a", "tenant=b"]).0, Some(3));
}
