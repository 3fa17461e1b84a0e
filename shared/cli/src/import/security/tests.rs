use doorward_contract::RawDocument;
use serde_json::json;

use super::*;

const OPERATION: &str = "/paths/~1a/get";

/// What the operation takes, and what of it is told, in a document with these schemes.
fn auth(operation: Value, more: Value) -> (Auth, Vec<Issuer>, String) {
    let issuer = |audience: &str| {
        json!({"type": "oauth2", "flows": {}, AUTHORIZER: {
            "type": "jwt", "jwtConfiguration": {"issuer": "https://id.example/", "audience": [audience]},
        }})
    };
    let schemes = json!({"buyer": issuer("shop"), "guest": issuer("shop"), "staff": issuer("back-office"),
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"}});
    let mut document =
        json!({"paths": {"/a": {"get": operation}}, "components": {"securitySchemes": schemes}});
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let document = RawDocument::read("f", &document.to_string()).unwrap();
    let mut reading =
        Reading { document: &document, variables: &[], leftovers: Vec::new(), read: Vec::new() };
    let schemes = Schemes::read(&mut reading);
    let auth = schemes.of_operation(&mut reading, OPERATION);
    let told = reading.leftovers.iter().map(|left| format!("{}: {}", left.pointer, left.what));
    (auth, schemes.issuers, told.collect::<Vec<_>>().join("\n"))
}

#[track_caller]
fn check(operation: Value, more: Value, expected: &[&str], words: &str) {
    let (auth, _, told) = auth(operation, more);
    assert_eq!(auth.auth, expected);
    assert!(told.contains(words), "{told}");
}

#[test]
fn what_operations_ask_is_taken_over() {
    let security = json!({"security": [{"buyer": []}]});
    check(json!({}), json!({}), &["anonymous"], "");
    check(json!({}), security.clone(), &["buyer"], "");
    check(json!({"security": []}), security.clone(), &["anonymous"], "");
    check(json!({"security": [{}, {"guest": []}]}), security, &["buyer"], "the API key beside");
    check(json!({"security": [{"unknown": []}]}), json!({}), &["nobody"], "nobody is let in");
}

#[test]
fn security_that_has_no_reading_lets_nobody_in() {
    for security in [json!({"buyer": []}), json!(null), json!("buyer"), json!(["buyer"]), json!([null])] {
        check(json!({"security": security}), json!({}), &["nobody"], "nobody is let in");
        check(json!({}), json!({"security": security}), &["nobody"], "nobody is let in");
    }
    check(
        json!({"x-amazon-apigateway-auth": {"type": "CUSTOM"}}),
        json!({}),
        &["nobody"],
        "nobody is let in",
    );
    check(json!({"x-amazon-apigateway-auth": {"type": "NONE"}}), json!({}), &["anonymous"], "");
}

#[test]
fn requirements_of_an_export_are_asked_for_together() {
    let both = json!({"security": [{"buyer": []}, {"key": []}]});
    check(both.clone(), json!({}), &["buyer"], "the API key beside another credential");
    check(json!({"security": [{"key": []}]}), json!({}), &["api-key"], "");
    check(json!({"security": [{"key": []}, {"lost": []}]}), json!({}), &["nobody"], "nobody is let in");
    check(json!({"security": [{"buyer": []}, {"lost": []}]}), json!({}), &["nobody"], "nobody is let in");
    let named = json!({"x-amazon-apigateway-auth": {"type": "CUSTOM"}, "security": [{"key": []}]});
    check(named, json!({}), &["nobody"], "nobody is let in");
    let plain = json!({"components": {"securitySchemes": {
        "buyer": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example/.well-known/openid-configuration"},
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }}});
    check(both, plain.clone(), &["buyer", "api-key"], "");
    check(json!({"security": [{"key": []}, {"lost": []}]}), plain, &["api-key"], "nobody is let in by it");
}

#[test]
fn the_other_tokens_of_a_user_pool_are_told_of() {
    let schemes = json!({"components": {"securitySchemes": {"pool": {"type": "oauth2", "flows": {}, AUTHORIZER: {
        "type": "jwt",
        "jwtConfiguration": {"issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A", "audience": ["app"]},
    }}}}});
    check(json!({"security": [{"pool": []}]}), schemes, &["pool"], "the ID tokens of the user pool");
}

#[test]
fn a_credential_beside_a_signature_is_told_of() {
    let signed = json!({"x-amazon-apigateway-auth": {"type": "aws_iam"}, "security": [{"key": []}]});
    check(signed, json!({}), &["iam"], "beside the signature");
}

#[test]
fn a_route_takes_no_tokens_for_the_audience_of_another() {
    check(json!({"security": [{"guest": []}]}), json!({}), &["buyer"], "");
    check(
        json!({"security": [{"staff": []}]}),
        json!({}),
        &["nobody"],
        "/components/securitySchemes/staff/x-amazon-apigateway-authorizer: other audiences or tokens of the issuer `buyer`",
    );
}

/// What the operation asks of tokens, as the route says it, and whether that is told to be more.
#[track_caller]
fn check_scopes(security: Value, expected: &str, is_told: bool) {
    let schemes = json!({"components": {"securitySchemes": {
        "one": {"type": "openIdConnect", "openIdConnectUrl": "https://one.example/.well-known/openid-configuration"},
        "two": {"type": "openIdConnect", "openIdConnectUrl": "https://two.example/.well-known/openid-configuration"},
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "gate": {"type": "oauth2", "flows": {}, AUTHORIZER: {
            "type": "jwt", "jwtConfiguration": {"issuer": "https://gate.example/", "audience": ["shop"]},
        }},
    }}});
    let (auth, _, told) = auth(json!({ "security": security }), schemes);
    let scopes = auth.scopes.join(if auth.any_scope { "|" } else { " " });
    assert_eq!(
        (scopes.as_str(), told.contains("scopes that differ")),
        (expected, is_told),
        "{security}: {told}"
    );
}

#[test]
fn scopes_of_several_requirements_are_said_together() {
    check_scopes(json!([{"one": ["r", "w"]}]), "r w", false);
    check_scopes(json!([{"one": ["r"]}, {"one": ["w"]}]), "r|w", false);
    check_scopes(json!([{"one": ["r"]}, {"two": ["r"]}]), "r", false);
    check_scopes(json!([{"one": ["r"]}, {"key": []}]), "r", false);
    check_scopes(json!([{"gate": ["r", "w"]}, {"gate": ["x"]}]), "r|w|x", false);
    check_scopes(json!([{"gate": ["r", "w"]}, {"gate": []}]), "", false);
    check_scopes(json!([{"one": ["r", "w"]}, {"one": ["x"]}]), "r w x", true);
    check_scopes(json!([{"one": ["r"]}, {"two": ["w"]}]), "r w", true);
    check_scopes(json!([{"one": ["r"]}, {"two": []}]), "r", true);
}

#[test]
fn the_scopes_of_operations_say_which_tokens_of_a_user_pool_are_meant() {
    let pool = |id: &str| {
        let arn = format!("arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_{id}");
        json!({"type": "apiKey", "name": "Authorization", "in": "header",
            AUTHORIZER: {"type": "cognito_user_pools", "providerARNs": [arn]}})
    };
    let any_method = |security: Value| json!({"x-amazon-apigateway-any-method": {"security": security}});
    let read = |own: Value, other: Value| {
        let more = json!({
            "components": {"securitySchemes": {"pool": pool("A"), "same": pool("A"), "other": pool("B")}},
            "paths": {"/a": {"get": {"security": own}}, "/{proxy+}": any_method(other)},
        });
        let (_, issuers, told) = auth(json!({}), more);
        let kinds: Vec<bool> = issuers.iter().map(|issuer| issuer.is_cognito).collect();
        (kinds, told.contains("the ID tokens that the authorizer takes"))
    };
    // The issuers are that of `pool` and `same`, and that of `other`: whether they take access tokens.
    assert_eq!(read(json!([{"pool": ["r"]}]), json!([{"same": ["w"]}])), (vec![true, true], false));
    assert_eq!(read(json!([{"pool": []}]), json!([{"same": []}])), (vec![false, true], false));
    assert_eq!(read(json!([{"pool": []}]), json!([{"other": ["r"]}])), (vec![false, true], false));
    assert_eq!(read(json!([{"other": []}]), json!([{"pool": ["r"]}])), (vec![true, false], false));
    assert_eq!(read(json!([{"pool": ["r"]}]), json!([{"same": []}])), (vec![true, true], true));
}
