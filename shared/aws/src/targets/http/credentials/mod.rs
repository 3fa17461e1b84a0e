mod token;
mod token_answer;
mod tokens;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_config::Credentials;
use doorward_model::{Secret, TargetFault};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use tokio::time::Instant;

use super::vault::Vault;
pub(super) use tokens::Tokens;

/// What the door proves itself with in one request: nothing that it holds is printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing.
    None,
    /// This field.
    Field(HeaderName, HeaderValue),
    /// A signature by the door's own role over the whole request.
    Signature,
}

impl Proof {
    /// What to prove `credentials` with; not by `refused`, where there is anything else. A token is waited for `until` then.
    ///
    /// # Errors
    /// [`TargetFault::Credentials`] where they cannot be had.
    pub(super) async fn obtain(
        credentials: Option<&Credentials>,
        refused: Option<&Self>,
        vault: &Vault,
        tokens: &Tokens,
        until: Instant,
    ) -> Result<Self, TargetFault> {
        let Some(credentials) = credentials else { return Ok(Self::None) };
        let refused = refused.and_then(|proof| match proof {
            Self::Field(_, value) => Some(value),
            Self::None | Self::Signature => None,
        });
        let (name, value) = match credentials {
            Credentials::Header { name, prefix, secret } => {
                let value = |secret: &Secret| header(prefix, secret);
                let read = vault.read(secret, |secret| is_other(value(secret).as_ref(), refused)).await?;
                (name.clone(), value(&read))
            }
            Credentials::Basic { user, secret } => {
                let value = |secret: &Secret| basic(user.as_bytes(), secret.reveal());
                let read = vault.read(secret, |secret| is_other(value(secret).as_ref(), refused)).await?;
                (AUTHORIZATION, value(&read))
            }
            Credentials::ClientCredentials { .. } => {
                (AUTHORIZATION, tokens.authorization(refused, until).await?)
            }
            Credentials::SigV4 { .. } => return Ok(Self::Signature),
        };
        let value = value.ok_or_else(|| fault("the secret is no field's value"))?;
        Ok(Self::Field(name, value))
    }

    /// Adds the field to a request.
    pub(super) fn show(&self, headers: &mut HeaderMap) {
        if let Self::Field(name, value) = self {
            headers.insert(name, value.clone());
        }
    }

    /// Whether an answer says that the server does not take what was shown, and so that it did nothing: 401 (RFC 9110 section
    /// 15.5.2), and for signatures also the 403 of AWS services that name such a fault ("Common Errors").
    pub(super) fn is_refused<B>(&self, answer: &Response<B>) -> bool {
        match self {
            Self::None => false,
            Self::Field(..) => answer.status() == StatusCode::UNAUTHORIZED,
            Self::Signature => {
                answer.status() == StatusCode::UNAUTHORIZED
                    || (answer.status() == StatusCode::FORBIDDEN && names_signature(answer.headers()))
            }
        }
    }
}

/// Errors of AWS that are of the signer's making and none of the caller's.
const SIGNER_ERRORS: [&str; 8] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

fn names_signature(headers: &HeaderMap) -> bool {
    let kind = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let word = kind.and_then(|kind| kind.split(':').next());
    word.is_some_and(|word| SIGNER_ERRORS.contains(&word))
}

/// Whether this value was not refused just now.
fn is_other(value: Option<&HeaderValue>, refused: Option<&HeaderValue>) -> bool {
    match (value, refused) {
        (Some(value), Some(refused)) => {
            verify_slices_are_equal(value.as_bytes(), refused.as_bytes()).is_err()
        }
        _ => true,
    }
}

fn header(prefix: &str, secret: &Secret) -> Option<HeaderValue> {
    secret_value([prefix.as_bytes(), secret.reveal()].concat())
}

/// RFC 7617.
fn basic(user: &[u8], password: &[u8]) -> Option<HeaderValue> {
    let pair = [user, b":", password].concat();
    secret_value(format!("Basic {}", STANDARD.encode(pair)).into_bytes())
}

/// A value that is neither printed nor kept in compression tables (RFC 7541 section 7.1.3).
fn secret_value(bytes: Vec<u8>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(&bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn fault(cause: &str) -> TargetFault {
    TargetFault::Credentials(cause.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_their_schemes_say() {
        // RFC 7617 section 2.
        let value = basic(b"Aladdin", b"open sesame").unwrap();
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let value = header("Bearer ", &Secret::new(b"plainly-fake".to_vec())).unwrap();
        assert_eq!(value, "Bearer plainly-fake");
        assert_eq!(format!("{value:?}"), "Sensitive");
        for secret in ["a\r\nx: y", "a\n", "a\0"] {
            assert!(header("", &Secret::new(secret.into())).is_none());
        }
    }

    #[test]
    fn what_was_refused_is_told_from_what_was_not() {
        let value = HeaderValue::from_static("a");
        assert!(!is_other(Some(&value), Some(&value)));
        assert!(is_other(Some(&value), Some(&HeaderValue::from_static("b"))));
        assert!(is_other(Some(&value), None));
    }

    #[test]
    fn a_refusal_is_of_the_doors_credentials_only_where_it_showed_some() {
        let answer = |status: u16, kind: &str| {
            Response::builder().status(status).header("x-amzn-errortype", kind).body(()).unwrap()
        };
        let field = Proof::Field(AUTHORIZATION, HeaderValue::from_static("a"));
        assert!(!Proof::None.is_refused(&answer(401, "")));
        assert!(field.is_refused(&answer(401, "")));
        assert!(!field.is_refused(&answer(403, "AccessDeniedException")));
        assert!(Proof::Signature.is_refused(&answer(403, "AccessDeniedException:http://internal")));
        assert!(Proof::Signature.is_refused(&answer(401, "")));
        assert!(!Proof::Signature.is_refused(&answer(403, "ForbiddenException")));
    }
}
