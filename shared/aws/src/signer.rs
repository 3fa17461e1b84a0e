use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;

/// Signs requests with AWS credentials (Signature Version 4,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>).
#[derive(Clone)]
pub struct Signer(Identity);

/// The request cannot be signed: its URL or a header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed")]
pub struct Unsigned;

/// What a signature is for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The region, as `us-east-1`.
    pub region: &'a str,
    /// The service, as endpoints name it: `execute-api` for API Gateway, `lambda` for function URLs.
    pub service: &'a str,
}

impl Signer {
    /// Who signs with these credentials; temporary ones have a session token.
    #[must_use]
    pub fn new(access_key: &str, secret_key: &str, session_token: Option<String>) -> Self {
        Credentials::from_keys(access_key, secret_key, session_token).into()
    }

    /// The header fields that this request needs besides `headers`, which are signed too; `url` is whole and encoded.
    ///
    /// # Errors
    /// [`Unsigned`]
    pub fn sign(
        &self,
        scope: Scope<'_>,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Unsigned> {
        let parameters = v4::SigningParams::builder()
            .identity(&self.0)
            .region(scope.region)
            .name(scope.service)
            .time(SystemTime::now())
            .settings(settings(scope.service))
            .build()
            .map_err(|_| Unsigned)?
            .into();
        let request = SignableRequest::new(method, url, headers.iter().copied(), SignableBody::Bytes(body))
            .map_err(|_| Unsigned)?;
        let (instructions, _) = sign(request, &parameters).map_err(|_| Unsigned)?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// S3 is signed otherwise than all else: its paths are encoded once and stay as they are, and the body's hash is a field
/// ("Create a signed AWS API request", IAM user guide).
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

impl From<Credentials> for Signer {
    fn from(credentials: Credentials) -> Self {
        Self(credentials.into())
    }
}
