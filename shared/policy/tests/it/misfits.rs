use doorward_model::EntityName;
use doorward_policy::{CallContext, Context, Input, Question};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::shop::{NOW, compile, render, user};

#[track_caller]
fn check(action: &str, member: &str, value: Value, expected: Expect) {
    let policies = compile("").unwrap();
    let misfits = policies.misfits(action, member, &value);
    let lines: Vec<String> = misfits
        .iter()
        .map(|misfit| format!("{}: {} {:?}", misfit.pointer, misfit.message, misfit.known))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn what_policies_cannot_read_is_found_with_its_place() {
    let input =
        json!({ "total": 1, "discount": 0.5, "note": null, "items": [{ "sku": "a", "quantity": 1.0 }] });
    check("createOrder", "input", input, expect![""]);
    let input = json!({ "totl": 1, "gift": 1, "tags": ["a", 1], "items": [{ "sku": "a", "quantity": 1.5 }, 1], "a/b": 1 });
    check(
        "createOrder",
        "input",
        input,
        expect![[r#"
        /totl: policies know no `totl` here ["discount", "gift", "items", "note", "tags", "total"]
        /gift: expected true or false []
        /tags/1: expected a string []
        /items/0/quantity: expected an integer []
        /items/1: expected a table []
        /a~1b: policies know no `a/b` here ["discount", "gift", "items", "note", "tags", "total"]
        : missing `total` []"#]],
    );
    check("createOrder", "input", json!([]), expect![": expected a table []"]);
    check(
        "createOrder",
        "request",
        json!({ "method": "POST", "path": "/", "source_ip": "10.0.0.1" }),
        expect![""],
    );
    check(
        "createOrder",
        "request",
        json!({ "method": "POST", "source_ip": "here" }),
        expect![[r#"
        /source_ip: expected an IP address []
        : missing `path` []"#]],
    );
    check(
        "createOrder",
        "event",
        json!({}),
        expect![[r#": the action's context has no `event` ["input", "now", "purpose", "request", "trust"]"#]],
    );
    check(
        "receiptUploaded",
        "event",
        json!({ "source": "s3", "type": "", "region": "", "bucket": "b" }),
        expect![": missing `key` []"],
    );
    check("unknown", "input", json!({}), expect![""]);
}

#[test]
fn a_stated_request_is_decided_like_a_real_one() {
    let policies = compile(
        r#"permit(principal, action == Action::"status", resource) when {
            context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))
        };"#,
    )
    .unwrap_or_else(|faults| panic!("{faults}"));
    let ask = |request: Value| {
        let decision = policies.decide(&Question {
            principal: &user("ann", &[]),
            action: "status",
            resource: &EntityName::new("Function", "orders"),
            resource_parents: &[],
            loaded: None,
            context: Context {
                now: NOW.parse().unwrap(),
                purpose: None,
                call: CallContext::Stated { call: &request, claimed: &json!({}) },
                input: Input::Checked(None),
            },
        });
        render(&decision)
    };
    let request = |address: &str| json!({ "method": "GET", "path": "/", "source_ip": address });
    assert_eq!(ask(request("::ffff:10.1.2.3")), "allow by shop#1");
    assert_eq!(ask(request("192.0.2.1")), "deny: no policy permits it");
    assert_eq!(ask(json!({ "method": "GET" })), "deny: the request does not fit the policy schema");
    assert_eq!(ask(json!([])), "deny: the request does not fit the policy schema");
}
