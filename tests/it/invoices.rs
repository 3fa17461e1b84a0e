//! Usage reported, priced and exported by the command, from tables that hold what doors and the roll-up write.

use std::process::{Command, Output};

use doorward_core::usage::{Bucket, Grain, Group, Row};
use doorward_emulator::{Emulator, Functions, Options};
use doorward_model::Outcome;
use doorward_tests::local_door::dynamodb;
use doorward_tests::{binaries, workspace};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::check::project;
use crate::issuer;

/// Tables, and the demo's project over them.
pub(crate) struct Books {
    runtime: tokio::runtime::Runtime,
    emulator: Option<Emulator>,
    pub(crate) url: String,
    pub(crate) project: tempfile::TempDir,
}

/// A call as the ledger and the aggregates hold it.
pub(crate) struct Call {
    id: &'static str,
    at: &'static str,
    caller: &'static str,
    action: &'static str,
    outcome: Outcome,
    units: u64,
}

impl Books {
    pub(crate) fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let emulator = runtime.block_on(Emulator::start(Options {
            tables: std::fs::read_to_string(workspace::root().join("infra/tables.json")).unwrap(),
            functions: Functions::Host(Vec::new()),
            issuers: Vec::new(),
            ..issuer::options()
        }));
        let emulator = emulator.unwrap();
        let url = emulator.dynamodb_url().to_owned();
        Self { runtime, emulator: Some(emulator), url, project: project(&[]) }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let place = ["--path", self.project.path().to_str().unwrap(), "--dynamodb-url", &self.url];
        let command = Command::new(binaries::path("doorward")).args(arguments).args(place).output();
        command.unwrap()
    }

    #[track_caller]
    pub(crate) fn said(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn told(&self, arguments: &[&str], code: i32) -> Value {
        let said = self.said(&[arguments, &["--format", "json"]].concat(), code);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    pub(crate) fn ask(&self, operation: &str, input: &Value) {
        let answer = dynamodb(&self.url, operation, input);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The plan `default`, as the project's configuration has it now.
    pub(crate) fn version(&self) -> String {
        let text = std::fs::read_to_string(self.project.path().join("doorward.toml")).unwrap();
        doorward_config::parse("doorward.toml", &text).unwrap().plan("default").unwrap().version.clone()
    }

    /// Puts the call into the ledger.
    pub(crate) fn record(&self, call: &Call, version: &str) {
        let Call { id, at, caller, action, outcome, units } = call;
        let text = |value: &str| json!({ "S": value });
        let number = |value: u64| json!({ "N": value.to_string() });
        let item = json!({
            "call": text(id), "version": number(1), "at": text(at), "caller": text(caller),
            "plan": text("default"), "plan_version": text(version), "action": text(action),
            "target": text("orders"), "purpose": text("checkout"), "outcome": text(outcome.word()),
            "units": number(*units), "bytes_in": number(10), "bytes_out": number(20), "duration_us": number(1500),
            "front": text("function-url:shopurl"), "request_id": text(id),
        });
        self.ask("PutItem", &json!({ "TableName": "doorward-ledger", "Item": item }));
    }

    /// Adds the call to the aggregates.
    fn sum_up(&self, call: &Call, version: &str) {
        let at: Timestamp = call.at.parse().unwrap();
        for grain in Grain::ALL {
            let group = Group {
                caller: call.caller.to_owned(),
                action: Some(call.action.to_owned()),
                target: Some("orders".to_owned()),
                purpose: Some("checkout".to_owned()),
                outcome: call.outcome,
                plan: Some("default".to_owned()),
                plan_version: Some(version.to_owned()),
            };
            let row = Row { bucket: Bucket::holding(grain, at), group };
            self.ask(
                "UpdateItem",
                &json!({
                    "TableName": "doorward-state",
                    "Key": { "owner": { "S": row.owner() }, "item": { "S": row.item(0) } },
                    "UpdateExpression": "ADD #calls :one, #units :units, duration_us :us",
                    "ExpressionAttributeNames": { "#calls": "calls", "#units": "units" },
                    "ExpressionAttributeValues": {
                        ":one": { "N": "1" }, ":units": { "N": call.units.to_string() }, ":us": { "N": "1500" },
                    },
                }),
            );
        }
    }

    fn call(&self, call: &Call) {
        self.record(call, &self.version());
        self.sum_up(call, &self.version());
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        if let Some(emulator) = self.emulator.take() {
            self.runtime.block_on(emulator.shutdown());
        }
    }
}

pub(crate) const ALICE: &str = r#"User::"alice""#;
pub(crate) const BOB: &str = r#"User::"bob""#;

/// What alice and bob did in October: by the plan `default`, five units of which are included.
pub(crate) const CALLS: [Call; 6] = [
    Call {
        id: "c1",
        at: "2026-10-01T00:00:00Z",
        caller: ALICE,
        action: "listOrders",
        outcome: Outcome::Admitted,
        units: 4,
    },
    Call {
        id: "c2",
        at: "2026-10-02T10:00:00Z",
        caller: ALICE,
        action: "listOrders",
        outcome: Outcome::Admitted,
        units: 3,
    },
    Call {
        id: "c3",
        at: "2026-10-31T23:59:59Z",
        caller: ALICE,
        action: "createOrder",
        outcome: Outcome::Admitted,
        units: 2,
    },
    Call {
        id: "c4",
        at: "2026-10-05T10:00:00Z",
        caller: ALICE,
        action: "createOrder",
        outcome: Outcome::Denied,
        units: 0,
    },
    Call {
        id: "c5",
        at: "2026-10-05T11:00:00Z",
        caller: BOB,
        action: "listOrders",
        outcome: Outcome::Unresolved,
        units: 1,
    },
    Call {
        id: "c6",
        at: "2026-11-01T00:00:00Z",
        caller: ALICE,
        action: "listOrders",
        outcome: Outcome::Admitted,
        units: 9,
    },
];

fn october() -> Books {
    let books = Books::open();
    for call in &CALLS {
        books.call(call);
    }
    books
}

const INVOICE: [&str; 4] = ["usage", "invoice", "--period", "2026-10"];

#[test]
fn an_invoice_traces_to_its_calls() {
    let books = october();
    let version = books.version();
    let told = books.told(&[&INVOICE[..], &["--items"]].concat(), 0);
    let line = |part: Value, units: u64, unit: &str, amount: &str, calls: &[(&str, u64)]| {
        let calls: Vec<Value> =
            calls.iter().map(|(call, units)| json!({ "call": call, "units": units })).collect();
        let mut line = json!({
            "plan": "default", "version": version, "units": units, "unit_price": unit, "amount": amount,
            "calls": calls,
        });
        line.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        line
    };
    let expected = json!({
        "period": "2026-10",
        "invoices": [
            {
                "caller": ALICE, "currency": "EUR", "sum": "0.024", "total": "0.02",
                "lines": [
                    line(json!({ "part": "included" }), 5, "0", "0", &[("c1", 4), ("c2", 1)]),
                    line(json!({ "part": "tier", "tier": 1 }), 2, "0.002", "0.004", &[("c2", 2)]),
                    line(json!({ "part": "action", "action": "createOrder" }), 2, "0.01", "0.02", &[("c3", 2)]),
                ],
            },
            {
                "caller": BOB, "currency": "EUR", "sum": "0", "total": "0.00",
                "lines": [line(json!({ "part": "included" }), 1, "0", "0", &[("c5", 1)])],
            },
        ],
        "unpriced": [],
        "differences": [],
    });
    assert_eq!(told, expected);

    let said = books.said(&[&INVOICE[..], &["--caller", ALICE]].concat(), 0);
    assert!(said.contains("sum 0.024 EUR, to pay 0.02 EUR") && !said.contains("bob"), "{said}");
    let csv = books.said(&[&INVOICE[..], &["--format", "csv", "--caller", BOB]].concat(), 0);
    assert_eq!(
        csv,
        format!(
            "period,caller,currency,plan,version,part,unit_price,units,amount\n\
             2026-10,\"User::\"\"bob\"\"\",EUR,default,{version},included,0,1,0\n"
        )
    );
}

#[test]
fn a_line_whose_calls_are_not_all_there_shows() {
    let books = october();
    books.ask("DeleteItem", &json!({ "TableName": "doorward-ledger", "Key": { "call": { "S": "c3" } } }));
    let told = books.told(&[&INVOICE[..], &["--items"]].concat(), 2);
    let difference = &told["differences"][0];
    assert_eq!((&difference["invoiced"], &difference["traced"]), (&json!(2), &json!(0)), "{told}");
    assert_eq!(difference["action"], "createOrder");

    // Archived before the table forgot it, it is found.
    let books = october();
    let archive = books.project.path().join("archive");
    let archive = archive.to_str().unwrap();
    books.said(&["usage", "archive", archive], 0);
    for call in &CALLS {
        books.ask(
            "DeleteItem",
            &json!({ "TableName": "doorward-ledger", "Key": { "call": { "S": call.id } } }),
        );
    }
    books.told(&[&INVOICE[..], &["--items"]].concat(), 2);
    let told = books.told(&[&INVOICE[..], &["--items", "--archive", archive]].concat(), 0);
    assert_eq!(told["differences"], json!([]));
}

#[test]
fn a_past_month_is_priced_as_it_was() {
    let books = Books::open();
    books.call(&CALLS[1]);
    let before = books.version();
    let priced = books.told(&INVOICE, 0);
    // The price goes up, and no door has kept what it was.
    let path = books.project.path().join("doorward.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let definition = doorward_config::parse("doorward.toml", &text).unwrap();
    let definition = definition.plan("default").unwrap().definition.text().to_owned();
    std::fs::write(&path, text.replace("included = 5", "included = 0")).unwrap();
    assert_ne!(books.version(), before);
    let refused = books.run(&INVOICE);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let unknown =
        format!("no price is known for what was used under version `{before}` of the plan `default`");
    assert!(said.contains(&unknown), "{said}");

    books.ask(
        "PutItem",
        &json!({ "TableName": "doorward-state", "Item": {
            "owner": { "S": "plan#default" }, "item": { "S": before }, "definition": { "S": definition },
            "since": { "S": "2026-09-01T00:00:00Z" },
        } }),
    );
    assert_eq!(books.told(&INVOICE, 0), priced);
    let plans = books.told(&["plans", "show"], 0);
    assert_eq!(plans["plans"][0]["versions"][0]["version"], json!(before), "{plans}");
}

#[test]
fn a_report_sums_up_by_what_is_asked_for() {
    let books = october();
    let report = |more: &[&str]| books.told(&[&["usage", "report"][..], more].concat(), 0);
    let told = report(&["--period", "2026-10", "--by", "purpose,caller"]);
    let row = |caller: &str, calls: u64, units: u64| {
        json!({
            "purpose": "checkout", "caller": caller, "calls": calls, "units": units,
            "bytes_in": 0, "bytes_out": 0, "duration_us": calls * 1500,
        })
    };
    assert_eq!(told["rows"], json!([row(ALICE, 4, 9), row(BOB, 1, 1)]));
    let found = &told["anomalies"];
    assert_eq!(found["new_pairs"].as_array().unwrap().len(), 3, "{found}");
    assert_eq!(found["unresolved"], json!([{ "caller": BOB, "action": "listOrders", "calls": 1 }]));

    let told =
        report(&["--since", "2026-10-31T23:10:00Z", "--until", "2026-11-01T01:00:00Z", "--by", "hour"]);
    let rows = told["rows"].as_array().unwrap();
    let hours: Vec<_> =
        rows.iter().map(|row| (row["hour"].as_str().unwrap(), row["units"].as_u64().unwrap())).collect();
    assert_eq!(hours, [("2026-10-31T23", 2), ("2026-11-01T00", 9)]);
    // Alice had listed orders within the 30 days before.
    let told = report(&["--period", "2026-11", "--by", "month"]);
    assert_eq!(told["anomalies"]["new_pairs"], json!([]));

    let csv =
        books.said(&["usage", "report", "--period", "2026-11", "--by", "outcome", "--format", "csv"], 0);
    assert_eq!(csv, "outcome,calls,units,bytes_in,bytes_out,duration_us\nadmitted,1,9,0,0,1500\n");
    let said = books.said(&["usage", "report", "--period", "2026-10"], 0);
    assert!(said.contains("1 calls of User::\"bob\" to listOrders have no known end"), "{said}");
    assert_eq!(books.run(&["usage", "report", "--format", "stripe"]).status.code(), Some(3));
}

/// Exports the calls of the last day of October.
fn export<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let last_day = ["--since", "2026-10-31T00:00:00Z", "--until", "2026-11-01T00:00:00Z"];
    [&["usage", "export"], &last_day[..], more].concat()
}

#[test]
fn calls_are_exported_as_others_take_them() {
    let books = october();
    let event: Value = serde_json::from_str(&books.said(&export(&["--format", "cloudevents"]), 0)).unwrap();
    assert_eq!(
        event,
        json!({
            "specversion": "1.0", "id": "c3", "source": "/doorward/shop", "type": "doorward.call",
            "subject": ALICE, "time": "2026-10-31T23:59:59Z", "datacontenttype": "application/json",
            "data": {
                "units": 2, "action": "createOrder", "target": "orders", "purpose": "checkout",
                "outcome": "admitted", "plan": "default", "plan_version": books.version(),
                "bytes_in": 10, "bytes_out": 20, "duration_us": 1500,
            },
        })
    );
    let customers = books.project.path().join("customers.json");
    std::fs::write(&customers, json!({ ALICE: "cus_1" }).to_string()).unwrap();
    let customers = ["--format", "stripe", "--customers", customers.to_str().unwrap()];
    let event: Value = serde_json::from_str(&books.said(&export(&customers), 0)).unwrap();
    assert_eq!(
        event,
        json!({
            "event_name": "doorward_units", "identifier": "c3", "timestamp": 1_793_491_199,
            "payload": { "stripe_customer_id": "cus_1", "value": "2" },
        })
    );
    // Bob is no known customer: nothing at all is written.
    let all = [&["usage", "export", "--since", "2026-10-01T00:00:00Z"], &customers[..]].concat();
    let refused = books.run(&all);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(3), 0), "{refused:?}");

    let csv = books.said(&export(&["--format", "csv"]), 0);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("c3,2026-10-31T23:59:59Z,\"User::\"\"alice\"\"\",,default,"), "{csv}");
    let line: Value = serde_json::from_str(&books.said(&export(&["--format", "jsonl"]), 0)).unwrap();
    assert_eq!((&line["call"], &line["units"]), (&json!("c3"), &json!(2)));
}

fn switch<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["plans", "switch"], more].concat()
}

#[test]
fn plans_are_assigned_and_switches_thrown() {
    let books = Books::open();
    assert_eq!(books.run(&["plans", "assign", ALICE, "gold"]).status.code(), Some(3));
    assert_eq!(books.run(&["plans", "assign", "alice", "partner"]).status.code(), Some(3));
    books.said(&["plans", "assign", ALICE, "partner", "--by", "contract 4711"], 0);
    books.said(&["plans", "assign", BOB, "partner"], 0);
    books.said(&["plans", "assign", BOB, "--none"], 0);
    let alice = books.told(&["plans", "show", ALICE], 0);
    assert_eq!((&alice["plan"], &alice["history"][0]["by"]), (&json!("partner"), &json!("contract 4711")));
    let bob = books.told(&["plans", "show", BOB], 0);
    let plans: Vec<&Value> =
        bob["history"].as_array().unwrap().iter().map(|change| &change["plan"]).collect();
    assert_eq!((&bob["plan"], plans), (&Value::Null, vec![&json!("partner"), &Value::Null]));
    let all = books.told(&["plans", "show"], 0);
    assert_eq!(all["assigned"], json!([{ "caller": ALICE, "plan": "partner" }]));

    assert_eq!(books.run(&switch(&["off", "--action", "createOrdr"])).status.code(), Some(3));
    assert_eq!(books.run(&switch(&["off"])).status.code(), Some(3));
    books.said(&switch(&["off", "--action", "createOrder", "--reason", "broken"]), 0);
    books.said(&switch(&["off", "--caller", ALICE]), 0);
    let off = books.told(&switch(&["list"]), 0);
    let keys: Vec<&Value> = off.as_array().unwrap().iter().map(|off| &off["switch"]).collect();
    assert_eq!(keys, [&json!("action#createOrder"), &json!("caller#User::\"alice\"")]);
    assert_eq!(off[0]["reason"], "broken");
    books.said(&switch(&["on", "--action", "createOrder"]), 0);
    books.said(&switch(&["on", "--action", "createOrder"]), 2);
    assert_eq!(books.told(&switch(&["list"]), 0).as_array().unwrap().len(), 1);
}
