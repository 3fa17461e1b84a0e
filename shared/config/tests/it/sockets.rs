//! Routes of WebSocket APIs.

use doorward_config::{RouteMatch, SocketRule, UnitsRule};
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check_text};

/// A route for what its gateway gives this route key, with more keys.
fn socket(key: &str, more: &str) -> String {
    accepting(key, "orders", "[\"main\"]", more)
}

fn accepting(key: &str, target: &str, auth: &str, more: &str) -> String {
    format!(
        "{SHOP}\n[[routes]]\nid = \"connectShop\"\nmatch = \"{key}\"\ntarget = \"{target}\"\nauth = {auth}\n{more}\n"
    )
}

/// As [`socket`], where an authorizer says who opened the connection.
fn by_connection(key: &str, more: &str) -> String {
    socket(key, more) + "\n[authorizer]\nconnections = [\"websocket-api:w1\"]\n"
}

#[test]
fn a_route_may_take_the_opening_of_connections() {
    let config = doorward_config::parse("f", &socket("$connect", "units = 3")).unwrap();
    let route = config.routes.last().unwrap();
    let rule = SocketRule { key: "$connect".to_owned(), contract: None };
    assert_eq!(route.matched, RouteMatch::Socket(rule));
    assert_eq!(route.matched.to_string(), "$connect");
    assert_eq!(route.units, UnitsRule::Fixed(3.try_into().unwrap()));
    assert_eq!(config.routes[0].matched.to_string(), "POST /orders");
    assert!(route.authorizer, "a gateway asks before it opens one");

    check_text(
        &socket("$conect", ""),
        expect![[r#"
        doorward.toml:55:9: `$conect` is no route key that the door takes
          hint: did you mean `$connect`?"#]],
    );
    check_text(
        &socket("$connect", "contract = \"contracts/shop.yaml#createOrder\""),
        expect![[r#"
        doorward.toml:58:12: `$connect` has no method and path, which a contract describes
          hint: leave `contract` out"#]],
    );
    check_text(
        &socket("$connect", "resource = { type = \"Order\", id = \"path.id\" }"),
        expect![[r#"
        doorward.toml:58:35: `$connect` has no path, and so no parameters
          hint: leave `resource` out: it is the function then"#]],
    );
    let second = "[[routes]]\nid = \"again\"\nmatch = \"$connect\"\ntarget = \"orders\"\nauth = [\"main\"]";
    check_text(
        &socket("$connect", second),
        expect![[r#"
        doorward.toml:60:9: a second route takes `$connect`
          hint: the first route is on line 55"#]],
    );
}

#[test]
fn a_route_may_take_messages_by_their_route_key() {
    for (written, key) in [
        ("$disconnect", "$disconnect"),
        ("$default", "$default"),
        ("MESSAGE placeOrder", "placeOrder"),
        ("MESSAGE GET /orders", "GET /orders"),
        ("MESSAGE gr\u{fc}\u{df}e", "gr\u{fc}\u{df}e"),
    ] {
        let config = doorward_config::parse("f", &by_connection(written, "units = 3")).unwrap();
        let route = config.routes.last().unwrap();
        assert_eq!(route.socket().unwrap().key, key);
        assert!(!route.authorizer, "no gateway asks about {key}");
    }
    let contract = "contract = \"contracts/message.json#/$defs/order\"";
    let config = doorward_config::parse("f", &by_connection("MESSAGE placeOrder", contract)).unwrap();
    let contract = config.routes.last().unwrap().payload_contract().unwrap();
    assert_eq!(
        (contract.file.as_str(), contract.schema.as_str()),
        ("contracts/message.json", "/$defs/order")
    );
    assert_eq!(config.authorizer.connections, ["websocket-api:w1".parse().unwrap()]);

    for key in ["MESSAGE ", "MESSAGE  a", "MESSAGE a\\u0000", &format!("MESSAGE {}", "x".repeat(129))] {
        let fault = doorward_config::parse("f", &by_connection(key, "")).unwrap_err().to_string();
        assert!(fault.contains("is not a route key"), "{fault}");
    }
    check_text(
        &by_connection("MESSAGE $connect", ""),
        expect![[r#"
        doorward.toml:55:9: no message can name the route key `$connect`
          hint: a gateway chooses keys with `$` by itself: write `$connect` alone"#]],
    );
    check_text(
        &by_connection("message placeOrder", ""),
        expect![[r#"
        doorward.toml:55:9: unknown method `message`
          hint: did you mean `MESSAGE`?"#]],
    );
    let second = "[[routes]]\nid = \"again\"\nmatch = \"MESSAGE a\"\ntarget = \"orders\"\nauth = [\"main\"]";
    check_text(
        &by_connection("MESSAGE a", second),
        expect![[r#"
        doorward.toml:60:9: a second route takes `a`
          hint: the first route is on line 55"#]],
    );
}

#[track_caller]
fn check_more(more: &str, expected: Expect) {
    check_text(&by_connection("MESSAGE placeOrder", more), expected);
}

#[test]
fn what_a_message_does_not_bring_is_a_fault() {
    check_more(
        "context = { headers = [\"x-tenant\"] }",
        expect![[r#"
        doorward.toml:58:11: a message of a connection has no header fields and no query
          hint: policies read `context.request.route_key` and `connection_id` of it"#]],
    );
    check_more(
        "purpose = { header = \"x-purpose\" }",
        expect![[r#"
        doorward.toml:58:11: a message of a connection has no header fields
          hint: take the purpose from a claim, or name it"#]],
    );
    check_more(
        "authorizer = true",
        expect![[r#"
        doorward.toml:58:14: an API asks its authorizer before it opens a connection, and not again
          hint: leave `authorizer` out: the dispatcher decides on each message"#]],
    );
    check_more(
        "idempotency = \"optional\"",
        expect![[r#"
        doorward.toml:58:15: a WebSocket route has no calls that could be repeated
          hint: leave `idempotency` out"#]],
    );
    check_more(
        "check_answers = \"enforce\"",
        expect![[r#"
        doorward.toml:58:17: answers to messages are passed on as they are
          hint: leave `check_answers` out"#]],
    );
    check_more(
        "resource = { type = \"Order\", id = \"path.id\" }",
        expect![[r#"
        doorward.toml:58:35: `placeOrder` has no path, and so no parameters
          hint: leave `resource` out: it is the function then"#]],
    );
    check_text(
        &by_connection("$disconnect", "contract = \"contracts/message.json\""),
        expect![[r#"
        doorward.toml:58:12: `$disconnect` has no payload
          hint: leave `contract` out"#]],
    );
}

#[test]
fn credentials_of_a_message_are_those_of_its_connection() {
    check_text(
        &socket("MESSAGE placeOrder", ""),
        expect![[r#"
        doorward.toml:57:8: a message of a connection brings no credentials of its own
          hint: list the API as `connections` in `[authorizer]`, which then says who opened the connection"#]],
    );
    check_text(
        &accepting("$disconnect", "orders", "[\"api-key\"]", ""),
        expect![[r#"
        doorward.toml:57:8: the end of a connection brings no credentials of its own
          hint: list the API as `connections` in `[authorizer]`, which then says who opened the connection"#]],
    );
    let open = accepting("$default", "orders", "[\"anonymous\"]", "");
    assert_eq!(
        doorward_config::parse("f", &open).err().map(|faults| faults.to_string()),
        None,
        "these need no authorizer"
    );
    check_text(
        &by_connection("MESSAGE placeOrder", "").replace("websocket-api:w1", "http-api:a1b2c3"),
        expect![[r#"
            doorward.toml:61:16: `http-api:a1b2c3` has no connections
              hint: name WebSocket APIs: `websocket-api:ID`"#]],
    );
    let queue =
        "[[targets]]\nname = \"queue\"\nsqs = \"https://sqs.us-east-1.amazonaws.com/123456789012/q\"\n";
    let queue = accepting("$disconnect", "queue", "[\"anonymous\"]", queue);
    check_text(
        &queue,
        expect![[r#"
        doorward.toml:56:10: `$disconnect` has no payload, and `sqs` takes no empty message
          hint: name a function, a bus, a state machine or a server"#]],
    );
}
