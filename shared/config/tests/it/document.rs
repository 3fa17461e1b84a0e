use expect_test::expect;

use crate::shop::{check, check_text};

#[test]
fn a_file_that_is_not_toml_has_one_fault() {
    check(
        r#"name = "shop""#,
        "name = \"shop",
        expect![[r#"doorward.toml:2:13: not valid TOML: invalid basic string, expected `"`"#]],
    );
    check(
        "[[plans]]",
        "[[plans",
        expect!["doorward.toml:49:8: not valid TOML: unclosed array table, expected `]]`"],
    );
    check(
        r#"table = "doorward""#,
        r#"name = "doorward""#,
        expect!["doorward.toml:3:1: not valid TOML: duplicate key"],
    );
    check_text(
        "door = 1 2\n= 3\n",
        expect!["doorward.toml:1:8: not valid TOML: string values must be quoted, expected literal string"],
    );
}

#[test]
fn the_door_must_be_there() {
    check_text("", expect!["doorward.toml:1:1: missing key `door` in the file"]);
    check_text(
        "[[targets]]\nname = 'a'\nlambda = 'a'\n",
        expect!["doorward.toml:1:1: missing key `door` in the file"],
    );
}

#[test]
fn an_unknown_key_is_a_fault() {
    check(
        r#"refresh = "30s""#,
        r#"refesh = "30s""#,
        expect![[r#"
        doorward.toml:4:1: unknown key `refesh` in `[door]`
          hint: did you mean `refresh`?"#]],
    );
    check(
        r#"refresh = "30s""#,
        r#"colour = "red""#,
        expect![[r#"
            doorward.toml:4:1: unknown key `colour` in `[door]`
              hint: expected `name`, `table`, `refresh`, `updates`, `purposes`, `max_body`, `retention`, `screen_rate`, `record_decisions`, `integration_timeout`, `batch`, `openapi`, `streamed_fronts`, `quarantine_queue`, `unknown_events` or `fronts`"#]],
    );
    check(
        "[[plans]]",
        "[[plan]]",
        expect![[r#"
        doorward.toml:49:3: unknown key `plan` in the file
          hint: did you mean `plans`?"#]],
    );
    check(
        "[[plans]]",
        "[console]\n[[plans]]",
        expect![[r#"
            doorward.toml:49:2: unknown key `console` in the file
              hint: expected `door`, `fronts`, `api_keys`, `authorizer`, `certificates`, `iam`, `cors`, `shadow`, `domains`, `mappings`, `plans`, `limits`, `issuers`, `webhooks`, `targets`, `routes` or `events`"#]],
    );
    check(
        r#"groups = "groups""#,
        r#"group = "groups""#,
        expect![[r#"
        doorward.toml:15:42: unknown key `group` in `principal`
          hint: did you mean `groups`?"#]],
    );
    check(
        "burst = 10",
        "bursts = 10",
        expect![[r#"
        doorward.toml:51:27: unknown key `bursts` in a limit
          hint: did you mean `burst`?"#]],
    );
    check(
        r#"timeout = "5s""#,
        r#""time\nout" = "5s""#,
        expect![[r#"
        doorward.toml:20:1: unknown key `time�out` in `[[targets]]`
          hint: did you mean `timeout`?"#]],
    );
}

#[test]
fn a_value_of_another_type_is_a_fault() {
    check(
        r#"refresh = "30s""#,
        "refresh = 30",
        expect!["doorward.toml:4:11: expected a string, found an integer"],
    );
    check(
        r#"audiences = ["shop-api"]"#,
        r#"audiences = "shop-api""#,
        expect!["doorward.toml:13:13: expected an array, found a string"],
    );
    check(
        r#"audiences = ["shop-api"]"#,
        r#"audiences = ["shop-api", true]"#,
        expect!["doorward.toml:13:26: expected a string, found a boolean"],
    );
    check(
        r#"resource = { type = "Order", id = "path.id" }"#,
        r#"resource = "path.id""#,
        expect!["doorward.toml:40:12: expected a table, found a string"],
    );
    check(
        "[[plans]]",
        "[plans]",
        expect![[r#"
        doorward.toml:49:1: expected an array of tables, found a table
          hint: write `[[plans]]`"#]],
    );
    check_text(
        "door = 1979-05-27\nroutes = [1, {}]\ntargets = 'x'",
        expect![[r#"
        doorward.toml:1:8: expected a table, found a date or time
        doorward.toml:2:11: expected a table, found an integer
        doorward.toml:2:14: missing key `id` in `[[routes]]`
        doorward.toml:2:14: missing key `match` in `[[routes]]`
        doorward.toml:2:14: missing key `target` in `[[routes]]`
        doorward.toml:2:14: missing key `auth` in `[[routes]]`
        doorward.toml:3:11: expected an array, found a string"#]],
    );
}

#[test]
fn a_front_is_pinned_by_name_or_by_arn() {
    let door = |fronts: &str| {
        format!(
            "fronts = [{fronts}]\n[door]\nname = 'd'\ntable = 't'\n[[targets]]\nname = 't'\nlambda = 't'\n[[events]]\nid = 'e'\nsource = 'sqs'\nmatch = {{ queue = 'orders' }}\ntarget = 't'\n"
        )
    };
    let arn = "'queue:arn:aws:sqs:us-east-1:123456789012:orders'";
    let config = doorward_config::parse("doorward.toml", &door(arn)).unwrap();
    assert!(config.pins(&config.fronts[0], Some("arn:aws:sqs:us-east-1:123456789012:orders")));
    assert!(!config.pins(&config.fronts[0], Some("arn:aws:sqs:us-east-1:999999999999:orders")));
    let faults =
        doorward_config::parse("doorward.toml", &door(&format!("'queue:orders', {arn}"))).unwrap_err();
    expect![[r#"
        doorward.toml:1:27: `queue:orders` is pinned by name and by ARN
          hint: a name is that of any account and region: keep the ARNs alone"#]]
    .assert_eq(&faults.to_string());
}

#[test]
fn fronts_are_parsed_and_stand_in_one_place() {
    check(
        "http-api:a1b2c3",
        "gopher:a1b2c3",
        expect![
            "doorward.toml:7:11: `gopher:a1b2c3` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`"
        ],
    );
    check(
        "http-api:a1b2c3",
        "http-api:*",
        expect![
            "doorward.toml:7:11: `http-api:*` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`"
        ],
    );
    check("http-api:a1b2c3", "bucket:receipts", expect!["doorward.toml:7:30: listed twice"]);
    check(
        "[door]\n",
        "fronts = []\n[door]\n",
        expect![[r#"
        doorward.toml:1:10: `fronts` stands both at the top level and in `[door]`
          hint: keep one of the two"#]],
    );
}

#[test]
fn the_authorizer_has_two_answers() {
    check(
        "[[plans]]",
        "[authorizer]\nanswer = \"Simple\"\ncache = \"2h\"\n[[plans]]",
        expect![[r#"
        doorward.toml:50:10: unknown value `Simple`
          hint: did you mean `simple`?
        doorward.toml:51:9: `2h` is not between `0s` and `1h`"#]],
    );
}

#[test]
fn what_gateways_tell_callers_apart_by_is_a_closed_list() {
    check(
        "[[plans]]",
        "[authorizer]\nidentity_sources = [\"header.authorization\", \"header.a b\", \"path.id\", \"query.\", \"header.Authorization\"]\nalone = 1\n[[plans]]",
        expect![[r#"
            doorward.toml:50:45: `header.a b` is no identity source
              hint: expected `header.NAME`, `query.NAME`, `method`, `path`, `route`, `source_ip` or `domain`
            doorward.toml:50:59: `path.id` is no identity source
              hint: expected `header.NAME`, `query.NAME`, `method`, `path`, `route`, `source_ip` or `domain`
            doorward.toml:50:70: `query.` is no identity source
              hint: expected `header.NAME`, `query.NAME`, `method`, `path`, `route`, `source_ip` or `domain`
            doorward.toml:50:80: listed twice
            doorward.toml:51:9: expected a boolean, found an integer"#]],
    );
    check(
        "[[plans]]",
        "[authorizer]\ncache = \"1m\"\nidentity_sources = []\n[[plans]]",
        expect![[r#"
        doorward.toml:51:20: answers are reused, and nothing tells callers apart
          hint: name at least the header field of the credentials, or leave `cache` out"#]],
    );
}

#[test]
fn routes_that_no_authorizer_can_be_asked_about_say_nothing_else() {
    let hooks = "auth = [\"hooks\"]\nauthorizer = true\n[[webhooks]]\nname = \"hooks\"\nscheme = \"github\"\nsecrets = [\"env:HOOK\"]\n[[routes]]\nid = \"other\"\nmatch = \"GET /other\"\ntarget = \"orders\"\nauth = [\"main\"]";
    check(
        "auth = [\"main\"]",
        hooks,
        expect![[r#"
        doorward.toml:31:14: no authorizer can be asked about this route
          hint: it is given no body, which a webhook's signature covers: the dispatcher decides"#]],
    );
}
