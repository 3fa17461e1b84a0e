//! Security schemes and authorizers: how callers prove who they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::closed::NOBODY;
use super::user_pools::{self, Asks};
use super::{Issuer, Reading, authorizers, contract, join, names};

pub(super) const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const AUTHTYPE: &str = "x-amazon-apigateway-authtype";
/// An audience that no token is for: what stands for it is not known here, and until it is, no token is taken.
const UNKNOWN_AUDIENCE: &str = "audience_to_be_set";

/// What a security scheme becomes in `auth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scheme {
    Issuer(String),
    Pool(Pool),
    ApiKey,
    Iam,
    /// It could not be carried over.
    None,
}

/// The issuers that a user pool becomes, each of a kind of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pool {
    access_tokens: String,
    id_tokens: String,
    /// Whether access tokens are taken too where no scope is asked for, as JWT authorizers of HTTP APIs do.
    takes_both: bool,
}

impl Scheme {
    /// The issuers whose tokens a requirement with or without scopes takes. No ID token has a scope.
    pub(super) fn issuers(&self, has_scopes: bool) -> Vec<&str> {
        match self {
            Self::Issuer(name) => vec![name],
            Self::Pool(Pool { access_tokens, .. }) if has_scopes => vec![access_tokens],
            Self::Pool(Pool { access_tokens, id_tokens, takes_both: true }) => vec![access_tokens, id_tokens],
            Self::Pool(Pool { id_tokens, .. }) => vec![id_tokens],
            Self::ApiKey | Self::Iam | Self::None => Vec::new(),
        }
    }
}

/// The security schemes of a document.
#[derive(Debug, Default)]
pub(super) struct Schemes {
    pub(super) by_name: BTreeMap<String, Scheme>,
    /// The schemes that are authorizers of tokens.
    pub(super) authorizers: BTreeSet<String>,
    /// Whether API Gateway's extensions stand in the document.
    pub(super) is_export: bool,
    pub(super) issuers: Vec<Issuer>,
    pub(super) key_header: Option<String>,
}

impl Schemes {
    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        let is_export = contract::has_extensions(reading.document.value());
        let mut schemes = Self { is_export, ..Self::default() };
        let at = "/components/securitySchemes";
        let names: Vec<String> = reading
            .value(at)
            .and_then(Value::as_object)
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default();
        for name in names {
            let Some((place, scheme)) = reading.follow(&join(at, &name)) else { continue };
            let read = schemes.scheme(reading, &place, &name, scheme);
            if scheme.get(AUTHORIZER).is_some() {
                schemes.authorizers.insert(name.clone());
            }
            schemes.by_name.insert(name, read);
        }
        schemes
    }

    fn scheme(&mut self, reading: &mut Reading<'_>, at: &str, name: &str, scheme: &Value) -> Scheme {
        reading.read.push(join(at, AUTHORIZER));
        reading.read.push(join(at, AUTHTYPE));
        let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
        let authorizer = scheme.get(AUTHORIZER);
        let kind = authorizer.and_then(|found| found.get("type")).and_then(Value::as_str).unwrap_or_default();
        match (kind.to_ascii_lowercase().as_str(), text("type")) {
            ("jwt" | "cognito_user_pools", _) => {
                authorizers::tell(reading, at, scheme);
                let authorizer = join(at, AUTHORIZER);
                match kind.eq_ignore_ascii_case("jwt") {
                    true => self.jwt(reading, &authorizer, name),
                    false => self.cognito(reading, &authorizer, name),
                }
            }
            ("token" | "request", _) => {
                reading.leave(at, "a Lambda authorizer: what it decides is for Cedar policies to say");
                Scheme::None
            }
            _ if text(AUTHTYPE).eq_ignore_ascii_case("awsSigv4") => Scheme::Iam,
            // What stands in its field is no key of an API.
            _ if authorizer.is_some() || scheme.get(AUTHTYPE).is_some() => {
                reading.leave(at, "an authorizer of which nothing more is said");
                Scheme::None
            }
            (_, "openIdConnect") => {
                let url = text("openIdConnectUrl");
                let issuer = url.strip_suffix("/.well-known/openid-configuration").unwrap_or(url).to_owned();
                reading.leave(
                    at,
                    format!(
                        "the audiences of the issuer `{name}`: until they are set, its tokens are refused"
                    ),
                );
                let audiences = vec![UNKNOWN_AUDIENCE.to_owned()];
                let algorithms = vec!["RS256", "ES256"];
                let stated =
                    Issuer { name: name.to_owned(), issuer, audiences, algorithms, is_cognito: false };
                self.issuer(reading, at, stated).map_or(Scheme::None, Scheme::Issuer)
            }
            (_, "apiKey") if text("in") == "header" => self.api_key(reading, at, text("name")),
            (_, "mutualTLS") => {
                reading
                    .leave(at, "client certificates: name the fronts that verify them in `[certificates]`");
                Scheme::None
            }
            (_, other) => {
                let what = match other {
                    "oauth2" | "http" => {
                        "the scheme says nothing of who issues the tokens: declare the issuer in `[[issuers]]`"
                    }
                    _ => "this kind of security scheme",
                };
                reading.leave(at, what);
                Scheme::None
            }
        }
    }

    /// The name of the issuer that the scheme at `at` states, which is called as the scheme is.
    fn issuer(&mut self, reading: &mut Reading<'_>, at: &str, stated: Issuer) -> Option<String> {
        let is_stated =
            |known: &&Issuer| known.issuer == stated.issuer && known.is_cognito == stated.is_cognito;
        // One issuer's tokens of one kind cannot be declared twice, and with the audiences of both each route would take tokens for
        // the other.
        if let Some(known) = self.issuers.iter().find(is_stated) {
            let known_audiences: BTreeSet<&String> = known.audiences.iter().collect();
            if known_audiences == stated.audiences.iter().collect() {
                return Some(known.name.clone());
            }
            let what = format!(
                "other audiences of the issuer `{}`: add them to its own, and say in policies which may call what",
                known.name
            );
            reading.leave(at, what);
            return None;
        }
        let mut taken = self.issuers.iter().map(|issuer| issuer.name.clone()).collect();
        // These words mean something else in `auth`.
        let own = match names::slug(&stated.name) {
            word if ["anonymous", "api-key", "iam", "certificate", NOBODY].contains(&word.as_str()) => {
                format!("{word}-issuer")
            }
            word => word,
        };
        let name = names::unique(&own, &mut taken);
        self.issuers.push(Issuer { name: name.clone(), ..stated });
        Some(name)
    }

    /// The issuers of a user pool's tokens, of which operations ask this.
    fn pool(
        &mut self,
        reading: &mut Reading<'_>,
        at: &str,
        stated: &Issuer,
        asks: Asks,
        takes_both: bool,
    ) -> Scheme {
        let needs_access = asks.access_tokens || takes_both || !asks.id_tokens;
        let access = Issuer { is_cognito: true, ..stated.clone() };
        // ID tokens are JWTs for an app client like any other.
        let id = Issuer { is_cognito: false, ..stated.clone() };
        let only = match (needs_access, asks.id_tokens) {
            (true, true) => {
                let id = Issuer { name: format!("{}-id", stated.name), ..id };
                let Some(access_tokens) = self.issuer(reading, at, access) else { return Scheme::None };
                let Some(id_tokens) = self.issuer(reading, at, id) else { return Scheme::None };
                return Scheme::Pool(Pool { access_tokens, id_tokens, takes_both });
            }
            (true, false) => access,
            (false, _) => id,
        };
        self.issuer(reading, at, only).map_or(Scheme::None, Scheme::Issuer)
    }

    fn jwt(&mut self, reading: &mut Reading<'_>, at: &str, name: &str) -> Scheme {
        let configuration = join(at, "jwtConfiguration");
        let Some(issuer) = reading.text(&configuration, "issuer") else {
            reading.leave(at, "a JWT authorizer without an issuer");
            return Scheme::None;
        };
        let audiences =
            reading.value(&join(&configuration, "audience")).and_then(Value::as_array).into_iter().flatten();
        let mut audiences: Vec<String> = audiences.filter_map(Value::as_str).map(str::to_owned).collect();
        if audiences.is_empty() {
            reading.leave(
                &configuration,
                format!("the audiences of the issuer `{name}`: until they are set, its tokens are refused"),
            );
            audiences.push(UNKNOWN_AUDIENCE.to_owned());
        }
        let is_pool = issuer.starts_with("https://cognito-idp.");
        // JWT authorizers take RSA-based algorithms alone.
        let algorithms = vec!["RS256"];
        let stated = Issuer { name: name.to_owned(), issuer, audiences, algorithms, is_cognito: false };
        if is_pool {
            // They look at the `aud` of ID tokens and at the `client_id` of access tokens.
            let asks = user_pools::asks(reading, &[name]);
            return self.pool(reading, at, &stated, asks, asks.id_tokens);
        }
        self.issuer(reading, at, stated).map_or(Scheme::None, Scheme::Issuer)
    }

    /// The issuer of a user pool (<https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>).
    fn cognito(&mut self, reading: &mut Reading<'_>, at: &str, name: &str) -> Scheme {
        let pools = reading.value(&join(at, "providerARNs")).and_then(Value::as_array).into_iter().flatten();
        let pools: Vec<&str> = pools.filter_map(Value::as_str).collect();
        let issuer = |arn: &str| match arn.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "cognito-idp", region, _, pool] => {
                let pool = pool.strip_prefix("userpool/")?;
                Some(format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
            }
            _ => None,
        };
        let Some(first) = pools.first().and_then(|arn| issuer(arn)) else {
            reading.leave(at, "a Cognito authorizer that names no user pool");
            return Scheme::None;
        };
        if pools.len() > 1 {
            reading
                .leave(&join(at, "providerARNs"), "further user pools: declare each as an issuer of its own");
        }
        let same = user_pools::same_pool(reading, pools.first().copied().unwrap_or_default());
        let asks = user_pools::asks(reading, &same);
        reading.leave(at, format!("the app clients of the user pool `{name}`: until `audiences` names them, its tokens are refused"));
        let stated = Issuer {
            name: name.to_owned(),
            issuer: first,
            audiences: vec![UNKNOWN_AUDIENCE.to_owned()],
            algorithms: vec!["RS256"],
            is_cognito: false,
        };
        self.pool(reading, at, &stated, asks, false)
    }

    fn api_key(&mut self, reading: &mut Reading<'_>, at: &str, header: &str) -> Scheme {
        if header.eq_ignore_ascii_case("authorization") {
            reading.leave(at, "a credential in `Authorization` of which nothing more is said");
            return Scheme::None;
        }
        reading.leave(at, "the API keys themselves: make new ones by `doorward keys create`");
        let header = header.to_ascii_lowercase();
        match &self.key_header {
            Some(known) if *known != header => {
                reading.leave(at, format!("a second header field for API keys; they are shown in `{known}`"));
                return Scheme::None;
            }
            _ => self.key_header = Some(header),
        }
        Scheme::ApiKey
    }
}
