//! Usage as the real roll-up sums it up, archived and rebuilt by the command.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use doorward_tests::local_door::{LocalDoor, dynamodb};
use doorward_tests::{binaries, http};
use serde_json::{Value, json};

use crate::check::project;

const ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;

pub(crate) struct Shop {
    pub(crate) door: LocalDoor,
    project: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let project = project(&[]);
        let door = LocalDoor::open(project.path(), &[]);
        Self { door, project }
    }

    pub(crate) fn order(&self, caller: &str, groups: &str, status: u16) {
        let bearer = self.door.bearer(caller, groups);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = http::send(self.door.function_url(), "POST", "/orders", &headers, ORDER.as_bytes());
        assert_eq!(answer.status, status, "{answer:?}");
    }

    fn usage(&self, arguments: &[&str]) -> Output {
        Command::new(binaries::path("doorward"))
            .arg("usage")
            .args(arguments)
            .args(["--path", self.project.path().to_str().unwrap(), "--dynamodb-url", self.door.dynamodb()])
            .args(["--format", "json"])
            .env_remove("AWS_ENDPOINT_URL")
            .output()
            .unwrap()
    }

    /// What the command says, which ends with this code.
    pub(crate) fn told(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.usage(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    fn aggregates(&self) -> Vec<Value> {
        let scan = json!({
            "TableName": "doorward-state",
            "FilterExpression": "begins_with(#owner, :usage)",
            "ExpressionAttributeNames": { "#owner": "owner" },
            "ExpressionAttributeValues": { ":usage": { "S": "usage#" } },
        });
        let page = dynamodb(self.door.dynamodb(), "Scan", &scan).json();
        page["Items"].as_array().unwrap().clone()
    }

    /// Calls of the months, by caller and outcome.
    pub(crate) fn months(&self) -> BTreeMap<(String, String), u64> {
        let mut calls = BTreeMap::new();
        for item in self.aggregates() {
            let owner = item["owner"]["S"].as_str().unwrap();
            if owner.len() == "usage#2026-11#0".len() {
                let group: Value = serde_json::from_str(item["item"]["S"].as_str().unwrap()).unwrap();
                let text = |index: usize| group[index].as_str().unwrap().to_owned();
                let sum: u64 = item["calls"]["N"].as_str().unwrap().parse().unwrap();
                *calls.entry((text(0), text(4))).or_default() += sum;
            }
        }
        calls.retain(|_, calls| *calls > 0);
        calls
    }

    fn wipe_aggregates(&self) {
        for item in self.aggregates() {
            let key = json!({ "owner": item["owner"], "item": item["item"] });
            let delete = json!({ "TableName": "doorward-state", "Key": key });
            assert_eq!(dynamodb(self.door.dynamodb(), "DeleteItem", &delete).status, 200);
        }
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "gz"));
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn usage_adds_up_is_archived_and_rebuilt() {
    let shop = Shop::open();
    for _ in 0..3 {
        shop.order("alice", "customers", 201);
    }
    shop.order("bob", "customers", 201);
    shop.order("mallory", "nobodies", 403);

    // It waits for the roll-up, which is at most a quarter of a second behind.
    let checked = shop.told(&["rebuild", "--check", "--since", "2020-01-01T00:00:00Z"], 0);
    assert_eq!((&checked["agrees"], &checked["calls"]), (&json!(true), &json!(5)));
    let expected = BTreeMap::from([
        (("User::\"alice\"".to_owned(), "admitted".to_owned()), 3),
        (("User::\"bob\"".to_owned(), "admitted".to_owned()), 1),
        (("User::\"mallory\"".to_owned(), "denied".to_owned()), 1),
    ]);
    assert_eq!(shop.months(), expected);

    let archive = tempfile::tempdir().unwrap();
    let folder = archive.path().to_str().unwrap();
    let told = shop.told(&["archive", folder], 0);
    assert_eq!(told, json!({ "calls": 5, "added": 5, "replaced": 0, "unreadable": 0 }));
    let first = files(archive.path());
    assert!((1..=2).contains(&first.len()), "a day, or two around midnight: {:?}", first.keys());
    let told = shop.told(&["archive", folder], 0);
    assert_eq!(told, json!({ "calls": 5, "added": 0, "replaced": 0, "unreadable": 0 }));
    assert_eq!(files(archive.path()), first, "the same bytes");
    let told = shop.told(&["archive", folder, "--older-than", "1d"], 0);
    assert_eq!(told["calls"], 0);

    let before = shop.aggregates().len();
    shop.wipe_aggregates();
    assert_eq!(shop.months(), BTreeMap::new());
    let since = ["--since", "2020-01-01T00:00:00Z", "--archive", folder];
    let checked = shop.told(&[&["rebuild", "--check"][..], &since].concat(), 2);
    assert_eq!(checked["different"].as_array().unwrap().len(), before);
    let rebuilt = shop.told(&[&["rebuild"][..], &since].concat(), 0);
    assert_eq!(rebuilt["changed"].as_array().unwrap().len(), before);
    assert_eq!(shop.months(), expected);
    let again = shop.told(&[&["rebuild"][..], &since].concat(), 0);
    assert_eq!((&again["changed"], &again["counted"], &again["calls"]), (&json!([]), &json!(0), &json!(5)));

    // The roll-up goes on afterwards.
    shop.order("bob", "customers", 201);
    shop.told(&["rebuild", "--check", "--since", "2020-01-01T00:00:00Z"], 0);
    assert_eq!(shop.months()[&("User::\"bob\"".to_owned(), "admitted".to_owned())], 2);
}

#[test]
fn an_archive_that_is_none_is_refused() {
    let shop = Shop::open();
    let archive = tempfile::tempdir().unwrap();
    std::fs::write(archive.path().join("ledger-2026-11-24.jsonl.gz"), "no gzip").unwrap();
    let folder = archive.path().to_str().unwrap();
    let told = shop.told(&["rebuild", "--check", "--archive", folder], 1);
    assert!(told["error"].as_str().unwrap().contains("ledger-2026-11-24.jsonl.gz"), "{told}");
    let told = shop.told(&["rebuild", "--check", "--archive", "no-such-folder"], 1);
    assert!(told["error"].as_str().unwrap().contains("no-such-folder"), "{told}");
}
