//! What operations take: their requirements, as the `auth` of routes has them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::closed::NOBODY;
use super::schemes::{Scheme, Schemes};
use super::scopes::{self, Asked};
use super::{Reading, join};

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
                Some((words, scopes)) => {
                    for word in words {
                        if !all.auth.contains(&word) {
                            all.auth.push(word);
                        }
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

    /// The credentials of one requirement, and the scopes that it asks its tokens for; `None` where it could not be carried over.
    fn requirement(
        &self,
        reading: &mut Reading<'_>,
        at: &str,
        requirement: &Value,
    ) -> Option<(Vec<String>, Vec<Asked>)> {
        let Some(parts) = requirement.as_object() else {
            reading.leave(at, "a requirement that names no scheme: nobody is let in by it");
            return None;
        };
        let parts: Vec<(&String, &Value)> = parts.iter().collect();
        if parts.is_empty() {
            return Some((vec!["anonymous".to_owned()], Vec::new()));
        }
        let known = |(name, scopes): &(&String, &Value)| Some((self.by_name.get(*name)?, texts(scopes)));
        let known: Vec<(&Scheme, BTreeSet<String>)> =
            parts.iter().filter_map(known).filter(|(scheme, _)| **scheme != Scheme::None).collect();
        // One credential of several that could not be carried over leaves the rest, which would let in more callers.
        if known.len() < parts.len() {
            reading.leave(at, "a credential that could not be carried over: nobody is let in by it");
            return None;
        }
        let any = parts.iter().any(|(name, _)| self.authorizers.contains(*name));
        let Some((scheme, scopes)) = self.alone(reading, at, known, any) else {
            let what = "several credentials at once, of which the door would ask for one alone: nobody is let in by them";
            reading.leave(at, what);
            return None;
        };
        let issuers = match scheme {
            Scheme::Iam => return Some((vec!["iam".to_owned()], Vec::new())),
            Scheme::ApiKey => return Some((vec!["api-key".to_owned()], Vec::new())),
            Scheme::Issuer(_) | Scheme::Pool(_) | Scheme::None => scheme.issuers(!scopes.is_empty()),
        };
        let scopes: Vec<String> = scopes.into_iter().collect();
        let asked = issuers.iter().map(|issuer| Asked::new(issuer, &scopes, any)).collect();
        Some((issuers.into_iter().map(str::to_owned).collect(), asked))
    }

    /// The one credential that is the same as all of `known` together, and the scopes that it is asked for; `any` says that one
    /// scope of each is enough. `None` where there is no such credential.
    fn alone<'s>(
        &self,
        reading: &mut Reading<'_>,
        at: &str,
        mut known: Vec<(&'s Scheme, BTreeSet<String>)>,
        any: bool,
    ) -> Option<(&'s Scheme, BTreeSet<String>)> {
        let is_key = |(scheme, _): &(&Scheme, BTreeSet<String>)| **scheme == Scheme::ApiKey;
        // The keys of an API Gateway meter, and its authorizers let in.
        if self.is_export && known.iter().any(is_key) && !known.iter().all(is_key) {
            let what = "several credentials at once: the door asks for the one beside the API key alone; plans of keys are not carried over";
            reading.leave(at, what);
            known.retain(|known| !is_key(known));
        }
        let mut known = known.into_iter();
        let (scheme, mut scopes) = known.next()?;
        for (other, more) in known {
            if other != scheme || (any && more != scopes) {
                return None;
            }
            scopes.extend(more);
        }
        Some((scheme, scopes))
    }
}

/// The texts of a list.
fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
