//! Security schemes and authorizers: how callers prove who they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::closed::NOBODY;
use super::scopes::{self, Asked};
use super::{Issuer, Reading, contract, join, names, user_pools};

const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
/// An audience that no token is for: what stands for it is not known here, and until it is, no token is taken.
const UNKNOWN_AUDIENCE: &str = "audience_to_be_set";

/// What a security scheme becomes in `auth`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scheme {
    Issuer(String),
    ApiKey,
    Iam,
    /// It could not be carried over.
    None,
}

/// The security schemes of a document.
#[derive(Debug, Default)]
pub(super) struct Schemes {
    by_name: BTreeMap<String, Scheme>,
    /// The schemes that are authorizers of tokens.
    authorizers: BTreeSet<String>,
    /// Whether API Gateway's extensions stand in the document.
    pub(super) is_export: bool,
    pub(super) issuers: Vec<Issuer>,
    pub(super) key_header: Option<String>,
}

/// What an operation's route takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Auth {
    pub(super) auth: Vec<String>,
    pub(super) scopes: Vec<String>,
    /// Whether one of them is enough: authorizers of API Gateway admit tokens with any of them.
    pub(super) any_scope: bool,
}

fn nobody() -> Auth {
    Auth { auth: vec![NOBODY.to_owned()], ..Auth::default() }
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
        reading.read.push(join(at, "x-amazon-apigateway-authtype"));
        let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
        let authorizer = scheme.get(AUTHORIZER);
        let kind = authorizer.and_then(|found| found.get("type")).and_then(Value::as_str).unwrap_or_default();
        match (kind.to_ascii_lowercase().as_str(), text("type")) {
            ("jwt", _) => self.jwt(reading, &join(at, AUTHORIZER), name),
            ("cognito_user_pools", _) => self.cognito(reading, &join(at, AUTHORIZER), name),
            ("token" | "request", _) => {
                reading.leave(at, "a Lambda authorizer: what it decides is for Cedar policies to say");
                Scheme::None
            }
            _ if text("x-amazon-apigateway-authtype").eq_ignore_ascii_case("awsSigv4") => Scheme::Iam,
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
                self.issuer(reading, at, stated)
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

    /// The issuer that the scheme at `at` states, under the name of the scheme.
    fn issuer(&mut self, reading: &mut Reading<'_>, at: &str, stated: Issuer) -> Scheme {
        // One issuer cannot be declared twice, and with the audiences of both each route would take tokens for the other.
        if let Some(known) = self.issuers.iter().find(|known| known.issuer == stated.issuer) {
            let known_audiences: BTreeSet<&String> = known.audiences.iter().collect();
            if known_audiences == stated.audiences.iter().collect() && known.is_cognito == stated.is_cognito {
                return Scheme::Issuer(known.name.clone());
            }
            let what = format!(
                "other audiences or tokens of the issuer `{}`: add them to its own, and say in policies which may call what",
                known.name
            );
            reading.leave(at, what);
            return Scheme::None;
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
        Scheme::Issuer(name)
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
        let sources = reading.value(at).and_then(|authorizer| authorizer.get("identitySource"));
        let sources: Vec<&str> = match sources {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if sources.iter().any(|source| !source.eq_ignore_ascii_case("$request.header.authorization")) {
            reading.leave(
                &join(at, "identitySource"),
                "tokens are shown elsewhere than in `Authorization`, where the door takes them",
            );
        }
        // JWT authorizers take RSA-based algorithms alone.
        let is_cognito = issuer.starts_with("https://cognito-idp.");
        if is_cognito {
            let what = "the ID tokens of the user pool, which the authorizer takes by their `aud` beside access tokens by their \
                        `client_id`: an issuer has one kind of tokens, and takes access tokens here";
            reading.leave(at, what);
        }
        let stated =
            Issuer { name: name.to_owned(), issuer, audiences, algorithms: vec!["RS256"], is_cognito };
        self.issuer(reading, at, stated)
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
        let asks = user_pools::asks(reading, &same_pool(reading, pools.first().copied().unwrap_or_default()));
        if asks.access_tokens && asks.id_tokens {
            let what = "the ID tokens that the authorizer takes on operations without scopes: an issuer has one kind of tokens, and \
                        takes access tokens here, which the other operations ask for";
            reading.leave(at, what);
        }
        reading.leave(at, format!("the app clients of the user pool `{name}`: until `audiences` names them, its tokens are refused"));
        let stated = Issuer {
            name: name.to_owned(),
            issuer: first,
            audiences: vec![UNKNOWN_AUDIENCE.to_owned()],
            algorithms: vec!["RS256"],
            // ID tokens are JWTs for an app client like any other.
            is_cognito: asks.access_tokens || !asks.id_tokens,
        };
        self.issuer(reading, at, stated)
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

    /// What the operation at `at` takes, of its own `security` or the document's.
    pub(super) fn of_operation(&self, reading: &mut Reading<'_>, at: &str) -> Auth {
        let own = join(at, "security");
        let security = if reading.value(&own).is_some() { own } else { "/security".to_owned() };
        let requirements = match reading.value(&security) {
            None => None,
            Some(Value::Array(requirements)) => Some(requirements),
            Some(_) => {
                reading
                    .leave(&security, "`security` that is no list: nobody is let in until `auth` says whom");
                return nobody();
            }
        };
        let requirements = requirements.map(Vec::as_slice);
        let iam = join(at, "x-amazon-apigateway-auth");
        if let Some(auth) = self.of_gateway(reading, iam, &security, requirements) {
            return auth;
        }
        let at = security;
        let mut all = Auth::default();
        let mut asked = Vec::new();
        let mut is_lost = false;
        let requirements = requirements.unwrap_or_default();
        // A method of a REST API has one authorizer, and asks for a key beside what that asks for ("x-amazon-apigateway-api-key-source",
        // "Security" of exports): what stands there one after another is asked for together.
        let is_together = self.is_export && requirements.iter().any(|one| !self.asks_for_keys_alone(one));
        for (nth, requirement) in requirements.iter().enumerate() {
            let place = format!("{at}/{nth}");
            if is_together && self.asks_for_keys_alone(requirement) {
                reading.leave(&place, "the API key beside another credential, which alone is asked for now: plans of keys are not carried over");
                continue;
            }
            match self.requirement(reading, &place, requirement) {
                Some((word, scopes)) => {
                    if !all.auth.contains(&word) {
                        all.auth.push(word);
                    }
                    asked.extend(scopes);
                }
                None => is_lost = true,
            }
        }
        if is_lost && (self.is_export || all.auth.is_empty()) {
            reading.leave(
                &at,
                "credentials that could not be carried over: nobody is let in until `auth` says whom",
            );
            return nobody();
        }
        let said = scopes::combine(&asked);
        if !said.exact {
            reading.leave(
                &at,
                "scopes that differ from credential to credential: the route asks every token for all of them, which is more \
                 than some need",
            );
        }
        (all.scopes, all.any_scope) = (said.scopes.into_iter().collect(), said.any);
        if all.auth.is_empty() {
            all.auth.push("anonymous".to_owned());
        }
        all
    }

    /// What API Gateway's own word on an operation, at `iam`, says that it takes; `None` where its `security` says it.
    fn of_gateway(
        &self,
        reading: &mut Reading<'_>,
        iam: String,
        security: &str,
        requirements: Option<&[Value]>,
    ) -> Option<Auth> {
        let kind =
            reading.value(&iam).map(|auth| auth.get("type").and_then(Value::as_str).unwrap_or_default());
        match kind {
            Some(kind) if kind.eq_ignore_ascii_case("AWS_IAM") => {
                reading.read.push(iam);
                if requirements.is_some_and(|requirements| !requirements.is_empty()) {
                    reading.leave(
                        security,
                        "a credential beside the signature of AWS: the door takes the signature alone",
                    );
                }
                Some(Auth { auth: vec!["iam".to_owned()], ..Auth::default() })
            }
            // An authorizer is named by `security`; without it nothing says who that lets in.
            Some(kind)
                if !kind.eq_ignore_ascii_case("NONE")
                    && requirements.is_none_or(|all| all.iter().all(|one| self.asks_for_keys_alone(one))) =>
            {
                reading.read.push(iam.clone());
                reading.leave(&iam, "how callers prove who they are: nobody is let in until `auth` says it");
                Some(nobody())
            }
            _ => None,
        }
    }

    /// Whether a requirement names nothing but schemes of API keys, if any.
    fn asks_for_keys_alone(&self, requirement: &Value) -> bool {
        let is_key = |name: &String| self.by_name.get(name) == Some(&Scheme::ApiKey);
        requirement.as_object().is_some_and(|schemes| schemes.keys().all(is_key))
    }

    /// The credential of one requirement, and the scopes that it asks its tokens for; `None` where it could not be carried over.
    fn requirement(
        &self,
        reading: &mut Reading<'_>,
        at: &str,
        requirement: &Value,
    ) -> Option<(String, Option<Asked>)> {
        let Some(parts) = requirement.as_object() else {
            reading.leave(at, "a requirement that names no scheme: nobody is let in by it");
            return None;
        };
        let parts: Vec<(&String, &Value)> = parts.iter().collect();
        if parts.is_empty() {
            return Some(("anonymous".to_owned(), None));
        }
        if parts.len() > 1 {
            reading
                .leave(at, "several credentials at once: the door takes the one that says most of who calls");
        }
        let found = |(name, scopes): &(&String, &Value)| Some((self.by_name.get(*name)?, (*scopes).clone()));
        let mut known: Vec<(&Scheme, Value)> =
            parts.iter().filter_map(found).filter(|(scheme, _)| **scheme != Scheme::None).collect();
        known.sort_by_key(|(scheme, _)| matches!(scheme, Scheme::ApiKey));
        // One credential of several that could not be carried over leaves the rest, which would let in more callers.
        let lost = known.len() < parts.len();
        match known.into_iter().next().filter(|_| !lost) {
            Some((Scheme::Issuer(name), scopes)) => {
                let scopes =
                    scopes.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                let any = parts.iter().any(|(name, _)| self.authorizers.contains(*name));
                Some((name.clone(), Some(Asked::new(name, &scopes.collect::<Vec<_>>(), any))))
            }
            Some((Scheme::Iam, _)) => Some(("iam".to_owned(), None)),
            Some((Scheme::ApiKey, _)) => Some(("api-key".to_owned(), None)),
            Some((Scheme::None, _)) | None => {
                reading.leave(at, "a credential that could not be carried over: nobody is let in by it");
                None
            }
        }
    }
}

/// The schemes whose authorizers take the tokens of the user pool first of all.
fn same_pool<'a>(reading: &Reading<'a>, pool: &str) -> Vec<&'a str> {
    let schemes = reading.value("/components/securitySchemes").and_then(Value::as_object);
    let first = |scheme: &'a Value| scheme.get(AUTHORIZER)?.get("providerARNs")?.get(0)?.as_str();
    let all = schemes.into_iter().flatten();
    all.filter(|(_, scheme)| first(scheme) == Some(pool)).map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests;
