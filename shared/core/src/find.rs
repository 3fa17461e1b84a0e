use doorward_config::{Durability, OnStoreFailure, Plan, PurposeRule, Target};
use doorward_model::entity_type::EVENT_SOURCE;
use doorward_model::{
    Call, CanonicalPath, EntityName, EventKind, EventRecord, Front, HttpRequest, Inbound, MalformedFault,
    Message, Refusal, Stage, Trace, TrustLevel,
};

use crate::cloudevents::CloudEvent;
use crate::door::Door;
use crate::inflation::Allowance;
use crate::invoke::{FunctionName, Invocation};
use crate::load::LoadRules;
use crate::named::{self, Named};
use crate::router::Match;
use crate::rules::{EventRules, RouteRules, Rules};

/// A call whose front is pinned and whose route or event is known.
pub(crate) struct Found<'c> {
    subject: Subject<'c>,
    resource: EntityName,
    resource_parents: Vec<EntityName>,
    trace: &'c Trace,
}

/// The two forms of a found call.
pub(crate) enum Subject<'c> {
    Http(HttpCall<'c>),
    Event { rules: &'c EventRules, record: &'c EventRecord },
}

/// A request and where its path leads.
pub(crate) struct HttpCall<'c> {
    /// The pinned front that it came through.
    pub(crate) front: &'c Front,
    pub(crate) rules: &'c RouteRules,
    pub(crate) request: &'c HttpRequest,
    pub(crate) path: CanonicalPath,
    pub(crate) parameters: Vec<(String, String)>,
    /// What policies read of it by name.
    pub(crate) named: Named,
    /// What the header field says that the route takes its purpose from.
    pub(crate) purpose: Option<String>,
    /// What it asks for, where it is one of the invoke door.
    pub(crate) invocation: Option<Box<Invocation<'c>>>,
    /// The event that it brings, where its route takes CloudEvents: one of them, by whose rule it goes.
    pub(crate) event: Option<&'c CloudEvent>,
}

impl<'c> Found<'c> {
    pub(crate) fn subject(&self) -> &Subject<'c> {
        &self.subject
    }

    pub(crate) fn into_subject(self) -> Subject<'c> {
        self.subject
    }

    /// What the call is about, for the policies.
    pub(crate) fn resource(&self) -> &EntityName {
        &self.resource
    }

    /// What the resource is in: its function, where it is not the function itself, and what its path names.
    pub(crate) fn resource_parents(&self) -> &[EntityName] {
        &self.resource_parents
    }

    pub(crate) fn trace(&self) -> &'c Trace {
        self.trace
    }

    /// The Cedar action.
    pub(crate) fn action(&self) -> &'c str {
        match &self.subject {
            Subject::Http(http) => &http.rules.route.id,
            Subject::Event { rules, .. } => &rules.rule.id,
        }
    }

    pub(crate) fn target(&self) -> &'c Target {
        match &self.subject {
            Subject::Http(http) => &http.rules.target,
            Subject::Event { rules, .. } => &rules.target,
        }
    }

    /// Whether its request brings CloudEvents, each of which is decided on by itself.
    pub(crate) fn brings_events(&self) -> bool {
        match &self.subject {
            Subject::Http(http) => http.rules.route.cloudevents.is_some() && http.event.is_none(),
            Subject::Event { .. } => false,
        }
    }

    /// What is asked for through the invoke door.
    /// The request, and what it and its answer may inflate to, where they have content codings; invocations and
    /// events of other sources have none.
    pub(crate) fn coded(&self) -> Option<(&'c HttpRequest, Allowance)> {
        match &self.subject {
            Subject::Http(HttpCall { invocation: None, request, rules, .. }) => {
                Some((request, Allowance::new(rules.route.max_inflated)))
            }
            Subject::Http(_) | Subject::Event { .. } => None,
        }
    }

    pub(crate) fn invocation(&self) -> Option<&Invocation<'c>> {
        match &self.subject {
            Subject::Http(http) => http.invocation.as_deref(),
            Subject::Event { .. } => None,
        }
    }

    /// Where the resource is read from; `None` where it is not read.
    pub(crate) fn load(&self) -> Option<&'c LoadRules> {
        match &self.subject {
            Subject::Http(http) => http.rules.load.as_ref(),
            Subject::Event { .. } => None,
        }
    }

    pub(crate) fn plan(&self) -> Option<&'c Plan> {
        match &self.subject {
            Subject::Http(http) => http.rules.plan.as_ref(),
            Subject::Event { rules, .. } => rules.plan.as_ref(),
        }
    }

    /// The purpose that all calls of the route or event have.
    fn purpose(&self) -> Option<&'c str> {
        match &self.subject {
            Subject::Http(http) => http.rules.route.purpose.as_ref().and_then(PurposeRule::fixed),
            Subject::Event { rules, .. } => rules.rule.purpose.as_deref(),
        }
    }

    /// When its record is written.
    pub(crate) fn durability(&self) -> Durability {
        match &self.subject {
            Subject::Http(http) => http.rules.route.durability,
            Subject::Event { .. } => Durability::Intent,
        }
    }

    fn note(&self, call: &mut Call) {
        call.action = Some(self.action().to_owned());
        // What a request of events is done to, each of them says.
        call.resource = Some(self.resource.clone()).filter(|_| !self.brings_events());
        call.target = Some(self.target().name.clone()).filter(|_| !self.brings_events());
        call.plan = self.plan().map(|plan| plan.name.clone());
        call.plan_version = self.plan().map(|plan| plan.version.clone());
        call.purpose = self.purpose().map(str::to_owned);
        if let Subject::Http(http) = &self.subject {
            call.invoked = http.invocation.as_deref().map(Invocation::note);
            call.units = http.rules.units.beforehand();
            call.batched = http.rules.route.durability == Durability::Batched;
            call.goes_on = http.rules.route.on_store_failure == OnStoreFailure::AllowAndJournal;
        }
    }
}

impl Door {
    /// Which route or event is it? A front that is not pinned gets no further: whoever may invoke the function could
    /// forge any envelope.
    pub(crate) fn find<'c>(&'c self, inbound: &'c Inbound, call: &mut Call) -> Result<Found<'c>, Refusal> {
        self.enter(call, Stage::Find);
        self.rules.check_front(inbound).map_err(|refusal| self.bound_unpinned(inbound, refusal))?;
        self.rules.find(inbound, call)
    }
}

impl Rules {
    pub(crate) fn check_front(&self, inbound: &Inbound) -> Result<(), Refusal> {
        let arn = match &inbound.message {
            Message::Event(record) => record.arn.as_deref(),
            Message::Http(_) => None,
        };
        if self.config().pins(&inbound.front, arn) { Ok(()) } else { Err(Refusal::UnknownFront) }
    }

    /// Where a message that came in by a pinned front leads.
    pub(crate) fn find<'c>(&'c self, inbound: &'c Inbound, call: &mut Call) -> Result<Found<'c>, Refusal> {
        let found = match &inbound.message {
            Message::Http(request) => self.find_route(request, &inbound.front, &inbound.trace)?,
            Message::Event(record) => {
                // A pinned source attests itself; nothing else of the record is believed yet.
                call.is_by(EntityName::new(EVENT_SOURCE, &record.sender), TrustLevel::Attested);
                self.find_event(record, &inbound.trace, call)?
            }
        };
        found.note(call);
        Ok(found)
    }

    /// Whether a gateway that took the request for the route with the path `template` took it for the one that takes it here. A
    /// route that there is only at the gateway may lead to what several routes here tell apart.
    #[must_use]
    pub fn takes_alike(&self, inbound: &Inbound, template: &str) -> bool {
        let Message::Http(request) = &inbound.message else { return true };
        let Some(path) = self.path_of(inbound) else { return true };
        let Match::Route(found, _) = self.router.find(&request.method, &path) else { return true };
        let written = |place: &usize| {
            self.routes
                .get(*place)
                .is_some_and(|rules| rules.route.matched.is_written(&request.method, template))
        };
        written(&found) || !(0..self.routes.len()).any(|place| written(&place))
    }

    fn find_route<'c>(
        &'c self,
        request: &'c HttpRequest,
        front: &'c Front,
        trace: &'c Trace,
    ) -> Result<Found<'c>, Refusal> {
        let path = self.canonical_path(front.kind, request)?;
        let matched = match &request.socket {
            Some(socket) => self.router.find_socket(socket),
            None => self.router.find(&request.method, &path),
        };
        let (place, parameters, function) = match matched {
            Match::Route(place, parameters) => (place, parameters, None),
            Match::Invocation(function) => {
                let name = FunctionName::parse(&function).ok_or(Refusal::NotFound)?;
                let place = self.router.find_function(name.name).ok_or(Refusal::NotFound)?;
                (place, Vec::new(), Some(function))
            }
            Match::OtherMethods(allow) => return Err(Refusal::MethodNotAllowed { allow }),
            Match::Nothing => return Err(Refusal::NotFound),
        };
        let rules = self.routes.get(place).ok_or(Refusal::NotFound)?;
        let invocation = match (rules.route.invoke(), &function) {
            (Some(rule), Some(function)) => {
                let named = FunctionName::parse(function).filter(|name| name.names(&rule.function));
                let name = named.ok_or(Refusal::NotFound)?;
                Some(Box::new(Invocation::read(rule, &rules.target.kind, &name, request)?))
            }
            _ => None,
        };
        let named = Named::read(&rules.route.context, request).map_err(Refusal::Malformed)?;
        let (resource, resource_parents) = match &rules.route.resource {
            None => (rules.function.clone(), Vec::new()),
            Some(rule) => {
                let entity = |type_name: &str, parameter: &str| {
                    let id = parameters.iter().find(|(name, _)| name == parameter).map(|(_, value)| value);
                    Ok(EntityName::new(type_name, id.ok_or(Refusal::NotFound)?))
                };
                let mut parents = vec![rules.function.clone()];
                for parent in &rule.parents {
                    parents.push(entity(&parent.type_name, &parent.parameter)?);
                }
                (entity(&rule.type_name, &rule.parameter)?, parents)
            }
        };
        let purpose = match &rules.route.purpose {
            Some(PurposeRule::Header { name, .. }) => {
                named::header(request, name).map_err(Refusal::Malformed)?
            }
            Some(PurposeRule::Fixed(_) | PurposeRule::Claim { .. }) | None => None,
        };
        let subject = Subject::Http(HttpCall {
            front,
            rules,
            request,
            path,
            parameters,
            named,
            purpose,
            invocation,
            event: None,
        });
        Ok(Found { subject, resource, resource_parents, trace })
    }

    /// Where an event leads that `http` brings, as `request` hands it on.
    pub(crate) fn find_cloud_event<'c>(
        &'c self,
        http: &HttpCall<'c>,
        request: &'c HttpRequest,
        event: &'c CloudEvent,
        trace: &'c Trace,
        call: &mut Call,
    ) -> Result<Found<'c>, Refusal> {
        let rules = self.cloud_event_rules(&http.rules.route.id, event).ok_or(Refusal::NotFound)?;
        let subject = Subject::Http(HttpCall {
            front: http.front,
            rules,
            request,
            path: http.path.clone(),
            parameters: http.parameters.clone(),
            named: http.named.clone(),
            purpose: None,
            invocation: None,
            event: Some(event),
        });
        let found = Found { subject, resource: rules.function.clone(), resource_parents: Vec::new(), trace };
        found.note(call);
        Ok(found)
    }

    /// The first rule that is about the event.
    pub(crate) fn cloud_event_rules(&self, route: &str, event: &CloudEvent) -> Option<&RouteRules> {
        self.cloud_events.iter().find(|(rule, _)| event.is_of(route, rule)).map(|(_, rules)| rules)
    }

    fn find_event<'c>(
        &'c self,
        record: &'c EventRecord,
        trace: &'c Trace,
        call: &mut Call,
    ) -> Result<Found<'c>, Refusal> {
        let rules = self.events.iter().find(|rules| matches(rules, record));
        let by_item = [EventKind::Sqs, EventKind::DynamoDb, EventKind::Kinesis].contains(&record.source);
        // What its source cannot be told of by itself would have its neighbours come again with it, without end: no rule can
        // have it sent back, and it is kept.
        let nameless = by_item && record.item.is_none();
        let unnamed = || nameless.then(|| "it has no id by which its source could be told of it".to_owned());
        let unopened = || rules.is_none().then(|| self.unopened(record)).flatten();
        if let Some(fault) = record.fault.clone().or_else(unnamed).or_else(unopened) {
            // What becomes of it is for its rule to say, where what can be read of it is enough to tell which.
            let ruled = rules.or_else(|| self.event_rules_of_broken(record)).filter(|_| !nameless);
            call.action = ruled.map(|rules| rules.rule.id.clone());
            return Err(Refusal::Malformed(MalformedFault::Envelope(fault)));
        }
        let rules = rules.ok_or(Refusal::NotFound)?;
        let (resource, resource_parents) = (rules.function.clone(), Vec::new());
        Ok(Found { subject: Subject::Event { rules, record }, resource, resource_parents, trace })
    }

    /// What is wrong with an event that came in a message which rules open, and is of no source that they open it for: it is
    /// nested deeper than they say, mostly.
    fn unopened(&self, record: &EventRecord) -> Option<String> {
        let carried = record.carried.as_ref()?;
        let opens = |rules: &&EventRules| is_opened_by(rules, record);
        let is_known = self.events.iter().filter(opens).any(|rules| rules.rule.source == carried.kind);
        let kind = carried.kind.word();
        (!is_known).then(|| format!("the message is nested too deep: it holds an event of `{kind}`, for which no rule's `through` opens it"))
    }

    /// The rule whose word holds for a record that cannot be read so far as to tell which it is about: the first of those that
    /// it may be about, where all of them say the same of what is refused.
    fn event_rules_of_broken(&self, record: &EventRecord) -> Option<&EventRules> {
        let mut likely = self.events.iter().filter(|rules| may_be_about(rules, record));
        let first = likely.next()?;
        likely.all(|rules| rules.rule.on_deny == first.rule.on_deny).then_some(first)
    }
}

/// Whether what can be read of a broken record leaves it open that the rule is about it, or about what it carries.
fn may_be_about(rules: &EventRules, record: &EventRecord) -> bool {
    let rule = &rules.rule;
    is_opened_by(rules, record)
        || rule.source == record.kind()
            && came_through(&rule.through, record)
            && rule
                .matches
                .iter()
                .all(|(name, pattern)| record.said(name).is_none_or(|text| pattern.matches(&text)))
}

/// Whether the rule is about what comes in the messages of the record's sender.
fn is_opened_by(EventRules { rule, .. }: &EventRules, record: &EventRecord) -> bool {
    rule.through.first().is_some_and(|front| front.to_string() == record.sender)
}

fn matches(EventRules { rule, .. }: &EventRules, record: &EventRecord) -> bool {
    rule.source == record.kind()
        && came_through(&rule.through, record)
        && rule.event_type.as_ref().is_none_or(|pattern| pattern.matches(record.own_type()))
        && rule
            .matches
            .iter()
            .all(|(name, pattern)| record.said(name).is_some_and(|text| pattern.matches(&text)))
}

/// Whether the record came within the messages of these, the outermost first.
fn came_through(through: &[Front], record: &EventRecord) -> bool {
    match (through, &record.carried) {
        ([], None) => true,
        ([outermost, rest @ ..], Some(carried)) => {
            outermost.to_string() == record.sender && rest == carried.through
        }
        ([], Some(_)) | ([_, ..], None) => false,
    }
}
