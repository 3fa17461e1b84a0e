/// A token issuer.
#[derive(Debug, Clone)]
pub struct IssuerSpec {
    /// Name in the key set's URL.
    pub name: String,
    /// Environment variable in which functions find the URL of the key set.
    pub variable: String,
    /// Exact `iss` claim of its tokens.
    pub issuer: String,
    /// `aud` claim of its tokens unless a request asks for another.
    pub audience: String,
    /// The claim that lists groups, into which the token endpoint puts them; `None` where tokens list none.
    pub groups: Option<String>,
    /// The shape of its tokens.
    pub tokens: TokenShape,
    /// What its tokens are signed with.
    pub algorithm: SigningAlgorithm,
}

/// Which of the world's issuers an issuer's tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenShape {
    /// `iss`, `aud`, `sub`.
    #[default]
    Standard,
    /// Access tokens by RFC 9068: `typ` is `at+jwt`, and there are `client_id` and `jti`.
    AccessToken,
    /// Access tokens of an Amazon Cognito user pool: no `aud`, the audience as `client_id`, `token_use`, `scope` and
    /// `cognito:groups`. Cognito signs them with RS256.
    Cognito,
}

/// A JWS algorithm of asymmetric keys (RFC 7518 section 3, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are RFC 7518's own")]
pub enum SigningAlgorithm {
    #[default]
    Es256,
    Es384,
    /// Over Ed25519.
    EdDsa,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
}

impl SigningAlgorithm {
    /// Value of `alg`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
        }
    }
}
