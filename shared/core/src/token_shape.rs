//! What policies may read of credentials, as the schema states it: the claims of tokens, the attributes of callers.

use std::collections::BTreeMap;

use doorward_config::{Config, Route};
use doorward_model::Claims;
use doorward_model::entity_type::{CERTIFICATE, ROLE};
use doorward_policy::TokenShape;

use crate::identify::{certificates, iam};

/// What policies read of the tokens that a route accepts; nothing where none of its issuers declares a claim.
pub(crate) fn token(config: &Config, route: &Route) -> Option<TokenShape> {
    let issuers = || route.issuers().filter_map(|name| config.issuer(name));
    let all: Vec<Claims> = issuers().map(|issuer| issuer.claims.clone()).collect();
    let claims = joined(&all);
    let principals = issuers().map(|issuer| issuer.principal.type_name.clone()).collect();
    (!claims.is_empty()).then_some(TokenShape { claims, principals, required: route.needs_token() })
}

/// The attributes that credentials give to principals, by principal type.
pub(crate) fn attributes_by_type(config: &Config) -> BTreeMap<String, Claims> {
    let mut by_type: BTreeMap<&str, Vec<Claims>> = BTreeMap::new();
    for issuer in &config.issuers {
        let named = |(name, _): &(&String, &_)| issuer.principal.attributes.contains(name);
        let own = issuer.claims.iter().filter(named).map(|(name, claim)| (name.clone(), *claim)).collect();
        by_type.entry(&issuer.principal.type_name).or_default().push(own);
    }
    if let Some(iam) = &config.iam {
        by_type.insert(ROLE, vec![iam::role_attributes()]);
        by_type.insert(&iam.user_type, vec![iam::user_attributes()]);
    }
    if config.certificates.is_some() {
        by_type.insert(CERTIFICATE, vec![certificates::attributes()]);
    }
    let joined = by_type.into_iter().map(|(name, all)| (name.to_owned(), joined(&all)));
    joined.filter(|(_, claims)| !claims.is_empty()).collect()
}

/// The claims of all together: one is required only where all of them require it. A checked configuration declares a
/// name with one type.
fn joined(all: &[Claims]) -> Claims {
    let mut joined = Claims::new();
    for (name, claim) in all.iter().flatten() {
        joined.entry(name.clone()).or_insert(*claim);
    }
    for (name, claim) in &mut joined {
        claim.required = all.iter().all(|claims| claims.get(name).is_some_and(|own| own.required));
    }
    joined
}

#[cfg(test)]
mod tests {
    use doorward_model::{Claim, ClaimType};

    use super::*;

    /// `a!` is a required claim.
    fn claims(names: &str) -> Claims {
        let claim = |name: &str| {
            let required = name.ends_with('!');
            (name.trim_end_matches('!').to_owned(), Claim { ty: ClaimType::Text, required })
        };
        names.split_whitespace().map(claim).collect()
    }

    #[track_caller]
    fn check(all: &[&str], expected: &str) {
        let all: Vec<Claims> = all.iter().map(|names| claims(names)).collect();
        assert_eq!(joined(&all), claims(expected));
    }

    #[test]
    fn a_claim_is_required_where_all_require_it() {
        check(&[], "");
        check(&["a! b"], "a! b");
        check(&["a! b! c", "a! b d!"], "a! b c d");
        check(&["a!", ""], "a");
        check(&["", "a!"], "a");
        check(&["a!", "a!", "a!"], "a!");
        check(&["a!", "b", "a!"], "a b");
    }
}
