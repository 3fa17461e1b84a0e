//! A bundle, checked and compiled.

mod files;
mod resolved;
mod vocabulary;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use doorward_config::{Config, EventRule, Route};
use doorward_contract::Document;
use doorward_model::{Fault, Faults, Front, IamFault, Principal};
use doorward_policy::{Grant, Policies, Validated};

use self::files::{compile_policies, form_faults, misplaced, read_key_sets};
pub(crate) use self::resolved::{EventRules, RouteRules};
use self::resolved::{compile_units, resolve_events, resolve_own_usage, resolve_routes};
use self::vocabulary::vocabulary;
use crate::authorizer_cache::{self, Reuse};
use crate::bundle::{Bundle, Source};
use crate::contracts::Contracts;
use crate::identify;
use crate::keys::KeySet;
use crate::merged_contract;
use crate::router::Router;

/// A bundle, checked and compiled: what the pipeline reads and never changes. Every name of the configuration is
/// resolved here, so that a call looks nothing up but its path.
#[derive(Debug)]
pub struct Rules {
    config: Config,
    policies: Policies,
    pub(crate) router: Router,
    pub(crate) routes: Vec<RouteRules>,
    /// How callers prove who they are when they ask for their own usage.
    pub(crate) own_usage: Option<RouteRules>,
    pub(crate) events: Vec<EventRules>,
    /// The rule of each CloudEvent, and what holds for a request that brings one: of its route, and of the rule.
    pub(crate) cloud_events: Vec<(EventRule, RouteRules)>,
    openings: BTreeMap<Front, usize>,
    pub(crate) key_sets: HashMap<String, KeySet>,
    /// Whether some route takes API keys, so that requests may hold one.
    pub(crate) takes_api_keys: bool,
    pub(crate) reuse: Reuse,
    /// The actions whose policies read the caller's address; found when it is first asked for.
    pub(crate) by_address: OnceLock<HashSet<String>>,
    /// What contracts stand in, and all of them as one text; written when it is first asked for.
    documents: HashMap<String, Document>,
    merged: OnceLock<Option<String>>,
    /// Of the contracts.
    notes: Vec<Fault>,
    digest: String,
}

impl Rules {
    /// Checks and compiles `bundle`; `lookup` gives the environment's overrides.
    ///
    /// # Errors
    /// Every fault of the configuration, the contracts and the policies, together. What cannot be read hides no fault
    /// but those that depend on it: without the configuration, contracts and policies are held to their own form only.
    pub fn compile(bundle: &Bundle, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        Self::build(bundle, None, lookup)
    }

    /// As [`Rules::compile`], but what this version of the door validated when it packed an archive is not validated
    /// again: the archive's digest shows that it is the same, and that it was found to be so. What another version packed
    /// is validated again, and keeps its digest.
    ///
    /// # Errors
    /// As [`Rules::compile`].
    pub fn open(source: &Source, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        match source {
            Source::Files(bundle) => Self::build(bundle, None, lookup),
            Source::Archive(archive) => {
                let rules = Self::build(archive.bundle(), archive.validated(), lookup)?;
                Ok(Self { digest: archive.digest().to_owned(), ..rules })
            }
        }
    }

    fn build(
        bundle: &Bundle,
        validated: Option<&Validated>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Faults> {
        let (name, text) = &bundle.config;
        let config = doorward_config::parse(name, text).and_then(|config| config.with_environment(lookup));
        let config = match config {
            Ok(config) => config,
            Err(mut faults) => {
                faults.0.extend(form_faults(bundle, doorward_config::shadow_folder(text).as_deref()));
                return Err(distinct(faults));
            }
        };
        let mut faults = Faults::default();
        let contracts = Contracts::compile(bundle, &config, &mut faults);
        let key_sets = read_key_sets(bundle, &config, &mut faults);
        let vocabulary = vocabulary(&config, &contracts);
        let router = Router::new(&config.routes)
            .map_err(|path| faults.0.push(Fault::new(format!("the path `{path}` conflicts with another"))));
        let policies = compile_policies(bundle, &config, &vocabulary, validated, &mut faults);
        let policies = policies.map_err(|more| faults.0.extend(more.0));
        faults.0.extend(misplaced(bundle, &config));
        let units = compile_units(&config, &contracts, &mut faults);
        let (Ok(router), Ok(policies)) = (router, policies) else { return Err(distinct(faults)) };
        if config.authorizer.place.is_some() {
            // What was packed was looked at then.
            let reads = validated.is_none().then(|| policies.reads_by_action());
            faults.0.extend(authorizer_cache::faults(&config, reads.as_ref()));
        }
        let Contracts { operations, payloads, schemas, documents, notes, .. } = contracts;
        let routes =
            resolve_routes(&config, operations.into_iter().zip(payloads), units, &policies, &mut faults);
        let (events, cloud_events) = resolve_events(&config, schemas, &routes, &mut faults);
        let digest = bundle.digest(policies.depth(), policies.schema());
        let takes_api_keys = config.routes.iter().any(Route::accepts_api_keys);
        let own_usage = resolve_own_usage(&config);
        let reuse = Reuse::of(&config.authorizer);
        let openings = config.openings();
        let (by_address, merged) = (OnceLock::new(), OnceLock::new());
        let rules = Self {
            reuse,
            by_address,
            documents,
            notes,
            merged,
            router,
            policies,
            routes,
            own_usage,
            events,
            cloud_events,
            openings,
            key_sets,
            takes_api_keys,
            digest,
            config,
        };
        distinct(faults).or(rules)
    }

    /// The checked configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whose messages are opened to the events that they carry, and how many may be within each other.
    #[must_use]
    pub fn openings(&self) -> &BTreeMap<Front, usize> {
        &self.openings
    }

    /// The contracts of all routes as one OpenAPI 3.1 document, in JSON; `None` where `[door] openapi` is `"off"`.
    #[must_use]
    pub fn openapi(&self) -> Option<&str> {
        let write =
            || merged_contract::write(&self.config, &self.documents).map(|document| document.to_string());
        self.merged.get_or_init(write).as_deref()
    }

    /// What contracts say that nothing reads, such as a keyword that is misspelt.
    #[must_use]
    pub fn contract_notes(&self) -> &[Fault] {
        &self.notes
    }

    /// The compiled policies.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// `principal` in the account that its id says, where it is a caller of IAM's; any other as it is.
    ///
    /// # Errors
    /// [`IamFault`] where no such caller of IAM's could come, or is let in.
    pub fn place(&self, principal: &Principal) -> Result<Principal, IamFault> {
        let placed = self.config.iam.as_ref().and_then(|iam| identify::iam::stated(principal, iam));
        placed.unwrap_or_else(|| Ok(principal.clone()))
    }

    /// What `principal` may do, whatever the call: every permit that may hold, and what may still forbid it.
    #[must_use]
    pub fn can(&self, principal: &Principal) -> Vec<Grant> {
        let cloud_events = self.cloud_events.iter().map(|(_, rules)| rules);
        let routes = self.routes.iter().filter(|rules| rules.route.cloudevents.is_none()).chain(cloud_events);
        let routes = routes.map(|rules| (rules.route.id.clone(), rules.function.clone()));
        let events = self.events.iter().map(|rules| (rules.rule.id.clone(), rules.function.clone()));
        let principal = self.place(principal).unwrap_or_else(|_| principal.clone());
        self.policies.can(&principal, &routes.chain(events).collect())
    }

    /// The bundle's digest: of its files and of what was found in them, or the one that its archive states.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The digest's first twelve digits, by which lines and rows name the bundle.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }
}

/// Parts that several operations share are looked at with each of them.
fn distinct(faults: Faults) -> Faults {
    let mut seen = HashSet::new();
    Faults(faults.0.into_iter().filter(|fault| seen.insert(fault.to_string())).collect())
}
