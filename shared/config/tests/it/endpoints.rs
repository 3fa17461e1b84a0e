//! Targets of every kind, with what they have beside their place.

use std::time::Duration;

use doorward_config::{
    Balance, ClientAuth, Credentials, HttpTarget, Invocation, LambdaTarget, MessageGroup, PayloadForm,
    Protocol, Target, TargetKind,
};
use expect_test::expect;

use crate::shop::{SHOP, check};

const ORDERS: &str = "lambda = \"orders\"";

/// The target `orders`, with `keys` in the place of its function.
#[track_caller]
fn target(keys: &str) -> Target {
    let config = doorward_config::parse("doorward.toml", &SHOP.replace(ORDERS, keys));
    config.unwrap_or_else(|faults| panic!("{faults}")).target("orders").unwrap().clone()
}

#[track_caller]
fn http(keys: &str) -> HttpTarget {
    match target(keys).kind {
        TargetKind::Http(http) => http,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_function_may_be_at_several_places() {
    let target = target(
        r#"lambda = [
            { function = "orders:live", weight = 95 },
            { function = "orders:canary", weight = 0, callers = ['Group::"beta"'] },
            { function = "arn:aws:lambda:us-east-1:123456789012:function:orders:live", backup = true },
        ]
        balance = "sticky"
        invocation = "async"
        payload = "1.0"
        health = { faults = 2, pause = "30s" }
        retry = { attempts = 4, budget = "5%", attempt_timeout = "1s", statuses = [503] }"#,
    );
    assert_eq!(
        target.kind,
        TargetKind::Lambda(LambdaTarget {
            invocation: Invocation::Async,
            payload: PayloadForm::V1,
            stream: false,
        })
    );
    let endpoints: Vec<_> = target
        .endpoints
        .iter()
        .map(|e| (e.address.as_str(), e.region.as_deref(), e.weight, e.backup, e.callers.len()))
        .collect();
    assert_eq!(
        endpoints,
        [
            ("orders:live", None, 95, false, 0),
            ("orders:canary", None, 0, false, 1),
            ("arn:aws:lambda:us-east-1:123456789012:function:orders:live", Some("us-east-1"), 1, true, 0),
        ]
    );
    let (health, retry) = (target.health.unwrap(), target.retry.unwrap());
    assert_eq!(
        (health.faults.get(), health.pause, health.longest_pause),
        (2, Duration::from_secs(30), Duration::from_secs(300))
    );
    assert_eq!(
        (retry.attempts.get(), retry.budget, retry.attempt_timeout),
        (4, 5, Some(Duration::from_secs(1)))
    );
    assert_eq!(
        (target.balance, retry.statuses),
        (Balance::Sticky, vec![http::StatusCode::SERVICE_UNAVAILABLE])
    );
}

#[test]
fn a_single_place_is_called_whatever_it_does_unless_it_is_said_otherwise() {
    assert_eq!(target("http = \"https://a.example\"").health, None);
    assert!(target("http = \"https://a.example\"\nhealth = { faults = 3 }").health.is_some());
    let two = "http = [\"https://a.example\", \"https://b.example/v1/\"]";
    assert!(target(two).health.is_some() && target(two).retry.is_some());
    assert_eq!(target(two).endpoints[1].address, "https://b.example/v1");
    let off = target(&format!("{two}\nhealth = false\nretry = false"));
    assert_eq!((off.health, off.retry), (None, None));
}

#[test]
fn a_server_is_spoken_with_as_the_target_says() {
    let read = http(
        r#"http = "http://10.1.2.3:8080"
        networks = ["10.1.0.0/16", "127.0.0.0/8"]
        protocol = "http1"
        preserve_host = true
        max_answer = "64KiB"
        identity = { secret = "env:KEY", key_id = "door" }
        headers = { set = { x-version = "2" }, remove = ["x-debug"] }
        answer_headers = { remove = ["server"] }"#,
    );
    assert_eq!((read.protocol, read.preserve_host, read.max_answer), (Protocol::Http1, true, Some(65_536)));
    assert_eq!(read.headers.set[0].1, "2");
    assert_eq!(read.answer_headers.remove, ["server"]);
    assert!(read.admits("127.0.0.1".parse().unwrap()) && !read.admits("192.168.1.1".parse().unwrap()));
}

#[test]
fn credentials_are_of_one_kind() {
    let of = |credentials: &str| {
        http(&format!("http = \"https://a.example\"\ncredentials = {credentials}")).credentials.unwrap()
    };
    let header = of(r#"{ header = "authorization", prefix = "Bearer ", secret = "env:TOKEN" }"#);
    assert!(
        matches!(header, Credentials::Header { name, prefix, .. } if name == "authorization" && prefix == "Bearer ")
    );
    assert!(
        matches!(of(r#"{ basic = "door", secret = "env:PASS" }"#), Credentials::Basic { user, .. } if user == "door")
    );
    let oauth2 = of(
        r#"{ oauth2 = "https://id.example/token", client_id = "c", secret = "env:CLIENT", scopes = ["a", "b"], parameters = { audience = "x" } }"#,
    );
    assert!(
        matches!(&oauth2, Credentials::ClientCredentials { scopes, parameters, .. } if scopes.len() == 2 && parameters.len() == 1)
    );
    let post = of(
        r#"{ oauth2 = "https://id.example/token", client_id = "c", client_auth = "post", secret = "env:CLIENT" }"#,
    );
    for (credentials, expected) in [(oauth2, ClientAuth::Basic), (post, ClientAuth::Post)] {
        assert!(
            matches!(credentials, Credentials::ClientCredentials { client_auth, .. } if client_auth == expected)
        );
    }
    assert!(matches!(of(r#"{ sigv4 = "execute-api", region = "eu-west-1" }"#), Credentials::SigV4 { .. }));
}

#[test]
fn messages_go_to_queues_topics_buses_and_state_machines() {
    let TargetKind::Sqs(sqs) =
        target("sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/o.fifo\"\ngroup = \"caller\"").kind
    else {
        panic!()
    };
    assert_eq!(sqs.group, Some(MessageGroup::Caller));
    let TargetKind::Sns(sns) =
        target("sns = \"arn:aws:sns:eu-west-1:123456789012:o\"\nsubject = \"An order\"").kind
    else {
        panic!()
    };
    assert_eq!((sns.group, sns.subject.as_deref()), (None, Some("An order")));
    let TargetKind::EventBridge(bus) = target("eventbridge = \"default\"\nsource = \"shop\"").kind else {
        panic!()
    };
    assert_eq!((bus.source.as_str(), bus.detail_type), ("shop", None));
    let TargetKind::StepFunctions(machine) =
        target("stepfunctions = \"arn:aws:states:eu-west-1:123456789012:stateMachine:o\"").kind
    else {
        panic!()
    };
    assert_eq!(machine.invocation, Invocation::Async);
}

#[test]
fn a_target_is_one_thing() {
    check(
        ORDERS,
        "lambda = \"orders\"\nhttp = \"https://a.example\"",
        expect![[r#"
        doorward.toml:20:8: a target is one thing, and `http` is a second one
          hint: declare two targets"#]],
    );
    check(
        ORDERS,
        "lambda = \"orders\"\nnetworks = [\"10.0.0.0/8\"]",
        expect![[r#"
            doorward.toml:20:1: unknown key `networks` in `[[targets]]`
              hint: expected `name`, `timeout`, `lambda`, `http`, `sqs`, `sns`, `eventbridge`, `stepfunctions`, `invocation`, `payload`, `stream`, `balance`, `health` or `retry`"#]],
    );
    check(
        ORDERS,
        "lambda = \"orders\"\nbalance = \"sticky\"",
        expect![[r#"
        doorward.toml:20:11: there is nothing to balance
          hint: list several endpoints, or leave `balance` out"#]],
    );
}

#[test]
fn endpoints_that_cannot_be_meant_are_told() {
    check(
        ORDERS,
        "lambda = []",
        expect!["doorward.toml:19:10: expected at least one endpoint for all callers that is no backup"],
    );
    check(
        ORDERS,
        "lambda = [\"orders\", \"orders\"]",
        expect!["doorward.toml:19:21: a second endpoint is `orders`"],
    );
    check(
        ORDERS,
        "lambda = [{ function = \"orders\", backup = true }]",
        expect!["doorward.toml:19:10: expected at least one endpoint for all callers that is no backup"],
    );
    check(
        ORDERS,
        "lambda = [\"a\", { function = \"b\", weight = 0 }]",
        expect![[r#"
        doorward.toml:19:43: an endpoint of no weight is called by nobody
          hint: name its `callers`, or leave the endpoint out"#]],
    );
    check(
        ORDERS,
        "lambda = [\"a\", { function = \"b\", callers = [\"beta\"] }]",
        expect![[r#"
        doorward.toml:19:45: `beta` is no caller
          hint: write the entity as policies do: `Group::"beta"`, `User::"alice"`"#]],
    );
    check(
        ORDERS,
        "lambda = [{ url = \"https://a.example\" }]",
        expect![[r#"
        doorward.toml:19:11: missing key `function` in an endpoint
        doorward.toml:19:13: unknown key `url` in an endpoint
          hint: expected `function`, `weight`, `backup` or `callers`"#]],
    );
}

#[test]
fn addresses_where_no_target_is_are_told_at_check() {
    for (url, expected) in [
        (
            "ftp://a.example",
            expect![[r#"
            doorward.toml:19:8: `ftp://a.example` is no address of a server: its scheme is neither `https` nor `http`
              hint: write scheme, host and where it has one its path: `https://catalog.example/v1`"#]],
        ),
        (
            "https://user:pass@a.example",
            expect![[r#"
            doorward.toml:19:8: the address of a server holds credentials, which must not stand in the file
              hint: leave them out, and set `credentials` with a reference to a secret"#]],
        ),
        (
            "https://a.example/v1?x=1",
            expect![[r#"
            doorward.toml:19:8: `https://a.example/v1?x=1` is no address of a server: it has a query or a fragment
              hint: write scheme, host and where it has one its path: `https://catalog.example/v1`"#]],
        ),
        (
            "https://a.example/../x",
            expect![[r#"
            doorward.toml:19:8: `https://a.example/../x` is no address of a server: its path holds empty or dot segments, escapes or braces
              hint: write scheme, host and where it has one its path: `https://catalog.example/v1`"#]],
        ),
        (
            "http://169.254.169.254/latest",
            expect![[r#"
            doorward.toml:19:8: the door does not call 169.254.169.254: it is no public address
              hint: link-local addresses and those where machines read their own metadata and credentials are never called, whatever is declared"#]],
        ),
        (
            "http://[fd00:ec2::254]",
            expect![[r#"
            doorward.toml:19:8: the door does not call fd00:ec2::254: it is no public address
              hint: link-local addresses and those where machines read their own metadata and credentials are never called, whatever is declared"#]],
        ),
        (
            "http://[::ffff:127.0.0.1]:80",
            expect![[r#"
            doorward.toml:19:8: the door does not call ::ffff:127.0.0.1: it is no public address
              hint: declare its network where that is meant: `networks = ["10.0.0.0/16"]`"#]],
        ),
        (
            "http://168.63.129.16",
            expect![[r#"
            doorward.toml:19:8: the door does not call 168.63.129.16: it is no public address
              hint: link-local addresses and those where machines read their own metadata and credentials are never called, whatever is declared"#]],
        ),
        (
            "http://2130706433",
            expect![[r#"
            doorward.toml:19:8: `http://2130706433` is no address of a server: its host ends in a number, which some read as an address and others do not; an address is four decimal numbers, as in `10.0.0.1`
              hint: write scheme, host and where it has one its path: `https://catalog.example/v1`"#]],
        ),
        (
            "http://127.0.0.1:99999",
            expect![[r#"
            doorward.toml:19:8: `http://127.0.0.1:99999` is no address of a server: its port is none of 1 to 65535
              hint: write scheme, host and where it has one its path: `https://catalog.example/v1`"#]],
        ),
        (
            "http://a.localhost:8080",
            expect![[r#"
            doorward.toml:19:8: the door does not call `a.localhost`: it names this machine
              hint: declare its network where that is meant: `networks = ["127.0.0.0/8"]`"#]],
        ),
        (
            "http://10.0.0.1",
            expect![[r#"
            doorward.toml:19:8: the door does not call 10.0.0.1: it is no public address
              hint: declare its network where that is meant: `networks = ["10.0.0.0/16"]`"#]],
        ),
    ] {
        check(ORDERS, &format!("http = \"{url}\""), expected);
    }
}

#[test]
fn networks_are_written_exactly_and_never_hold_metadata() {
    for (network, expected) in [
        (
            "10.0.0.0",
            expect![[r#"
            doorward.toml:20:13: `10.0.0.0` is no network
              hint: write an address and the length of its prefix: `10.0.0.0/16`"#]],
        ),
        (
            "10.0.0.1/8",
            expect![[r#"
            doorward.toml:20:13: `10.0.0.1/8` has bits set behind its prefix
              hint: write `10.0.0.0/8`"#]],
        ),
        (
            "169.254.0.0/16",
            expect![[r#"
            doorward.toml:20:13: `169.254.0.0/16` is never called
              hint: link-local addresses and those where machines read their own metadata and credentials are never called, whatever is declared"#]],
        ),
        (
            "fe80::/10",
            expect![[r#"
            doorward.toml:20:13: `fe80::/10` is never called
              hint: link-local addresses and those where machines read their own metadata and credentials are never called, whatever is declared"#]],
        ),
    ] {
        check(ORDERS, &format!("http = \"https://a.example\"\nnetworks = [\"{network}\"]"), expected);
    }
}

#[test]
fn a_token_endpoint_is_held_to_the_targets_networks() {
    let with = |url: &str| {
        format!(
            "http = \"https://a.example\"\ncredentials = {{ oauth2 = \"{url}\", client_id = \"c\", secret = \"env:PASS\" }}"
        )
    };
    check(
        ORDERS,
        &with("https://0x7f.1/token"),
        expect![
            "doorward.toml:20:15: `https://0x7f.1/token` is not a usable URL: its host ends in a number, which some read as an address and others do not; an address is four decimal numbers, as in `10.0.0.1`"
        ],
    );
    check(
        ORDERS,
        &with("http://localhost:9/token"),
        expect![[r#"
        doorward.toml:20:15: the door does not call `localhost`: it names this machine
          hint: declare its network where that is meant: `networks = ["127.0.0.0/8"]`"#]],
    );
    let declared = format!("{}\nnetworks = [\"127.0.0.0/8\"]", with("http://localhost:9/token"));
    assert!(http(&declared).credentials.is_some());
}

#[test]
fn a_header_field_that_holds_a_secret_refers_to_it() {
    let with = |name: &str| {
        format!(
            "http = \"https://a.example\"\nheaders = {{ set = {{ x-version = \"2\", {name} = \"Bearer abc\" }} }}"
        )
    };
    check(
        ORDERS,
        &with("Authorization"),
        expect![[r#"
        doorward.toml:20:11: the header field `authorization` holds a secret, which must not stand in the file
          hint: write `credentials = { header = "authorization", secret = "env:NAME" }`, with `prefix = "Bearer "` where there is one"#]],
    );
    for name in ["proxy-authorization", "x-api-key", "cookie", "X-API-KEY"] {
        let text = SHOP.replace(ORDERS, &with(name));
        let faults = doorward_config::parse("doorward.toml", &text).unwrap_err().to_string();
        assert!(faults.contains("holds a secret") && !faults.contains("abc"), "{faults}");
    }
    let answers = "http = \"https://a.example\"\nanswer_headers = { set = { cookie = \"none\" } }";
    assert_eq!(http(answers).answer_headers.set.len(), 1);
}

#[test]
fn no_try_takes_longer_than_the_call() {
    let with = |keys: &str| format!("http = \"https://a.example\"\n{keys}");
    check(
        ORDERS,
        &with("retry = { attempt_timeout = \"6s\" }"),
        expect![[r#"
        doorward.toml:20:29: a try may not take longer than the whole call, which has the target's `timeout`
          hint: make it shorter, or `timeout` longer (`5s` where it is not set)"#]],
    );
    let both = "lambda = \"orders\"\ntimeout = \"5s\"";
    let longer = with("timeout = \"1s\"\nretry = { attempt_timeout = \"1001ms\" }");
    check(
        both,
        &longer,
        expect![[r#"
        doorward.toml:21:29: a try may not take longer than the whole call, which has the target's `timeout`
          hint: make it shorter, or `timeout` longer (`5s` where it is not set)"#]],
    );
    assert!(target(&with("retry = { attempt_timeout = \"5s\" }")).retry.is_some());
}

#[test]
fn http_2_names_one_host() {
    check(
        ORDERS,
        "http = \"https://a.example\"\nprotocol = \"http2\"\npreserve_host = true",
        expect![[r#"
            doorward.toml:21:17: HTTP/2 names one host for connection and request
              hint: leave `protocol` out, or `preserve_host`"#]],
    );
}

#[test]
fn secrets_are_sent_over_tls_and_stand_elsewhere() {
    let with = |server: &str, credentials: &str| format!("http = \"{server}\"\ncredentials = {credentials}");
    check(
        ORDERS,
        &with("http://a.example", "{ basic = \"u\", secret = \"env:PASS\" }"),
        expect![[r#"
            doorward.toml:19:8: the target's credentials would be sent to `http://a.example` in the clear
              hint: use `https`; `http` is for this machine"#]],
    );
    check(
        ORDERS,
        &with("https://a.example", "{ header = \"authorization\", secret = \"hunter2\" }"),
        expect![[r#"
            doorward.toml:20:52: a secret must not stand in the file
              hint: write where the secret is: `env:NAME`, `file:/path`, `secretsmanager:NAME`, `secretsmanager:NAME#member` or `ssm:/path`"#]],
    );
    check(
        ORDERS,
        &with("https://a.example", "{ header = \"content-length\", secret = \"env:PASS\" }"),
        expect!["doorward.toml:20:26: the header field `content-length` is for the door to set"],
    );
    check(
        ORDERS,
        &with("https://a.example", "{ basic = \"a:b\", secret = \"env:PASS\" }"),
        expect!["doorward.toml:20:25: a user's name holds no colon and no control characters"],
    );
    check(
        ORDERS,
        &with("https://a.example", "{ basic = \"u\", sigv4 = \"lambda\", secret = \"env:PASS\" }"),
        expect![[r#"
            doorward.toml:20:38: credentials are of one kind, and `sigv4` is a second one
              hint: keep one of the two"#]],
    );
    check(
        ORDERS,
        &with(
            "https://a.example",
            "{ oauth2 = \"http://id.example/token\", client_id = \"c\", secret = \"env:PASS\", parameters = { scope = \"x\" } }",
        ),
        expect![[r#"
            doorward.toml:20:26: `http://id.example/token` is not a usable URL: keys fetched over `http` can be replaced on the way
              hint: use `https`; `http` is for `localhost`, `127.0.0.0/8` and `[::1]`
            doorward.toml:20:106: the parameter `scope` is the door's to set"#]],
    );
    check(
        ORDERS,
        &with(
            "https://a.example",
            "{ oauth2 = \"https://id.example/token\", client_id = \"c\", client_auth = \"jwt\", secret = \"env:PASS\" }",
        ),
        expect![[r#"
            doorward.toml:20:85: unknown value `jwt`
              hint: expected `basic` or `post`"#]],
    );
    check(
        ORDERS,
        &with("https://a.example", "{ secret = \"env:PASS\" }"),
        expect![[r#"
        doorward.toml:20:15: credentials say of which kind they are
          hint: set one of `header`, `basic`, `oauth2` and `sigv4`"#]],
    );
}

#[test]
fn health_and_retries_are_bounded() {
    let with = |keys: &str| format!("http = [\"https://a.example\", \"https://b.example\"]\n{keys}");
    check(ORDERS, &with("health = true"), expect!["doorward.toml:20:10: expected a table, or `false`"]);
    check(
        ORDERS,
        &with("health = { pause = \"10s\", longest_pause = \"1s\", pauses = 3 }"),
        expect![[r#"
            doorward.toml:20:43: the longest pause is shorter than the first one
            doorward.toml:20:49: unknown key `pauses` in `health`
              hint: did you mean `pause`?"#]],
    );
    check(
        ORDERS,
        &with("retry = { attempts = 0, budget = \"200%\", statuses = [404] }"),
        expect![[r#"
        doorward.toml:20:22: `0` is not between 1 and 10
        doorward.toml:20:34: `200%` is no share of the calls
          hint: write whole percents from `0%` to `100%`: `20%`
        doorward.toml:20:54: `404` is not between 500 and 599"#]],
    );
}

#[test]
fn messages_need_what_their_service_needs() {
    check(
        ORDERS,
        "sqs = \"orders\"",
        expect![[r#"
        doorward.toml:19:7: `orders` is no queue
          hint: write the URL of the queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/orders`"#]],
    );
    check(
        ORDERS,
        "sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/o.fifo\"",
        expect![[r#"
        doorward.toml:17:1: a FIFO queue needs `group`: what its messages are in order by
          hint: write `group = "caller"`, or `group = "name:orders"`"#]],
    );
    check(
        ORDERS,
        "sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/o\"\ngroup = \"caller\"",
        expect!["doorward.toml:20:9: only a FIFO queue keeps groups of messages in order"],
    );
    check(
        ORDERS,
        "sns = \"arn:aws:sns:eu-west-1:123456789012:o.fifo\"\ngroup = \"orders\"",
        expect![[r#"
            doorward.toml:20:9: `orders` groups no messages
              hint: write `caller`, or `name:` and the group's name"#]],
    );
    check(
        ORDERS,
        "eventbridge = \"default\"\nsource = \"aws.s3\"",
        expect!["doorward.toml:20:10: sources that begin with `aws.` are those of AWS itself"],
    );
    check(
        ORDERS,
        "eventbridge = \"default\"",
        expect!["doorward.toml:17:1: missing key `source` in `[[targets]]`"],
    );
    check(
        ORDERS,
        "stepfunctions = \"ship\"",
        expect![[r#"
        doorward.toml:19:17: `ship` is no state machine
          hint: write its ARN: `arn:aws:states:eu-central-1:123456789012:stateMachine:orders`"#]],
    );
}

#[test]
fn what_messages_go_to_is_named_as_its_service_allows() {
    let queue =
        |account: &str, name: &str| format!("sqs = \"https://sqs.eu-west-1.amazonaws.com/{account}/{name}\"");
    check(
        ORDERS,
        &queue("123456789012", "or.ders"),
        expect![[r#"
            doorward.toml:19:7: `or.ders` is no name of a queue
              hint: a queue's name is 1 to 80 ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end"#]],
    );
    check(
        ORDERS,
        &queue("123456789012", &"q".repeat(81)),
        expect![[r#"
            doorward.toml:19:7: `qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq…` is no name of a queue
              hint: a queue's name is 1 to 80 ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end"#]],
    );
    check(
        ORDERS,
        &queue("12345", "orders"),
        expect![[r#"
            doorward.toml:19:7: `12345` is no account
              hint: accounts of AWS have 12 digits"#]],
    );
    check(
        ORDERS,
        "sns = \"arn:aws:sns:eu-west-1:123456789012:or.ders\"",
        expect![[r#"
            doorward.toml:19:7: `or.ders` is no name of a topic
              hint: a topic's name is 1 to 256 ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end"#]],
    );
    let bus = |name: &str| format!("eventbridge = \"{name}\"\nsource = \"shop\"");
    check(
        ORDERS,
        &bus("shop/orders"),
        expect![[r#"
            doorward.toml:19:15: `shop/orders` is no name of an event bus
              hint: a bus's name is 1 to 256 ASCII letters, digits, `.`, `-` and `_`, or that of a partner's event source"#]],
    );
    check(
        ORDERS,
        &bus("arn:aws:events:eu-west-1:123456789012:event-bus/or ders"),
        expect![[r#"
            doorward.toml:19:15: `or ders` is no name of an event bus
              hint: a bus's name is 1 to 256 ASCII letters, digits, `.`, `-` and `_`, or that of a partner's event source"#]],
    );
    check(
        ORDERS,
        &bus("arn:aws:events:eu-west-1:1234:event-bus/orders"),
        expect![[r#"
        doorward.toml:19:15: `arn:aws:events:eu-west-1:1234:event-bus/orders` is no event bus
          hint: write its name, or `arn:aws:events:REGION:ACCOUNT:event-bus/NAME`"#]],
    );
    let machine =
        |name: &str| format!("stepfunctions = \"arn:aws:states:eu-west-1:123456789012:stateMachine:{name}\"");
    check(
        ORDERS,
        &machine("sh*p"),
        expect![[r##"
            doorward.toml:19:17: `sh*p` is no name of a state machine
              hint: a state machine's name is 1 to 80 characters, none of them a blank or one of `<>{}[]?*"#%\^|~`$&,;:/`"##]],
    );
    check(
        ORDERS,
        &machine("ship:li ve"),
        expect![[r#"
            doorward.toml:19:17: `li ve` is no version or alias of a state machine
              hint: it is a number, or an alias of 1 to 80 ASCII letters, digits, `-`, `_` and `.`"#]],
    );
}
