use doorward_contract::RawDocument;
use serde_json::json;

use super::super::Issuer;
use super::super::schemes::AUTHORIZER;
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
fn credentials_that_are_asked_for_together_are_not_taken_one_by_one() {
    let issuer = |host: &str| json!({"type": "openIdConnect", "openIdConnectUrl": format!("https://{host}.example/.well-known/openid-configuration")});
    let key = json!({"type": "apiKey", "in": "header", "name": "X-Key"});
    let plain = json!({"components": {"securitySchemes": {
        "one": issuer("one"), "same": issuer("one"), "two": issuer("two"), "key": key, "key2": key,
    }}});
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let check = |requirement: Value, expected: &[&str], scopes: &[&str], words: &str| {
        let (auth, _, told) = auth(json!({ "security": requirement }), plain.clone());
        assert_eq!((auth.auth, auth.scopes, auth.any_scope), (texts(expected), texts(scopes), false));
        assert_eq!(told.contains("several credentials at once"), !words.is_empty(), "{told}");
        assert!(told.contains(words), "{told}");
    };
    check(json!([{"one": ["r"], "two": ["w"]}]), &["nobody"], &[], "nobody is let in until");
    check(json!([{"one": [], "key": []}]), &["nobody"], &[], "nobody is let in by them");
    check(
        json!([{"one": ["r"], "two": ["w"]}, {"two": ["x"]}]),
        &["two"],
        &["x"],
        "nobody is let in by them",
    );
    // These are one credential.
    check(json!([{"one": ["r"], "same": ["w"]}]), &["one"], &["r", "w"], "");
    check(json!([{"key": [], "key2": []}]), &["api-key"], &[], "");
}

#[test]
fn an_authorizer_of_an_export_stands_for_the_key_beside_it_and_for_no_other() {
    check(
        json!({"security": [{"buyer": [], "key": []}]}),
        json!({}),
        &["buyer"],
        "several credentials at once",
    );
    check(
        json!({"security": [{"buyer": ["r"], "guest": ["w"]}]}),
        json!({}),
        &["nobody"],
        "nobody is let in",
    );
    check(json!({"security": [{"buyer": ["r"], "guest": ["r"]}]}), json!({}), &["buyer"], "");
}

/// What operations take of one user pool by `authorizer`, of which another operation asks for `other`, and the pool's issuers as `NAME` of
/// access tokens or `NAME id`.
fn of_pool(authorizer: &Value, own: Value, other: Value) -> (Vec<String>, Vec<String>) {
    let more = json!({
        "components": {"securitySchemes": {"pool": {"type": "oauth2", "flows": {}, AUTHORIZER: authorizer}}},
        "paths": {"/a": {"get": {"security": own}}, "/b": {"get": {"security": other}}},
    });
    let (auth, issuers, told) = auth(json!({}), more);
    assert!(!told.contains("token"), "{told}");
    let shown = |issuer: &Issuer| format!("{}{}", issuer.name, if issuer.is_cognito { "" } else { " id" });
    assert!(
        issuers
            .iter()
            .all(|issuer| issuer.issuer == issuers[0].issuer && issuer.audiences == issuers[0].audiences)
    );
    (auth.auth, issuers.iter().map(shown).collect())
}

#[test]
fn routes_take_the_tokens_of_a_user_pool_that_their_authorizer_takes() {
    let http = json!({"type": "jwt", "jwtConfiguration": {
        "issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A", "audience": ["app"]}});
    let (bare, scoped) = (json!([{"pool": []}]), json!([{"pool": ["r"]}]));
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let check = |own: &Value, other: &Value, auth: &[&str], issuers: &[&str]| {
        assert_eq!(of_pool(&http, own.clone(), other.clone()), (texts(auth), texts(issuers)));
    };
    check(&bare, &bare, &["pool", "pool-id"], &["pool", "pool-id id"]);
    check(&bare, &scoped, &["pool", "pool-id"], &["pool", "pool-id id"]);
    // No ID token has a scope.
    check(&scoped, &bare, &["pool"], &["pool", "pool-id id"]);
    check(&scoped, &scoped, &["pool"], &["pool"]);
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
        "/components/securitySchemes/staff/x-amazon-apigateway-authorizer: other audiences of the issuer `buyer`",
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
        let (auth, issuers, _) = auth(json!({}), more);
        let kinds: Vec<bool> = issuers.iter().map(|issuer| issuer.is_cognito).collect();
        (kinds, auth.auth.join("+"))
    };
    // The issuers are those of `pool` and `same`, and that of `other`: whether they take access tokens.
    let check = |own: Value, other: Value, kinds: &[bool], auth: &str| {
        assert_eq!(read(own, other), (kinds.to_vec(), auth.to_owned()));
    };
    check(json!([{"pool": ["r"]}]), json!([{"same": ["w"]}]), &[true, true], "pool");
    check(json!([{"pool": []}]), json!([{"same": []}]), &[false, true], "pool");
    check(json!([{"pool": []}]), json!([{"other": ["r"]}]), &[false, true], "pool");
    check(json!([{"other": []}]), json!([{"pool": ["r"]}]), &[true, false], "other");
    check(json!([{"pool": ["r"]}]), json!([{"same": []}]), &[true, false, true], "pool");
    check(json!([{"pool": []}]), json!([{"same": ["r"]}]), &[true, false, true], "pool-id");
}

#[test]
fn what_an_authorizer_asks_beside_its_issuer_is_told() {
    let pool = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_A";
    let told = |field: &str, more: Value| {
        let mut authorizer = json!({"type": "cognito_user_pools", "providerARNs": [pool], "authorizerResultTtlInSeconds": 300});
        authorizer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let pool = json!({"type": "apiKey", "in": "header", "name": field, AUTHORIZER: authorizer});
        let more = json!({"components": {"securitySchemes": { "pool": pool }}});
        let (auth, _, told) = auth(json!({"security": [{"pool": []}]}), more);
        assert_eq!(auth.auth, ["pool"]);
        let own = told.lines().filter(|line| !line.contains("the app clients of the user pool"));
        own.map(|line| line.replace("/components/securitySchemes/pool/", "")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(told("authorization", json!({"identitySource": "method.request.header.Authorization"})), "");
    let expression = told("Authorization", json!({"identityValidationExpression": "^app-1$", "later": 1}));
    for words in [
        "x-amazon-apigateway-authorizer/identityValidationExpression: the expression that tokens are held to",
        "x-amazon-apigateway-authorizer/later: this part of the authorizer",
    ] {
        assert!(expression.contains(words), "{expression}");
    }
    let elsewhere = "the door takes them in `Authorization` alone";
    let named = told("X-Token", json!({}));
    assert!(named.starts_with("name: tokens are shown in `X-Token`") && named.contains(elsewhere), "{named}");
    for source in [
        json!("method.request.header.X-Token"),
        json!(["$request.header.Authorization", "$request.querystring.token"]),
        json!("$request.header.Authorization, $request.querystring.token"),
    ] {
        let stated = told("Authorization", json!({ "identitySource": source }));
        assert!(
            stated.starts_with("x-amazon-apigateway-authorizer/identitySource: ")
                && stated.contains(elsewhere),
            "{stated}"
        );
    }
}

#[test]
fn the_token_of_an_authorizer_is_no_key_of_an_api() {
    for scheme in [
        json!({"type": "apiKey", "in": "header", "name": "X-Token", "x-amazon-apigateway-authtype": "cognito_user_pools"}),
        json!({"type": "apiKey", "in": "header", "name": "X-Token", AUTHORIZER: {"type": "later"}}),
    ] {
        let more = json!({"components": {"securitySchemes": { "token": scheme }}});
        check(
            json!({"security": [{"token": []}]}),
            more,
            &["nobody"],
            "an authorizer of which nothing more is said",
        );
    }
}
