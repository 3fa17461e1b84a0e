use doorward_config::{Config, ENVIRONMENT, JwksLocation, parse};
use doorward_model::Faults;
use expect_test::{Expect, expect};

use crate::shop::SHOP;

fn with(variables: &[(&str, &str)]) -> Result<Config, Faults> {
    let config = parse("doorward.toml", SHOP).unwrap();
    config.with_environment(|name| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    })
}

#[track_caller]
fn check_faults(variables: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&with(variables).unwrap_err().to_string());
}

#[test]
fn fronts_are_added() {
    let config = with(&[("DOORWARD_FRONTS", "function-url:x, bucket:receipts,,bucket:late")]).unwrap();
    let fronts: Vec<String> = config.fronts.iter().map(ToString::to_string).collect();
    assert_eq!(fronts, ["http-api:a1b2c3", "bucket:receipts", "function-url:x", "bucket:late"]);
    assert_eq!(with(&[]).unwrap().fronts.len(), 2);
    assert_eq!(with(&[("DOORWARD_FRONTS", " ")]).unwrap().fronts.len(), 2);
}

#[test]
fn an_arn_pins_no_other_of_its_name() {
    const ARN: &str = "arn:aws:sqs:us-east-1:123456789012:orders";
    let pins = format!("queue:{ARN},queue:{ARN},queue:arn:aws:sqs:eu-west-1:123456789012:orders");
    let config = with(&[("DOORWARD_FRONTS", &pins)]).unwrap();
    let queue = "queue:orders".parse().unwrap();
    assert_eq!(config.fronts.iter().filter(|front| **front == queue).count(), 1);
    for (arn, pinned) in [
        (Some(ARN), true),
        (Some("arn:aws:sqs:eu-west-1:123456789012:orders"), true),
        (Some("arn:aws:sqs:eu-west-3:999999999999:orders"), false),
        (None, false),
    ] {
        assert_eq!(config.pins(&queue, arn), pinned, "{arn:?}");
    }
    let bucket = "bucket:receipts".parse().unwrap();
    assert!(config.pins(&bucket, None) && config.pins(&bucket, Some("arn:aws:s3:::receipts")));
    check_faults(
        &[(
            "DOORWARD_FRONTS",
            "bucket:arn:aws:s3:::receipts,queue:arn:aws:sns:us-east-1:123456789012:orders,bus:arn:aws:events:us-east-1:123456789012:event-bus/default,http-api:arn:aws:x:::y",
        )],
        expect![[r#"
            environment variable `DOORWARD_FRONTS`: `bucket:receipts` is pinned by name and by ARN
              hint: a name is that of any account and region: keep the ARNs alone
            environment variable `DOORWARD_FRONTS`: `arn:aws:sns:us-east-1:123456789012:orders` is not the ARN of a queue: expected `arn:aws:sqs:REGION:ACCOUNT:NAME`
            environment variable `DOORWARD_FRONTS`: `arn:aws:events:us-east-1:123456789012:event-bus/default` is not the ARN of a bus: expected `arn:aws:events:REGION:ACCOUNT:event-bus/*`
              hint: an event does not say by which bus of its account it came
            environment variable `DOORWARD_FRONTS`: a http-api is pinned by its id, which is of one account and region already
              hint: write `http-api:a1b2c3`"#]],
    );
}

#[test]
fn keys_may_be_elsewhere() {
    let url = "http://127.0.0.1:7000/keys";
    let config = with(&[("DOORWARD_JWKS_URL_MAIN", url)]).unwrap();
    assert_eq!(config.issuers[0].jwks, JwksLocation::Url(url.to_owned()));
}

#[test]
fn targets_may_be_elsewhere() {
    let config = with(&[
        ("DOORWARD_TARGET_ORDERS", "orders:live"),
        ("DOORWARD_TARGET_RECEIPTS", "arn:aws:lambda:us-east-1:123456789012:function:receipts"),
    ])
    .unwrap();
    let endpoint = |target: usize| &config.targets[target].endpoints[0];
    assert_eq!(endpoint(0).address, "orders:live");
    assert_eq!(endpoint(1).region.as_deref(), Some("us-east-1"));
    check_faults(
        &[
            ("DOORWARD_TARGET_ORDERS", "orders, orders:live"),
            ("DOORWARD_TARGET_RECEIPTS", "https://receipts.example"),
        ],
        expect![[r#"
            environment variable `DOORWARD_TARGET_ORDERS`: it names 2 places, and the target has 1
              hint: name as many, in the order of the configuration, separated by commas
            environment variable `DOORWARD_TARGET_RECEIPTS`: `https://receipts.example` names no Lambda function
              hint: write a name, `name:alias`, or `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"#]],
    );
}

#[test]
fn a_queue_is_moved_to_one_of_its_kind() {
    let queue = |name: &str| format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}");
    let moved = |target: &str, group: &str, place: &str| {
        let keys = format!("sqs = \"{}\"{group}", queue(target));
        let config = parse("doorward.toml", &SHOP.replace("lambda = \"orders\"", &keys)).unwrap();
        config.with_environment(|name| (name == "DOORWARD_TARGET_ORDERS").then(|| queue(place))).is_ok()
    };
    let group = "\ngroup = \"caller\"";
    assert!(moved("o", "", "p") && moved("o.fifo", group, "p.fifo"));
    assert!(!moved("o", "", "p.fifo") && !moved("o.fifo", group, "p"));
}

#[test]
fn faults_of_all_variables_are_reported_together() {
    check_faults(
        &[
            ("DOORWARD_FRONTS", "http-api:ok,nothing,bucket:"),
            ("DOORWARD_JWKS_URL_MAIN", "http://keys.example.com/"),
        ],
        expect![[r#"
            environment variable `DOORWARD_FRONTS`: `nothing` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`
            environment variable `DOORWARD_FRONTS`: `bucket:` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`
            environment variable `DOORWARD_JWKS_URL_MAIN`: `http://keys.example.com/` is not a usable URL: keys fetched over `http` can be replaced on the way
              hint: use `https`; `http` is for `localhost`, `127.0.0.0/8` and `[::1]`"#]],
    );
    check_faults(
        &[("DOORWARD_JWKS_URL_MAIN", "")],
        expect![
            "environment variable `DOORWARD_JWKS_URL_MAIN`: an empty text is not a usable URL: it cannot be read"
        ],
    );
}

#[test]
fn the_list_is_what_is_read() {
    let asked = std::cell::RefCell::new(Vec::new());
    let config = parse("doorward.toml", SHOP).unwrap();
    let ignored = config.with_environment(|name| {
        asked.borrow_mut().push(name.to_owned());
        None
    });
    assert!(ignored.is_ok());
    assert_eq!(
        asked.into_inner(),
        [
            "DOORWARD_FRONTS",
            "DOORWARD_STREAMED_FRONTS",
            "DOORWARD_QUARANTINE_QUEUE",
            "DOORWARD_JWKS_URL_MAIN",
            "DOORWARD_TARGET_ORDERS",
            "DOORWARD_TARGET_RECEIPTS"
        ]
    );
    let names: Vec<&str> = ENVIRONMENT.iter().map(|variable| variable.name).collect();
    for name in ["DOORWARD_FRONTS", "DOORWARD_JWKS_URL_<ISSUER>"] {
        assert!(names.contains(&name), "{name}");
    }
}
