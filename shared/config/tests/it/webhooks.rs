use std::time::Duration;

use doorward_config::{Credential, SecretRef, WebhookScheme, parse};
use expect_test::{Expect, expect};

use crate::shop::SHOP;

/// The shop with `webhook` declared, from line 53 on, and a route, on the lines behind it, that takes `auth`.
fn with(webhook: &str, auth: &str) -> String {
    format!(
        "{SHOP}\n{webhook}\n[[routes]]\nid = \"paid\"\nmatch = \"POST /payments\"\ntarget = \"orders\"\nauth = {auth}\n"
    )
}

const PAYMENTS: &str =
    "[[webhooks]]\nname = \"payments\"\nscheme = \"stripe\"\nsecrets = [\"env:STRIPE_SECRET\"]\n";

#[track_caller]
fn check(webhook: &str, auth: &str, expected: Expect) {
    expected.assert_eq(&parse("doorward.toml", &with(webhook, auth)).unwrap_err().to_string());
}

#[test]
fn a_webhook_is_one_of_the_ways_to_prove_oneself() {
    let config = parse("doorward.toml", &with(PAYMENTS, r#"["payments", "main"]"#)).unwrap();
    let [webhook] = config.webhooks.as_slice() else { panic!("one is declared") };
    assert_eq!((webhook.name.as_str(), webhook.scheme), ("payments", WebhookScheme::Stripe));
    assert_eq!(webhook.secrets, [SecretRef::Env("STRIPE_SECRET".to_owned())]);
    assert_eq!(webhook.tolerance, Some(Duration::from_secs(300)));
    let route = config.routes.last().unwrap();
    let (hook, token) = (Credential::Webhook("payments".to_owned()), Credential::Token("main".to_owned()));
    assert_eq!(route.auth, [hook, token]);
    assert_eq!(route.issuers().collect::<Vec<_>>(), ["main"]);
    assert!(route.takes_webhooks() && !route.needs_token());
    assert!(!config.routes[0].takes_webhooks());
}

#[test]
fn a_tolerance_is_bounded_and_secrets_may_rotate() {
    let text = "[[webhooks]]\nname = \"a\"\nscheme = \"standard-webhooks\"\ntolerance = \"10s\"\n\
                secrets = [\"ssm:/a\", \"secretsmanager:b#c\", \"file:/run/d\", \"env:EE\", \"env:FF\"]\n";
    let config = parse("doorward.toml", &with(text, r#"["a"]"#)).unwrap();
    assert_eq!(config.webhooks[0].tolerance, Some(Duration::from_secs(10)));
    assert_eq!(config.webhooks[0].secrets.len(), 5);
    check(
        "[[webhooks]]\nname = \"a\"\nscheme = \"stripe\"\ntolerance = \"2h\"\nsecrets = [\"env:AA\"]\n",
        r#"["a"]"#,
        expect!["doorward.toml:56:13: `2h` is not between `10s` and `1h`"],
    );
    check(
        "[[webhooks]]\nname = \"a\"\nscheme = \"stripe\"\n\
         secrets = [\"env:AA\", \"env:BB\", \"env:CC\", \"env:DD\", \"env:EE\", \"env:FF\"]\n",
        r#"["a"]"#,
        expect![[r#"
            doorward.toml:56:11: 6 secrets are more than 5
              hint: drop those that the sender no longer signs with"#]],
    );
}

#[test]
fn github_signs_no_time() {
    let text = "[[webhooks]]\nname = \"a\"\nscheme = \"github\"\nsecrets = [\"env:AA\"]\n";
    assert_eq!(parse("doorward.toml", &with(text, r#"["a"]"#)).unwrap().webhooks[0].tolerance, None);
    check(
        &format!("{text}tolerance = \"5m\"\n"),
        r#"["a"]"#,
        expect![[r#"
            doorward.toml:57:13: GitHub signs no time, so there is no tolerance to keep
              hint: leave `tolerance` out"#]],
    );
}

#[test]
fn a_secret_stands_elsewhere() {
    check(
        "[[webhooks]]\nname = \"a\"\nscheme = \"stripe\"\nsecrets = [\"whsec_cGxhaW5seSBmYWtl\", \"env:A\", \"env:AA\", \"env:AA\"]\n",
        r#"["a"]"#,
        expect![[r#"
            doorward.toml:56:12: a secret must not stand in the file
              hint: write where the secret is: `env:NAME`, `file:/path`, `secretsmanager:NAME`, `secretsmanager:NAME#member` or `ssm:/path`
            doorward.toml:56:38: `A` is not the name of an environment variable
              hint: use 2 to 128 letters, digits and `_`, beginning with a letter
            doorward.toml:56:57: listed twice"#]],
    );
    check(
        "[[webhooks]]\nname = \"a\"\nscheme = \"stripe\"\nsecrets = []\n",
        r#"["a"]"#,
        expect!["doorward.toml:56:11: expected at least one element, found an empty array"],
    );
}

#[test]
fn names_and_schemes_are_told_apart() {
    check(
        "[[webhooks]]\nname = \"main\"\nscheme = \"paypal\"\n",
        r#"["main"]"#,
        expect![[r#"
            doorward.toml:53:1: missing key `secrets` in `[[webhooks]]`
            doorward.toml:54:8: a second issuer or webhook is named `main`
              hint: the first one is on line 10
            doorward.toml:55:10: unknown value `paypal`
              hint: expected `standard-webhooks`, `stripe` or `github`"#]],
    );
    check(
        "[[webhooks]]\nname = \"anonymous\"\nscheme = \"stripe\"\nsecrets = [\"env:AA\"]\n",
        r#"["anonymous"]"#,
        expect!["doorward.toml:54:8: `anonymous` is reserved: it names callers without credentials"],
    );
    let two = format!("{PAYMENTS}\n{}", PAYMENTS.replace("payments", "refunds"));
    check(
        &two,
        r#"["payments"]"#,
        expect![[r#"
            doorward.toml:58:1: the webhooks `payments` and `refunds` share the secret `env:STRIPE_SECRET`
              hint: give each sender secrets of its own"#]],
    );
    let two = two.replacen("STRIPE_SECRET", "OTHER_SECRET", 1);
    check(
        &two,
        r#"["payments", "refunds"]"#,
        expect![[r#"
            doorward.toml:67:21: `refunds` signs as `payments` does
              hint: a route takes one webhook of a scheme: give the other a route of its own"#]],
    );
}

#[test]
fn senders_are_entities_of_the_doors_own() {
    let text = SHOP.replace(r#"type = "User""#, r#"type = "Sender""#);
    expect!["doorward.toml:15:22: the entity type `Sender` is reserved"]
        .assert_eq(&parse("doorward.toml", &text).unwrap_err().to_string());
}
