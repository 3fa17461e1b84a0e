use doorward_config::{Credential, parse};
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check_text};

/// The faults of the shop with this `[api_keys]`.
#[track_caller]
fn check(section: &str, expected: Expect) {
    check_text(&with(section), expected);
}

fn with(section: &str) -> String {
    format!("{SHOP}\n[api_keys]\n{section}\n")
}

#[test]
fn what_is_not_said_is_the_default() {
    for text in [SHOP.to_owned(), with("")] {
        let keys = parse("doorward.toml", &text).unwrap().api_keys;
        assert_eq!((keys.prefix.as_str(), keys.header.as_str()), ("dwk", "x-api-key"));
    }
    let keys = parse("doorward.toml", &with("prefix = \"Shop2\"\nheader = \"x-shop-key\"")).unwrap().api_keys;
    assert_eq!((keys.prefix.as_str(), keys.header.as_str()), ("Shop2", "x-shop-key"));
}

#[test]
fn a_route_takes_keys_where_it_says_so() {
    let text = SHOP.replace(r#"auth = ["main", "anonymous"]"#, r#"auth = ["main", "api-key", "anonymous"]"#);
    let routes = parse("doorward.toml", &text).unwrap().routes;
    assert_eq!(
        routes[1].auth,
        [Credential::Token("main".to_owned()), Credential::ApiKey, Credential::Anonymous]
    );
    assert!(routes[1].accepts_api_keys() && !routes[0].accepts_api_keys());
    assert!(!routes[1].needs_token());
    let alone = SHOP.replace(r#"auth = ["main", "anonymous"]"#, r#"auth = ["api-key"]"#);
    let routes = parse("doorward.toml", &alone).unwrap().routes;
    assert!(!routes[1].needs_token() && !routes[1].is_anonymous());
}

#[test]
fn the_word_of_keys_names_no_issuer_and_stands_once() {
    let named = SHOP.replace(r#"name = "main""#, r#"name = "api-key""#).replace("[\"main\"", "[\"api-key\"");
    check_text(
        &named,
        expect!["doorward.toml:10:8: `api-key` is reserved: it names callers with an API key of the door's"],
    );
    check_text(
        &SHOP.replace(r#"auth = ["main"]"#, r#"auth = ["api-key", "api-key"]"#),
        expect!["doorward.toml:30:20: listed twice"],
    );
    check_text(
        &SHOP.replace(r#"auth = ["main"]"#, r#"auth = ["api-kye"]"#),
        expect![[r#"
            doorward.toml:30:9: no issuer or webhook is named `api-kye`
              hint: did you mean `api-key`?"#]],
    );
}

#[test]
fn a_prefix_is_a_short_word() {
    let hint = "hint: use 1 to 12 letters and digits, such as `shop`";
    for (prefix, shown) in [
        ("", "an empty text"),
        ("my_shop", "`my_shop`"),
        ("longer-than-12", "`longer-than-12`"),
        ("é", "`é`"),
    ] {
        let faults = parse("doorward.toml", &with(&format!("prefix = \"{prefix}\""))).unwrap_err();
        let said = format!("doorward.toml:54:10: {shown} cannot begin an API key\n  {hint}");
        assert_eq!(faults.to_string(), said);
    }
}

#[test]
fn a_header_holds_nothing_but_keys() {
    check(
        r#"header = "authorization""#,
        expect![[r#"
            doorward.toml:54:10: a key in `authorization` is a bearer token
              hint: keys are taken there too: name another field here, or leave `header` out"#]],
    );
    for taken in ["cookie", "content-type", "host", "accept", "proxy-authorization", "x-forwarded-for"] {
        let faults = parse("doorward.toml", &with(&format!("header = \"{taken}\""))).unwrap_err();
        assert!(faults.to_string().contains("has another meaning"), "{faults}");
    }
    check(
        r#"header = "X-Shop-Key""#,
        expect![[r#"
            doorward.toml:54:10: `X-Shop-Key` is not in lower case, as policies read it
              hint: write `x-shop-key`"#]],
    );
    for (lost, cause) in [
        ("x_key", "is not a header field that gets here"),
        ("", "is not a header field that gets here"),
        ("connection", "ends at the front"),
        ("x-amzn-key", "is not the caller's to write"),
    ] {
        let faults = parse("doorward.toml", &with(&format!("header = \"{lost}\""))).unwrap_err();
        assert!(faults.to_string().contains(cause), "{faults}");
    }
    check(
        r#"heading = "x-shop-key""#,
        expect![[r#"
            doorward.toml:54:1: unknown key `heading` in `[api_keys]`
              hint: expected `prefix` or `header`"#]],
    );
}

#[test]
fn policies_do_not_read_the_field_of_keys() {
    let route = "resource = { type = \"Order\", id = \"path.id\" }\n";
    let reading = format!("{route}context = {{ headers = [\"x-shop-key\"] }}\n");
    let text = with("header = \"x-shop-key\"").replace(route, &reading);
    check_text(
        &text,
        expect![[r#"
            doorward.toml:41:24: the header field `x-shop-key` holds credentials
              hint: policies read who was proven by them: `principal` and `context.token`"#]],
    );
    assert!(parse("doorward.toml", &SHOP.replace(route, &reading)).is_ok());
}

#[test]
fn an_authorizer_hands_out_no_key_unless_it_is_told_to() {
    let told = |line: &str| {
        parse("doorward.toml", &format!("{SHOP}\n[authorizer]\n{line}\n"))
            .map(|config| config.authorizer.usage_identifier)
    };
    assert_eq!((told("").unwrap(), told("usage_identifier = true").unwrap()), (false, true));
    let faults = told("usage_identifier = \"yes\"").unwrap_err();
    assert_eq!(faults.to_string(), "doorward.toml:54:20: expected a boolean, found a string");
}
