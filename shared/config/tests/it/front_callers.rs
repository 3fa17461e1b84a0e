//! Callers whom a front verified: `[iam]` and `[certificates]`.

use doorward_config::{CertificateId, Config, Credential, parse};
use expect_test::{Expect, expect};

use crate::shop::SHOP;

/// The shop with `section`, from line 53 on, and a route behind it that takes `auth`.
fn with(section: &str, auth: &str) -> String {
    format!(
        "{SHOP}\n{section}\n[[routes]]\nid = \"status\"\nmatch = \"GET /status\"\ntarget = \"orders\"\nauth = {auth}\n"
    )
}

#[track_caller]
fn read(text: &str) -> Config {
    parse("doorward.toml", text).map_err(|faults| faults.to_string()).unwrap()
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&parse("doorward.toml", text).unwrap_err().to_string());
}

const IAM: &str = "[iam]\nuser_type = \"IamUser\"\n";
const CERTIFICATES: &str = "[certificates]\nfronts = [\"http-api:a1b2c3\"]\n";

#[test]
fn iam_callers_are_let_in_by_a_word() {
    let section =
        format!("{IAM}accounts = [\"123456789012\", \"000000000001\"]\norganizations = [\"o-a1b2c3d4e5\"]\n");
    let config = read(&with(&section, r#"["iam", "main"]"#));
    let iam = config.iam.unwrap();
    assert_eq!(iam.accounts, ["123456789012", "000000000001"]);
    assert_eq!(iam.organizations, ["o-a1b2c3d4e5"]);
    assert_eq!(iam.user_type, "IamUser");
    let route = config.routes.last().unwrap();
    assert_eq!(route.auth, [Credential::Iam, Credential::Token("main".to_owned())]);
    assert!(route.accepts_iam() && !route.needs_token() && !config.routes[0].accepts_iam());
    assert_eq!(read(SHOP).iam, None);
}

/// Without the section, IAM users are `User`, unless an issuer makes those.
#[test]
fn the_section_may_be_left_out() {
    let text = with("", r#"["iam"]"#).replace(r#"type = "User""#, r#"type = "Customer""#);
    let iam = read(&text).iam.unwrap();
    assert_eq!((iam.user_type.as_str(), iam.accounts.len(), iam.organizations.len()), ("User", 0, 0));
}

#[test]
fn no_issuer_makes_iam_users() {
    let expected = || {
        expect![[r#"
            doorward.toml:15:22: `User` is the type of IAM users
              hint: an issuer could make one: set another `user_type` in `[iam]`, such as `IamUser`"#]]
    };
    check(&with("", r#"["iam"]"#), expected());
    check(&with("[iam]\n", r#"["main"]"#), expected());
    check(&with("", r#"["anonymous", "main", "iam"]"#), expected());
    check(
        &with("[iam]\nuser_type = \"Order\"\n", r#"["iam"]"#),
        expect![[r#"
            doorward.toml:40:21: `Order` is the type of IAM users
              hint: give resources a type of their own"#]],
    );
    check(
        &with("[iam]\nuser_type = \"Role\"\n", r#"["iam"]"#),
        expect!["doorward.toml:54:13: the entity type `Role` is reserved"],
    );
}

#[test]
fn ids_are_those_of_aws() {
    check(
        &with(
            &format!(
                "{IAM}accounts = [\"12345678901\", \"1234567890123\", \"12345678901a\", \"arn:aws:iam::123456789012:root\"]\norganizations = [\"123456789012\", \"o-short\", \"o-A1B2C3D4E5\"]\n"
            ),
            r#"["iam"]"#,
        ),
        expect![[r#"
            doorward.toml:55:13: `12345678901` is not the id of an AWS account
              hint: write its 12 digits as a text: `"123456789012"`
            doorward.toml:55:28: `1234567890123` is not the id of an AWS account
              hint: write its 12 digits as a text: `"123456789012"`
            doorward.toml:55:45: `12345678901a` is not the id of an AWS account
              hint: write its 12 digits as a text: `"123456789012"`
            doorward.toml:55:61: `arn:aws:iam::123456789012:root` is not the id of an AWS account
              hint: write its 12 digits as a text: `"123456789012"`
            doorward.toml:56:18: `123456789012` is not the id of an AWS organization
              hint: write it as AWS Organizations does: `o-` and 10 to 32 small letters and digits
            doorward.toml:56:34: `o-short` is not the id of an AWS organization
              hint: write it as AWS Organizations does: `o-` and 10 to 32 small letters and digits
            doorward.toml:56:45: `o-A1B2C3D4E5` is not the id of an AWS organization
              hint: write it as AWS Organizations does: `o-` and 10 to 32 small letters and digits"#]],
    );
    check(
        &with(&format!("{IAM}accounts = []\norganizations = []\n"), r#"["iam"]"#),
        expect![[r#"
        doorward.toml:55:12: expected at least one element, found an empty array
        doorward.toml:56:17: expected at least one element, found an empty array"#]],
    );
    check(
        &with(&format!("{IAM}acounts = [\"123456789012\"]\n"), r#"["iam"]"#),
        expect![[r#"
        doorward.toml:55:1: unknown key `acounts` in `[iam]`
          hint: did you mean `accounts`?"#]],
    );
}

#[test]
fn certificates_are_believed_of_named_fronts() {
    let config = read(&with(
        "[certificates]\nfronts = [\"alb:orders/49e9d65c45c6791a\", \"rest-api:x1\", \"http-api:a1b2c3\"]\nid = \"fingerprint\"\n",
        r#"["certificate"]"#,
    ));
    let certificates = config.certificates.unwrap();
    assert_eq!((certificates.fronts.len(), certificates.id), (3, CertificateId::Fingerprint));
    let route = config.routes.last().unwrap();
    assert!(route.accepts_certificates() && !route.needs_token());
    let config = read(&with(CERTIFICATES, r#"["main"]"#));
    assert_eq!(config.certificates.unwrap().id, CertificateId::Subject);
    check(
        &with("", r#"["certificate"]"#),
        expect![[r#"
        doorward.toml:58:9: no front is said to check client certificates
          hint: name those that do as `fronts` in `[certificates]`"#]],
    );
    check(
        &with("[certificates]\nid = \"subject\"\n", r#"["certificate"]"#),
        expect!["doorward.toml:53:1: missing key `fronts` in `[certificates]`"],
    );
    check(
        &with(
            "[certificates]\nid = \"serial\"\nfronts = [\"function-url:abc\", \"bucket:b\", \"websocket-api:w\", \"alb:orders\", \"http-api:a\", \"http-api:a\"]\n",
            r#"["certificate"]"#,
        ),
        expect![[r#"
            doorward.toml:54:6: unknown value `serial`
              hint: expected `subject` or `fingerprint`
            doorward.toml:55:11: `function-url:abc` checks no client certificates
              hint: name an `alb:`, `rest-api:` or `http-api:` with mutual TLS
            doorward.toml:55:31: `bucket:b` checks no client certificates
              hint: name an `alb:`, `rest-api:` or `http-api:` with mutual TLS
            doorward.toml:55:43: `websocket-api:w` checks no client certificates
              hint: name an `alb:`, `rest-api:` or `http-api:` with mutual TLS
            doorward.toml:55:62: `alb:orders` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`
            doorward.toml:55:90: listed twice"#]],
    );
    check(
        &with("[certificates]\nfronts = []\n", r#"["certificate"]"#),
        expect!["doorward.toml:54:10: expected at least one element, found an empty array"],
    );
}

#[test]
fn their_words_name_no_issuer() {
    for word in ["iam", "certificate"] {
        let text =
            SHOP.replace("name = \"main\"", &format!("name = \"{word}\"")).replace("\"main\"", "\"x\"");
        let faults = parse("doorward.toml", &text).unwrap_err().to_string();
        assert!(faults.contains(&format!("`{word}` is reserved")), "{faults}");
    }
}
