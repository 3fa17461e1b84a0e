//! What senders write into the attributes of their messages, as policies read it where a rule names it.

use doorward_core::EventAnswer;
use doorward_model::{EventRecord, Inbound, Message, Outcome};
use serde_json::{Value, json};

use crate::batches::Source;

const CONFIG: &str = r#"
fronts = ["queue:payments"]
[door]
name = "shop"
table = "doorward"
[[targets]]
name = "payments"
lambda = "payments"
[[events]]
id = "paymentAsked"
source = "sqs"
match = { queue = "payments" }
target = "payments"
attributes = ["tenant", "priority"]
"#;

const POLICIES: &str = r#"
permit (principal, action == Action::"paymentAsked", resource)
when { context.claimed.attributes has tenant && context.claimed.attributes.tenant like "gold*" };
forbid (principal, action == Action::"paymentAsked", resource)
when { context.claimed.attribute_names.contains("signature") };
forbid (principal, action == Action::"paymentAsked", resource)
when { context.claimed.attributes has priority && context.claimed.attributes.priority == "0" };
"#;

fn message(source: &Source, attributes: Value, names: Value) -> Inbound {
    let mut inbound = source.record("1", "AIDA");
    let Message::Event(EventRecord { claims, .. }) = &mut inbound.message else {
        panic!("a message is an event")
    };
    claims.insert("attributes".to_owned(), attributes);
    claims.insert("attribute_names".to_owned(), names);
    inbound
}

#[tokio::test]
async fn policies_read_the_attributes_that_the_rule_names_and_the_names_of_all() {
    for (attributes, names, expected) in [
        (json!({ "tenant": "gold-1", "other": "x" }), json!(["other", "tenant"]), Outcome::Admitted),
        (json!({ "tenant": "gold", "priority": "0.0" }), json!(["priority", "tenant"]), Outcome::Admitted),
        (json!({ "tenant": "gold", "priority": "0" }), json!(["priority", "tenant"]), Outcome::Denied),
        (json!({ "tenant": "iron" }), json!(["tenant"]), Outcome::Denied),
        (json!({}), json!([]), Outcome::Denied),
        // Bytes are there by their name alone.
        (json!({ "tenant": "gold" }), json!(["signature", "tenant"]), Outcome::Denied),
    ] {
        let source = Source::with("queue:payments", CONFIG, POLICIES);
        let told = format!("{attributes} {names}");
        let answers =
            source.world.door.serve_batch(&[message(&source, attributes, names)], source.order()).await;
        assert_eq!(answers, [EventAnswer::Done(expected)], "{told}");
    }
}

#[test]
fn an_attribute_that_the_rule_does_not_name_is_a_fault_of_the_policy() {
    let policies = POLICIES.replace("attributes.tenant like", "attributes.tenants like");
    let faults = doorward_testkit::World::new(CONFIG, &[("events.cedar", &policies)], crate::shop::now());
    assert!(faults.err().unwrap().contains("tenants"));
    let silent = CONFIG.replace("attributes = [\"tenant\", \"priority\"]\n", "");
    let faults = doorward_testkit::World::new(&silent, &[("events.cedar", POLICIES)], crate::shop::now());
    assert!(faults.err().unwrap().contains("attributes"));
}
