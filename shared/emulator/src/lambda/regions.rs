//! Regions that are away: the Invoke API fails for them, as if their service did not work.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Which regions are away.
#[derive(Default)]
pub(super) struct Regions(Mutex<BTreeSet<String>>);

impl Regions {
    pub(super) fn set_away(&self, region: &str, away: bool) {
        let mut regions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if away {
            regions.insert(region.to_owned());
        } else {
            regions.remove(region);
        }
    }

    /// Whether a request is for a region that is away; one without a signature is for none.
    pub(super) fn away_for(&self, headers: &HeaderMap) -> Option<String> {
        let region = signed_for(headers)?;
        let regions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        regions.contains(region).then(|| region.to_owned())
    }
}

/// The region in the scope of a Signature Version 4: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_for(headers: &HeaderMap) -> Option<&str> {
    let (_, scope) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once("Credential=")?;
    let (scope, _) = scope.split_once(',')?;
    // An access key may hold slashes; nothing behind it does.
    scope.rsplit('/').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_away_until_it_is_back() {
        let mut headers = HeaderMap::new();
        let signature =
            "AWS4-HMAC-SHA256 Credential=a/b/20261124/eu-west-1/lambda/aws4_request, SignedHeaders=host";
        let regions = Regions::default();
        regions.set_away("eu-west-1", true);
        assert_eq!(regions.away_for(&headers), None);
        headers.insert(AUTHORIZATION, http::HeaderValue::from_static(signature));
        assert_eq!(regions.away_for(&headers).as_deref(), Some("eu-west-1"));
        regions.set_away("eu-west-1", false);
        regions.set_away("eu-central-1", true);
        assert_eq!(regions.away_for(&headers), None);
    }
}
