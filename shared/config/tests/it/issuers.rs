use expect_test::expect;

use crate::shop::{SHOP, check, check_text};

/// The shop with a second issuer.
fn with_second(name: &str, issuer: &str, principal: &str) -> String {
    format!(
        "{SHOP}\n[[issuers]]\nname = \"{name}\"\nissuer = \"{issuer}\"\naudiences = [\"a\"]\n\
         algorithms = [\"ES256\"]\nprincipal = {principal}\n"
    )
}

#[test]
fn every_key_that_decides_whom_to_trust_is_written() {
    check(
        "algorithms = [\"RS256\", \"ES256\", \"EdDSA\"]\n",
        "",
        expect!["doorward.toml:9:1: missing key `algorithms` in `[[issuers]]`"],
    );
    check(
        "audiences = [\"shop-api\"]\n",
        "",
        expect!["doorward.toml:9:1: missing key `audiences` in `[[issuers]]`"],
    );
    check(
        r#"audiences = ["shop-api"]"#,
        "audiences = []",
        expect!["doorward.toml:13:13: expected at least one element, found an empty array"],
    );
    check(
        r#"audiences = ["shop-api"]"#,
        r#"audiences = ["", "a", "a"]"#,
        expect![[r#"
        doorward.toml:13:14: expected a text, found an empty string
        doorward.toml:13:23: listed twice"#]],
    );
    check(
        r#"algorithms = ["RS256", "ES256", "EdDSA"]"#,
        "algorithms = []",
        expect!["doorward.toml:14:14: expected at least one element, found an empty array"],
    );
    check(r#"type = "User", "#, "", expect!["doorward.toml:15:13: missing key `type` in `principal`"]);
    check(
        r#"issuer = "https://id.example.com/""#,
        r#"issuer = """#,
        expect!["doorward.toml:11:10: expected a text, found an empty string"],
    );
}

#[test]
fn weak_and_unknown_algorithms_are_refused() {
    check(
        r#""EdDSA""#,
        r#""HS256", "none", "ES512""#,
        expect![[r#"
            doorward.toml:14:33: tokens signed with `HS256` are not accepted
              hint: whoever can check a shared secret can forge with it: use `RS256`, `ES256` or `EdDSA`
            doorward.toml:14:42: tokens signed with `none` are not accepted
              hint: an unsigned token proves nothing: use `RS256`, `ES256` or `EdDSA`
            doorward.toml:14:50: tokens signed with `ES512` are not accepted
              hint: expected `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` or `EdDSA`"#]],
    );
    check(
        r#""EdDSA""#,
        r#""rs256", "Ed25519x""#,
        expect![[r#"
            doorward.toml:14:33: tokens signed with `rs256` are not accepted
              hint: expected `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` or `EdDSA`
            doorward.toml:14:42: tokens signed with `Ed25519x` are not accepted
              hint: expected `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` or `EdDSA`"#]],
    );
}

#[test]
fn keys_come_over_a_safe_way() {
    let jwks = r#"jwks = "https://id.example.com/.well-known/jwks.json""#;
    check(
        jwks,
        r#"jwks = "http://id.example.com/keys""#,
        expect![[r#"
        doorward.toml:12:8: `http://id.example.com/keys` is not a usable URL: keys fetched over `http` can be replaced on the way
          hint: use `https`; `http` is for `localhost`, `127.0.0.0/8` and `[::1]`"#]],
    );
    check(
        jwks,
        r#"jwks = "file:///etc/keys""#,
        expect!["doorward.toml:12:8: `file:///etc/keys` is not a usable URL: it cannot be read"],
    );
    check(
        jwks,
        r#"jwks_file = "/etc/keys.json""#,
        expect![[r#"
            doorward.toml:12:13: `/etc/keys.json` is an absolute path
              hint: write a path below the folder of the configuration"#]],
    );
    check(
        jwks,
        r#"jwks_file = "../keys.json""#,
        expect![[r#"
            doorward.toml:12:13: `../keys.json` leaves the folder of the configuration
              hint: write a path below the folder of the configuration"#]],
    );
    check(
        jwks,
        &format!("{jwks}\njwks_file = \"keys.json\""),
        expect![[r#"
        doorward.toml:9:1: `jwks` and `jwks_file` are both set
          hint: keep one of the two"#]],
    );
    let discovery = SHOP.replace(jwks, "").replace("https://id.example.com/", "http://id.example.com/");
    check_text(
        &discovery,
        expect![[r#"
        doorward.toml:11:10: `http://id.example.com/` is not a usable URL: keys fetched over `http` can be replaced on the way
          hint: set `jwks` or `jwks_file` where the issuer offers no discovery"#]],
    );
    let discovery = SHOP.replace(jwks, "").replace("https://id.example.com/", "https://id.example.com/?t=1");
    check_text(
        &discovery,
        expect![[r#"
        doorward.toml:11:10: `https://id.example.com/?t=1` has a query, so its keys cannot be discovered
          hint: set `jwks` or `jwks_file` where the issuer offers no discovery"#]],
    );
    for loopback in ["http://127.0.0.1:9000/keys", "http://[::1]/keys", "http://localhost/keys"] {
        let text = SHOP.replace("https://id.example.com/.well-known/jwks.json", loopback);
        assert!(doorward_config::parse("doorward.toml", &text).is_ok(), "{loopback}");
    }
}

#[test]
fn little_skew_is_forgiven() {
    check(
        r#"audiences = ["shop-api"]"#,
        "audiences = [\"shop-api\"]\nleeway = \"61s\"",
        expect!["doorward.toml:14:10: `61s` is not between `0s` and `1m`"],
    );
}

#[test]
fn principals_are_cedar_entities() {
    check(
        r#"type = "User""#,
        r#"type = "Shop:User""#,
        expect![[r#"
        doorward.toml:15:22: `Shop:User` is not a Cedar entity type
          hint: write letters, digits and `_`, namespaces joined by `::`, such as `Shop::User`"#]],
    );
    check(
        r#"type = "User""#,
        r#"type = "Shop::in""#,
        expect![[r#"
        doorward.toml:15:22: `Shop::in` is not a Cedar entity type
          hint: write letters, digits and `_`, namespaces joined by `::`, such as `Shop::User`"#]],
    );
    check(
        r#"type = "User""#,
        r#"type = "Anonymous""#,
        expect!["doorward.toml:15:22: the entity type `Anonymous` is reserved"],
    );
    check(
        r#"id = "sub""#,
        r#"id = """#,
        expect!["doorward.toml:15:35: expected a text, found an empty string"],
    );
    check(
        r#"groups = "groups""#,
        r#"prefix = """#,
        expect![[r#"
        doorward.toml:15:51: an empty text is not a prefix
          hint: use 1 to 64 bytes of visible text, such as `shop:`"#]],
    );
    assert!(doorward_config::parse("f", &SHOP.replace("\"User\"", "\"Shop::User\"")).is_ok());
}

#[test]
fn names_are_unique_and_not_reserved() {
    let other = "{ type = \"Device\", id = \"sub\" }";
    check_text(
        &with_second("main", "https://two.example", other),
        expect![[r#"
        doorward.toml:54:8: a second issuer or webhook is named `main`
          hint: the first one is on line 10"#]],
    );
    check_text(
        &with_second("anonymous", "https://two.example", other),
        expect!["doorward.toml:54:8: `anonymous` is reserved: it names callers without credentials"],
    );
    check_text(
        &with_second("MAIN", "https://two.example", other),
        expect![[r#"
        doorward.toml:53:1: the names `MAIN` and `main` differ only in case or punctuation
          hint: both would be meant by `DOORWARD_JWKS_URL_MAIN`"#]],
    );
}

#[test]
fn two_issuers_never_answer_for_one_token_or_one_principal() {
    let other = "{ type = \"Device\", id = \"sub\" }";
    check_text(
        &with_second("two", "https://id.example.com/", other),
        expect![[r#"
            doorward.toml:53:1: the issuer `https://id.example.com/` is declared twice, as `main` too
              hint: only a user pool may be: with `tokens = "cognito"` for its access tokens, and `"jwt"` for its ID tokens"#]],
    );
    let same = "{ type = \"User\", id = \"sub\" }";
    check_text(
        &with_second("two", "https://two.example", same),
        expect![[r#"
            doorward.toml:53:1: the issuers `two` and `main` could both make the same `User`
              hint: give each a `prefix`, neither beginning with the other, or a `type` of its own"#]],
    );
    // `main` could issue a token whose subject is `two:alice`.
    let one_prefix = "{ type = \"User\", id = \"sub\", prefix = \"two:\" }";
    check_text(
        &with_second("two", "https://two.example", one_prefix),
        expect![[r#"
            doorward.toml:53:1: the issuers `two` and `main` could both make the same `User`
              hint: give each a `prefix`, neither beginning with the other, or a `type` of its own"#]],
    );
}

/// A user pool that is declared as `tokens` beside an issuer of any JWT, with these lines.
fn pool_twice(tokens: &str, lines: &str, principal: &str) -> String {
    let text = with_second("two", "https://id.example.com/", principal);
    let (before, second) = text.rsplit_once("audiences").unwrap();
    format!("{before}tokens = \"{tokens}\"\n{lines}audiences{second}")
}

#[test]
fn a_user_pool_may_stand_twice_for_each_of_its_kinds_of_tokens() {
    let keys = "jwks = \"https://id.example.com/.well-known/jwks.json\"\n";
    let same = r#"{ type = "User", id = "sub", groups = "groups" }"#;
    let config = doorward_config::parse("f", &pool_twice("cognito", keys, same)).unwrap();
    let leaves = |name: &str| config.issuer(name).unwrap().leaves_access_tokens;
    assert_eq!((leaves("main"), leaves("two")), (true, false));
    assert!(!doorward_config::parse("f", SHOP).unwrap().issuers[0].leaves_access_tokens);
    let other = r#"{ type = "Device", id = "sub", groups = false }"#;
    assert!(doorward_config::parse("f", &pool_twice("cognito", keys, other)).is_ok());
    let twice = || {
        expect![[r#"
            doorward.toml:53:1: the issuer `https://id.example.com/` is declared twice, as `main` too
              hint: only a user pool may be: with `tokens = "cognito"` for its access tokens, and `"jwt"` for its ID tokens"#]]
    };
    check_text(&pool_twice("jwt", keys, other), twice());
    check_text(&pool_twice("at+jwt", keys, other), twice());
    check_text(
        &pool_twice("cognito", "", other),
        expect![[r#"
        doorward.toml:53:1: the issuers `two` and `main` are one, and have other keys
          hint: give both the same `jwks` or `jwks_file`"#]],
    );
    // One claim of an issuer is about one and the same; of two, each may be about somebody else.
    let another_id = r#"{ type = "User", id = "username", groups = false }"#;
    check_text(
        &pool_twice("cognito", keys, another_id),
        expect![[r#"
        doorward.toml:53:1: the issuers `two` and `main` could both make the same `User`
          hint: give each a `prefix`, neither beginning with the other, or a `type` of its own"#]],
    );
    let other_groups = r#"{ type = "User", id = "sub" }"#;
    check_text(
        &pool_twice("cognito", keys, other_groups),
        expect![[r#"
        doorward.toml:53:1: the issuers `two` and `main` could both fill the same groups
          hint: give each a `prefix`, neither beginning with the other, or let only one of them have `groups`"#]],
    );
}

#[test]
fn issuers_do_not_fill_each_others_groups() {
    let second = |principal| with_second("two", "https://two.example/", principal);
    check_text(
        &second(r#"{ type = "Device", id = "sub", groups = "roles" }"#),
        expect![[r#"
            doorward.toml:53:1: the issuers `two` and `main` could both fill the same groups
              hint: give each a `prefix`, neither beginning with the other, or let only one of them have `groups`"#]],
    );
    assert!(doorward_config::parse("doorward.toml", &second(r#"{ type = "Device", id = "sub" }"#)).is_ok());
}
