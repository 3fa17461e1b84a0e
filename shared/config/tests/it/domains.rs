use doorward_config::parse;
use expect_test::{Expect, expect};

use crate::shop::{SHOP, check_text};

fn with(sections: &str) -> String {
    format!("{SHOP}\n{sections}\n")
}

/// The faults of the shop with these `[[domains]]`.
#[track_caller]
fn check(sections: &str, expected: Expect) {
    check_text(&with(sections), expected);
}

#[test]
fn a_domain_has_a_base_path_or_none() {
    let text = with(
        "[[domains]]\nname = \"API.example.com\"\nbase_path = \"/shop/v1\"\n[[domains]]\nname = \"a-1.example\"",
    );
    let domains = parse("doorward.toml", &text).unwrap().domains;
    let read: Vec<_> = domains.iter().map(|d| (d.name.as_str(), d.base_path.as_str())).collect();
    assert_eq!(read, [("api.example.com", "/shop/v1"), ("a-1.example", "/")]);
    assert!(parse("doorward.toml", SHOP).unwrap().domains.is_empty());
}

#[test]
fn a_domain_is_declared_once() {
    check(
        "[[domains]]\nname = \"api.example.com\"\n[[domains]]\nname = \"Api.Example.Com\"\nbase_path = \"/x\"",
        expect![[r#"
            doorward.toml:56:8: the domain `api.example.com` is declared twice
              hint: the first one is on line 54"#]],
    );
}

#[test]
fn what_is_no_host_name_is_refused() {
    for name in [
        "",
        "localhost",
        "https://api.example.com",
        "api.example.com:443",
        "api.example.com.",
        "*.example.com",
        "-a.example.com",
        "a-.example.com",
        "a..example.com",
        "a b.example.com",
        "é.example.com",
        "a.example.com/shop",
    ] {
        let faults = parse("doorward.toml", &with(&format!("[[domains]]\nname = \"{name}\""))).unwrap_err();
        assert!(faults.to_string().contains("is not the name of a host"), "{name}: {faults}");
    }
    check(
        "[[domains]]\nname = \"api\"",
        expect![[r#"
        doorward.toml:54:8: `api` is not the name of a host
          hint: write the custom domain alone, without scheme, port and last dot: `api.example.com`"#]],
    );
    check(
        "[[domains]]\nbase_path = \"/shop\"\npath = \"/\"",
        expect![[r#"
        doorward.toml:53:1: missing key `name` in `[[domains]]`
        doorward.toml:55:1: unknown key `path` in `[[domains]]`
          hint: expected `name` or `base_path`"#]],
    );
}

#[test]
fn a_base_path_is_canonical() {
    for path in ["", "shop", "/shop/", "//", "/a//b", "/a/../b", "/.", "/a%20b", "/a b", "/é", "/a;b", "/a?b"]
    {
        let text = with(&format!("[[domains]]\nname = \"api.example.com\"\nbase_path = \"{path}\""));
        let faults = parse("doorward.toml", &text).unwrap_err();
        assert!(faults.to_string().contains("is not a base path"), "{path}: {faults}");
    }
    check(
        "[[domains]]\nname = \"api.example.com\"\nbase_path = \"shop\"",
        expect![[r#"
        doorward.toml:55:13: `shop` is not a base path
          hint: write a slash and what the domain's mapping names, without a slash at its end: `/shop`"#]],
    );
}
