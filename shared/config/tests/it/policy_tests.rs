use doorward_config::{SampleCall, parse_policy_sample, parse_policy_tests};
use doorward_model::{Effect, EntityName, ItemValue};
use expect_test::{Expect, expect};
use serde_json::json;

/// Every form, from which tests change one place each.
const TESTS: &str = r#"[[tests]]
name = "a question"
principal = 'User::"alice"'
groups = ["customers"]
claims = { tenant = "t1" }
action = "createOrder"
resource = 'Function::"orders"'
context = { input = { total = 5000, items = [{ sku = "TEA-1" }] }, now = 2026-02-03T04:05:06Z, purpose = "checkout", request = { source_ip = "192.0.2.1" } }
decision = "deny"
policies = ["closed"]
errors = []
reason = "forbid"

[[tests]]
name = "a request"
principal = 'User::"alice"'
item = { owner = "alice", total = 1.50, tags = [true] }
now = "2026-01-02T00:00:00+01:00"
request = { method = "POST", path = "/orders", query = "a=1", headers = { x-a = "1", x-b = ["2", "3"] }, body = { total = 1.5 }, source_ip = "::1", front = "http-api:shop" }
decision = "allow"
code = "contract-violation"

[[tests]]
name = "an event"
event = { source = "s3", type = "ObjectCreated:Copy", bucket = "receipts", key = "inbox/a.pdf", size = 1000 }
decision = "allow"

[[tests]]
name = "an event from a file"
event_file = "samples/a.sample.json"
decision = "deny"
"#;

#[test]
fn every_form_is_read() {
    let tests = parse_policy_tests("shop.test.toml", TESTS).unwrap();
    let [question, request, event, envelope] = tests.as_slice() else { panic!("{tests:#?}") };

    assert_eq!((question.name.as_str(), question.place.line), ("a question", 1));
    let principal = &question.sample.principal.as_ref().unwrap().value;
    assert_eq!(*principal, EntityName::new("User", "alice"));
    assert_eq!(question.sample.groups, ["customers"]);
    assert_eq!(question.sample.claims.as_ref().unwrap().value["tenant"], "t1");
    assert_eq!(question.sample.at.to_string(), "2026-02-03T04:05:06Z");
    assert_eq!((question.expected.decision, question.expected.reason), (Some(Effect::Deny), Some("forbid")));
    assert_eq!(question.expected.policies.as_ref().unwrap()[0].place.line, 10);
    assert!(question.expected.errors.as_ref().unwrap().is_empty());
    let SampleCall::Question(asked) = &question.sample.call else { panic!("{question:?}") };
    let input = asked.input.as_ref().unwrap();
    assert_eq!(input.value, json!({ "total": 5000, "items": [{ "sku": "TEA-1" }] }));
    assert_eq!(input.place("/items/0/sku").unwrap().column, 54);
    assert_eq!(asked.request.as_ref().unwrap().value, json!({ "source_ip": "192.0.2.1" }));

    let item = &request.sample.item.as_ref().unwrap().value;
    assert_eq!(item["owner"], ItemValue::Text("alice".to_owned()));
    assert_eq!(item["total"], ItemValue::Number("1.5".to_owned()));
    assert_eq!(item["tags"], ItemValue::List(vec![ItemValue::Bool(true)]));
    assert_eq!(request.sample.at.to_string(), "2026-01-01T23:00:00Z");
    let SampleCall::Request(sent) = &request.sample.call else { panic!("{request:?}") };
    assert_eq!((sent.method.as_str(), sent.path.as_str(), sent.query.as_str()), ("POST", "/orders", "a=1"));
    assert_eq!(sent.headers.get_all("x-b").iter().collect::<Vec<_>>(), ["2", "3"]);
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(sent.body, br#"{"total":1.5}"#);
    assert_eq!(sent.front.as_ref().unwrap().to_string(), "http-api:shop");
    assert_eq!(request.expected.code.as_ref().unwrap().value, "contract-violation");

    let SampleCall::Event(sent) = &event.sample.call else { panic!("{event:?}") };
    assert_eq!(sent.event_type.as_deref(), Some("ObjectCreated:Copy"));
    assert_eq!(json!(sent.attributes), json!({ "bucket": "receipts", "key": "inbox/a.pdf", "size": 1000 }));
    assert!(event.sample.principal.is_none());

    let SampleCall::Envelope(file) = &envelope.sample.call else { panic!("{envelope:?}") };
    assert_eq!((file.value.as_str(), file.place.line), ("samples/a.sample.json", 30));
}

#[test]
fn a_sample_alone_is_read_by_the_same_rules() {
    let sample = parse_policy_sample("a.toml", "request = { method = \"GET\", path = \"/\" }").unwrap();
    assert_eq!(sample.at.to_string(), "2026-01-01T00:00:00Z");
    let SampleCall::Request(sent) = &sample.call else { panic!("{sample:?}") };
    assert!(sent.headers.is_empty() && sent.body.is_empty());
    let faults = parse_policy_sample("a.toml", "decision = \"allow\"").unwrap_err().to_string();
    expect![[r#"
        a.toml:1:1: nothing is called
          hint: name an `action` to ask the policies alone, or give a whole `request`, `event` or `event_file`
        a.toml:1:1: unknown key `decision` in the file
          hint: expected `action`, `request`, `event`, `event_file`, `principal`, `groups`, `in`, `claims`, `attributes`, `now`, `item`, `resource`, `parents` or `context`"#]]
    .assert_eq(&faults);
}

#[test]
fn a_sample_may_come_by_a_connection() {
    let read = |text: &str| parse_policy_sample("a.toml", text);
    let sample = read("request = { route_key = \"setStock\", body = { sku = \"TEA-1\" } }").unwrap();
    let SampleCall::Request(sent) = &sample.call else { panic!("{sample:?}") };
    assert_eq!((sent.route_key.as_deref(), sent.method.as_str()), (Some("setStock"), "POST"));
    assert_eq!((sent.headers.len(), &sent.body[..]), (0, &br#"{"sku":"TEA-1"}"#[..]));
    let opening =
        read("request = { route_key = \"$connect\", headers = { x-a = \"1\" }, query = \"b=2\" }").unwrap();
    let SampleCall::Request(sent) = &opening.call else { panic!("{opening:?}") };
    assert_eq!((sent.method.as_str(), sent.headers.len(), sent.query.as_str()), ("GET", 1, "b=2"));
    let request = "request = { route_key = \"a\", method = \"GET\", path = \"/\", headers = { x-a = \"1\" }, query = \"b\" }";
    expect![[r#"
        a.toml:1:39: what comes by a connection of a WebSocket API has none
        a.toml:1:53: what comes by a connection of a WebSocket API has none
        a.toml:1:68: what comes by a connection of a WebSocket API has none
        a.toml:1:91: what comes by a connection of a WebSocket API has none"#]]
    .assert_eq(&read(request).unwrap_err().to_string());
}

#[track_caller]
fn check(found: &str, replacement: &str, expected: Expect) {
    assert_eq!(TESTS.matches(found).count(), 1, "{found} must occur once");
    let text = TESTS.replace(found, replacement);
    let faults = parse_policy_tests("shop.test.toml", &text).expect_err("the file has a fault");
    expected.assert_eq(&faults.to_string());
}

#[test]
fn a_test_is_about_one_call() {
    check(
        "request = { method",
        "event_file = \"a.sample.json\"\nrequest = { method",
        expect![[r#"
        shop.test.toml:14:1: both `request` and `event_file` are given
          hint: a sample is one call: a question by its `action`, a `request`, an `event` or an `event_file`"#]],
    );
    check(
        "event_file = \"samples/a.sample.json\"\n",
        "",
        expect![[r#"
            shop.test.toml:28:1: nothing is called
              hint: name an `action` to ask the policies alone, or give a whole `request`, `event` or `event_file`"#]],
    );
    check(
        "action = \"createOrder\"\n",
        "",
        expect![[r#"
        shop.test.toml:1:1: nothing is called
          hint: name an `action` to ask the policies alone, or give a whole `request`, `event` or `event_file`"#]],
    );
    check(
        "name = \"a request\"",
        "name = \"a request\"\nresource = 'Order::\"1\"'",
        expect![[r#"
        shop.test.toml:16:12: only a question to the policies alone has a `resource`
          hint: a whole sample is routed, and makes its own"#]],
    );
    check(
        "name = \"an event\"",
        "name = \"an event\"\nprincipal = 'User::\"alice\"'",
        expect![[r#"
            shop.test.toml:25:13: an event comes from its source, which is its principal
              hint: leave `principal` out"#]],
    );
    check(
        "principal = 'User::\"alice\"'\ngroups",
        "groups",
        expect![[r#"
            shop.test.toml:1:1: a question needs a `principal`
              hint: write it as Cedar does: `'User::"alice"'`"#]],
    );
    check(
        "name = \"an event\"",
        "name = \"a request\"",
        expect![[r#"
            shop.test.toml:24:8: a second test is named `a request`
              hint: the first one is on line 15"#]],
    );
    check(
        "name = \"an event\"",
        "nam = \"\\n\"",
        expect![[r#"
            shop.test.toml:23:1: missing key `name` in `[[tests]]`
            shop.test.toml:24:1: unknown key `nam` in `[[tests]]`
              hint: did you mean `name`?"#]],
    );
}

#[test]
fn what_is_stated_can_be_read() {
    check(
        "principal = 'User::\"alice\"'\ngroups",
        "principal = 'User::alice'\ngroups",
        expect![[r#"
        shop.test.toml:3:13: `User::alice` is not an entity
          hint: write it as Cedar does: `'User::"alice"'`"#]],
    );
    check(
        "purpose = \"checkout\", request",
        "inptu = {}, token = {}, request",
        expect![[r#"
        shop.test.toml:8:96: unknown key `inptu` in `context`
          hint: did you mean `input`?
        shop.test.toml:8:116: `context.token` is made of the caller's claims
          hint: state them as `claims` of the test"#]],
    );
    check(
        "action = \"createOrder\"",
        "action = \"createOrder\"\nnow = 2026-01-01T00:00:00Z",
        expect![[r#"
        shop.test.toml:7:7: the time of a question stands in its `context`
          hint: write `context = { now = … }`"#]],
    );
    check(
        "2026-02-03T04:05:06Z",
        "2026-02-03",
        expect![[r#"
        shop.test.toml:8:74: `2026-02-03` is not a point in time
          hint: write date, time and offset: `2026-01-31T08:00:00Z`"#]],
    );
    check(
        "total = 5000",
        "total = 99999999999999999999",
        expect!["shop.test.toml:8:31: the integer does not fit into 64 bits"],
    );
    check("total = 5000", "total = nan", expect!["shop.test.toml:8:31: JSON has no such number"]);
    check("{ tenant = \"t1\" }", "\"t1\"", expect!["shop.test.toml:5:10: expected a table"]);
    check(
        "\"/orders\", query = \"a=1\"",
        "\"/orders?a=1\"",
        expect![[r#"
            shop.test.toml:19:37: the path `/orders?a=1` holds a query
              hint: write what stands behind `?` as `query`"#]],
    );
    check(
        "x-a = \"1\"",
        "\"x a\" = \"1\", x-c = \"\\u0000\", x-d = 1",
        expect![[r#"
            shop.test.toml:19:75: `x a` is not the name of a header field
            shop.test.toml:19:94: `�` cannot stand in a header
            shop.test.toml:19:110: expected an array, found an integer"#]],
    );
    check(
        "\"::1\", front = \"http-api:shop\"",
        "\"here\", front = \"bucket:receipts\"",
        expect![[r#"
            shop.test.toml:19:142: `here` is not an IP address
            shop.test.toml:19:158: requests do not come in by `bucket:receipts`"#]],
    );
    check(
        "\"s3\", type",
        "\"s4\", type",
        expect![[r#"
            shop.test.toml:25:20: unknown value `s4`
              hint: did you mean `s3`?"#]],
    );
    check("source = \"s3\", type", "type", expect!["shop.test.toml:25:9: missing key `source` in `event`"]);
    check(
        "key = \"inbox/a.pdf\", size = 1000",
        "keys = \"inbox/a.pdf\", size = \"1\"",
        expect![[r#"
            shop.test.toml:25:76: events of `s3` have no `keys`
              hint: did you mean `key`?
            shop.test.toml:25:105: expected an integer, found a string"#]],
    );
    check("key = \"inbox/a.pdf\", ", "", expect!["shop.test.toml:25:9: missing key `key` in `event`"]);
    check(
        "samples/a.sample.json",
        "samples/a.json",
        expect![[r#"
            shop.test.toml:30:14: `samples/a.json` would become part of the bundle
              hint: name the file `….sample.json`"#]],
    );
    check(
        "samples/a.sample.json",
        "../a.sample.json",
        expect![[r#"
            shop.test.toml:30:14: `../a.sample.json` leaves the folder of the configuration
              hint: write a path below the folder of the configuration"#]],
    );
}

#[test]
fn what_is_expected_can_come_of_the_sample() {
    check(
        "decision = \"deny\"\npolicies",
        "policies",
        expect![[r#"
        shop.test.toml:1:1: missing key `decision` in `[[tests]]`
          hint: write `decision = "allow"` or `decision = "deny"`"#]],
    );
    check(
        "decision = \"deny\"\npolicies",
        "decision = \"denied\"\npolicies",
        expect![[r#"
        shop.test.toml:9:12: unknown value `denied`
          hint: expected `allow` or `deny`"#]],
    );
    check(
        "decision = \"deny\"\npolicies",
        "decision = \"allow\"\npolicies",
        expect![[r#"
        shop.test.toml:12:10: only a denial has a reason
          hint: write `decision = "deny"`, or leave `reason` out"#]],
    );
    check(
        "reason = \"forbid\"",
        "code = \"forbidden\"",
        expect![[r#"
            shop.test.toml:12:1: unknown key `code` in `[[tests]]`
              hint: expected `name`, `action`, `request`, `event`, `event_file`, `principal`, `groups`, `in`, `claims`, `attributes`, `now`, `item`, `resource`, `parents`, `context`, `decision`, `reason`, `policies` or `errors`"#]],
    );
    check(
        "reason = \"forbid\"",
        "reason = \"forbidden\"",
        expect![[r#"
            shop.test.toml:12:10: unknown value `forbidden`
              hint: expected `no-permit`, `unnamed`, `forbid`, `forbid-errored`, `permit-errored`, `missing-entity`, `unknown-action`, `unfit`, `input-unfit`, `no-entity` or `entity-unfit`"#]],
    );
    check(
        "[\"closed\"]",
        "[\"closed\", \"\", \"closed\"]",
        expect![[r#"
        shop.test.toml:10:23: expected a text, found an empty string
        shop.test.toml:10:27: listed twice"#]],
    );
    check(
        "event_file = \"samples/a.sample.json\"\ndecision = \"deny\"",
        "event_file = \"samples/a.sample.json\"",
        expect![[r#"
            shop.test.toml:28:1: missing key `decision` in `[[tests]]`
              hint: write `decision = "allow"` or `"deny"`; a refusal before the decision has a `code`"#]],
    );
}
