//! One request, tried in every form: whatever looks at it must come to the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::Rules;
use doorward_testkit::{FunctionResult, GatewayApi, GatewayCache, IdentitySource, Look};
use fastrand::Rng;
use jiff::Timestamp;

use super::callers::Callers;
use super::configured::{Gated, KeptDoors, KeptRules};
use super::counts::Counts;
use super::door::OwnDoor;
use super::forms::{Form, Place, Question, event, question};
use super::lock::{AnswerWord, Lock};
use super::outcome::{Outcome, passed_as};
use super::requests::{Request, is_by_token_alone, sources};

/// For how long the gateway keeps answers.
pub(crate) const TTL: Duration = Duration::from_secs(60);

/// Everything that decides, with a clock of its own.
pub(crate) struct Stand {
    dispatcher: OwnDoor,
    simple: OwnDoor,
    policy: OwnDoor,
    /// The authorizers whose configuration says how their answers are kept.
    kept: KeptDoors,
    /// A dispatcher whose clock is set back.
    past: OwnDoor,
    pub(crate) now: Timestamp,
    begun: Timestamp,
    caches: HashMap<(GatewayApi, &'static str, Vec<IdentitySource>), GatewayCache>,
    pub(crate) counts: Counts,
}

/// The lock's rules for both forms of an answer.
#[derive(Clone)]
pub(crate) struct BothRules {
    simple: Arc<Rules>,
    policy: Arc<Rules>,
    kept: KeptRules,
}

impl BothRules {
    pub(crate) fn compile(lock: &Lock) -> Self {
        Self {
            simple: lock.rules(AnswerWord::Simple),
            policy: lock.rules(AnswerWord::IamPolicy),
            kept: KeptRules::compile(lock),
        }
    }
}

/// What is tried, for whoever reads of a failure.
pub(crate) struct Case<'a> {
    pub(crate) request: &'a Request,
    route: &'static str,
    pub(crate) form: Form,
    pub(crate) place: Place,
}

/// Most requests come to where the most others do.
fn place(rng: &mut Rng) -> Place {
    Place::ALL[rng.usize(0..5).saturating_sub(2)]
}

impl Case<'_> {
    #[track_caller]
    fn differ(&self, what: &str, one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug) -> ! {
        let Self { request, route, form, place } = self;
        panic!("{what}\n  {one:?}\n  {other:?}\n  {route} as {form:?} at {place:?}: {request:?}");
    }

    /// Whether a policy for the path would be one for others as well.
    pub(crate) fn has_wildcard(&self) -> bool {
        ["*", "?", "${", "%2A", "%2a", "$%7B"].iter().any(|sign| self.request.path.contains(sign))
    }

    #[track_caller]
    fn same(&self, what: &str, one: &Outcome, dispatcher: &Outcome) {
        if one != dispatcher {
            self.differ(what, one, dispatcher);
        }
    }
}

impl Stand {
    pub(crate) fn new(rules: &BothRules, callers: &Callers) -> Self {
        let open = |rules| OwnDoor::open(rules, callers, callers.now);
        Self {
            dispatcher: open(&rules.simple),
            simple: open(&rules.simple),
            policy: open(&rules.policy),
            kept: KeptDoors::open(&rules.kept, callers),
            past: open(&rules.simple),
            now: callers.now,
            begun: callers.now,
            caches: HashMap::new(),
            counts: Counts::default(),
        }
    }

    /// Nothing is kept, and the clock is where it was at first.
    pub(crate) fn begin(&mut self) {
        self.caches.clear();
        self.now = self.begun;
        for door in [&mut self.dispatcher, &mut self.simple, &mut self.policy] {
            door.begin(self.begun);
        }
        self.kept.begin(self.begun);
    }

    pub(crate) fn wait(&mut self, by: Duration) {
        self.set_clock(self.now.saturating_add(by).unwrap());
    }

    fn set_clock(&mut self, now: Timestamp) {
        self.now = now;
        for door in [&self.dispatcher, &self.simple, &self.policy] {
            door.clock.set(now);
        }
        self.kept.set_clock(now);
    }

    /// Tries a request that began as one of `route`.
    pub(crate) fn try_all(&mut self, request: &Request, route: &'static str, rng: &mut Rng) {
        self.counts.requests += 1;
        let mut outcomes = Vec::new();
        for form in Form::ALL {
            let place = if form.is_gateway() { place(rng) } else { Place::Own };
            let case = Case { request, route, form, place };
            let alone = self.dispatcher.dispatch(&event(request, form, place, None));
            self.counts.case(form);
            self.counts.routed += usize::from(alone.route.is_some());
            self.counts.allowed += usize::from(alone.is_allowed());
            self.try_form(&case, &alone, rng);
            outcomes.push((form, alone));
        }
        self.compare_forms(request, route, &outcomes);
    }

    fn try_form(&mut self, case: &Case<'_>, alone: &Outcome, rng: &mut Rng) {
        let api = match case.form {
            // A method whose front checks signatures asks no Lambda authorizer.
            _ if case.request.role.is_some() => None,
            Form::RestApi if rng.u8(0..4) == 0 => Some(GatewayApi::RestToken),
            Form::RestApi => Some(GatewayApi::RestRequest),
            Form::HttpApi1 => Some(GatewayApi::HttpApi1),
            Form::HttpApi2 if rng.bool() => Some(GatewayApi::HttpApi2Policy),
            Form::HttpApi2 => Some(GatewayApi::HttpApi2Simple),
            Form::FunctionUrl | Form::AlbSingle | Form::AlbMulti => None,
        };
        let Some(api) = api else {
            let admitted = self.simple.admit_event(&event(case.request, case.form, case.place, None));
            return case.same("the authorizer's pipeline and the dispatcher differ", &admitted, alone);
        };
        *self.counts.questions.entry(format!("{api:?}")).or_default() += 1;
        let as_documented = rng.u8(0..4) == 0;
        let asked = question(case.request, api, case.place, as_documented);
        if api == GatewayApi::RestToken && asked.token().is_none_or(str::is_empty) {
            // Without a token, nobody is asked.
            self.counts.explained("no token for a TOKEN question");
            return;
        }
        let authorizer = if api == GatewayApi::HttpApi2Simple { &self.simple } else { &self.policy };
        let (result, outcome) = authorizer.authorize(&asked.event);
        let is_same = self.compare_fresh(case, api, as_documented, &outcome, alone);
        self.check_gate(case, api, &asked, &result, &outcome);
        if is_same {
            self.try_exact(case, api, &asked, &result, alone);
        }
        self.try_shared(case, api, &asked, result, alone, rng);
        self.try_kept(case, api, &asked, alone);
    }

    /// Behind a cache that is as the configuration says, the authorizer is right by itself.
    fn try_kept(&mut self, case: &Case<'_>, api: GatewayApi, asked: &Question, alone: &Outcome) {
        for (way, gated) in self.kept.try_all(case, api, asked, alone, self.now) {
            let (gate, since) = match gated {
                Gated::Same { is_kept } => {
                    let counts = self.counts.kept.entry(way).or_default();
                    counts.0 += 1;
                    counts.1 += usize::from(is_kept);
                    continue;
                }
                Gated::Explained(why) => {
                    self.counts.explained(why);
                    continue;
                }
                Gated::Differs { gate, since } => (gate, since),
            };
            let then = since.map(|since| self.at(since, case));
            let says = |outcome: &Outcome| outcome.is_allowed().then(|| outcome.principal.clone());
            match then {
                Some(then) if passed_as(&gate) == says(&then) => self.counts.outlived += 1,
                _ => {
                    case.differ(&format!("{way:?}: the kept answer and the dispatcher differ"), &gate, alone)
                }
            }
        }
    }

    /// Whether the authorizer, asked now, says what the dispatcher does; where not, the form of the question explains it.
    fn compare_fresh(
        &mut self,
        case: &Case<'_>,
        api: GatewayApi,
        as_documented: bool,
        outcome: &Outcome,
        alone: &Outcome,
    ) -> bool {
        let Case { request, .. } = case;
        let is_policy = api != GatewayApi::HttpApi2Simple;
        let about = alone.route.as_ref().map_or(case.route, |(route, _)| route.as_str());
        if outcome == alone {
            return true;
        }
        if is_policy && case.has_wildcard() && outcome.code() == "ambiguous-path" {
            self.counts.explained("a wildcard in a policy");
            return false;
        }
        if api == GatewayApi::RestToken {
            if request.repeats() {
                self.counts.explained("a repeated field, of which a TOKEN question names one value");
                return false;
            }
            if request.get("x-api-key").is_some() && alone.code() == "malformed-header" {
                self.counts.explained("a second API key, which a TOKEN question does not name");
                return false;
            }
            let unclear = request.path.contains('%') || request.path.ends_with('/');
            if unclear && outcome.code() == "ambiguous-path" {
                self.counts.explained("a path in a TOKEN question's ARN");
                return false;
            }
            if !is_by_token_alone(about) {
                if outcome.is_allowed() && !alone.is_allowed() {
                    case.differ("a TOKEN question opens more", outcome, alone);
                }
                self.counts.explained("what a TOKEN question does not say");
                return false;
            }
        } else if as_documented && request.repeats() {
            self.counts.explained("a repeated name in a question as documented");
            return false;
        }
        case.differ("the authorizer and the dispatcher differ", outcome, alone);
    }

    /// A gateway that keeps nothing does as the authorizer says.
    fn check_gate(
        &self,
        case: &Case<'_>,
        api: GatewayApi,
        asked: &Question,
        result: &FunctionResult,
        outcome: &Outcome,
    ) {
        let mut none_kept = GatewayCache::new(api, &[], Duration::ZERO);
        let request = asked.request();
        let Look::Ask(key) = none_kept.look(&request, self.now) else { panic!("nothing is kept") };
        let gate = none_kept.take(key, result.clone(), &request, self.now);
        let expected = outcome.is_allowed().then(|| outcome.principal.clone());
        if passed_as(&gate) != expected {
            case.differ("the gateway does not do as the authorizer says", &gate, outcome);
        }
    }

    fn cache(&mut self, case: &Case<'_>, api: GatewayApi, sources: Vec<IdentitySource>) -> &mut GatewayCache {
        let new = GatewayCache::new(api, &sources, TTL);
        self.caches.entry((api, case.place.stage(case.form), sources)).or_insert(new)
    }

    /// Behind a cache that goes by all that the route depends on, the authorizer is right by itself.
    fn try_exact(
        &mut self,
        case: &Case<'_>,
        api: GatewayApi,
        asked: &Question,
        result: &FunctionResult,
        alone: &Outcome,
    ) {
        let about = alone
            .route
            .as_ref()
            .and_then(|(route, _)| super::requests::ROUTES.iter().find(|own| *own == route));
        let about = about.copied().unwrap_or(case.route);
        let Some(sources) = sources(about) else { return };
        if api == GatewayApi::RestToken {
            // Its key is the token alone.
            return;
        }
        if case.form == Form::RestApi && case.request.repeats() {
            // A REST API's key holds the last value only.
            self.counts.explained("a repeated name in a REST API's key");
            return;
        }
        let (request, now) = (asked.request(), self.now);
        let cache = self.cache(case, api, sources);
        let (gate, since) = match cache.look(&request, now) {
            Look::Answered(gate) => (gate, None),
            Look::Kept(gate, since) => (gate, Some(since)),
            Look::Ask(key) => (cache.take(key, result.clone(), &request, now), None),
        };
        self.counts.exact_hits += usize::from(since.is_some());
        let passed = passed_as(&gate);
        let says = |outcome: &Outcome| outcome.is_allowed().then(|| outcome.principal.clone());
        if passed == says(alone) {
            return;
        }
        // What was true when the answer was made may have ended since: a token.
        let then = since.map(|since| self.at(since, case));
        match then {
            Some(then) if passed == says(&then) => self.counts.outlived += 1,
            _ => case.differ("the cached authorizer and the dispatcher differ", &gate, alone),
        }
    }

    /// What the dispatcher said of the same request at another time.
    fn at(&mut self, then: Timestamp, case: &Case<'_>) -> Outcome {
        self.past.begin(then);
        self.past.dispatch(&event(case.request, case.form, case.place, None))
    }

    /// Behind a cache that goes by the `authorization` field alone, nothing gets through that the dispatcher refuses.
    fn try_shared(
        &mut self,
        case: &Case<'_>,
        api: GatewayApi,
        asked: &Question,
        result: FunctionResult,
        alone: &Outcome,
        rng: &mut Rng,
    ) {
        let (request, now) = (asked.request(), self.now);
        let cache = self.cache(case, api, vec![IdentitySource::Header("authorization".to_owned())]);
        let (gate, is_kept, is_asked) = match cache.look(&request, now) {
            Look::Answered(gate) => (gate, false, false),
            Look::Kept(gate, _) => (gate, true, true),
            Look::Ask(key) => (cache.take(key, result, &request, now), false, true),
        };
        self.counts.shared_hits += usize::from(is_kept);
        let Some(context) = gate.context() else {
            self.counts.wrong_refusals += usize::from(is_kept && alone.is_allowed());
            self.counts.without_source += usize::from(!is_asked && alone.is_allowed());
            return;
        };
        self.counts.stopped_behind += usize::from(is_kept && !alone.is_allowed());
        // What the authorizer said goes on to the dispatcher, which does not listen to it.
        if !alone.is_allowed() || rng.u8(0..4) == 0 {
            let behind = self.dispatcher.dispatch(&event(case.request, case.form, case.place, Some(context)));
            case.same("the dispatcher behind an authorizer and alone differ", &behind, alone);
        }
    }

    /// Fronts that hand on the same do the same, and no two allow one request as two different ones.
    fn compare_forms(&self, request: &Request, route: &'static str, outcomes: &[(Form, Outcome)]) {
        let has = |name: &str| request.get(name).is_some();
        let says_less =
            request.repeats() || request.query.contains('%') || request.role.is_some() || has("connection");
        let exactly = [Form::RestApi, Form::FunctionUrl, Form::AlbMulti];
        for (at, (form, one)) in outcomes.iter().enumerate() {
            for (other_form, other) in &outcomes[at + 1..] {
                let case = Case { request, route, form: *form, place: Place::Own };
                // API Gateway drops the field and with it what it names, which is then not looked at elsewhere.
                let both = one.is_allowed() && other.is_allowed() && !has("connection");
                if both && (one.route != other.route || one.principal != other.principal) {
                    case.differ(&format!("{other_form:?} allows something else"), one, other);
                }
                if !says_less && exactly.contains(form) && exactly.contains(other_form) && one != other {
                    case.differ(&format!("{other_form:?} does something else"), one, other);
                }
            }
        }
    }
}
