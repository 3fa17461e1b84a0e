//! Authorizer answers, reused for a while for the same identity.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html#http-api-lambda-authorizer.identity-sources>

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::verdict::Verdict;

/// Most answers kept; a flood of identities empties the cache instead of the memory.
const LIMIT: usize = 10_000;

/// Answers by the values of all identity sources.
#[derive(Debug)]
pub(super) struct AuthorizerCache {
    /// Zero: nothing is kept.
    ttl: Duration,
    kept: HashMap<Vec<String>, (Instant, Verdict)>,
}

impl AuthorizerCache {
    pub(super) fn new(ttl: Duration) -> Self {
        Self { ttl, kept: HashMap::new() }
    }

    pub(super) fn get(&self, identity: &[String], now: Instant) -> Option<Verdict> {
        let (since, verdict) = self.kept.get(identity)?;
        self.is_fresh(*since, now).then(|| verdict.clone())
    }

    pub(super) fn put(&mut self, identity: Vec<String>, verdict: Verdict, now: Instant) {
        // Without identity sources, there is nothing by which callers could be told apart.
        if self.ttl.is_zero() || identity.is_empty() {
            return;
        }
        if self.kept.len() >= LIMIT {
            let ttl = self.ttl;
            self.kept.retain(|_, (since, _)| now.saturating_duration_since(*since) < ttl);
            if self.kept.len() >= LIMIT {
                self.kept.clear();
            }
        }
        self.kept.insert(identity, (now, verdict));
    }

    fn is_fresh(&self, since: Instant, now: Instant) -> bool {
        now.saturating_duration_since(since) < self.ttl
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(300);

    fn identity(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    fn verdict(allowed: bool) -> Verdict {
        Verdict::Simple { allowed, context: None }
    }

    #[test]
    fn an_answer_is_reused_until_it_is_too_old() {
        let now = Instant::now();
        let mut cache = AuthorizerCache::new(TTL);
        cache.put(identity(&["a", "b"]), verdict(false), now);
        let just_before = now + TTL - Duration::from_nanos(1);
        assert_eq!(cache.get(&identity(&["a", "b"]), just_before), Some(verdict(false)));
        assert_eq!(cache.get(&identity(&["a", "b"]), now + TTL), None);
    }

    #[test]
    fn the_key_is_every_value_by_itself() {
        let now = Instant::now();
        let mut cache = AuthorizerCache::new(TTL);
        cache.put(identity(&["a", "b"]), verdict(true), now);
        for other in [identity(&["a"]), identity(&["b", "a"]), identity(&["ab"]), identity(&["a,b"])] {
            assert_eq!(cache.get(&other, now), None);
        }
    }

    #[test]
    fn keeps_nothing_without_time_or_identity() {
        let now = Instant::now();
        let mut cache = AuthorizerCache::new(Duration::ZERO);
        cache.put(identity(&["a"]), verdict(true), now);
        assert_eq!(cache.get(&identity(&["a"]), now), None);
        let mut cache = AuthorizerCache::new(TTL);
        cache.put(Vec::new(), verdict(true), now);
        assert_eq!(cache.get(&[], now), None);
    }

    #[test]
    fn never_grows_beyond_its_limit() {
        let now = Instant::now();
        let mut cache = AuthorizerCache::new(TTL);
        for number in 0..=LIMIT {
            cache.put(vec![number.to_string()], verdict(true), now);
        }
        assert_eq!(cache.kept.len(), 1);
        assert!(cache.get(&[LIMIT.to_string()], now).is_some());
    }
}
