use doorward_config::{Algorithm, TokenKind, parse};
use expect_test::expect;

use crate::shop::{SHOP, check, check_text};

const AUDIENCES: &str = "audiences = [\"shop-api\"]\n";
const PRINCIPAL: &str = r#"principal = { type = "User", id = "sub", groups = "groups" }"#;

/// The shop with these lines in its issuer.
fn with(lines: &str) -> String {
    SHOP.replace(AUDIENCES, &format!("{AUDIENCES}{lines}\n"))
}

#[test]
fn a_kind_of_tokens_is_named_or_the_usual_one() {
    let kind = |text: &str| parse("f", text).unwrap().issuers[0].tokens;
    assert_eq!(kind(SHOP), TokenKind::Jwt);
    assert_eq!(kind(&with("tokens = \"jwt\"")), TokenKind::Jwt);
    assert_eq!(kind(&with("tokens = \"at+jwt\"")), TokenKind::AccessToken);
    check(
        AUDIENCES,
        &format!("{AUDIENCES}tokens = \"at-jwt\"\n"),
        expect![[r#"
            doorward.toml:14:10: unknown value `at-jwt`
              hint: did you mean `at+jwt`?"#]],
    );
}

#[test]
fn cognito_names_clients_and_groups_in_its_own_way() {
    let text = SHOP
        .replace(AUDIENCES, "audiences = [\"1example23456789\"]\ntokens = \"cognito\"\n")
        .replace(PRINCIPAL, r#"principal = { type = "User" }"#);
    let issuer = parse("f", &text).unwrap().issuers.remove(0);
    assert_eq!((issuer.tokens, issuer.audiences), (TokenKind::Cognito, vec!["1example23456789".to_owned()]));
    assert_eq!(
        (issuer.principal.id.as_str(), issuer.principal.groups.as_deref()),
        ("sub", Some("cognito:groups"))
    );
    let text = text.replace(r#"type = "User""#, r#"type = "User", id = "username", groups = "custom:roles""#);
    let principal = parse("f", &text).unwrap().issuers.remove(0).principal;
    assert_eq!((principal.id.as_str(), principal.groups.as_deref()), ("username", Some("custom:roles")));
    let none = text.replace(r#""custom:roles""#, "false");
    assert_eq!(parse("f", &none).unwrap().issuers.remove(0).principal.groups, None);
    check_text(
        &none.replace("groups = false", "groups = true"),
        expect!["doorward.toml:16:56: expected a text or `false`, found a boolean"],
    );
    check_text(
        &with("tokens = \"cognito\""),
        expect![[r#"
            doorward.toml:13:13: none of `audiences` is the id of an app client
              hint: with `tokens = "cognito"`, list the app clients whose tokens are accepted: access tokens have `client_id`"#]],
    );
}

#[test]
fn fronts_that_verify_are_apis_with_an_authorizer_of_their_own() {
    let text = with(r#"verified_by = ["http-api:a1b2c3", "rest-api:x9y8z7"]"#);
    let fronts = parse("f", &text).unwrap().issuers.remove(0).verified_by;
    assert_eq!(
        fronts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["http-api:a1b2c3", "rest-api:x9y8z7"]
    );
    check_text(
        &with(
            r#"verified_by = ["function-url:abc", "alb:orders/49e9d65c", "http-api:*", "http-api:a1b2c3", "http-api:a1b2c3"]"#,
        ),
        expect![[r#"
            doorward.toml:14:16: `function-url:abc` verifies no tokens
              hint: REST APIs do with a Cognito authorizer, and HTTP APIs with a JWT authorizer
            doorward.toml:14:36: `alb:orders/49e9d65c` verifies no tokens
              hint: REST APIs do with a Cognito authorizer, and HTTP APIs with a JWT authorizer
            doorward.toml:14:59: `http-api:*` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`
            doorward.toml:14:92: listed twice"#]],
    );
    check_text(
        &with("verified_by = []"),
        expect!["doorward.toml:14:15: expected at least one element, found an empty array"],
    );
    check_text(
        &with("verified_by = [\"http-api:a1b2c3\"]\ntokens = \"at+jwt\""),
        expect![[r#"
        doorward.toml:14:15: no front says of a token whether its header calls it `at+jwt`
          hint: leave `verified_by` out, or `tokens` at `"jwt"`"#]],
    );
}

#[test]
fn ed25519_is_another_name_of_what_is_done_with_it() {
    let algorithms = |list: &str| SHOP.replace(r#"["RS256", "ES256", "EdDSA"]"#, list);
    let issuer = parse("f", &algorithms(r#"["Ed25519"]"#)).unwrap().issuers.remove(0);
    assert_eq!(issuer.algorithms, [Algorithm::EdDSA]);
    check_text(
        &algorithms(r#"["EdDSA", "Ed25519", "Ed448"]"#),
        expect![[r#"
        doorward.toml:14:24: listed twice
        doorward.toml:14:35: tokens signed with `Ed448` are not accepted
          hint: expected `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` or `EdDSA`"#]],
    );
}

#[test]
fn a_route_requires_scopes_of_tokens() {
    let auth = "auth = [\"main\"]\n";
    let text =
        SHOP.replace(auth, &format!("{auth}scopes = [\"orders.write\", \"https://api.example/x:y\"]\n"));
    let config = parse("f", &text).unwrap();
    let scopes = &config.routes[0].scopes;
    assert_eq!(
        (scopes.names.as_slice(), scopes.any),
        (["orders.write", "https://api.example/x:y"].map(str::to_owned).as_slice(), false)
    );
    assert!(config.routes[1].scopes.is_empty());
    let any = SHOP.replace(auth, &format!("{auth}scopes = {{ any = [\"orders.write\", \"orders\"] }}\n"));
    let scopes = parse("f", &any).unwrap().routes[0].scopes.clone();
    assert_eq!((scopes.names.len(), scopes.any), (2, true));
    check(
        auth,
        &format!("{auth}scopes = {{ any = [] }}\n"),
        expect!["doorward.toml:31:18: expected at least one element, found an empty array"],
    );
    check(
        auth,
        &format!("{auth}scopes = {{ all = [\"a\"] }}\n"),
        expect![[r#"
        doorward.toml:31:10: missing key `any` in `scopes`
        doorward.toml:31:12: unknown key `all` in `scopes`
          hint: expected `any`"#]],
    );
    check(
        auth,
        &format!("{auth}scopes = [\"orders write\", \"\", \"a\\\"b\", \"é\", \"a\", \"a\"]\n"),
        expect![[r#"
            doorward.toml:31:11: `orders write` is not a scope
              hint: use 1 to 256 visible ASCII characters, without spaces, `"` and `\`: `orders.write`
            doorward.toml:31:27: an empty text is not a scope
              hint: use 1 to 256 visible ASCII characters, without spaces, `"` and `\`: `orders.write`
            doorward.toml:31:31: `a"b` is not a scope
              hint: use 1 to 256 visible ASCII characters, without spaces, `"` and `\`: `orders.write`
            doorward.toml:31:39: `é` is not a scope
              hint: use 1 to 256 visible ASCII characters, without spaces, `"` and `\`: `orders.write`
            doorward.toml:31:49: listed twice"#]],
    );
    check(
        auth,
        &format!("{auth}scopes = []\n"),
        expect!["doorward.toml:31:10: expected at least one element, found an empty array"],
    );
    check(
        auth,
        "auth = [\"anonymous\"]\nscopes = [\"orders.write\"]\n",
        expect![[r#"
        doorward.toml:31:10: only tokens have scopes, and `auth` names no issuer
          hint: leave `scopes` out, or accept the tokens of an issuer"#]],
    );
}
