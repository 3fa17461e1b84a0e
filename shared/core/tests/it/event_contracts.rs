//! Events whose payload has a contract.

use doorward_config::parse_policy_tests;
use doorward_core::{Answer, EventAnswer, Rules};
use doorward_model::{Inbound, Outcome};
use doorward_testkit::s3;
use expect_test::expect;

use crate::shop::{Shop, bundle};

/// What S3 says of an upload, and nothing that it says of the notification.
const RECEIPT: &str = r#"{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "required": ["object"],
  "additionalProperties": false,
  "properties": { "bucket": { "type": "object" }, "object": { "$ref": "parts/object.yaml#/definitions/object" } }
}"#;
const OBJECT: &str = "definitions:
  object:
    type: object
    required: [key, size]
    properties:
      key: { type: string, pattern: '^inbox/[a-z ]+[.](pdf|exe)$' }
      size: { type: integer, maximum: 4000 }
";
const FILES: [(&str, &str); 3] = [
    ("contracts/receipt.schema.json", RECEIPT),
    ("contracts/parts/object.yaml", OBJECT),
    (
        "sizes.cedar",
        "@id(\"small\") forbid (principal, action == Action::\"receiptUploaded\", resource)
         when { context.input.object.size > 2000 };",
    ),
];

fn with_contract(config: &str) -> String {
    config.replace(
        "target = \"receipts\"\non_deny",
        "target = \"receipts\"\ncontract = \"contracts/receipt.schema.json\"\non_deny",
    )
}

fn shop() -> Shop {
    Shop::with_files(|config| with_contract(&config), &FILES)
}

async fn send(shop: &Shop, inbound: Inbound) -> EventAnswer {
    match shop.world.door.serve(inbound).await {
        Answer::Event(answer) => answer,
        Answer::Http(reply) => panic!("an HTTP answer: {reply:?}"),
    }
}

fn receipt(shop: &Shop, key: &str, size: u64) -> Inbound {
    s3("e1", key, size, shop.world.now())
}

#[tokio::test]
async fn what_keeps_the_contract_is_read_by_policies() {
    for (size, expected) in [(1000, Outcome::Admitted), (3000, Outcome::Denied)] {
        let shop = shop();
        // The key is the object's, not its form in the notification.
        let answer = send(&shop, receipt(&shop, "inbox/march two.pdf", size)).await;
        assert_eq!(answer, EventAnswer::Done(expected));
        let policies = shop.last_line().decision.map(|note| note.policies).unwrap_or_default();
        assert_eq!(policies, [if size == 1000 { "receipts-are-small-pdfs" } else { "small" }]);
    }
}

#[tokio::test]
async fn what_breaks_the_contract_goes_the_way_of_what_is_denied() {
    let broken = |shop: &Shop| receipt(shop, "inbox/UPPER.pdf", 1000);
    let first = shop();
    assert_eq!(send(&first, broken(&first)).await, EventAnswer::Done(Outcome::Invalid));
    assert_eq!(first.world.quarantine.items()["e1"].code, Some("contract-violation"));
    assert!(first.world.targets.sent().is_empty());
    let line = first.last_line();
    let places: Vec<_> = line.violations.iter().map(|v| format!("{} {}", v.pointer, v.rule)).collect();
    assert_eq!(places, ["/object/key must match the pattern `^inbox/[a-z ]+[.](pdf|exe)$`"]);

    let denied = |word: &'static str| {
        Shop::with_files(
            move |config| with_contract(&config).replace("\"quarantine\"", &format!("\"{word}\"")),
            &FILES,
        )
    };
    let shop = denied("discard");
    assert_eq!(send(&shop, broken(&shop)).await, EventAnswer::Done(Outcome::Invalid));
    assert!(shop.world.quarantine.items().is_empty());
    let shop = denied("fail");
    assert!(matches!(send(&shop, broken(&shop)).await, EventAnswer::Again(_)));
}

/// The fault is held: what no policy lets in is denied, whatever its payload is.
#[tokio::test]
async fn a_record_that_is_denied_anyway_is_denied_and_no_more() {
    let shop = shop();
    assert_eq!(
        send(&shop, receipt(&shop, "inbox/UPPER.exe", 1000)).await,
        EventAnswer::Done(Outcome::Denied)
    );
    assert_eq!(shop.world.quarantine.items()["e1"].code, Some("forbidden"));
    assert!(shop.last_line().violations.is_empty());
}

fn faults(config: &str, files: &[(&str, &str)]) -> String {
    let mut bundle = bundle(files);
    bundle.config.1 = with_contract(&bundle.config.1).replace("contracts/receipt.schema.json", config);
    Rules::compile(&bundle, |_| None).err().map(|faults| faults.to_string()).unwrap_or_default()
}

#[test]
fn policies_are_held_to_the_type_of_the_payload() {
    let mixed = FILES.map(|(name, text)| {
        (name, if name == "sizes.cedar" { text.replace("2000", "\"a\"") } else { text.to_owned() })
    });
    let mixed: Vec<_> = mixed.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let found = faults("contracts/receipt.schema.json", &mixed);
    assert!(found.contains("sizes.cedar") && found.contains("expected Long but saw String"), "{found}");
    let rules =
        Rules::compile(&bundle(&FILES), |_| None).err().map(|faults| faults.to_string()).unwrap_or_default();
    assert!(
        rules.contains("sizes.cedar") && rules.contains("input"),
        "without a contract there is none: {rules}"
    );
}

#[test]
fn the_generated_schema_states_the_payload() {
    let shop = shop();
    let schema = shop.world.door.rules().policies().schema().to_owned();
    let action = schema.split("action \"receiptUploaded\"").nth(1).and_then(|rest| rest.split("};").next());
    let action: String = action.unwrap_or_default().split_whitespace().collect();
    // What is an object without known members cannot be stated.
    assert!(action.contains("\"input\":{\"object\":{\"key\":String,\"size\":Long,},}"), "{schema}");
}

#[test]
fn contracts_of_events_that_cannot_be_checked() {
    let check = |config: &str, expected: expect_test::Expect| expected.assert_eq(&faults(config, &FILES));
    check(
        "contracts/parts/object.yaml#/definitions/object",
        expect![[r#"
        sizes.cedar:2:17: for policy `small`, attribute `input.object` in context for Action::"receiptUploaded" not found
          hint: did you mean `key`?"#]],
    );
    check(
        "contracts/none.json",
        expect![[r#"
        doorward.toml:144:12: the contract `contracts/none.json` is not there
          hint: contracts are looked for below the folder that holds the policies"#]],
    );
    check(
        "contracts/shop.yaml",
        expect![[r#"
        contracts/shop.yaml:1:1: an OpenAPI document is no schema
          hint: write the schema's place after `#`: `#/components/schemas/NAME`"#]],
    );
    check(
        "contracts/shop.yaml#/components/schemas/Recept",
        expect!["contracts/shop.yaml:90:3: there is no schema at `#/components/schemas/Recept`"],
    );
    check(
        "../receipt.json",
        expect![[r#"
            doorward.toml:144:12: `../receipt.json` leaves the folder of the configuration
              hint: write a path below the folder of the configuration"#]],
    );
}

/// Policy tests play an event as the door would, and may ask the policies about a payload that they state.
#[test]
fn policy_tests_hold_events_to_their_contracts() {
    let event = |key: &str, size: u32, expected: &str| {
        format!(
            "[[tests]]\nname = \"{key} {size}\"\nevent = {{ source = \"s3\", bucket = \"receipts\", key = \"{key}\", size = {size} }}\n{expected}\n"
        )
    };
    let asked = |size: u32, expected: &str| {
        format!(
            "[[tests]]\nname = \"{size}\"\nprincipal = 'EventSource::\"bucket:receipts\"'\naction = \"receiptUploaded\"\n\
             context = {{ event = {{ bucket = \"receipts\", key = \"inbox/a.pdf\", size = 1, type = \"ObjectCreated:Put\", region = \"us-east-1\" }}, \
             input = {{ object = {{ key = \"inbox/a.pdf\", size = {size} }} }} }}\n{expected}\n"
        )
    };
    let text = [
        event("inbox/a.pdf", 1000, "decision = \"allow\""),
        event("inbox/a.pdf", 3000, "decision = \"deny\"\npolicies = [\"small\"]"),
        event("inbox/a.pdf", 5000, "code = \"contract-violation\""),
        event("inbox/A.pdf", 1000, "code = \"contract-violation\""),
        asked(1000, "decision = \"allow\""),
        asked(3000, "decision = \"deny\"\npolicies = [\"small\"]"),
    ];
    let shop = shop();
    let tests =
        parse_policy_tests("it.test.toml", &text.concat()).unwrap_or_else(|faults| panic!("{faults}"));
    let entrance = |event: &doorward_config::EventSample| {
        let key = event.attributes["key"].as_str().unwrap_or_default().to_owned();
        s3("e1", &key, event.attributes["size"].as_u64().unwrap_or_default(), shop.world.now())
    };
    let rules: &Rules = shop.world.door.rules();
    let report = rules
        .test_policies(&tests, &|sample| match &sample.call {
            doorward_config::SampleCall::Event(event) => Ok(entrance(event)),
            other => panic!("no event: {other:?}"),
        })
        .unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(report.results.len(), 6);
    for result in report.results {
        assert!(result.differences.is_empty(), "{result:?}");
    }
}
