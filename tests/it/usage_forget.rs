//! A caller forgotten by the command: in tables, in archives, and while the roll-up is at work.

use std::io::Read as _;
use std::path::Path;

use doorward_tests::local_door::dynamodb;
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::invoices::{ALICE, BOB, Books, CALLS};
use crate::usage::Shop;

const SINCE: [&str; 2] = ["--since", "2020-01-01T00:00:00Z"];

fn items(url: &str, table: &str) -> Vec<Value> {
    let page = dynamodb(url, "Scan", &json!({ "TableName": table })).json();
    assert_eq!(page["LastEvaluatedKey"], Value::Null);
    page["Items"].as_array().unwrap().clone()
}

/// Items of both tables that say the caller's id, but for those of limits.
fn naming(url: &str) -> Vec<String> {
    let items = [items(url, "doorward-ledger"), items(url, "doorward-state")].concat();
    let naming = items.iter().filter(|item| item["item"]["S"] != "limits");
    naming.map(Value::to_string).filter(|text| text.contains("alice")).collect()
}

fn archived(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "gz") {
            MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        }
    }
    text
}

/// October's books as the roll-up leaves them, archived, with a call that the table has forgotten since.
fn october() -> (Books, String) {
    let books = Books::open();
    for call in &CALLS {
        books.record(call, &books.version());
    }
    books.told(&[&["usage", "rebuild"][..], &SINCE].concat(), 0);
    books.said(&["plans", "assign", ALICE, "default", "--by", "contract 4711"], 0);
    let folder = books.project.path().join("archive").to_str().unwrap().to_owned();
    books.told(&["usage", "archive", &folder], 0);
    books.ask("DeleteItem", &json!({ "TableName": "doorward-ledger", "Key": { "call": { "S": "c1" } } }));
    (books, folder)
}

#[test]
fn an_invoice_is_the_pseudonyms_and_what_it_was() {
    let (books, folder) = october();
    let invoice = ["usage", "invoice", "--period", "2026-10", "--items", "--archive", &folder];
    let before = books.told(&invoice, 0);
    let forget = ["usage", "forget", ALICE, "--archive", &folder];
    let tables = || (items(&books.url, "doorward-ledger"), items(&books.url, "doorward-state"));
    let (first, files) = (tables(), archived(folder.as_ref()));

    let refused = books.told(&forget, 3);
    assert!(refused["hint"].as_str().unwrap().contains("--yes"), "{refused}");
    let survey = books.told(&[&forget[..], &["--dry-run"]].concat(), 0);
    assert_eq!((tables(), archived(folder.as_ref())), (first, files));
    assert_eq!(
        (&survey["pseudonym"], &survey["calls"], &survey["markers"]),
        (&Value::Null, &json!(4), &json!(5))
    );
    assert_eq!((&survey["assignments"], &survey["archive"]["calls"]), (&json!(1), &json!(5)));
    assert_eq!((&survey["stays"]["limits"], &survey["stays"]["plan"]), (&json!(1), &json!("default")));

    let done = books.told(&[&forget[..], &["--yes"]].concat(), 0);
    let name = done["pseudonym"].as_str().unwrap();
    assert!(name.starts_with("User::\"forgotten-"), "{done}");
    assert_eq!((&done["calls"], &done["aggregates"]), (&survey["calls"], &survey["aggregates"]));
    assert_eq!(naming(&books.url), Vec::<String>::new());
    assert!(!archived(folder.as_ref()).contains("alice"));
    let expected = before.to_string().replace(&json!(ALICE).to_string(), &json!(name).to_string());
    let mut expected: Value = serde_json::from_str(&expected).unwrap();
    let by_caller = |told: &mut Value| {
        told["invoices"].as_array_mut().unwrap().sort_by_key(|invoice| invoice["caller"].to_string());
    };
    let mut after = books.told(&invoice, 0);
    by_caller(&mut expected);
    by_caller(&mut after);
    assert_eq!(after, expected);
    assert!(after.to_string().contains("bob"));

    let check = [&["usage", "rebuild", "--check", "--archive", &folder][..], &SINCE].concat();
    assert_eq!(books.told(&check, 0)["calls"], 6);
    let again = books.told(&[&forget[..], &["--yes"]].concat(), 2);
    assert_eq!((&again["pseudonym"], &again["calls"]), (&Value::Null, &json!(0)));
    let said = books.said(&[&forget[..], &["--yes"]].concat(), 2);
    assert!(said.contains("nothing that can be forgotten names User::\"alice\""), "{said}");
    assert!(said.contains("1 items of limits until"), "{said}");
}

#[test]
fn an_archive_that_was_not_at_hand_comes_to_the_same_pseudonym() {
    let (books, folder) = october();
    let said = books.said(&["usage", "forget", ALICE, "--yes"], 0);
    let name = format!("User::\"{}\"", said.split('"').nth(3).unwrap());
    assert!(said.contains(&format!("`--archive FOLDER --as '{name}'`")), "{said}");
    let check = [&["usage", "rebuild", "--check", "--archive", &folder][..], &SINCE].concat();
    assert!(archived(folder.as_ref()).contains("alice"));
    let forget = ["usage", "forget", ALICE, "--archive", &folder, "--yes", "--as"];
    for wrong in ["User::\"forgotten\"", BOB] {
        books.told(&[&forget[..], &[wrong]].concat(), 3);
    }
    let done = books.told(&[&forget[..], &[&name]].concat(), 0);
    assert_eq!((&done["pseudonym"], &done["archive"]["calls"]), (&json!(name), &json!(5)));
    assert!(!archived(folder.as_ref()).contains("alice"));
    books.told(&check, 0);
    let missing = books.told(&["usage", "forget", ALICE, "--archive", "no-such-folder", "--dry-run"], 1);
    assert!(missing["error"].as_str().unwrap().contains("no-such-folder"), "{missing}");
}

#[test]
fn the_roll_up_brings_nobody_back() {
    let shop = Shop::open();
    for _ in 0..3 {
        shop.order("alice", "customers", 201);
        shop.order("bob", "customers", 201);
    }
    let check = [&["rebuild", "--check"][..], &SINCE].concat();
    shop.told(&check, 0);
    let before = shop.months();
    let done = shop.told(&["forget", ALICE, "--yes"], 0);
    let name = done["pseudonym"].as_str().unwrap();
    // It waits for the roll-up, which has what was written anew.
    shop.told(&check, 0);
    let renamed = before.into_iter().map(|((caller, outcome), calls)| {
        ((if caller == ALICE { name.to_owned() } else { caller }, outcome), calls)
    });
    assert_eq!(shop.months(), renamed.collect());
    assert_eq!(naming(shop.door.dynamodb()), Vec::<String>::new());

    // Who calls again is somebody new, and is held by what was left of the limits.
    shop.order("alice", "customers", 201);
    shop.told(&check, 0);
    assert_eq!(shop.months()[&(ALICE.to_owned(), "admitted".to_owned())], 1);
    let other = shop.told(&["forget", ALICE, "--yes"], 0);
    assert_ne!(other["pseudonym"], done["pseudonym"]);
}
