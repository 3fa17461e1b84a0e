//! `doorward bundle`, and running doors that take up what is published.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use doorward_tests::binaries;
use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::{LocalDoor, dynamodb};
use serde_json::{Value, json};

use crate::check::{misspelt, project, refreshed};

const ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":2}],"total":4200}"#;
const CLOSED: &str =
    "@id(\"orders-are-closed\") forbid (principal, action == Action::\"createOrder\", resource);";

fn doorward(arguments: &[&str]) -> Output {
    Command::new(binaries::path("doorward")).args(arguments).env_remove("AWS_ENDPOINT_URL").output().unwrap()
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The demo with one policy more, which its policy tests do not expect.
fn closed_untested() -> tempfile::TempDir {
    let folder = project(&[]);
    std::fs::write(folder.path().join("closed.cedar"), CLOSED).unwrap();
    folder
}

/// The same without these tests.
fn closed() -> tempfile::TempDir {
    let folder = closed_untested();
    std::fs::remove_file(folder.path().join("orders.test.toml")).unwrap();
    folder
}

#[test]
fn an_archive_is_built_of_a_sound_project_and_the_same_every_time() {
    let (one, other, out) = (project(&[]), project(&[]), tempfile::tempdir().unwrap());
    let build = |folder: &Path, file: &str| {
        let file = out.path().join(file);
        let built = doorward(&["bundle", "build", text(folder), "--output", text(&file), "--format", "json"]);
        assert!(built.status.success(), "{built:?}");
        (told(&built)["bundle"].clone(), std::fs::read(file).unwrap())
    };
    let first = build(one.path(), "first.tar.gz");
    assert_eq!(first, build(other.path(), "second.tar.gz"));
    assert_eq!(first, build(&out.path().join("first.tar.gz"), "third.tar.gz"), "of an archive too");
    let checked = doorward(&["check", text(one.path()), "--format", "json"]);
    assert_eq!(told(&checked)["bundle"], first.0);
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 3, "nothing is left beside them");
}

#[test]
fn nothing_is_written_of_a_project_with_a_fault() {
    let folder = project(&[("doorward.toml", &|text| text.replace("timeout = \"2s\"", "timeuot = \"2s\""))]);
    let file = folder.path().join("bundle.tar.gz");
    let built = doorward(&["bundle", "build", text(folder.path()), "--output", text(&file)]);
    assert_eq!(built.status.code(), Some(3), "{built:?}");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(said.contains(&format!("{}: unknown key `timeuot`", misspelt(folder.path()))), "{said}");
    assert!(!file.exists());
}

#[test]
fn an_archive_that_is_refused_is_invalid_input_and_starts_no_function() {
    let folder = project(&[]);
    let file = folder.path().join("bundle.tar.gz");
    assert!(doorward(&["bundle", "build", text(folder.path()), "--output", text(&file)]).status.success());
    let mut bytes = std::fs::read(&file).unwrap();
    let start = || {
        let started =
            Command::new(binaries::path("dispatcher")).env_clear().env("DOORWARD_CONFIG", &file).output();
        String::from_utf8_lossy(&started.unwrap().stderr).into_owned()
    };
    assert!(start().contains("AWS_ACCESS_KEY_ID"), "the archive is taken, and this is what is missing next");
    bytes.truncate(bytes.len() - 1);
    std::fs::write(&file, bytes).unwrap();
    let checked = doorward(&["check", text(&file)]);
    assert_eq!(checked.status.code(), Some(3), "{checked:?}");
    for said in [String::from_utf8_lossy(&checked.stderr).into_owned(), start()] {
        assert!(said.contains("bundle.tar.gz` is refused: it is cut off or damaged"), "{said}");
    }
}

/// The archive with members of its manifest changed.
fn forged(archive: &Path, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut whole = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap()));
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    let mut change = Some(change);
    for entry in whole.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut header = entry.header().clone();
        let mut text = Vec::new();
        entry.read_to_end(&mut text).unwrap();
        // The first one.
        if let Some(change) = change.take() {
            let mut manifest = serde_json::from_slice(&text).unwrap();
            change(&mut manifest);
            text = manifest.to_string().into_bytes();
        }
        header.set_size(text.len() as u64);
        header.set_cksum();
        tar.append(&header, text.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn an_archive_that_says_of_its_files_what_is_not_found_is_invalid_input() {
    let folder = project(&[]);
    let file = folder.path().join("bundle.tar.gz");
    let built =
        doorward(&["bundle", "build", text(folder.path()), "--output", text(&file), "--format", "json"]);
    let honest = told(&built)["bundle"].as_str().unwrap().to_owned();
    let whole = std::fs::read(&file).unwrap();
    let check = || {
        let checked = doorward(&["check", text(&file), "--format", "json"]);
        let message = told(&checked)["faults"][0]["message"].as_str().unwrap_or_default().to_owned();
        (checked.status.code(), message)
    };
    let depth = |manifest: &mut Value| manifest["depth"] = json!(3);
    std::fs::write(&file, forged(&file, depth)).unwrap();
    let (code, said) = check();
    let found = said.split("what it holds has the digest `").nth(1).and_then(|rest| rest.split('`').next());
    let found = found.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(code, Some(3));

    std::fs::write(&file, &whole).unwrap();
    let consistent = |manifest: &mut Value| {
        depth(manifest);
        manifest["digest"] = json!(found);
    };
    std::fs::write(&file, forged(&file, consistent)).unwrap();
    let said =
        format!("the archive states the digest `{found}`, and what it holds is found to have `{honest}`");
    assert_eq!(check(), (Some(3), said));
}

/// A running door and the table that it looks at.
struct Shop {
    door: LocalDoor,
    alice: String,
    project: tempfile::TempDir,
}

impl Shop {
    /// Opens the demo's door, which looks once a second.
    fn open() -> Self {
        let project = project(&[("doorward.toml", &|text| refreshed(&text, "1s"))]);
        let door = LocalDoor::open(project.path(), &[]);
        let alice = door.bearer("alice", "customers");
        Self { door, alice, project }
    }

    fn bundle(&self, arguments: &[&str]) -> Output {
        let store = ["--dynamodb-url", self.door.dynamodb(), "--format", "json"];
        doorward(&[&["bundle"], arguments, &store].concat())
    }

    fn publish(&self, arguments: &[&str]) -> Value {
        let published = self.bundle(&[&["publish", text(self.project.path())], arguments].concat());
        assert!(published.status.success(), "{published:?}");
        told(&published)
    }

    /// `number bundle` of each publication, and which is in force.
    fn list(&self) -> Vec<(u64, String, bool)> {
        let listed = told(&self.bundle(&["list", text(self.project.path())]));
        let row = |row: &Value| {
            let (sequence, bundle) = (row["sequence"].as_u64(), row["bundle"].as_str());
            (sequence.unwrap(), bundle.unwrap().to_owned(), row["current"].as_bool().unwrap())
        };
        listed["publications"].as_array().unwrap().iter().map(row).collect()
    }

    fn order(&self) -> Answer {
        let headers = [("authorization", self.alice.as_str()), ("content-type", "application/json")];
        send(self.door.function_url(), "POST", "/orders", &headers, ORDER.as_bytes())
    }

    /// Orders until the door answers so.
    fn order_until(&self, status: u16) -> Answer {
        for _ in 0..120 {
            let answer = self.order();
            if answer.status == status {
                return answer;
            }
            sleep(Duration::from_millis(250));
        }
        panic!("never answered {status}, but {:?}", self.order());
    }

    /// The line about `digest` that has this event, once the door has written it.
    fn line(&self, digest: &str, event: &str) -> Value {
        for _ in 0..120 {
            // A call makes the door look.
            let _ = self.order();
            let lines = self.door.lines(digest);
            if let Some(line) = lines.into_iter().find(|line| line["event"] == event) {
                return line;
            }
            sleep(Duration::from_millis(250));
        }
        panic!("no line `{event}` about `{digest}`");
    }

    /// The bundle of the call that was answered so.
    fn bundle_of(&self, answer: &Answer) -> String {
        let lines = self.door.lines(answer.header("x-request-id").unwrap());
        let line = lines.iter().find(|line| line["event"] == "call").unwrap();
        line["bundle"].as_str().unwrap().to_owned()
    }

    /// Writes into the table what `doorward` never would.
    fn put(&self, item: &Value) {
        let put = dynamodb(
            self.door.dynamodb(),
            "PutItem",
            &json!({ "TableName": "doorward-state", "Item": item }),
        );
        assert_eq!(put.status, 200, "{put:?}");
    }

    fn current(&self) -> Value {
        self.door.item("doorward-state", &json!({ "owner": { "S": "bundle" }, "item": { "S": "current" } }))
    }
}

#[test]
fn nothing_is_written_of_a_project_whose_policy_tests_fail() {
    let folder = closed_untested();
    let file = folder.path().join("bundle.tar.gz");
    let built = doorward(&["bundle", "build", text(folder.path()), "--output", text(&file)]);
    assert_eq!(built.status.code(), Some(3), "{built:?}");
    assert!(String::from_utf8_lossy(&built.stderr).contains("the policy test `"), "{built:?}");
    assert!(!file.exists());
}

#[test]
fn a_running_door_takes_up_what_is_published_refuses_what_is_broken_and_is_rolled_back() {
    let shop = Shop::open();
    let first = shop.publish(&[]);
    assert_eq!((&first["sequence"], &first["table"]), (&json!(1), &json!("doorward-state")));
    let open = first["bundle"].as_str().unwrap();
    let before = shop.order();
    assert_eq!((before.status, shop.bundle_of(&before).as_str()), (201, &open[..12]));

    // Another project's policies, published to the table of the running door.
    let closed = closed();
    let archive = closed.path().join("bundle.tar.gz");
    assert!(doorward(&["bundle", "build", text(closed.path()), "--output", text(&archive)]).status.success());
    let published = shop.bundle(&["publish", text(&archive)]);
    assert!(published.status.success(), "{published:?}");
    let second = told(&published);
    let refused = shop.order_until(403);
    assert_eq!(shop.bundle_of(&refused), second["bundle"].as_str().unwrap()[..12]);
    assert_eq!(shop.line(second["bundle"].as_str().unwrap(), "bundle-taken")["sequence"], 2);

    // A publication of what is no archive.
    let broken = "b".repeat(64);
    let mut item = shop.current();
    item["sequence"] = json!({ "N": "3" });
    item["digest"] = json!({ "S": broken });
    item["archive"] = json!({ "S": "c".repeat(64) });
    shop.put(&json!({
        "owner": { "S": format!("bundle#{}", "c".repeat(64)) }, "item": { "S": "000" },
        "parts": { "N": "1" }, "data": { "B": "bm8gYXJjaGl2ZQ==" },
    }));
    shop.put(&item);
    let line = shop.line(&broken, "bundle-refused");
    assert_eq!(
        (&line["level"], &line["sequence"], &line["bundle"]),
        (&json!("error"), &json!(3), &second["bundle"])
    );
    assert_eq!(line["cause"], "its archive is not the one that was published: the SHA-256 differs");
    let still = shop.order();
    assert_eq!(
        (still.status, shop.bundle_of(&still)),
        (403, second["bundle"].as_str().unwrap()[..12].to_owned())
    );

    let third = shop.publish(&["--digest", &open[..12]]);
    assert_eq!((&third["sequence"], &third["bundle"]), (&json!(4), &json!(open)), "a number is taken once");
    let after = shop.order_until(201);
    assert_eq!(shop.bundle_of(&after), open[..12]);
    let id = after.header("x-request-id").unwrap();
    assert_eq!(shop.door.ledger(id)["bundle"]["S"], open[..12]);
    let closed = second["bundle"].as_str().unwrap();
    let rows = [(4, open, true), (2, closed, false), (1, open, false)];
    assert_eq!(shop.list(), rows.map(|(sequence, bundle, current)| (sequence, bundle.to_owned(), current)));
}

#[test]
fn what_was_never_published_cannot_be_published_anew() {
    let shop = Shop::open();
    let anew = |digest: &str| shop.bundle(&["publish", text(shop.project.path()), "--digest", digest]);
    let refused = anew(&"0".repeat(12));
    assert_eq!(refused.status.code(), Some(1));
    assert!(told(&refused)["error"].as_str().unwrap().starts_with("no bundle whose digest begins with"));
    let short = anew("00");
    assert_eq!(short.status.code(), Some(3));
    assert!(told(&short)["error"].as_str().unwrap().ends_with("is too short to name a bundle"));

    let first = shop.publish(&[]);
    let part = json!({ "owner": { "S": format!("bundle#{}", first["archive"].as_str().unwrap()) }, "item": { "S": "000" } });
    let deleted =
        dynamodb(shop.door.dynamodb(), "DeleteItem", &json!({ "TableName": "doorward-state", "Key": part }));
    assert_eq!(deleted.status, 200);
    let said = told(&anew(first["bundle"].as_str().unwrap()))["error"].as_str().unwrap().to_owned();
    assert!(said.ends_with("a part of its archive is missing"), "{said}");
    assert_eq!(shop.list().len(), 1);
}

#[test]
fn a_project_with_a_fault_is_not_published_but_can_be_rolled_back() {
    let shop = Shop::open();
    let open = shop.publish(&[])["bundle"].as_str().unwrap().to_owned();
    std::fs::write(shop.project.path().join("broken.cedar"), "permit (").unwrap();
    let refused = shop.bundle(&["publish", text(shop.project.path())]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert_eq!(shop.list().len(), 1);
    let rolled_back = shop.publish(&["--digest", &open]);
    assert_eq!((&rolled_back["sequence"], &rolled_back["already"]), (&json!(1), &json!(true)));
}

#[test]
fn what_is_in_force_gets_no_new_number_and_another_doors_table_is_left_alone() {
    let shop = Shop::open();
    let first = shop.publish(&[]);
    assert_eq!((&first["already"], &first["door"]), (&json!(false), &json!("shop")));
    let second = shop.publish(&[]);
    assert_eq!((&second["sequence"], &second["already"]), (&json!(1), &json!(true)));
    let said =
        doorward(&["bundle", "publish", text(shop.project.path()), "--dynamodb-url", shop.door.dynamodb()]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("is already in force"), "{said:?}");

    // What cannot be fetched is in force nowhere: publishing it again puts it right.
    let part = json!({ "owner": { "S": format!("bundle#{}", first["archive"].as_str().unwrap()) }, "item": { "S": "000" } });
    let delete = json!({ "TableName": "doorward-state", "Key": part });
    assert_eq!(dynamodb(shop.door.dynamodb(), "DeleteItem", &delete).status, 200);
    assert_eq!(shop.publish(&[])["sequence"], 2);

    let shelf =
        project(&[("doorward.toml", &|text| text.replacen("name = \"shop\"", "name = \"shelf\"", 1))]);
    let bundle = first["bundle"].as_str().unwrap();
    for arguments in
        [&["publish", text(shelf.path())][..], &["publish", text(shelf.path()), "--digest", bundle]]
    {
        let refused = shop.bundle(arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let said = told(&refused);
        let error = "`doorward-state` is the table of the door `shop`, and this project is the door `shelf`";
        assert_eq!(said["error"], error);
        assert!(said["hint"].as_str().unwrap().contains("a `table` of its own"), "{said}");
    }
    assert_eq!(shop.list().len(), 2);
}

#[test]
fn a_table_that_is_not_there_is_named_with_its_place_and_so_is_a_file() {
    let shop = Shop::open();
    let elsewhere = project(&[("doorward.toml", &|text| {
        text.replacen("table = \"doorward\"", "table = \"elsewhere\"", 1)
    })]);
    for verb in ["publish", "list"] {
        let refused = shop.bundle(&[verb, text(elsewhere.path())]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let error = format!("no table `elsewhere-state` at {}", shop.door.dynamodb());
        assert_eq!(told(&refused)["error"], error);
    }
    let unknown = shop.bundle(&["publish", text(shop.project.path()), "--digest", &"0".repeat(12)]);
    let again = format!("`doorward bundle list --dynamodb-url {}`", shop.door.dynamodb());
    assert!(told(&unknown)["hint"].as_str().unwrap().starts_with(&again), "{unknown:?}");
    let missing = shop.bundle(&["publish", "nothing.tar.gz"]);
    assert_eq!(
        (missing.status.code(), &told(&missing)["error"]),
        (Some(1), &json!("there is no `nothing.tar.gz`"))
    );
}

#[test]
fn a_door_opens_over_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.tar.gz");
    assert!(
        doorward(&["bundle", "build", text(project(&[]).path()), "--output", text(&file)]).status.success()
    );
    let door = LocalDoor::open(folder.path(), &[]);
    let alice = door.bearer("alice", "customers");
    let answer = send(door.function_url(), "GET", "/orders/1001", &[("authorization", &alice)], b"");
    assert_eq!(answer.status, 200, "{answer:?}");
}
