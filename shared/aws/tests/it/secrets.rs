use std::ffi::OsString;
use std::net::SocketAddr;

use aws_lc_rs::{digest, hmac};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_aws::{AwsClients, AwsSecrets};
use doorward_config::SecretRef;
use doorward_core::ports::Secrets;
use serde_json::{Value, json};

use crate::loopback::{self, Nobody};

const KEY: &str = "plainly-fake-access-key";

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// The region and service of a request that is signed with [`KEY`]; `None` of any other. Written from AWS's description
/// of Signature Version 4.
fn signed_for(headers: &HeaderMap, body: &[u8]) -> Option<(String, String)> {
    let field = |name: &str| headers.get(name)?.to_str().ok();
    let authorization = field("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let parts: Vec<&str> = authorization.split(", ").collect();
    let [credential, signed, signature] = parts.as_slice() else { return None };
    let scope: Vec<&str> = credential.strip_prefix("Credential=")?.split('/').collect();
    let [_, date, region, service, "aws4_request"] = scope.as_slice() else { return None };
    let signed = signed.strip_prefix("SignedHeaders=")?;
    // What chooses secret and operation must be signed.
    for name in ["host", "x-amz-date", "x-amz-target", "x-amz-security-token"] {
        assert!(signed.split(';').any(|one| one == name), "{name}");
    }
    let mut canonical = "POST\n/\n\n".to_owned();
    for name in signed.split(';') {
        canonical += &format!("{name}:{}\n", field(name)?.trim());
    }
    canonical += &format!("\n{signed}\n{}", sha256(body));
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{date}/{region}/{service}/aws4_request\n{}",
        field("x-amz-date")?,
        sha256(canonical.as_bytes())
    );
    let mut key = format!("AWS4{KEY}").into_bytes();
    for part in [date, region, service, &"aws4_request"] {
        key = mac(&key, part);
    }
    let made = hexadecimal(&mac(&key, &to_sign));
    (signature.strip_prefix("Signature=")? == made).then(|| ((*region).to_owned(), (*service).to_owned()))
}

/// Secrets Manager and Systems Manager in one.
async fn answer(headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let Some((region, service)) = signed_for(&headers, &body) else {
        let refused = json!({ "__type": "InvalidSignatureException" });
        return (StatusCode::BAD_REQUEST, refused.to_string());
    };
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let target = headers["x-amz-target"].to_str().unwrap();
    let refusal =
        |word: &str| (StatusCode::BAD_REQUEST, json!({ "__type": word, "message": "no" }).to_string());
    let given = |answer: Value| (StatusCode::OK, answer.to_string());
    match (service.as_str(), target) {
        ("secretsmanager", "secretsmanager.GetSecretValue") => match asked["SecretId"].as_str().unwrap() {
            "shop/text" => given(json!({ "Name": "shop/text", "SecretString": "plainly-fake" })),
            "shop/bytes" => given(json!({ "SecretBinary": STANDARD.encode([0, 255, 10]) })),
            "shop/json" => given(json!({ "SecretString": r#"{"new":"fake-new","old":7}"# })),
            "shop/twice" => given(json!({ "SecretString": r#"{"new":"a","new":"b"}"# })),
            "shop/empty" => given(json!({ "SecretString": "" })),
            "shop/odd" => given(json!({ "Secret": "x" })),
            "shop/large" => given(json!({ "SecretString": "x".repeat(65_537) })),
            "shop/endless" => given(json!({ "SecretString": "x".repeat(600_000) })),
            "shop/deleted" => refusal("InvalidRequestException"),
            "shop/closed" => refusal("AccessDeniedException"),
            "shop/broken" => (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({ "__type": "ResourceNotFoundException" }).to_string(),
            ),
            arn if arn.starts_with("arn:") => given(json!({ "SecretString": format!("of {region}") })),
            _ => refusal("com.amazonaws.secretsmanager#ResourceNotFoundException"),
        },
        ("ssm", "AmazonSSM.GetParameter") => {
            match (asked["Name"].as_str().unwrap(), &asked["WithDecryption"]) {
                ("/shop/hook", Value::Bool(true)) => {
                    given(json!({ "Parameter": { "Type": "SecureString", "Value": format!("of {region}") } }))
                }
                _ => refusal("ParameterNotFound"),
            }
        }
        _ => refusal("UnknownOperationException"),
    }
}

fn secrets(endpoint: &str, access_key: &str, variables: &[(&str, &str)]) -> AwsSecrets {
    let lookup = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(access_key.to_owned()),
        "AWS_SESSION_TOKEN" => Some("plainly-fake-session".to_owned()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        _ => None,
    };
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    AwsSecrets::new(&AwsClients::from_variables(lookup).unwrap(), variables)
}

async fn serve() -> SocketAddr {
    loopback::serve(Router::new().route("/", post(answer))).await
}

/// The secret as text, or why there is none and whether it is gone.
async fn read(secrets: &AwsSecrets, reference: &str) -> Result<String, (String, bool)> {
    let reference = SecretRef::parse(reference).unwrap();
    match secrets.read(&reference).await {
        Ok(secret) => Ok(String::from_utf8_lossy(secret.reveal()).into_owned()),
        Err(error) => {
            assert_eq!(error.reference, reference);
            Err((error.cause, error.gone))
        }
    }
}

fn gone(cause: &str) -> Result<String, (String, bool)> {
    Err((cause.to_owned(), true))
}

fn away(cause: &str) -> Result<String, (String, bool)> {
    Err((cause.to_owned(), false))
}

#[tokio::test]
async fn secrets_manager_is_asked_with_a_signature() {
    let secrets = secrets(&format!("http://{}", serve().await), KEY, &[]);
    let ask = async |name: &str| read(&secrets, &format!("secretsmanager:{name}")).await;
    assert_eq!(ask("shop/text").await.as_deref(), Ok("plainly-fake"));
    assert_eq!(ask("shop/bytes").await, Ok("\0\u{fffd}\n".to_owned()));
    assert_eq!(ask("shop/json#new").await.as_deref(), Ok("fake-new"));
    assert_eq!(ask("shop/json#old").await, gone("it has no text of that name"));
    assert_eq!(ask("shop/json#none").await, gone("it has no text of that name"));
    assert_eq!(ask("shop/text#new").await, gone("it is not a JSON object"));
    assert_eq!(ask("shop/twice#new").await, gone("it is not a JSON object"));
    assert_eq!(ask("shop/empty").await, gone("it is empty"));
    assert_eq!(ask("shop/large").await, gone("it is larger than 65,536 bytes"));
    assert_eq!(ask("shop/endless").await, away("the answer is larger than 524288 bytes"));
    assert_eq!(ask("shop/odd").await, away("the service's answer cannot be read"));
    assert_eq!(ask("shop/none").await, gone("the service answered `ResourceNotFoundException`"));
    assert_eq!(ask("shop/deleted").await, gone("the service answered `InvalidRequestException`"));
    assert_eq!(ask("shop/closed").await, away("the service answered `AccessDeniedException`"));
    assert_eq!(ask("shop/broken").await, away("the service answered 500"));
}

#[tokio::test]
async fn the_region_is_that_of_the_arn_else_the_functions() {
    let secrets = secrets(&format!("http://{}/", serve().await), KEY, &[]);
    let arn = "secretsmanager:arn:aws:secretsmanager:us-west-2:123456789012:secret:shop-AbCdEf";
    assert_eq!(read(&secrets, arn).await.as_deref(), Ok("of us-west-2"));
    assert_eq!(read(&secrets, "ssm:/shop/hook").await.as_deref(), Ok("of eu-central-1"));
    assert_eq!(read(&secrets, "ssm:/shop/none").await, gone("the service answered `ParameterNotFound`"));
}

#[tokio::test]
async fn the_server_of_these_tests_refuses_another_key() {
    let secrets = secrets(&format!("http://{}", serve().await), "another-fake-key", &[]);
    assert_eq!(
        read(&secrets, "ssm:/shop/hook").await,
        away("the service answered `InvalidSignatureException`")
    );
}

#[tokio::test]
async fn who_cannot_be_reached_is_away() {
    let nobody = Nobody::new();
    let secrets_of_nobody = secrets(&format!("http://{}", nobody.address()), KEY, &[]);
    assert_eq!(read(&secrets_of_nobody, "ssm:/shop/hook").await, away("the service cannot be reached"));
    let in_the_clear = secrets("http://192.0.2.1", KEY, &[]);
    let cause = "the service's address cannot be used: only `https` is read, or `http` on loopback";
    assert_eq!(read(&in_the_clear, "ssm:/shop/hook").await, away(cause));
}

#[tokio::test]
async fn variables_are_those_of_the_start_but_for_the_functions_own() {
    let set = [("HOOK_SECRET", "plainly-fake"), ("EMPTY", ""), ("AWS_SESSION_TOKEN", "plainly-fake")];
    let secrets = secrets("http://127.0.0.1:9", KEY, &set);
    let unset = gone("the variable was not set when the function started");
    assert_eq!(read(&secrets, "env:HOOK_SECRET").await.as_deref(), Ok("plainly-fake"));
    assert_eq!(read(&secrets, "env:EMPTY").await, unset);
    assert_eq!(read(&secrets, "env:OTHER").await, unset);
    let own = secrets.read(&SecretRef::Env("AWS_SESSION_TOKEN".to_owned())).await;
    assert!(own.is_err(), "no reference names it, and it is not kept either");
}

#[tokio::test]
async fn files_are_read_without_the_end_of_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = secrets("http://127.0.0.1:9", KEY, &[]);
    let path = |name: &str| folder.path().join(name);
    let ask = async |name: &str| read(&secrets, &format!("file:{}", path(name).display())).await;
    for (text, expected) in
        [("fake", "fake"), ("fake\n", "fake"), ("fake\r\n", "fake"), ("fake\n\n", "fake\n")]
    {
        std::fs::write(path("secret"), text).unwrap();
        assert_eq!(ask("secret").await.as_deref(), Ok(expected));
    }
    std::fs::write(path("secret"), "\n").unwrap();
    assert_eq!(ask("secret").await, gone("it is empty"));
    std::fs::write(path("secret"), "x".repeat(1 << 20)).unwrap();
    assert_eq!(ask("secret").await, gone("it is larger than 65,536 bytes"));
    assert_eq!(ask("none").await, gone("the file is not there"));
    std::fs::create_dir(path("folder")).unwrap();
    assert_eq!(ask("folder").await, gone("it is not a file"));
}
