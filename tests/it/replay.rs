//! Recorded decisions of the real door, made again by `doorward policy replay`.

use std::path::Path;
use std::process::{Command, Output};

use doorward_tests::local_door::{LocalDoor, dynamodb};
use doorward_tests::{binaries, free_address, http};
use serde_json::{Value, json};

use crate::check::project;

/// The demo with its decisions recorded.
fn recording() -> tempfile::TempDir {
    let on = |text: String| text.replacen("refresh", "record_decisions = \"7d\"\nrefresh", 1);
    project(&[("doorward.toml", &on)])
}

fn replay(endpoint: &str, project: &Path, policies: &Path, arguments: &[&str]) -> Output {
    Command::new(binaries::path("doorward"))
        .args(["policy", "replay", "--dynamodb-url", endpoint])
        .arg(project)
        .arg("--policies")
        .arg(policies)
        .args(arguments)
        .output()
        .unwrap()
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// An order of this total by alice, and the id of its call.
fn order(door: &LocalDoor, total: u64) -> String {
    let alice = door.bearer("alice", "customers");
    let headers = [("authorization", alice.as_str()), ("content-type", "application/json")];
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 2 }], "total": total, "note": "S3CR3T" });
    let answer = http::send(door.function_url(), "POST", "/orders", &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.header("x-request-id").unwrap().to_owned()
}

fn read(door: &LocalDoor, order: &str, expected: u16) {
    let alice = door.bearer("alice", "customers");
    let path = format!("/orders/{order}");
    let answer = http::send(door.function_url(), "GET", &path, &[("authorization", &alice)], b"");
    assert_eq!(answer.status, expected, "{answer:?}");
}

/// A folder of policies.
fn policies(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("next.cedar"), text).unwrap();
    folder
}

#[test]
fn recorded_calls_are_decided_again_with_other_policies() {
    let folder = recording();
    let door = LocalDoor::open(folder.path(), &[]);
    let (_, large) = (order(&door, 4_200), order(&door, 75_000));
    read(&door, "1001", 200);
    read(&door, "1002", 403);
    let again =
        |policies: &Path, arguments: &[&str]| replay(door.dynamodb(), folder.path(), policies, arguments);

    let same = again(folder.path(), &[]);
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    let said = String::from_utf8_lossy(&same.stdout);
    assert!(said.contains("4 recorded decisions") && said.contains("4 would be the same"), "{said}");

    let candidate = folder.path().join("candidate");
    let other = again(&candidate, &["--format", "json"]);
    assert_eq!(other.status.code(), Some(2), "{other:?}");
    let found = told(&other);
    assert_eq!((&found["decisions"], &found["same"]), (&json!(4), &json!(3)));
    let difference = &found["differences"][0];
    assert_eq!(difference["call"], json!(large));
    assert_eq!(difference["principal"], r#"User::"alice""#);
    assert_eq!(difference["was"]["policies"], json!(["customers-order-up-to-1000"]));
    assert_eq!((&difference["would_be"]["effect"], &difference["untold"]), (&json!("deny"), &json!([])));

    let table = again(&candidate, &[]);
    assert_eq!(table.status.code(), Some(2), "{table:?}");
    let said = String::from_utf8_lossy(&table.stdout);
    for word in [
        &large,
        "createOrder",
        "allow by customers-order-up-to-1000",
        "deny: no policy permits it",
        "1 would differ",
    ] {
        assert!(said.contains(word), "`{word}` is missing from\n{said}");
    }

    let reads = told(&again(&candidate, &["--format", "json", "--action", "getOrder"]));
    assert_eq!((&reads["decisions"], &reads["differences"]), (&json!(2), &json!([])));
    let newest = told(&again(&candidate, &["--format", "json", "--limit", "1"]));
    assert_eq!((&newest["decisions"], &newest["more"]), (&json!(1), &json!(true)));

    let notes = policies(
        r#"permit(principal, action == Action::"createOrder", resource) when { context.input has note };"#,
    );
    let untold = again(notes.path(), &["--format", "json", "--action", "createOrder"]);
    assert_eq!(untold.status.code(), Some(2), "{untold:?}");
    let found = told(&untold);
    assert_eq!(found["differences"][0]["untold"], json!(["context.input.note"]));
    assert_eq!(found["differences"][0]["would_be"], json!(null));
}

#[test]
fn a_record_is_kept_for_a_time_and_holds_no_payload() {
    let folder = recording();
    let door = LocalDoor::open(folder.path(), &[]);
    let call = order(&door, 4_200);
    let items = dynamodb(door.dynamodb(), "Scan", &json!({ "TableName": "doorward-state" })).json();
    let records: Vec<&Value> = items["Items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["owner"]["S"].as_str().unwrap().starts_with("decision#"))
        .collect();
    assert_eq!(records.len(), 1, "{records:?}");
    let item = records[0];
    assert!(item["item"]["S"].as_str().unwrap().ends_with(&format!("#{call}")), "{item}");
    let record: Value = serde_json::from_str(item["record"]["S"].as_str().unwrap()).unwrap();
    let at: jiff::Timestamp = record["at"].as_str().unwrap().parse().unwrap();
    let expires = at + jiff::SignedDuration::from_hours(7 * 24);
    assert_eq!(item["expires"]["N"], json!(expires.as_second().to_string()));
    assert_eq!(record["facts"]["context"]["input"], json!({ "total": 4_200 }));
    for secret in ["S3CR3T", "TEA-1", "eyJ"] {
        assert!(!item.to_string().contains(secret), "{secret} stands in {item}");
    }
}

#[test]
fn what_cannot_be_replayed_is_told_apart() {
    let folder = recording();
    let nobody = format!("http://{}", free_address().unwrap());
    let away = replay(&nobody, folder.path(), folder.path(), &[]);
    assert_eq!(away.status.code(), Some(1), "{away:?}");
    assert!(String::from_utf8_lossy(&away.stderr).contains("--dynamodb-url"), "{away:?}");

    let faulty = policies("permit(principal, action == Action::\"creteOrder\", resource);");
    let refused = replay(&nobody, folder.path(), faulty.path(), &[]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("next.cedar:1:"), "{refused:?}");

    let empty = tempfile::tempdir().unwrap();
    assert_eq!(replay(&nobody, folder.path(), empty.path(), &[]).status.code(), Some(3));
    let file = faulty.path().join("next.cedar");
    assert_eq!(replay(&nobody, folder.path(), &file, &[]).status.code(), Some(3));
    assert_eq!(replay(&nobody, folder.path(), folder.path(), &["--since", "soon"]).status.code(), Some(3));
    let misspelt = replay(&nobody, folder.path(), folder.path(), &["--action", "createOder"]);
    assert_eq!(misspelt.status.code(), Some(3), "{misspelt:?}");
    let said = String::from_utf8_lossy(&misspelt.stderr);
    assert!(said.contains("`createOder`") && said.contains("did you mean `createOrder`?"), "{said}");
    let backwards = ["--until", "2026-01-01T00:00:00Z", "--since", "2026-01-02T00:00:00Z"];
    assert_eq!(replay(&nobody, folder.path(), folder.path(), &backwards).status.code(), Some(3));
}

#[test]
fn nothing_is_recorded_unless_the_configuration_says_so() {
    let folder = project(&[]);
    let door = LocalDoor::open(folder.path(), &[]);
    order(&door, 75_000);
    let none = replay(door.dynamodb(), folder.path(), &folder.path().join("candidate"), &[]);
    assert_eq!(none.status.code(), Some(0), "{none:?}");
    assert!(String::from_utf8_lossy(&none.stdout).starts_with("no decision is recorded"), "{none:?}");
    assert!(String::from_utf8_lossy(&none.stderr).contains("record_decisions"), "{none:?}");
}
