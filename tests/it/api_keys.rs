//! API keys: made, listed and revoked by the command, shown to the real functions.

use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use doorward_tests::binaries;
use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::LocalDoor;
use serde_json::{Value, json};

use crate::check::{project, refreshed};

const ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":100}],"total":210000}"#;

struct Shop {
    door: LocalDoor,
    project: tempfile::TempDir,
}

impl Shop {
    /// The demo's door, which knows of a key for a second at most.
    fn open() -> Self {
        let project = project(&[("doorward.toml", &|text| refreshed(&text, "1s"))]);
        let door = LocalDoor::open(project.path(), &[]);
        Self { door, project }
    }

    fn keys(&self, arguments: &[&str]) -> Output {
        let place = ["--path", self.project.path().to_str().unwrap(), "--dynamodb-url", self.door.dynamodb()];
        let command = Command::new(binaries::path("doorward"))
            .arg("keys")
            .args(arguments)
            .args(place)
            .env_remove("AWS_ENDPOINT_URL")
            .output();
        command.unwrap()
    }

    fn told(&self, arguments: &[&str]) -> Value {
        let output = self.keys(&[arguments, &["--format", "json"]].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    fn make(&self, owner: &str, more: &[&str]) -> (String, String) {
        let made = self.told(&[&["create", "--owner", owner, "--group", "buyers"], more].concat());
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("key"), text("id"))
    }

    fn order(&self, base: &str, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        send(base, "POST", "/orders", &headers, ORDER.as_bytes())
    }

    fn order_with(&self, key: &str) -> Answer {
        self.order(self.door.function_url(), &[("x-api-key", key)])
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn a_key_is_made_used_and_revoked() {
    let shop = Shop::open();
    let (key, id) = shop.make("warehouse", &["--plan", "partner", "--expires", "90d", "--note", "hall 3"]);
    assert!(key.starts_with("shop_") && key.len() == "shop_".len() + 49, "of the configured prefix");

    // In its own field at a function URL, and as a bearer token through the gateway and its authorizer.
    let url = shop.order_with(&key);
    assert_eq!(url.status, 201, "{url:?}");
    let api = shop.order(shop.door.http_api(), &[("authorization", &format!("Bearer {key}"))]);
    assert_eq!(api.status, 201, "{api:?}");
    let row = shop.door.ledger(url.header("x-request-id").unwrap());
    assert_eq!(row["caller"]["S"], "Client::\"warehouse\"");
    assert_eq!(row["key_id"]["S"], *id);
    assert_eq!(row["plan"]["S"], "partner");
    let lines = shop.door.lines(url.header("x-request-id").unwrap());
    assert!(lines.iter().any(|line| line["key_id"] == *id), "{lines:?}");
    assert!(lines.iter().all(|line| !line.to_string().contains(&key)), "{lines:?}");
    assert!(!row.to_string().contains(&key));

    let listed = shop.told(&["list"]);
    let (own, text) = (&listed["keys"][0], listed.to_string());
    assert_eq!((&own["id"], &own["owner"], &own["state"]), (&json!(id), &json!("warehouse"), &json!("good")));
    assert!(!text.contains(&key), "{text}");

    let revoked = shop.told(&["revoke", &id]);
    assert_eq!((&revoked["state"], &revoked["already"]), (&json!("revoked"), &json!(false)));
    let since = Instant::now();
    while shop.order_with(&key).status != 401 {
        assert!(since.elapsed() < Duration::from_secs(10), "it goes on");
        sleep(Duration::from_millis(200));
    }
    let refused = shop.order_with(&key);
    assert_eq!(refused.json()["code"], "invalid-key");
    assert_eq!(refused.header("x-amzn-remapped-www-authenticate"), Some("ApiKey realm=\"shop\""));
    let id_of_call = refused.header("x-request-id").unwrap();
    let lines = shop.door.lines(id_of_call);
    let cause = lines.iter().find_map(|line| line["cause"].as_str()).unwrap();
    assert!(cause.starts_with("the API key was revoked at "), "{cause}");
    assert_eq!(shop.door.ledger(id_of_call), Value::Null, "a refused key costs no write");
    assert_eq!(shop.told(&["revoke", &id])["already"], true);
}

#[test]
fn an_owner_changes_keys_without_a_gap() {
    let shop = Shop::open();
    let (first, id) = shop.make("warehouse", &[]);
    let (second, _) = shop.make("warehouse", &[]);
    shop.make("another", &[]);
    assert_eq!([shop.order_with(&first).status, shop.order_with(&second).status], [201, 201]);
    shop.told(&["revoke", &id]);
    sleep(Duration::from_millis(1200));
    assert_eq!([shop.order_with(&first).status, shop.order_with(&second).status], [401, 201]);
    let states = |listed: Value| -> Vec<String> {
        let keys = listed["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(shop.told(&["list", "--owner", "warehouse"])), ["revoked", "good"]);
    assert_eq!(states(shop.told(&["list"])).len(), 3);
}

#[test]
fn a_person_is_shown_the_key_once_and_apart_from_all_else() {
    let shop = Shop::open();
    let made = shop.keys(&["create", "--owner", "warehouse", "--expires", "2999-01-31"]);
    assert!(made.status.success(), "{made:?}");
    let (said, beside) = (String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&made.stderr));
    let key = said.strip_suffix('\n').unwrap();
    assert!(key.starts_with("shop_") && !key.contains('\n'), "{said}");
    assert!(beside.contains("it is not shown again") && !beside.contains(key), "{beside}");
    assert!(beside.contains("it ends at 2999-01-31 00:00:00 UTC"), "{beside}");
    let listed = shop.keys(&["list"]);
    let drawn = String::from_utf8_lossy(&listed.stdout);
    assert!(drawn.contains("good until 2999-01-31") && !drawn.contains(key), "{drawn}");
}

#[test]
fn what_makes_no_sense_makes_no_key() {
    let shop = Shop::open();
    for (arguments, said) in [
        (&["create", "--owner", "w", "--plan", "partnr"][..], "hint: did you mean `partner`?"),
        (&["create", "--owner", ""], "the owner is no id"),
        (&["create", "--owner", "w", "--group", ""], "a group is no id"),
        (&["create", "--owner", "w", "--expires", "yesterday"], "is no time at which a key could end"),
        (&["create", "--owner", "w", "--expires", "2026-01-01"], "does not lie ahead"),
        (&["create"], "--owner <OWNER>"),
        (&["revoke", "shop_0123"], "not the key"),
    ] {
        let output = shop.keys(arguments);
        assert_eq!(code(&output), Some(3), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(said), "{told}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    let unknown = shop.keys(&["revoke", "0123456789ab"]);
    assert_eq!(code(&unknown), Some(1));
    let told = String::from_utf8_lossy(&unknown.stderr);
    assert!(told.contains("no API key with the id `0123456789ab` is in `doorward-state`"), "{told}");
    assert_eq!(shop.told(&["list"])["keys"], json!([]));
}
