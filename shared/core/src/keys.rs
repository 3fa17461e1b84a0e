use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_config::{Algorithm, Issuer, JwksLocation};
use doorward_model::parse_json;
use jiff::SignedDuration;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde_json::Value;

use crate::fresh::{Fresh, Rhythm};
use crate::ports::{Clock, Fetch, FetchError};

/// The issuers' public keys. What can go stale is looked at at the start of a call, since a frozen sandbox runs
/// nothing in between; and a stranger's unknown `kid` cannot make the door fetch more than once in [`COOL_DOWN`].
pub(crate) struct KeyRing {
    issuers: HashMap<String, Source>,
    rhythm: Rhythm,
}

/// At most one fetch per issuer in this time, whatever asks for it.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(30);
/// The same while there is no set at all: nobody can be proven, so the issuer is asked again soon.
const COOL_DOWN_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(1);
/// How long a call that could go on with old keys waits for new ones.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the last good set serves while its issuer is away.
const MAX_STALE: SignedDuration = SignedDuration::from_hours(1);
/// The largest key set, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// The most keys that are kept of one set.
const MAX_KEYS: usize = 64;

/// Where one issuer's keys come from.
enum Source {
    /// The bundle: they are as old as the deployment.
    Fixed(Arc<KeySet>),
    Fetched(Arc<Slot>),
}

/// A place where keys are, and those that were found there.
struct Slot {
    location: Location,
    set: Fresh<KeySet>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Location {
    Url(String),
    /// Below this issuer.
    Discovery(String),
}

/// One issuer's usable keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

/// A public key and the algorithms that it may verify: never one of another family.
#[derive(Clone)]
pub(crate) struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    pub(crate) key: DecodingKey,
}

/// An issuer's set cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeysAway;

impl KeyRing {
    /// The keys of `issuers`; those whose keys came with the bundle have them in `fixed`.
    pub(crate) fn new(issuers: &[Issuer], fixed: &HashMap<String, KeySet>, refresh: Duration) -> Self {
        Self::build(issuers, fixed, refresh, &[])
    }

    /// The ring of a newer configuration: what is known of a place where keys are stays known.
    pub(crate) fn renew(
        &self,
        issuers: &[Issuer],
        fixed: &HashMap<String, KeySet>,
        refresh: Duration,
    ) -> Self {
        let known = self.issuers.values().filter_map(|source| match source {
            Source::Fixed(_) => None,
            Source::Fetched(slot) => Some(Arc::clone(slot)),
        });
        Self::build(issuers, fixed, refresh, &known.collect::<Vec<_>>())
    }

    fn build(
        issuers: &[Issuer],
        fixed: &HashMap<String, KeySet>,
        refresh: Duration,
        known: &[Arc<Slot>],
    ) -> Self {
        let source = |issuer: &Issuer| {
            let location = match &issuer.jwks {
                JwksLocation::Url(url) => Location::Url(url.clone()),
                JwksLocation::Discovery => Location::Discovery(issuer.issuer.clone()),
                JwksLocation::File { .. } => {
                    return Source::Fixed(Arc::new(fixed.get(&issuer.name).cloned().unwrap_or_default()));
                }
            };
            let slot = known.iter().find(|slot| slot.location == location).cloned();
            Source::Fetched(slot.unwrap_or_else(|| Arc::new(Slot::new(location))))
        };
        Self {
            issuers: issuers.iter().map(|issuer| (issuer.name.clone(), source(issuer))).collect(),
            rhythm: rhythm(SignedDuration::try_from(refresh).unwrap_or(SignedDuration::MAX)),
        }
    }

    /// Fetches the keys of every issuer that was not asked yet, all at the same time.
    pub(crate) async fn load(&self, fetch: &dyn Fetch, clock: &dyn Clock) {
        let fetched = self.issuers.iter().filter_map(|(name, source)| match source {
            Source::Fetched(slot) if !slot.set.was_tried() => {
                Some(slot.set.load(clock, slot.fetch(name, fetch)))
            }
            Source::Fixed(_) | Source::Fetched(_) => None,
        });
        futures_util::future::join_all(fetched).await;
    }

    /// The key set of the issuer `name`, of an age that `refresh` allows, and holding `kid` if the issuer has it.
    pub(crate) async fn set(
        &self,
        name: &str,
        kid: Option<&str>,
        fetch: &dyn Fetch,
        clock: &dyn Clock,
    ) -> Result<Arc<KeySet>, KeysAway> {
        let slot = match self.issuers.get(name).ok_or(KeysAway)? {
            Source::Fixed(set) => return Ok(Arc::clone(set)),
            Source::Fetched(slot) => slot,
        };
        let suffices = |set: &KeySet| kid.is_none_or(|kid| set.has(kid));
        slot.set.get(&self.rhythm, clock, suffices, slot.fetch(name, fetch)).await.ok_or(KeysAway)
    }
}

/// How old a key set grows at most while its issuer answers.
pub(crate) fn oldest(refresh: Duration) -> Duration {
    refresh.max(COOL_DOWN.unsigned_abs())
}

fn rhythm(refresh: SignedDuration) -> Rhythm {
    Rhythm {
        refresh,
        pause: COOL_DOWN,
        pause_while_empty: COOL_DOWN_WITHOUT_KEYS,
        patience: PATIENCE,
        bound: refresh.max(MAX_STALE),
    }
}

impl Slot {
    fn new(location: Location) -> Self {
        Self { location, set: Fresh::default() }
    }

    /// The set as its place has it now, for the issuer `name`.
    async fn fetch(&self, name: &str, fetch: &dyn Fetch) -> Option<KeySet> {
        let read = self.read(fetch).await;
        read.inspect_err(
            |error| tracing::warn!(issuer = name, cause = %error, "the issuer's keys cannot be read"),
        )
        .ok()
    }

    async fn read(&self, fetch: &dyn Fetch) -> Result<KeySet, FetchError> {
        let url = match &self.location {
            Location::Url(url) => url.clone(),
            Location::Discovery(issuer) => discover(issuer, fetch).await?,
        };
        let body = fetch.get(&url, MAX_BYTES).await?;
        KeySet::parse(&body).map_err(|cause| FetchError { url, cause })
    }
}

/// OpenID Connect Discovery 1.0 section 4: the document must name this very issuer.
async fn discover(issuer: &str, fetch: &dyn Fetch) -> Result<String, FetchError> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let body = fetch.get(&url, MAX_BYTES).await?;
    let fault = |cause: &str| FetchError { url: url.clone(), cause: cause.to_owned() };
    let document = parse_json(&body, 16).map_err(|_| fault("not a JSON object"))?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err(fault("the document is another issuer's"));
    }
    text("jwks_uri").map(str::to_owned).ok_or_else(|| fault("it has no `jwks_uri`"))
}

impl KeySet {
    /// Reads a JWK set (RFC 7517); keys that the door cannot use are passed over, as section 5 says.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let document = parse_json(text, 16).map_err(|fault| fault.to_string())?;
        let listed = document.get("keys").and_then(Value::as_array).ok_or("it has no `keys`")?;
        let keys = listed.iter().filter_map(Key::read).take(MAX_KEYS).collect();
        Ok(Self { keys })
    }

    fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The key with this `kid` that may verify `algorithm`. A token without `kid` is verified only where no other key
    /// could be meant.
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self.keys.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        });
        let found = fitting.next()?;
        fitting.next().is_none().then_some(found)
    }
}

impl Key {
    fn read(value: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        // Some issuers write an empty list, or `null`, of what they do not say.
        let forbids = |ops: &Vec<KeyOperations>| !ops.is_empty() && !ops.contains(&KeyOperations::Verify);
        if jwk.common.key_operations.as_ref().is_some_and(forbids) {
            return None;
        }
        let said = |name: &str| value.get(name).filter(|said| !said.is_null());
        // A key whose private half is published proves nobody.
        if said("d").is_some() {
            return None;
        }
        let fitting: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
                EllipticCurve::P256 => &[Algorithm::ES256],
                EllipticCurve::P384 => &[Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(curve) if curve.curve == EllipticCurve::Ed25519 => {
                &[Algorithm::EdDSA]
            }
            _ => return None,
        };
        let named = said("alg").map(|named| named.as_str().unwrap_or_default());
        let fits =
            |algorithm: &&Algorithm| named.is_none_or(|named| Algorithm::named(named) == Some(**algorithm));
        let algorithms: Vec<Algorithm> = fitting.iter().filter(fits).copied().collect();
        if algorithms.is_empty() {
            return None;
        }
        Some(Self { kid: jwk.common.key_id.clone(), algorithms, key: DecodingKey::from_jwk(&jwk).ok()? })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
