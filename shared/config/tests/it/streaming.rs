//! Routes whose answers pass on while they come in, and the fronts that pass them on.

use doorward_config::{CheckAnswers, Config, Durability, TargetKind};
use expect_test::{Expect, expect};

use crate::shop::SHOP;

const CONTRACT: &str = "contract = \"contracts/shop.yaml#createOrder\"";

fn with(lines: &str) -> Result<Config, String> {
    let config = SHOP.replacen(CONTRACT, &format!("{lines}\n{CONTRACT}"), 1);
    doorward_config::parse("f", &config).map_err(|faults| faults.to_string())
}

#[track_caller]
fn faulty(lines: &str, expected: Expect) {
    expected.assert_eq(&with(lines).unwrap_err());
}

#[test]
fn a_route_that_streams_is_of_intent_and_its_answers_are_not_checked() {
    for lines in
        ["stream = true", "stream = true\ndurability = \"intent\"", "stream = true\ncheck_answers = \"off\""]
    {
        let config = with(lines).unwrap();
        let route = &config.routes[0];
        assert_eq!(
            (route.stream, route.durability, route.check_answers),
            (true, Durability::Intent, CheckAnswers::Off)
        );
    }
    let config = with("stream = false").unwrap();
    assert_eq!(config.routes[0].durability, Durability::BeforeAnswer);
    assert_eq!(config.routes[0].check_answers, CheckAnswers::Enforce);
}

#[test]
fn what_needs_the_whole_answer_stands_in_the_way_of_a_stream() {
    faulty(
        "stream = true\ncheck_answers = \"report\"",
        expect![[r#"
        f:32:17: an answer that passes on while it comes in is gone before it could be checked
          hint: leave `check_answers` out, or `stream`"#]],
    );
    faulty(
        "stream = true\ndurability = \"before-answer\"",
        expect![[r#"
        f:32:14: the calls of a route that streams are written before the target is called
          hint: how a stream ends is known after the answer: write `intent`, or leave it out"#]],
    );
    faulty(
        "stream = true\nidempotency = \"optional\"",
        expect![[r#"
        f:32:15: the answer to a key is kept, and one that passes on while it comes in is not
          hint: leave `idempotency` out, or `stream`"#]],
    );
    faulty("stream = \"yes\"", expect!["f:31:10: expected a boolean, found a string"]);
    let socket = SHOP.replacen("match = \"POST /orders\"", "match = \"$connect\"\nstream = true", 1);
    let socket = socket.replacen(CONTRACT, "", 1);
    expect![[r#"
        f:29:10: only the answer to an HTTP request can pass on while it comes in
          hint: leave `stream` out: this one is handed over when it is whole"#]]
    .assert_eq(&doorward_config::parse("f", &socket).unwrap_err().to_string());
}

#[test]
fn only_two_kinds_of_fronts_stream() {
    let door = |fronts: &str| SHOP.replacen("[door]", &format!("[door]\nstreamed_fronts = {fronts}"), 1);
    let config = doorward_config::parse("f", &door(r#"["function-url:abc", "rest-api:def"]"#)).unwrap();
    assert!(config.streams(&"function-url:abc".parse().unwrap()));
    assert!(!config.streams(&"rest-api:abc".parse().unwrap()));
    expect![[r#"
        f:2:20: `http-api:abc` takes an answer when it is whole
          hint: only function URLs and REST APIs can be set to pass answers on while they come in
        f:2:36: `x` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`"#]]
        .assert_eq(&doorward_config::parse("f", &door(r#"["http-api:abc", "x"]"#)).unwrap_err().to_string());
    let variable = |text: &'static str| {
        let lookup = move |name: &str| (name == "DOORWARD_STREAMED_FRONTS").then(|| text.to_owned());
        doorward_config::parse("f", SHOP).unwrap().with_environment(lookup)
    };
    assert!(variable("function-url:abc, rest-api:def").unwrap().streams(&"rest-api:def".parse().unwrap()));
    expect![[r#"
        environment variable `DOORWARD_STREAMED_FRONTS`: `alb:a/b` takes an answer when it is whole
          hint: only function URLs and REST APIs can be set to pass answers on while they come in"#]]
    .assert_eq(&variable("alb:a/b").unwrap_err().to_string());
}

#[test]
fn a_function_that_is_not_waited_for_does_not_stream() {
    let target =
        |lines: &str| SHOP.replacen("lambda = \"orders\"", &format!("lambda = \"orders\"\n{lines}"), 1);
    let config = doorward_config::parse("f", &target("stream = true")).unwrap();
    assert!(matches!(config.targets[0].kind, TargetKind::Lambda(lambda) if lambda.stream));
    expect![[r#"
        f:20:10: a function that is invoked asynchronously answers nothing, by a stream or else
          hint: leave `stream` out, or write `invocation = "sync"`"#]]
    .assert_eq(
        &doorward_config::parse("f", &target("stream = true\ninvocation = \"async\""))
            .unwrap_err()
            .to_string(),
    );
}
