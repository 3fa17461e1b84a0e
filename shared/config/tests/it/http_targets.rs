//! Targets that are servers: how they are spoken with, and what they are shown.

use doorward_config::{ClientAuth, Credentials, HttpTarget, Protocol, TargetKind};
use expect_test::expect;

use crate::endpoints::{ORDERS, target};
use crate::shop::{SHOP, check};

#[track_caller]
fn http(keys: &str) -> HttpTarget {
    match target(keys).kind {
        TargetKind::Http(http) => http,
        other => panic!("{other:?}"),
    }
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
