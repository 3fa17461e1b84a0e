//! Locks whose configuration itself says how gateways keep the authorizer's answers, as `doorward check` takes it: the gate
//! opens exactly where the dispatcher does.

use std::collections::HashMap;
use std::sync::Arc;

use doorward_core::Rules;
use doorward_testkit::{Gate, GatewayApi, GatewayCache, IdentitySource, Look};
use jiff::Timestamp;

use super::callers::Callers;
use super::compare::{Case, TTL};
use super::door::OwnDoor;
use super::forms::Question;
use super::lock::{Keeping, Lock};
use super::outcome::{Outcome, passed_as};

/// The ways in which answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    OwnSimple,
    OwnPolicy,
    Shared,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::OwnSimple, Self::OwnPolicy, Self::Shared];

    pub(crate) fn keeping(self) -> Keeping {
        let own = r#"["header.authorization", "method", "path", "domain"]"#;
        let (answer, sources) = match self {
            Self::OwnSimple => ("simple", own),
            Self::OwnPolicy => ("iam-policy", own),
            Self::Shared => ("iam-policy", r#"["header.authorization"]"#),
        };
        Keeping { answer, sources, guarded: self.guarded() }
    }

    /// The routes whose answers follow from these sources.
    fn guarded(self) -> &'static [&'static str] {
        match self {
            Self::OwnSimple | Self::OwnPolicy => &[
                "listOrders",
                "createOrder",
                "getOrder",
                "changeOrder",
                "dropOrder",
                "listLines",
                "getReport",
                "getStock",
                "exchange",
                "visitCity",
            ],
            Self::Shared => &["listOrders", "createOrder", "exchange"],
        }
    }

    fn takes(self, api: GatewayApi) -> bool {
        match self {
            Self::OwnSimple => api == GatewayApi::HttpApi2Simple,
            Self::OwnPolicy => !matches!(api, GatewayApi::HttpApi2Simple | GatewayApi::RestToken),
            Self::Shared => api != GatewayApi::HttpApi2Simple,
        }
    }

    fn sources(self) -> Vec<IdentitySource> {
        let authorization = IdentitySource::Header("authorization".to_owned());
        match self {
            Self::Shared => vec![authorization],
            Self::OwnSimple | Self::OwnPolicy => {
                vec![authorization, IdentitySource::Method, IdentitySource::Path, IdentitySource::DomainName]
            }
        }
    }
}

/// The rules of each way.
#[derive(Clone)]
pub(crate) struct KeptRules(Vec<(Way, Arc<Rules>)>);

impl KeptRules {
    pub(crate) fn compile(lock: &Lock) -> Self {
        Self(Way::ALL.into_iter().map(|way| (way, lock.keeping(&way.keeping()))).collect())
    }
}

/// The authorizers of all ways, each behind the caches of its APIs' stages.
pub(crate) struct KeptDoors(Vec<KeptDoor>);

struct KeptDoor {
    way: Way,
    door: OwnDoor,
    caches: HashMap<(GatewayApi, &'static str), GatewayCache>,
}

/// How a gate that was not as the dispatcher came to it.
pub(crate) enum Gated {
    Same {
        is_kept: bool,
    },
    /// It differs, for a reason.
    Explained(&'static str),
    Differs {
        gate: Gate,
        since: Option<Timestamp>,
    },
}

impl KeptDoors {
    pub(crate) fn open(rules: &KeptRules, callers: &Callers) -> Self {
        let open = |(way, rules): &(Way, Arc<Rules>)| KeptDoor {
            way: *way,
            door: OwnDoor::open(rules, callers, callers.now),
            caches: HashMap::new(),
        };
        Self(rules.0.iter().map(open).collect())
    }

    pub(crate) fn begin(&mut self, now: Timestamp) {
        for kept in &mut self.0 {
            kept.door.begin(now);
            kept.caches.clear();
        }
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.0.iter().for_each(|kept| kept.door.clock.set(now));
    }

    /// What every way that an API of this kind has makes of a question, where the dispatcher says `alone`.
    pub(crate) fn try_all(
        &mut self,
        case: &Case<'_>,
        api: GatewayApi,
        asked: &Question,
        alone: &Outcome,
        now: Timestamp,
    ) -> Vec<(Way, Gated)> {
        let about = alone.route.as_ref().map(|(route, _)| route.as_str());
        let fits = |way: Way| way.takes(api) && about.is_none_or(|route| way.guarded().contains(&route));
        let ways = self.0.iter_mut().filter(|kept| fits(kept.way));
        ways.map(|kept| (kept.way, kept.gate(case, api, asked, alone, now))).collect()
    }
}

impl KeptDoor {
    fn gate(
        &mut self,
        case: &Case<'_>,
        api: GatewayApi,
        asked: &Question,
        alone: &Outcome,
        now: Timestamp,
    ) -> Gated {
        let sources = self.way.sources();
        let new = || GatewayCache::new(api, &sources, TTL);
        let cache = self.caches.entry((api, case.place.stage(case.form))).or_insert_with(new);
        let request = asked.request();
        let (gate, since) = match cache.look(&request, now) {
            Look::Answered(gate) => (gate, None),
            Look::Kept(gate, since) => (gate, Some(since)),
            Look::Ask(key) => (cache.take(key, self.door.ask(&asked.event), &request, now), None),
        };
        let expected = alone.is_allowed().then(|| alone.principal.clone());
        if passed_as(&gate) == expected {
            return Gated::Same { is_kept: since.is_some() };
        }
        match self.explain(case, alone, gate.is_passed()) {
            Some(why) => Gated::Explained(why),
            None => Gated::Differs { gate, since },
        }
    }

    fn explain(&self, case: &Case<'_>, alone: &Outcome, is_passed: bool) -> Option<&'static str> {
        let request = case.request;
        let shows_key = request.get("x-api-key").is_some();
        let is_policy = self.way != Way::OwnSimple;
        if request.repeats() {
            Some("a repeated name, of which gateways look at one or all")
        } else if is_passed {
            // The field is no identity source, so no answer may depend on it.
            (shows_key && alone.code() == "malformed-header").then_some("a second API key")
        } else if shows_key {
            Some("an API key where no identity source is")
        } else if is_policy && case.has_wildcard() {
            Some("a wildcard in a policy")
        } else if self.way == Way::Shared && is_written_otherwise(&request.path) {
            Some("a path that is written otherwise than the exact ARN")
        } else {
            None
        }
    }
}

/// Whether a path may be that of a route without parameters and is not written as the route is.
fn is_written_otherwise(path: &str) -> bool {
    path.contains('%') || path.ends_with('/')
}
