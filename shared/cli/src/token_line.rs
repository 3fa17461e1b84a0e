use doorward_config::Issuer;
use doorward_model::ClaimType;
use serde_json::{Map, Value, json};

/// The command that takes a token of `issuer` from `url`: with groups where its tokens list them, and with every claim
/// that a token must have.
pub(crate) fn token_line(url: &str, issuer: &Issuer) -> String {
    let groups = issuer.principal.groups.as_ref().map_or("", |_| "&groups=customers");
    let claims = sample_claims(issuer);
    if claims.is_empty() {
        return format!("curl '{url}?sub=alice{groups}'");
    }
    // A shell ends its text at a quote, wherever it stands.
    let claims = Value::Object(claims).to_string().replace('\'', r"'\''");
    format!("curl -G '{url}?sub=alice{groups}' --data-urlencode 'claims={claims}'")
}

/// The claims without which a token is refused, beside those that every token of the local issuer has.
pub(crate) fn sample_claims(issuer: &Issuer) -> Map<String, Value> {
    let required = issuer.claims.iter().filter(|(_, claim)| claim.required);
    let mut claims: Map<String, Value> =
        required.map(|(name, claim)| (name.clone(), sample(claim.ty))).collect();
    claims.insert(issuer.principal.id.clone(), json!("alice"));
    for own in ["iss", "sub", "aud", "iat", "exp"] {
        claims.remove(own);
    }
    if let Some(groups) = &issuer.principal.groups {
        claims.remove(groups);
    }
    claims
}

fn sample(ty: ClaimType) -> Value {
    match ty {
        ClaimType::Text => json!("some"),
        ClaimType::Long => json!(1),
        ClaimType::Bool => json!(true),
        ClaimType::Decimal => json!(1.5),
        ClaimType::Instant => json!("2026-01-01T00:00:00Z"),
        ClaimType::Address => json!("192.0.2.1"),
        ClaimType::Texts => json!(["some"]),
        ClaimType::Longs => json!([1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The issuer of a configuration with these `claims` and this `principal`.
    fn issuer(claims: &str, principal: &str) -> Issuer {
        let text = format!(
            "[door]\nname = \"d\"\ntable = \"t\"\n[[issuers]]\nname = \"main\"\nissuer = \"https://id.example/\"\n\
             audiences = [\"api\"]\nalgorithms = [\"ES256\"]\nclaims = {{ {claims} }}\nprincipal = {{ {principal} }}\n"
        );
        let config = doorward_config::parse("doorward.toml", &text).unwrap();
        config.issuers.into_iter().next().unwrap()
    }

    #[track_caller]
    fn check(claims: &str, principal: &str, expected: &str) {
        assert_eq!(token_line("URL", &issuer(claims, principal)), expected);
    }

    #[test]
    fn the_line_takes_a_token_that_its_own_door_accepts() {
        let user = r#"type = "User", id = "sub""#;
        check("", user, "curl 'URL?sub=alice'");
        check(r#"tenant = "String""#, user, "curl 'URL?sub=alice'");
        check(
            r#"tenant = { type = "String", required = true }, roles = { type = "Set<String>", required = true }"#,
            r#"type = "User", id = "sub", groups = "roles""#,
            r#"curl -G 'URL?sub=alice&groups=customers' --data-urlencode 'claims={"tenant":"some"}'"#,
        );
        check(
            r#""it's" = { type = "Long", required = true }"#,
            r#"type = "User", id = "email""#,
            r#"curl -G 'URL?sub=alice' --data-urlencode 'claims={"it'\''s":1,"email":"alice"}'"#,
        );
    }

    #[test]
    fn samples_are_of_their_types() {
        for ty in ClaimType::ALL {
            assert!(ty.admits(&sample(ty)), "{}", ty.word());
        }
    }
}
