use std::collections::HashMap;

use doorward_config::{
    Config, Credential, Issuer, JwksLocation, OpenapiAccess, Route, RouteMatch, WebhookScheme,
};
use doorward_contract::{Document, MergedOperation, merge};
use serde_json::{Map, Value, json};

/// Where a Response Object stands that describes the door's own refusals.
const REFUSAL: &str = "#/components/responses/Refusal";

/// What callers may know of all routes that have a contract, as one OpenAPI 3.1 document.
pub(crate) fn write(config: &Config, documents: &HashMap<String, Document>) -> Option<Value> {
    if config.door.openapi == OpenapiAccess::Off {
        return None;
    }
    let operation = |route| operation(route, documents);
    let operations: Vec<MergedOperation<'_>> = config.routes.iter().filter_map(operation).collect();
    let mut components = Map::new();
    components.insert("responses".to_owned(), json!({ "Refusal": refusal() }));
    let schemes = schemes(config);
    if !schemes.is_empty() {
        components.insert("securitySchemes".to_owned(), Value::Object(schemes));
    }
    let info = json!({ "title": config.door.name, "version": "1" });
    Some(merge(info, &operations, components))
}

fn operation<'a>(route: &'a Route, documents: &'a HashMap<String, Document>) -> Option<MergedOperation<'a>> {
    let contract = route.contract.as_ref()?;
    // A requirement asks for all of its scopes, and one of several requirements is enough (OpenAPI, "Security Requirement Object").
    let scopes = |credential: &Credential| match credential {
        Credential::Token(_) if route.scopes.any => {
            route.scopes.names.iter().map(|name| json!([name])).collect()
        }
        Credential::Token(_) => vec![json!(route.scopes.names)],
        _ => vec![json!([])],
    };
    let requirements = |credential: &Credential| match word(credential) {
        Some(name) => {
            let one = |scopes| Value::Object(Map::from_iter([(name.to_owned(), scopes)]));
            scopes(credential).into_iter().map(one).collect()
        }
        // Who shows nothing may come.
        None => vec![json!({})],
    };
    let is_open = route.auth.contains(&Credential::Anonymous);
    let statuses = ["403", "413", "415", "422", "429"].into_iter().chain((!is_open).then_some("401"));
    let mut answers: Vec<&str> = statuses.chain(["default"]).collect();
    answers.sort_unstable();
    Some(MergedOperation {
        document: documents.get(&contract.file)?,
        described_as: &contract.operation,
        path: match &route.matched {
            RouteMatch::Http { path, .. } => path,
            _ => return None,
        },
        id: &route.id,
        security: route.auth.iter().flat_map(requirements).collect(),
        answers: answers.into_iter().map(|status| (status.to_owned(), json!({ "$ref": REFUSAL }))).collect(),
    })
}

/// What a credential is called, as in `auth`; `None` where nothing is shown.
fn word(credential: &Credential) -> Option<&str> {
    match credential {
        Credential::Token(name) | Credential::Webhook(name) => Some(name),
        Credential::ApiKey => Some("api-key"),
        Credential::Iam => Some("iam"),
        Credential::Certificate => Some("certificate"),
        Credential::Anonymous => None,
    }
}

/// The Security Scheme Objects of all credentials that a route with a contract takes.
fn schemes(config: &Config) -> Map<String, Value> {
    let routes = config.routes.iter().filter(|route| route.contract.is_some());
    let credentials = routes.flat_map(|route| &route.auth);
    let scheme = |credential: &Credential| Some((word(credential)?.to_owned(), scheme(config, credential)?));
    credentials.filter_map(scheme).collect()
}

fn scheme(config: &Config, credential: &Credential) -> Option<Value> {
    Some(match credential {
        Credential::Token(name) => token_scheme(config.issuer(name)?),
        Credential::ApiKey => {
            json!({ "type": "apiKey", "in": "header", "name": config.api_keys.header.as_str() })
        }
        Credential::Iam => json!({
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "An AWS signature, version 4.",
        }),
        Credential::Certificate => json!({ "type": "mutualTLS" }),
        Credential::Webhook(name) => {
            let field = match config.webhook(name)?.scheme {
                WebhookScheme::StandardWebhooks => "webhook-signature",
                WebhookScheme::Stripe => "stripe-signature",
                WebhookScheme::GitHub => "x-hub-signature-256",
            };
            json!({ "type": "apiKey", "in": "header", "name": field, "description": "A signature over the body." })
        }
        Credential::Anonymous => return None,
    })
}

/// An issuer that offers discovery is told by it.
fn token_scheme(issuer: &Issuer) -> Value {
    let base = issuer.issuer.trim_end_matches('/');
    match issuer.jwks {
        JwksLocation::Discovery => {
            json!({ "type": "openIdConnect", "openIdConnectUrl": format!("{base}/.well-known/openid-configuration") })
        }
        JwksLocation::Url(_) | JwksLocation::File { .. } => json!({
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": format!("A token of `{}`.", issuer.issuer),
        }),
    }
}

/// What the door answers itself, as [`problem`](crate::problem) writes it.
fn refusal() -> Value {
    json!({
        "description": "The door refuses the call (RFC 9457).",
        "content": { "application/problem+json": { "schema": {
            "type": "object",
            "required": ["title", "status", "code"],
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "code": { "type": "string", "description": "A stable word for the reason." },
            },
        } } },
    })
}
