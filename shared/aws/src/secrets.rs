use std::collections::HashMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_config::SecretRef;
use doorward_core::ports::{SecretError, Secrets};
use doorward_model::{Secret, parse_json};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::AwsClients;
use crate::api::{ApiError, Service, ServiceApi};

/// How long a file system may take.
const WITHIN: Duration = Duration::from_secs(2);
/// The largest secret, in bytes: what Secrets Manager keeps at most.
const LARGEST: usize = 64 * 1024;

/// Secrets from the environment, as it was at start, from files, from Secrets Manager and from Systems Manager.
pub struct AwsSecrets {
    environment: HashMap<String, Secret>,
    api: ServiceApi,
}

/// Why there is no secret.
struct NoSecret {
    cause: String,
    /// Whether that is the store's own word.
    gone: bool,
}

impl NoSecret {
    fn gone(cause: &str) -> Self {
        Self { cause: cause.to_owned(), gone: true }
    }

    fn away(cause: &str) -> Self {
        Self { cause: cause.to_owned(), gone: false }
    }
}

impl AwsSecrets {
    /// Secrets over the clients' connection, and over those of `variables` that a reference may name. A bundle that is
    /// published later may name others than that of the start, so all of them are kept.
    pub fn new(clients: &AwsClients, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let secret = |(name, value): (OsString, OsString)| match SecretRef::parse(&format!(
            "env:{}",
            name.to_str()?
        )) {
            Ok(SecretRef::Env(name)) if !value.is_empty() => {
                Some((name, Secret::new(value.into_encoded_bytes())))
            }
            _ => None,
        };
        Self {
            environment: variables.into_iter().filter_map(secret).collect(),
            api: clients.services.clone(),
        }
    }

    async fn find(&self, reference: &SecretRef) -> Result<Secret, NoSecret> {
        match reference {
            SecretRef::Env(name) => {
                let found = self.environment.get(name).cloned();
                found.ok_or_else(|| NoSecret::gone("the variable was not set when the function started"))
            }
            SecretRef::File(path) => {
                let read = tokio::time::timeout(WITHIN, read_file(path)).await;
                read.unwrap_or_else(|_| Err(NoSecret::away("the file system did not answer in time")))
            }
            SecretRef::SecretsManager { id, region, member } => {
                let input = json!({ "SecretId": id });
                let answer =
                    self.api.call(Service::SecretsManager, region.as_deref(), "GetSecretValue", &input);
                let whole = secret_value(&answer.await?)?;
                member.as_ref().map_or(Ok(whole.clone()), |member| member_of(&whole, member))
            }
            SecretRef::Ssm(path) => {
                let input = json!({ "Name": path, "WithDecryption": true });
                let answer = self.api.call(Service::Ssm, None, "GetParameter", &input).await?;
                parameter_value(&answer)
            }
        }
    }
}

#[async_trait]
impl Secrets for AwsSecrets {
    async fn read(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        let found = self.find(reference).await.and_then(|secret| match secret.reveal().len() {
            0 => Err(NoSecret::gone("it is empty")),
            1..=LARGEST => Ok(secret),
            _ => Err(NoSecret::gone("it is larger than 65,536 bytes")),
        });
        found.map_err(|NoSecret { cause, gone }| SecretError { reference: reference.clone(), cause, gone })
    }
}

/// Words with which a service says that a secret is not there, or no longer.
const GONE: [&str; 4] =
    ["ResourceNotFoundException", "InvalidRequestException", "ParameterNotFound", "ParameterVersionNotFound"];

impl From<ApiError> for NoSecret {
    fn from(error: ApiError) -> Self {
        let gone = matches!(&error, ApiError::Refused(word) if GONE.contains(&word.as_str()));
        Self { cause: error.to_string(), gone }
    }
}

/// The content of a file, without the end of its last line: editors and `echo` leave one behind.
async fn read_file(path: &str) -> Result<Secret, NoSecret> {
    let fault = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => NoSecret::gone("the file is not there"),
        _ => NoSecret::away("the file cannot be read"),
    };
    // Anything else than a file may never end, or never begin.
    if !tokio::fs::metadata(path).await.map_err(fault)?.is_file() {
        return Err(NoSecret::gone("it is not a file"));
    }
    let file = tokio::fs::File::open(path).await.map_err(fault)?;
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 3).read_to_end(&mut bytes).await.map_err(fault)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    Ok(Secret::new(bytes))
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

fn secret_value(answer: &[u8]) -> Result<Secret, NoSecret> {
    let value: SecretValue = serde_json::from_slice(answer).map_err(|_| unreadable())?;
    match (value.secret_string, value.secret_binary) {
        (Some(text), _) => Ok(Secret::new(text.into_bytes())),
        (None, Some(encoded)) => STANDARD.decode(encoded).map(Secret::new).map_err(|_| unreadable()),
        (None, None) => Err(unreadable()),
    }
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterAnswer {
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: String,
}

fn parameter_value(answer: &[u8]) -> Result<Secret, NoSecret> {
    let answer: ParameterAnswer = serde_json::from_slice(answer).map_err(|_| unreadable())?;
    Ok(Secret::new(answer.parameter.value.into_bytes()))
}

fn unreadable() -> NoSecret {
    NoSecret::away("the service's answer cannot be read")
}

/// The text at `member` of a secret that is a JSON object, as the console writes them.
fn member_of(secret: &Secret, member: &str) -> Result<Secret, NoSecret> {
    match parse_json(secret.reveal(), 16) {
        Ok(Value::Object(mut members)) => match members.remove(member) {
            Some(Value::String(text)) => Ok(Secret::new(text.into_bytes())),
            _ => Err(NoSecret::gone("it has no text of that name")),
        },
        _ => Err(NoSecret::gone("it is not a JSON object")),
    }
}
