use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use crate::fetch::check_url;
use crate::signer::{Scope, Signer};

const WITHIN: Duration = Duration::from_secs(5);
/// The largest answer that is read: a secret of Secrets Manager has at most 64 KiB, which JSON may escape.
const LARGEST: usize = 512 * 1024;
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// AWS services that speak JSON 1.1, called as they document it and signed with Signature Version 4
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>). One request each and no retry: who asks
/// does so again.
#[derive(Clone)]
pub(crate) struct JsonApi {
    connector: SharedHttpConnector,
    signer: Signer,
    region: String,
    secrets_manager: Option<String>,
    ssm: Option<String>,
}

/// The services that are called so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    SecretsManager,
    Ssm,
}

/// Why a call gave no answer; nothing of what was answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// The service refused: its own word.
    #[error("the service answered `{0}`")]
    Refused(String),
    /// There was no answer, or none that can be read.
    #[error("{0}")]
    Away(String),
}

impl Service {
    /// As endpoints and signatures name it.
    fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
        }
    }

    /// What stands before the operation in `X-Amz-Target`.
    fn target(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "AmazonSSM",
        }
    }
}

impl JsonApi {
    pub(crate) fn new(
        connector: SharedHttpConnector,
        credentials: Credentials,
        region: String,
        endpoint: impl Fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            connector,
            signer: credentials.into(),
            region,
            secrets_manager: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            ssm: endpoint("AWS_ENDPOINT_URL_SSM"),
        }
    }

    /// Who signs with the function's own credentials, and the region that it is in.
    pub(crate) fn signer(&self) -> (&Signer, &str) {
        (&self.signer, &self.region)
    }

    /// The JSON text that `operation` answers; `region` where it is not the function's own.
    pub(crate) async fn call(
        &self,
        service: Service,
        region: Option<&str>,
        operation: &str,
        input: &Value,
    ) -> Result<Vec<u8>, ApiError> {
        let region = region.unwrap_or(&self.region);
        let asked = async {
            let request = self.request(service, region, operation, input.to_string())?;
            let answer = self.connector.call(request).await.map_err(|error| match error {
                error if error.is_timeout() => {
                    ApiError::Away("the service did not answer in time".to_owned())
                }
                _ => ApiError::Away("the service cannot be reached".to_owned()),
            })?;
            read(answer).await
        };
        let late = |_| Err(ApiError::Away("the service did not answer in time".to_owned()));
        tokio::time::timeout(WITHIN, asked).await.unwrap_or_else(late)
    }

    fn endpoint(&self, service: Service, region: &str) -> String {
        let set = match service {
            Service::SecretsManager => &self.secrets_manager,
            Service::Ssm => &self.ssm,
        };
        set.clone().unwrap_or_else(|| {
            let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://{}.{region}.{suffix}", service.name())
        })
    }

    fn request(
        &self,
        service: Service,
        region: &str,
        operation: &str,
        body: String,
    ) -> Result<HttpRequest, ApiError> {
        let unusable = |cause: &str| ApiError::Away(format!("the service's address cannot be used: {cause}"));
        let url = format!("{}/", self.endpoint(service, region).trim_end_matches('/'));
        // What comes back is secret.
        check_url(&url).map_err(|cause| unusable(&cause))?;
        let uri: http::Uri = url.parse().map_err(|_| unusable("it cannot be read"))?;
        let host = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        let target = format!("{}.{operation}", service.target());
        let fields = [("content-type", CONTENT_TYPE), ("host", &host), ("x-amz-target", &target)];

        let scope = Scope { region, service: service.name() };
        let signature = self.signer.sign(scope, "POST", &url, &fields, body.as_bytes());
        let signature = signature.map_err(|error| ApiError::Away(error.to_string()))?;

        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| unusable("it cannot be sent"))?;
        request.set_uri(url).map_err(|_| unusable("it cannot be sent"))?;
        let headers = request.headers_mut();
        for (name, value) in fields {
            headers.insert(name, value.to_owned());
        }
        headers.insert("user-agent", "doorward");
        for (name, value) in signature {
            headers.insert(name, value);
        }
        Ok(request)
    }
}

async fn read(answer: HttpResponse) -> Result<Vec<u8>, ApiError> {
    let status = answer.status().as_u16();
    let word = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::Away("the answer ended early".to_owned()))?;
        if body.len() + chunk.len() > LARGEST {
            return Err(ApiError::Away(format!("the answer is larger than {LARGEST} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if status == 200 {
        return Ok(body);
    }
    match word.or_else(|| error_type(&body)).as_deref().and_then(code) {
        // Whether it is there, only a refusal of the question says.
        Some(code) if (400..500).contains(&status) => Err(ApiError::Refused(code)),
        _ => Err(ApiError::Away(format!("the service answered {status}"))),
    }
}

fn error_type(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get("__type")?.as_str().map(str::to_owned)
}

/// The word in `prefix#Word:http://…`, if it is one.
fn code(text: &str) -> Option<String> {
    let word = text.rsplit('#').next()?.split(':').next()?;
    let plain = (1..=64).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_one_word() {
        let check = |text, expected: Option<&str>| assert_eq!(code(text).as_deref(), expected);
        check("ResourceNotFoundException", Some("ResourceNotFoundException"));
        check("com.amazonaws.ssm#ParameterNotFound", Some("ParameterNotFound"));
        check("ParameterNotFound:http://internal.amazon.com/", Some("ParameterNotFound"));
        check("", None);
        check("not a word", None);
    }
}
