use doorward_config::{FunctionPlace, InvokeRule, RouteMatch};
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check_text};

const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:orders";

/// A route of the invoke door, with more keys.
fn route(id: &str, invoke: &str, more: &str) -> String {
    format!("[[routes]]\nid = \"{id}\"\ninvoke = {invoke}\ntarget = \"orders\"\nauth = [\"main\"]\n{more}\n")
}

#[track_caller]
fn check(invoke: &str, more: &str, expected: Expect) {
    check_text(&format!("{SHOP}\n{}", route("invokeOrders", invoke, more)), expected);
}

#[track_caller]
fn read(invoke: &str, more: &str) -> InvokeRule {
    let text = format!("{SHOP}\n{}", route("invokeOrders", invoke, more));
    let config = doorward_config::parse("f", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let route = config.routes.last().unwrap();
    assert!(!route.authorizer, "no authorizer is asked");
    match &route.matched {
        RouteMatch::Invoke(rule) => rule.clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_route_may_be_a_function_of_the_invoke_door() {
    let rule = read("\"orders\"", "");
    assert_eq!((rule.function.name.as_str(), &rule.function.place), ("orders", &None));
    assert_eq!((rule.qualifiers.len(), rule.log_tail, rule.contract), (0, false, None));

    let table = format!("{{ function = \"{ARN}\", qualifiers = [\"live\", \"7\"], log_tail = true }}");
    let rule = read(&table, "contract = \"contracts/orders.json#Order\"\nunits = 3\ndurability = \"intent\"");
    let place = FunctionPlace {
        partition: "aws".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
    };
    assert_eq!((rule.function.name.as_str(), rule.function.place), ("orders", Some(place)));
    assert_eq!((rule.qualifiers, rule.log_tail), (vec!["live".to_owned(), "7".to_owned()], true));
    let contract = rule.contract.unwrap();
    assert_eq!((contract.file.as_str(), contract.schema.as_str()), ("contracts/orders.json", "Order"));
}

#[test]
fn what_names_no_function_or_no_version_is_refused() {
    check(
        "\"or ders\"",
        "",
        expect![[r#"
            doorward.toml:55:10: `or ders` names no Lambda function
              hint: write a name, `name:alias`, or `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"#]],
    );
    check(
        "\"orders:live\"",
        "",
        expect![[r#"
            doorward.toml:55:10: `orders:live` names a version of a function
              hint: write the name alone; versions that callers may ask for are `qualifiers`: `{ function = "orders", qualifiers = ["live"] }`"#]],
    );
    check(
        "{ function = \"orders\", qualifiers = [\"$LATEST\", \"a b\"], versions = 1 }",
        "",
        expect![[r#"
            doorward.toml:55:47: `$LATEST` is always taken, and means the target's own version
              hint: leave it out
            doorward.toml:55:58: `a b` is no alias and no version
              hint: use 1 to 128 letters, digits, `-` and `_`: `live`, `7`
            doorward.toml:55:66: unknown key `versions` in `invoke`
              hint: expected `function`, `qualifiers` or `log_tail`"#]],
    );
    check("{ log_tail = true }", "", expect!["doorward.toml:55:10: missing key `function` in `invoke`"]);
}

#[test]
fn a_function_has_one_route_and_the_door_one_invoke_path() {
    let both = route("again", &format!("\"{ARN}\""), "");
    check(
        "\"orders\"",
        &both,
        expect![[r#"
            doorward.toml:60:10: a second route takes the function `orders`
              hint: the first route is on line 55"#]],
    );
    let plain = "[[routes]]\nid = \"own\"\nmatch = \"POST /2015-03-31/functions/{name}/invocations\"\ntarget = \"orders\"\nauth = [\"main\"]";
    check(
        "\"orders\"",
        plain,
        expect![[r#"
            doorward.toml:60:9: `POST /2015-03-31/functions/{name}/invocations` matches the same requests as `POST /2015-03-31/functions/{FunctionName}/invocations`
              hint: the first route is on line 55"#]],
    );
}

#[test]
fn what_an_invocation_has_not_is_refused() {
    check(
        "\"orders\"",
        "match = \"POST /orders/invoke\"",
        expect![[r#"
            doorward.toml:58:9: a route has `match` or `invoke`, not both
              hint: the requests that invoke a function are those of the Lambda Invoke API"#]],
    );
    check(
        "\"orders\"",
        "authorizer = true",
        expect![[r#"
            doorward.toml:58:14: no authorizer can be asked about invocations, or about events
              hint: it is given no payload, and may keep its answer for another one: the dispatcher decides"#]],
    );
    check(
        "\"orders\"",
        "check_answers = \"report\"",
        expect![[r#"
            doorward.toml:58:17: answers of invocations are passed on as they are
              hint: leave `check_answers` out"#]],
    );
    check(
        "\"orders\"",
        "resource = { type = \"Order\", id = \"path.id\" }",
        expect![[r#"
            doorward.toml:58:35: an invocation has no path with parameters
              hint: leave `resource` out: it is the function then"#]],
    );
    check(
        "\"orders\"",
        "rewrite = \"/v1/{id}\"",
        expect![[r#"
            doorward.toml:58:11: a target of kind `lambda` is sent no path that could be another one
              hint: leave `rewrite` out: it is for targets that speak HTTP"#]],
    );
    let queue =
        "[[targets]]\nname = \"queue\"\nsqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/a\"\n";
    for (table, unfit) in [("qualifiers = [\"live\"]", "`qualifiers`"), ("log_tail = true", "`log_tail`")] {
        let invoke =
            route("ask", &format!("{{ function = \"q\", {table} }}"), "").replace("\"orders\"", "\"queue\"");
        let faults =
            doorward_config::parse("f", &format!("{SHOP}\n{queue}{invoke}")).unwrap_err().to_string();
        assert!(faults.contains("a target of kind `sqs` has no versions and no log of Lambda's"), "{faults}");
        assert!(faults.contains(unfit), "{faults}");
    }
}

#[test]
fn function_urls_may_be_said_to_verify_signatures() {
    let text = |fronts: &str| {
        SHOP.replacen(
            "[[issuers]]",
            &format!("[iam]\nuser_type = \"IamUser\"\nfronts = {fronts}\n\n[[issuers]]"),
            1,
        )
    };
    let config = doorward_config::parse("f", &text("[\"function-url:abc\"]")).unwrap();
    assert_eq!(config.iam.unwrap().fronts, ["function-url:abc".parse().unwrap()]);
    check_text(
        &text("[\"http-api:a1b2c3\"]"),
        expect![[r#"
            doorward.toml:11:11: `http-api:a1b2c3` is no function URL
              hint: list the function URLs of the type `AWS_IAM`; an API verifies signatures route by route"#]],
    );
}
