//! Callers that are taken to have shown a certificate.

use std::time::Duration;

use doorward_emulator::{
    Access, Emulator, EmulatorError, HttpApi, InvokeMode, Options, Payload, RestApi, RestMethod, Route,
};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SerialNumber};
use serde_json::{Value, json};

use crate::alb::alb;
use crate::client::get;
use crate::probe::{function, options};

fn certificate() -> String {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "DE");
    name.push(DnType::OrganizationName, "Ada, Ltd.");
    name.push(DnType::CommonName, "ada.example.com");
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name;
    parameters.serial_number = Some(SerialNumber::from(vec![0x1a, 0xa1, 0x00, 0xff]));
    parameters.not_before = rcgen::date_time_ymd(2026, 5, 8);
    parameters.not_after = rcgen::date_time_ymd(2036, 11, 24);
    let key = KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().pem()
}

const SUBJECT: &str = r"CN=ada.example.com,O=Ada\, Ltd.,C=DE";

fn shown(pem: &str) -> Value {
    json!({
        "clientCertPem": pem,
        "subjectDN": SUBJECT,
        "issuerDN": SUBJECT,
        "serialNumber": "1a:a1:00:ff",
        "validity": { "notBefore": "May  8 00:00:00 2026 GMT", "notAfter": "Nov 24 00:00:00 2036 GMT" },
    })
}

fn http_api(client_certificate: Option<String>) -> Options {
    let route = |key: &str, payload| Route {
        key: key.to_owned(),
        function: "probe".to_owned(),
        access: Access::Open,
        payload,
    };
    let api = HttpApi {
        id: "a1b2c3".to_owned(),
        routes: vec![route("GET /one", Payload::V1), route("GET /two", Payload::V2)],
        authorizer: None,
        client_certificate,
    };
    Options { http_api: Some(api), ..options(vec![function("probe")]) }
}

#[tokio::test]
async fn api_gateway_tells_of_the_certificate() {
    let pem = certificate();
    let emulator = Emulator::start(http_api(Some(pem.clone()))).await.unwrap();
    let url = emulator.http_api_url().unwrap();
    let one = get(&format!("{url}/one"), &[]).await.json();
    assert_eq!(one["requestContext"]["identity"]["clientCert"], shown(&pem));
    let two = get(&format!("{url}/two"), &[]).await.json();
    assert_eq!(two["requestContext"]["authentication"], json!({ "clientCert": shown(&pem) }));
    emulator.shutdown().await;

    let method = RestMethod { key: "GET /".to_owned(), function: "probe".to_owned(), access: Access::Open };
    let rest_api = RestApi {
        transfer_mode: InvokeMode::Buffered,
        id: "r1s2t3".to_owned(),
        stage: "prod".to_owned(),
        methods: vec![method],
        authorizer: None,
        binary_media_types: Vec::new(),
        access_denied: None,
        client_certificate: Some(pem.clone()),
    };
    let emulator =
        Emulator::start(Options { rest_api: Some(rest_api), ..options(vec![function("probe")]) }).await;
    let emulator = emulator.unwrap();
    let event = get(emulator.rest_api_url().unwrap(), &[]).await.json();
    assert_eq!(event["requestContext"]["identity"]["clientCert"], shown(&pem));
    emulator.shutdown().await;
}

#[tokio::test]
async fn without_a_certificate_there_is_nothing_to_tell() {
    let emulator = Emulator::start(http_api(None)).await.unwrap();
    let url = emulator.http_api_url().unwrap();
    let one = get(&format!("{url}/one"), &[]).await.json();
    assert_eq!(one["requestContext"]["identity"].get("clientCert"), None);
    let two = get(&format!("{url}/two"), &[]).await.json();
    assert_eq!(two["requestContext"].get("authentication"), None);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_load_balancer_says_itself_who_has_shown_what() {
    let pem = certificate();
    let emulator = Emulator::start(alb(true, Some(pem.clone()))).await.unwrap();
    let forged = [
        ("x-amzn-mtls-clientcert-subject", "CN=anybody"),
        ("X-Amzn-Mtls-Clientcert", "forged"),
        ("x-amzn-mtls-clientcert-leaf", "forged"),
    ];
    let event = get(emulator.alb_url().unwrap(), &forged).await.json();
    let headers = event["multiValueHeaders"].as_object().unwrap();
    let told: Vec<(&str, &str)> = headers
        .iter()
        .filter_map(|(name, values)| Some((name.strip_prefix("x-amzn-mtls-clientcert")?, values)))
        .map(|(name, values)| {
            assert_eq!(values.as_array().unwrap().len(), 1);
            (name, values[0].as_str().unwrap())
        })
        .collect();
    let leaf = told.iter().find(|(name, _)| *name == "-leaf").unwrap().1;
    assert_eq!(
        told,
        [
            ("-issuer", SUBJECT),
            ("-leaf", leaf),
            ("-serial-number", "1AA100FF"),
            ("-subject", SUBJECT),
            ("-validity", "NotBefore=2026-05-08T00:00:00Z;NotAfter=2036-11-24T00:00:00Z"),
        ]
    );
    assert!(leaf.starts_with("-----BEGIN%20CERTIFICATE-----%0A") && !leaf.contains("%2B"), "{leaf}");
    assert_eq!(percent_encoding::percent_decode_str(leaf).decode_utf8().unwrap(), pem);
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_at_start() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    for text in
        ["", "anything", key.as_str(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        let refused =
            tokio::time::timeout(Duration::from_secs(5), Emulator::start(http_api(Some(text.into()))));
        let refused = refused.await.unwrap().err().unwrap();
        assert!(matches!(refused, EmulatorError::ClientCertificate), "{refused}");
    }
}
