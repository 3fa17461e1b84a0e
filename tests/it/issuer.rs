//! An issuer alone: the emulator without functions.

use doorward_emulator::{
    Emulator, Functions, IssuerSpec, Options, Ports, SigningAlgorithm, TokenRequest, TokenShape,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

pub(crate) fn spec() -> IssuerSpec {
    IssuerSpec {
        name: "main".to_owned(),
        variable: "DOORWARD_JWKS_URL_MAIN".to_owned(),
        issuer: "https://id.shop.example/".to_owned(),
        audience: "shop-api".to_owned(),
        groups: Some("groups".to_owned()),
        tokens: TokenShape::Standard,
        algorithm: SigningAlgorithm::Es256,
    }
}

pub(crate) fn options() -> Options {
    Options {
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
        tables: "[]".to_owned(),
        table_prefix: "doorward".to_owned(),
        event_sources: Vec::new(),
        queues: Vec::new(),
        queue_mappings: Vec::new(),
        kinesis_streams: Vec::new(),
        functions: Functions::Host(Vec::new()),
        rest_api: None,
        http_api: None,
        websocket_api: None,
        function_url: None,
        signed_function_url: None,
        alb: None,
        identities: Vec::new(),
        issuers: vec![spec()],
        ports: Ports::default(),
    }
}

/// An `Authorization` field that is good for an hour.
pub(crate) fn bearer(emulator: &Emulator, subject: &str, groups: &[&str]) -> String {
    let now = Timestamp::now();
    let request = TokenRequest {
        subject: subject.to_owned(),
        claims: Map::from_iter([("groups".to_owned(), serde_json::json!(groups))]),
        audience: None,
        issued_at: now,
        expires_at: now + SignedDuration::from_hours(1),
    };
    format!("Bearer {}", emulator.issue_token("main", request).unwrap())
}
