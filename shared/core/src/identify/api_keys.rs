//! Callers who show an API key of the door's own.

use std::sync::Arc;

use doorward_config::{ApiKeys, Config};
use doorward_model::entity_type::{CLIENT, GROUP};
use doorward_model::{
    ApiKeyFault, AuthFault, Call, EntityName, MalformedFault, Principal, Refusal, TrustLevel,
};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::Map;

use super::connections::{self, Opened};
use super::tokens::bearer;
use crate::api_key::{ApiKey, ApiKeyRecord, KeyHash};
use crate::door::Door;
use crate::find::HttpCall;

impl Door {
    /// Whose key the request shows, and the key, where it is here itself; `None` where it shows none.
    pub(super) async fn key_caller(
        &self,
        http: &HttpCall<'_>,
        call: &mut Call,
    ) -> Result<Option<(Principal, Option<ApiKey>)>, Refusal> {
        let config = self.rules.config();
        let opened = connections::opened(config, http).map_err(Refusal::Unauthenticated)?;
        if let Some(Opened::Key(hash)) = opened {
            let at = connections::must_hold_at(http, self.ports.clock.now());
            let owner = self.key_owner(hash, at, call).await?;
            return Ok(Some((Principal { trust: TrustLevel::Attested, ..owner }, None)));
        }
        let Some(text) = shown(&http.request.headers, &config.api_keys)? else { return Ok(None) };
        let key = ApiKey::parse(&config.api_keys.prefix, text)
            .map_err(|fault| refused(ApiKeyFault::Malformed(fault.to_string())))?;
        Ok(Some((self.key_owner(key.hash(), self.ports.clock.now(), call).await?, Some(key))))
    }

    /// Whose key has this hash, if it is good at `at`, which is now or has been.
    async fn key_owner(&self, hash: KeyHash, at: Timestamp, call: &mut Call) -> Result<Principal, Refusal> {
        call.key_id = Some(hash.id());
        let record = self.key_record(hash, call).await?;
        let record = record.ok_or_else(|| refused(ApiKeyFault::Unknown))?;
        client(&record, self.rules.config(), at, self.ports.clock.now()).map_err(refused)
    }

    /// What is kept of the key, unless the platform would end the call before it is here.
    async fn key_record(&self, hash: KeyHash, call: &Call) -> Result<Option<Arc<ApiKeyRecord>>, Refusal> {
        let refresh = self.rules.config().door.refresh;
        let (store, clock) = (self.ports.api_keys.as_ref(), self.ports.clock.as_ref());
        let asked = self.in_time(call, self.known_keys.find(hash, refresh, store, clock)).await;
        asked.map_err(|error| {
            self.ports.journal.complain(call, &format!("the API key cannot be looked up: {error}"));
            Refusal::KeysAway
        })
    }
}

fn refused(fault: ApiKeyFault) -> Refusal {
    Refusal::Unauthenticated(AuthFault::ApiKey(fault))
}

/// The one text that is shown as a key: in the field for keys, or as a bearer token that is meant as one.
fn shown<'h>(headers: &'h HeaderMap, config: &ApiKeys) -> Result<Option<&'h str>, Refusal> {
    let malformed = || Refusal::Malformed(MalformedFault::Header(config.header.to_string()));
    let mut fields = headers.get_all(&config.header).iter();
    let field = fields.next().map(|field| field.to_str().map_err(|_| malformed())).transpose()?;
    if fields.next().is_some() {
        return Err(malformed());
    }
    let token = match bearer(headers) {
        Ok(token) => token.filter(|token| ApiKey::is_meant(&config.prefix, token)),
        // Credentials of another scheme are none of ours.
        Err(Refusal::Unauthenticated(_)) => None,
        Err(refusal) => return Err(refusal),
    };
    if field.is_some() && token.is_some() {
        return Err(Refusal::Malformed(MalformedFault::TwoKeys(config.header.to_string())));
    }
    Ok(field.or(token))
}

/// The caller whom a key makes at `at`. Neither its end nor its revocation waits for another look at the store, and a
/// revocation counts whatever its clock said, unless one asks of the past.
fn client(
    record: &ApiKeyRecord,
    config: &Config,
    at: Timestamp,
    now: Timestamp,
) -> Result<Principal, ApiKeyFault> {
    if let Some(revoked) = record.revoked.filter(|revoked| at >= now || *revoked <= at) {
        return Err(ApiKeyFault::Revoked(revoked));
    }
    if let Some(at) = record.expires.filter(|end| *end <= at) {
        return Err(ApiKeyFault::Expired(at));
    }
    // A plan that is gone would leave the caller without limits.
    if let Some(plan) = record.plan.as_ref().filter(|plan| config.plan(plan).is_none()) {
        return Err(ApiKeyFault::Plan(plan.clone()));
    }
    Ok(Principal {
        name: EntityName::new(CLIENT, &record.owner),
        trust: TrustLevel::Verified,
        parents: record.groups.iter().map(|group| EntityName::new(GROUP, group)).collect(),
        claims: Map::new(),
        attributes: Map::new(),
        plan: record.plan.clone(),
    })
}

/// The header fields that hold a key of a door which takes keys, whatever the route: its target must not see one.
pub(crate) fn withheld(headers: &HeaderMap, config: &ApiKeys) -> Vec<HeaderName> {
    let mut fields = Vec::new();
    if headers.contains_key(&config.header) {
        fields.push(config.header.clone());
    }
    if headers.get_all(AUTHORIZATION).iter().any(|value| holds_key(value, &config.prefix)) {
        fields.push(AUTHORIZATION);
    }
    fields
}

/// Whether some word of it is meant as a key, be it misspelt: who knows all but a digit of a key finds the rest by its
/// checksum.
fn holds_key(value: &HeaderValue, prefix: &str) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.split([' ', '\t', ',']).any(|word| ApiKey::is_meant(prefix, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &[u8], expected: bool) {
        assert_eq!(holds_key(&HeaderValue::from_bytes(value).unwrap(), "dwk"), expected);
    }

    #[test]
    fn a_key_is_found_wherever_it_stands_in_a_field() {
        check(b"Bearer dwk_0123", true);
        check(b"bearer  dwk_0123", true);
        check(b"Bearer a.b.c, Bearer dwk_0123", true);
        check(b"Bearer a.b.c,Bearer dwk_0123", true);
        check(b"dwk_0123", true);
        check(b"Bearer dwk_\xff", true);
        check(b"Bearer eyJ.dwk_.c", false);
        check(b"Bearer dwk_.b.c", false);
        check(b"Basic ZHdrXw==", false);
        check(b"", false);
    }
}
