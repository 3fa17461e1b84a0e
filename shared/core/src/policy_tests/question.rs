use doorward_config::{
    EventRule, Placed, PurposeRule, QuestionSample, ResourceRule, RouteMatch, Sample, Stated, suggest,
};
use doorward_model::{
    AuthFault, DenyReason, EntityName, Fault, Faults, Fields, IamFault, InvocationType, Item, Place,
    Principal, SocketEvent, TrustLevel,
};
use doorward_policy::{CallContext, Context, Decision, Input, Loaded, Misfit, Question};
use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::identify;
use crate::invoke;
use crate::load;
use crate::rehearsal::{Ask, denied};
use crate::rules::{EventRules, RouteRules, Rules};

/// A question to the policies alone.
#[derive(Debug)]
pub(super) struct OwnedQuestion {
    pub(super) principal: Principal,
    pub(super) action: String,
    pub(super) resource: EntityName,
    parents: Vec<EntityName>,
    at: Timestamp,
    purpose: Option<String>,
    /// The resource as its item makes it, where the action has it read from a table.
    loaded: Result<Option<Loaded>, DenyReason>,
    /// What policies read as `context.request` or `context.event`.
    call: Value,
    /// What they read as `context.claimed`.
    claimed: Value,
    input: Option<Value>,
}

/// The connection of a call of which a test states none.
pub(super) const SOME_CONNECTION: &str = "connection";

/// The rule that an action comes from.
enum Rule<'r> {
    Route(&'r RouteRules),
    Event(&'r EventRules),
    /// Of an event that a request brings, what its rule says of the event and of the request.
    CloudEvent(&'r EventRule, &'r RouteRules),
}

impl OwnedQuestion {
    /// The question that `sample` is, the rest as the configuration says.
    pub(super) fn new(
        rules: &Rules,
        sample: &Sample,
        principal: Result<Option<Principal>, Faults>,
        question: &QuestionSample,
    ) -> Result<Self, Faults> {
        let action = &question.action;
        let Some(rule) = rules.rule(&action.value) else {
            let mut faults = principal.err().unwrap_or_default();
            let message = format!("no action is named `{}`", action.value);
            faults.0.push(misnamed(message, &action.place, &action.value, rules.policies().actions()));
            return Err(faults);
        };
        let mut reading = Reading { rules, rule, sample, question, faults: Faults::default() };
        let principal = reading.principal(principal);
        let resource = reading.resource();
        let parents = reading.parents(resource.as_ref());
        let purpose = reading.purpose();
        let call = reading.call(resource.as_ref());
        let claimed = reading.claimed();
        let input = question.input.as_ref().map(|input| reading.held("input", &input.value, Some(input)));
        let item = reading.item();
        let (Some(principal), Some(resource)) = (principal, resource) else { return Err(reading.faults) };
        let loads = reading.rule.loads();
        let loaded = if loads { load::made(rules.policies(), &resource, item).map(Some) } else { Ok(None) };
        reading.faults.or(Self {
            principal,
            action: action.value.clone(),
            resource,
            parents,
            at: sample.at,
            purpose,
            loaded,
            call,
            claimed,
            input,
        })
    }

    /// What `ask` says of it; a resource that is not there, or not as the schema says, is denied before.
    pub(super) fn decide(&self, ask: &mut Ask<'_>) -> Decision {
        match &self.loaded {
            Ok(loaded) => ask(&self.as_question(loaded.as_ref())),
            Err(reason) => denied(reason.clone()),
        }
    }

    fn as_question<'a>(&'a self, loaded: Option<&'a Loaded>) -> Question<'a> {
        Question {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            resource_parents: &self.parents,
            loaded,
            context: Context {
                now: self.at,
                purpose: self.purpose.as_deref(),
                call: CallContext::Stated { call: &self.call, claimed: &self.claimed },
                input: Input::Checked(self.input.as_ref()),
            },
        }
    }
}

impl Rule<'_> {
    fn function(&self) -> &EntityName {
        match self {
            Self::Route(rules) | Self::CloudEvent(_, rules) => &rules.function,
            Self::Event(rules) => &rules.function,
        }
    }

    fn loads(&self) -> bool {
        match self {
            Self::Route(rules) => rules.load.is_some(),
            Self::Event(_) | Self::CloudEvent(..) => false,
        }
    }

    /// What the rule says of every call of its action.
    fn call(&self, resource: Option<&EntityName>) -> Map<String, Value> {
        let (route, context) = match self {
            Self::Route(rules) | Self::CloudEvent(_, rules) => (&rules.route, &rules.route.context),
            Self::Event(rules) => {
                return Map::from_iter([("source".to_owned(), json!(rules.rule.outermost().word()))]);
            }
        };
        let id = resource.map_or("", |name| name.id.as_str());
        let socket = route.socket().map(|rule| rule.key.as_str());
        let event = socket.map(SocketEvent::of_key);
        let (method, template) = match &route.matched {
            // Of a route that takes any method, the question says which.
            RouteMatch::Http { method, path } => (method.only().cloned(), path.as_str()),
            RouteMatch::Socket(_) => (Some(event.unwrap_or(SocketEvent::Message).method()), "/"),
            RouteMatch::Invoke(_) => (Some(Method::POST), invoke::PATH),
        };
        let path = match &route.resource {
            Some(rule) => ["{NAME}", "{NAME+}"].iter().fold(template.to_owned(), |path, form| {
                path.replace(&form.replace("NAME", &rule.parameter), id)
            }),
            None => template.to_owned(),
        };
        let function = route.invoke().map_or("", |rule| rule.function.name.as_str());
        let path = path.replace("{FunctionName}", function);
        let kind = route.invoke().map(|_| json!(InvocationType::default().word()));
        let none = |named: bool| named.then(|| json!({}));
        let members = [
            ("method", method.map(|method| json!(method.as_str()))),
            ("path", Some(json!(path))),
            ("invocation_type", kind),
            ("route_key", socket.map(|key| json!(key))),
            ("event_type", event.map(|event| json!(event.word()))),
            ("connection_id", socket.map(|_| json!(SOME_CONNECTION))),
            ("headers", none(!context.headers.is_empty())),
            ("query", none(!context.query.is_empty())),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The purpose that all of its calls have.
    fn purpose(&self) -> Option<&str> {
        match self {
            Self::Route(rules) | Self::CloudEvent(_, rules) => {
                rules.route.purpose.as_ref().and_then(PurposeRule::fixed)
            }
            Self::Event(rules) => rules.rule.purpose.as_deref(),
        }
    }

    /// Whether none of its calls gets to the policies without one.
    fn has_purpose(&self) -> bool {
        match self {
            Self::Route(rules) | Self::CloudEvent(_, rules) => {
                rules.route.purpose.as_ref().is_some_and(PurposeRule::is_always_there)
            }
            Self::Event(rules) => rules.rule.purpose.is_some(),
        }
    }
}

impl Rules {
    fn rule(&self, action: &str) -> Option<Rule<'_>> {
        let decided = |rules: &&RouteRules| rules.route.id == action && rules.route.cloudevents.is_none();
        let cloud = self.cloud_events.iter().find(|(rule, _)| rule.id == action);
        let route = self.routes.iter().find(decided).map(Rule::Route);
        let route = route.or_else(|| cloud.map(|(rule, rules)| Rule::CloudEvent(rule, rules)));
        route.or_else(|| self.events.iter().find(|rules| rules.rule.id == action).map(Rule::Event))
    }

    /// Whether the project has entities of the type that is stated.
    pub(super) fn check_type(&self, stated: &Placed<EntityName>) -> Result<(), Fault> {
        let (known, name) = (self.policies().entity_types(), &stated.value.type_name);
        if known.contains(&name.as_str()) {
            return Ok(());
        }
        Err(misnamed(format!("no entity type is named `{name}`"), &stated.place, name, known))
    }
}

/// Reads a question part by part, so that all its faults are found.
struct Reading<'r> {
    rules: &'r Rules,
    rule: Rule<'r>,
    sample: &'r Sample,
    question: &'r QuestionSample,
    faults: Faults,
}

impl<'r> Reading<'r> {
    /// The caller, with the claims that policies read.
    fn principal(&mut self, stated: Result<Option<Principal>, Faults>) -> Option<Principal> {
        let caller = stated.unwrap_or_else(|more| {
            self.faults.0.extend(more.0);
            None
        })?;
        let stated = match &self.rule {
            Rule::Route(rules) | Rule::CloudEvent(_, rules) => identify::stated(rules, &caller),
            Rule::Event(_) => Ok(Principal {
                claims: Map::new(),
                attributes: Map::new(),
                trust: TrustLevel::Attested,
                ..caller
            }),
        };
        match stated {
            Ok(caller) => Some(Principal { trust: self.trust(&caller), ..caller }),
            Err(AuthFault::Iam(fault)) => {
                let place = self.sample.principal.as_ref().map(|stated| &stated.place);
                let place = place.unwrap_or(&self.question.action.place).clone();
                let hint = matches!(fault, IamFault::Arn).then(|| {
                    "roles are `arn:aws:iam::ACCOUNT:role/NAME`, without their path; users are named by their ARN".to_owned()
                });
                self.faults.0.push(with_hint(Fault::new(fault.to_string()).at(place), hint));
                None
            }
            Err(fault) => {
                let claims = self.sample.claims.as_ref().and_then(|claims| claims.place(""));
                let place = claims.unwrap_or(&self.question.action.place).clone();
                self.faults.0.push(Fault::new(fault.to_string()).at(place).hint("state it in `claims`"));
                None
            }
        }
    }

    /// What is stated, which callers of their kind must be able to have, or the strongest that they can.
    fn trust(&mut self, caller: &Principal) -> TrustLevel {
        let (strongest, Some(Placed { value, place })) = (caller.trust, &self.question.trust) else {
            return caller.trust;
        };
        let is_possible =
            *value == strongest || (*value, strongest) == (TrustLevel::Attested, TrustLevel::Verified);
        if !is_possible {
            let fault = Fault::new(format!(
                "no call of `{}` by such a caller is `{value}`",
                self.question.action.value
            ));
            self.faults.0.push(fault.at(place.clone()).hint(format!("at most, it is `{strongest}`")));
        }
        *value
    }

    /// What is stated, or the action's target where the action is done to it.
    fn resource(&mut self) -> Option<EntityName> {
        let of_route = match &self.rule {
            Rule::Route(rules) => rules.route.resource.as_ref(),
            Rule::Event(_) | Rule::CloudEvent(..) => None,
        };
        match (&self.question.resource, of_route) {
            (Some(stated), _) => {
                self.faults.0.extend(self.rules.check_type(stated).err());
                Some(stated.value.clone())
            }
            (None, Some(ResourceRule { type_name, .. })) => {
                let Placed { value, place } = &self.question.action;
                let fault = Fault::new(format!("`{value}` is done to an entity of the type `{type_name}`"));
                let hint = format!("write `resource = '{type_name}::\"…\"'`");
                self.faults.0.push(fault.at(place.clone()).hint(hint));
                None
            }
            (None, None) => Some(self.rule.function().clone()),
        }
    }

    fn parents(&mut self, resource: Option<&EntityName>) -> Vec<EntityName> {
        let stated = &self.question.parents;
        self.faults.0.extend(stated.iter().filter_map(|parent| self.rules.check_type(parent).err()));
        let function = self.rule.function();
        let own = resource.filter(|resource| *resource != function).map(|_| function.clone());
        own.into_iter().chain(stated.iter().map(|parent| parent.value.clone())).collect()
    }

    fn purpose(&mut self) -> Option<String> {
        let Some(Placed { value, place }) = &self.question.purpose else {
            let own = self.rule.purpose();
            if own.is_none() && self.rule.has_purpose() {
                let Placed { value, place } = &self.question.action;
                let fault = Fault::new(format!("every call of `{value}` has a purpose")).at(place.clone());
                self.faults.0.push(fault.hint("state one as `context.purpose`"));
            }
            return own.map(str::to_owned);
        };
        let known = &self.rules.config().door.purposes;
        if !known.contains(value) {
            let message = format!("no purpose is named `{value}`");
            self.faults.0.push(misnamed(message, place, value, known.iter().map(String::as_str)));
        }
        Some(value.clone())
    }

    /// What policies read of the call itself: what is stated, and what the rule says where nothing is.
    fn call(&mut self, resource: Option<&EntityName>) -> Value {
        let question = self.question;
        let (member, stated, other_member, other) = match &self.rule {
            Rule::Route(_) | Rule::CloudEvent(..) => ("request", &question.request, "event", &question.event),
            Rule::Event(_) => ("event", &question.event, "request", &question.request),
        };
        if let Some(other) = other {
            self.held(other_member, &other.value, Some(other));
        }
        let mut call = self.rule.call(resource);
        let call = match stated.as_ref().map(|stated| &stated.value) {
            Some(Value::Object(members)) => {
                call.extend(members.clone());
                Value::Object(call)
            }
            Some(other) => other.clone(),
            None => Value::Object(call),
        };
        self.held(member, &call, stated.as_ref())
    }

    /// What whoever sent an event says of it: what is stated, or nothing, which is no fault where all of it may be absent.
    fn claimed(&mut self) -> Value {
        let stated = self.question.claimed.as_ref();
        let claimed = stated.map_or_else(|| json!({}), |stated| stated.value.clone());
        let claims = match &self.rule {
            Rule::Event(rules) => rules.rule.claims(),
            Rule::CloudEvent(rule, _) => rule.claims(),
            Rule::Route(_) => Fields::new(),
        };
        match (stated, claims.is_empty()) {
            (None, true) => claimed,
            _ => self.held("claimed", &claimed, stated),
        }
    }

    fn item(&mut self) -> Option<&'r Item> {
        let Placed { value, place } = self.sample.item.as_ref()?;
        if !self.rule.loads() {
            let message =
                format!("the resource of `{}` is not read from a table", self.question.action.value);
            let hint = "its attributes are those of `entities.json`: leave `item` out";
            self.faults.0.push(Fault::new(message).at(place.clone()).hint(hint));
        }
        Some(value)
    }

    /// `value`, held against what policies read as `context.<member>`.
    fn held(&mut self, member: &str, value: &Value, stated: Option<&Stated>) -> Value {
        for Misfit { pointer, message, known } in
            self.rules.policies().misfits(&self.question.action.value, member, value)
        {
            let place = stated.and_then(|stated| stated.place(&pointer)).unwrap_or(&self.question.place);
            let message = format!("{message} (`context.{member}{}`)", pointer.replace('/', "."));
            let name = pointer.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(member);
            self.faults.0.push(misnamed(message, place, name, known.iter().map(String::as_str)));
        }
        value.clone()
    }
}

fn misnamed<'k>(
    message: String,
    place: &Place,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Fault {
    with_hint(Fault::new(message).at(place.clone()), suggest(name, known))
}

pub(super) fn with_hint(fault: Fault, hint: Option<String>) -> Fault {
    match hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}
