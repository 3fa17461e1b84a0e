//! Who calls: the issuers' keys, what their tokens say, and API keys.

use doorward_config::Algorithm;
use doorward_core::{ApiKey, ApiKeyRecord};
use doorward_testkit::{SigningKey, numeric_date};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The keys of everybody.
pub(crate) struct Callers {
    pub(crate) now: Timestamp,
    pub(crate) main: SigningKey,
    /// A second one of the same issuer.
    pub(crate) main_other: SigningKey,
    pub(crate) main_ed: SigningKey,
    pub(crate) partner: SigningKey,
    /// Named as `main`, and nobody's.
    pub(crate) mallory: SigningKey,
    /// Good ones first: see [`Callers::GOOD_KEYS`].
    api_keys: Vec<ApiKey>,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) sub: &'static str,
    pub(crate) groups: &'static [&'static str],
    pub(crate) scope: &'static str,
    /// Of a partner's token.
    pub(crate) tenant: Option<&'static str>,
}

const fn user(sub: &'static str, groups: &'static [&'static str], scope: &'static str) -> Subject {
    Subject { sub, groups, scope, tenant: None }
}

pub(crate) const SUBJECTS: &[Subject] = &[
    user("alice", &["customers"], "orders:drop orders:read"),
    user("bob", &["customers"], "orders:read"),
    user("carol", &["customers", "staff"], "orders:drop"),
    user("dora", &["staff"], ""),
    user("eve", &["customers", "staff", "suspended"], "orders:drop"),
    Subject { sub: "p1", groups: &[], scope: "", tenant: Some("7") },
    Subject { sub: "p2", groups: &[], scope: "", tenant: Some("8") },
];

/// Subjects of the first issuer, then those of the second.
pub(crate) const USERS: std::ops::Range<usize> = 0..5;
pub(crate) const PARTNERS: std::ops::Range<usize> = 5..7;

impl Callers {
    /// The owners of the API keys: of the second half, the first is revoked and the second past its end.
    const KEY_OWNERS: [(&'static str, &'static str); 4] =
        [("hall-1", "warehouses"), ("hall-2", "offices"), ("hall-3", "warehouses"), ("hall-4", "warehouses")];
    pub(crate) const GOOD_KEYS: std::ops::Range<usize> = 0..2;
    pub(crate) const REVOKED_KEY: usize = 2;
    pub(crate) const EXPIRED_KEY: usize = 3;

    pub(crate) fn new(now: Timestamp) -> Self {
        let random = |byte: usize| [u8::try_from(byte).unwrap() + 7; doorward_core::RANDOM_BYTES];
        Self {
            now,
            main: SigningKey::new("main-1", Algorithm::ES256),
            main_other: SigningKey::new("main-2", Algorithm::ES256),
            main_ed: SigningKey::new("main-3", Algorithm::EdDSA),
            partner: SigningKey::new("partner-1", Algorithm::ES256),
            mallory: SigningKey::new("main-1", Algorithm::ES256),
            api_keys: (0..=Self::KEY_OWNERS.len()).map(|at| ApiKey::generate("same", &random(at))).collect(),
        }
    }

    pub(crate) fn main_keys(&self) -> String {
        json!({ "keys": [self.main.jwk(), self.main_other.jwk(), self.main_ed.jwk()] }).to_string()
    }

    pub(crate) fn partner_keys(&self) -> String {
        json!({ "keys": [self.partner.jwk()] }).to_string()
    }

    /// The text of an API key; the last one is in nobody's books.
    pub(crate) fn api_key(&self, at: usize) -> &str {
        self.api_keys[at].expose()
    }

    pub(crate) fn unknown_key(&self) -> &str {
        self.api_key(Self::KEY_OWNERS.len())
    }

    /// What is kept of the keys.
    pub(crate) fn api_key_records(&self) -> Vec<ApiKeyRecord> {
        let hour = SignedDuration::from_hours(1);
        let record = |(at, (owner, group)): (usize, &(&str, &str))| ApiKeyRecord {
            hash: self.api_keys[at].hash(),
            id: self.api_keys[at].hash().id(),
            owner: (*owner).to_owned(),
            plan: None,
            groups: vec![(*group).to_owned()],
            created: self.now - hour,
            expires: (at == Self::EXPIRED_KEY).then(|| self.now - hour),
            revoked: (at == Self::REVOKED_KEY).then(|| self.now - hour),
            note: None,
        };
        Self::KEY_OWNERS.iter().enumerate().map(record).collect()
    }

    /// The good token of a subject, not signed yet.
    pub(crate) fn draft(&self, subject: &Subject) -> TokenDraft<'_> {
        let at = numeric_date(self.now);
        let mut claims = json!({ "sub": subject.sub, "aud": "shop-api", "iat": at - 10, "exp": at + LIFE });
        let key = match subject.tenant {
            None => {
                claims["iss"] = json!("https://id.main.example/");
                claims["groups"] = json!(subject.groups);
                claims["scope"] = json!(subject.scope);
                &self.main
            }
            Some(tenant) => {
                claims["iss"] = json!("https://id.partners.example/");
                claims["tenant"] = json!(tenant);
                &self.partner
            }
        };
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": key.kid() });
        TokenDraft {
            key,
            algorithm: Algorithm::ES256,
            header: header.to_string(),
            claims: claims.to_string(),
        }
    }
}

/// For how long a good token is good, in seconds.
const LIFE: i64 = 86_400;

/// A token that is not signed yet.
#[derive(Clone)]
pub(crate) struct TokenDraft<'k> {
    pub(crate) key: &'k SigningKey,
    pub(crate) algorithm: Algorithm,
    pub(crate) header: String,
    pub(crate) claims: String,
}

impl TokenDraft<'_> {
    pub(crate) fn sign(&self) -> String {
        self.key.sign(self.algorithm, self.header.as_bytes(), self.claims.as_bytes())
    }

    /// With the members of `change` in the header.
    pub(crate) fn header(mut self, change: &Value) -> Self {
        self.header = merged(&self.header, change);
        self
    }

    pub(crate) fn claims(mut self, change: &Value) -> Self {
        self.claims = merged(&self.claims, change);
        self
    }

    pub(crate) fn parts(&self) -> [String; 3] {
        let token = self.sign();
        let parts: Vec<&str> = token.split('.').collect();
        [0, 1, 2].map(|part| parts[part].to_owned())
    }
}

fn merged(text: &str, change: &Value) -> String {
    let mut members: Value = serde_json::from_str(text).unwrap();
    for (name, value) in change.as_object().unwrap() {
        members[name] = value.clone();
    }
    members.to_string()
}

pub(crate) fn without(text: &str, name: &str) -> String {
    let mut members: Value = serde_json::from_str(text).unwrap();
    members.as_object_mut().unwrap().remove(name);
    members.to_string()
}
