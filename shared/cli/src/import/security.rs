//! Security schemes and authorizers: how callers prove who they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Issuer, Reading, join, names};

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
    pub(super) issuers: Vec<Issuer>,
    pub(super) key_header: Option<String>,
}

/// What an operation's route takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Auth {
    pub(super) auth: Vec<String>,
    pub(super) scopes: Vec<String>,
}

impl Schemes {
    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        let mut schemes = Self::default();
        let at = "/components/securitySchemes";
        let names: Vec<String> = reading
            .value(at)
            .and_then(Value::as_object)
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default();
        for name in names {
            let Some((place, scheme)) = reading.follow(&join(at, &name)) else { continue };
            let read = schemes.scheme(reading, &place, &name, scheme);
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
                self.issuer(name, issuer, vec![UNKNOWN_AUDIENCE.to_owned()], vec!["RS256", "ES256"], false)
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

    fn issuer(
        &mut self,
        name: &str,
        issuer: String,
        audiences: Vec<String>,
        algorithms: Vec<&'static str>,
        is_cognito: bool,
    ) -> Scheme {
        // One issuer cannot be declared twice: what another scheme says of it is the same one's, audiences included.
        if let Some(known) = self.issuers.iter_mut().find(|known| known.issuer == issuer) {
            known.audiences.extend(audiences);
            known.audiences.dedup();
            return Scheme::Issuer(known.name.clone());
        }
        let mut taken = self.issuers.iter().map(|issuer| issuer.name.clone()).collect();
        // These words mean something else in `auth`.
        let own = match names::slug(name) {
            word if ["anonymous", "api-key", "iam", "certificate"].contains(&word.as_str()) => {
                format!("{word}-issuer")
            }
            word => word,
        };
        let name = names::unique(&own, &mut taken);
        self.issuers.push(Issuer { name: name.clone(), issuer, audiences, algorithms, is_cognito });
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
        self.issuer(name, issuer, audiences, vec!["RS256"], is_cognito)
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
        reading.leave(at, format!("the app clients of the user pool `{name}`: until `audiences` names them, its tokens are refused"));
        self.issuer(name, first, vec![UNKNOWN_AUDIENCE.to_owned()], vec!["RS256"], true)
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
        let iam = join(at, "x-amazon-apigateway-auth");
        if reading.value(&iam).and_then(|auth| auth.get("type")).and_then(Value::as_str) == Some("AWS_IAM") {
            reading.read.push(iam);
            return Auth { auth: vec!["iam".to_owned()], scopes: Vec::new() };
        }
        let own = join(at, "security");
        let at = if reading.value(&own).is_some() { own } else { "/security".to_owned() };
        let requirements = reading.value(&at).and_then(Value::as_array);
        let mut all = Auth::default();
        for (nth, requirement) in requirements.into_iter().flatten().enumerate() {
            let one = self.requirement(reading, &format!("{at}/{nth}"), requirement);
            if !all.auth.contains(&one.0) {
                all.auth.push(one.0);
                all.scopes = one.1;
            }
        }
        if all.auth.len() > 1 && !all.scopes.is_empty() {
            reading.leave(&at, "scopes of one of several credentials: say them in policies");
            all.scopes.clear();
        }
        if all.auth.is_empty() {
            all.auth.push("anonymous".to_owned());
        }
        all
    }

    /// The credential of one requirement, and the scopes that it asks for. What was not carried over becomes a key of
    /// the door's own, of which there is none yet: nobody comes in by it.
    fn requirement(&self, reading: &mut Reading<'_>, at: &str, requirement: &Value) -> (String, Vec<String>) {
        let parts: Vec<(&String, &Value)> = requirement.as_object().into_iter().flatten().collect();
        if parts.is_empty() {
            return ("anonymous".to_owned(), Vec::new());
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
                (name.clone(), scopes.collect())
            }
            Some((Scheme::Iam, _)) => ("iam".to_owned(), Vec::new()),
            _ => ("api-key".to_owned(), Vec::new()),
        }
    }
}
