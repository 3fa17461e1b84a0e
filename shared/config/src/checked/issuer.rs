use std::time::Duration;

use doorward_model::{Claims, Front, Place};

/// An issuer of tokens (RFC 8414 / OpenID Connect).
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its name in `auth = […]`.
    pub name: String,
    /// The exact `iss` claim.
    pub issuer: String,
    /// Where its keys are.
    pub jwks: JwksLocation,
    /// What its tokens are held to.
    pub tokens: TokenKind,
    /// Whether another issuer of the same URL takes the access tokens of their user pool, so that this one takes none.
    pub leaves_access_tokens: bool,
    /// The fronts that verify its tokens themselves: what such a front says of one counts for calls that came in by it.
    pub verified_by: Vec<Front>,
    /// Accepted `aud` values; at least one. Of Amazon Cognito's access tokens, the accepted app clients.
    pub audiences: Vec<String>,
    /// Accepted `alg` values; at least one.
    pub algorithms: Vec<Algorithm>,
    /// The claims that policies read, with the types that its tokens are held to.
    pub claims: Claims,
    /// How its tokens name a principal.
    pub principal: PrincipalRule,
    /// Clock skew that is forgiven, at most 60 s.
    pub leeway: Duration,
}

/// What kind of tokens an issuer issues to callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenKind {
    /// Any JWT that names an accepted audience (RFC 7519), unless its header says that it is no access token.
    #[default]
    Jwt,
    /// Access tokens as RFC 9068 has them, which say so in their header.
    AccessToken,
    /// The access tokens of an Amazon Cognito user pool, which name an app client and mostly no audience.
    Cognito,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Jwt, Self::AccessToken, Self::Cognito];

    /// The word in `tokens = "…"`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::AccessToken => "at+jwt",
            Self::Cognito => "cognito",
        }
    }
}

/// Where an issuer's JSON Web Key Set (RFC 7517) is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksLocation {
    /// An `https` URL, or `http` on loopback.
    Url(String),
    /// A file below the folder that holds the policies.
    File {
        /// Its path, relative to that folder.
        path: String,
        /// Where the configuration says so.
        place: Place,
    },
    /// OpenID Connect discovery below the issuer's URL.
    Discovery,
}

/// JWS algorithms that the door verifies (RFC 7518, RFC 8037). HMAC is not among them: a shared secret proves nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are RFC 7518's own")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// The algorithm that an `alg` value names. `Ed25519` (RFC 9864) is all that the door takes of `EdDSA`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "Ed25519" => Some(Self::EdDSA),
            _ => Self::ALL.into_iter().find(|algorithm| algorithm.word() == word),
        }
    }

    /// The `alg` value.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// `principal = { type = "User", id = "sub", groups = "groups" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalRule {
    /// Cedar entity type of the caller.
    pub type_name: String,
    /// The claim that is its id.
    pub id: String,
    /// The claim that lists its groups, each a parent `Group::"…"`.
    pub groups: Option<String>,
    /// Put before every id, so that two issuers can share a type.
    pub prefix: Option<String>,
    /// The declared claims that are attributes of the principal.
    pub attributes: Vec<String>,
}
