use doorward_config::{EventRule, Route};
use doorward_contract::Operation;
use doorward_model::{
    Call, CanonicalPath, EntityName, EventRecord, HttpRequest, Inbound, MalformedFault, Message, Refusal,
    Stage, Trace,
};

use crate::door::Door;
use crate::router::Match;
use crate::rules::FUNCTION;

/// A call whose front is pinned and whose route or event is known.
pub(crate) struct Found<'d> {
    pub(crate) subject: Subject<'d>,
    pub(crate) trace: Trace,
}

/// The two forms of a found call.
pub(crate) enum Subject<'d> {
    Http(HttpCall<'d>),
    Event { rule: &'d EventRule, record: EventRecord },
}

pub(crate) struct HttpCall<'d> {
    pub(crate) route: &'d Route,
    pub(crate) operation: Option<&'d Operation>,
    pub(crate) request: HttpRequest,
    pub(crate) path: CanonicalPath,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Found<'_> {
    pub(crate) fn target_name(&self) -> &str {
        match &self.subject {
            Subject::Http(http) => &http.route.target,
            Subject::Event { rule, .. } => &rule.target,
        }
    }
}

impl Door {
    /// Which route or event is it? A front that is not pinned gets no further: whoever may invoke the function could
    /// forge any envelope.
    pub(crate) fn find(&self, inbound: Inbound, call: &mut Call) -> Result<Found<'_>, Refusal> {
        self.enter(call, Stage::Find);
        if !self.rules.config.fronts.contains(&inbound.front) {
            return Err(Refusal::UnknownFront);
        }
        let subject = match inbound.message {
            Message::Http(request) => self.find_route(request, call)?,
            Message::Event(record) => self.find_event(record, call)?,
        };
        let found = Found { subject, trace: inbound.trace };
        call.target = Some(found.target_name().to_owned());
        Ok(found)
    }

    fn find_route(&self, request: HttpRequest, call: &mut Call) -> Result<Subject<'_>, Refusal> {
        let path = CanonicalPath::parse(&request.path, request.path_form)
            .map_err(|fault| Refusal::Malformed(MalformedFault::Path(fault)))?;
        let (place, parameters) = match self.rules.router.find(&request.method, &path) {
            Match::Route(place, parameters) => (place, parameters),
            Match::OtherMethods(allow) => return Err(Refusal::MethodNotAllowed { allow }),
            Match::Nothing => return Err(Refusal::NotFound),
        };
        let (route, operation) = self.rules.route(place).ok_or(Refusal::NotFound)?;
        call.action = Some(route.id.clone());
        call.purpose.clone_from(&route.purpose);
        call.units = route.units.get();
        call.resource = Some(match &route.resource {
            None => EntityName::new(FUNCTION, &route.target),
            Some(rule) => {
                let id = parameters.iter().find(|(name, _)| *name == rule.parameter).map(|(_, value)| value);
                EntityName::new(&rule.type_name, id.ok_or(Refusal::NotFound)?)
            }
        });
        Ok(Subject::Http(HttpCall { route, operation, request, path, parameters }))
    }

    fn find_event(&self, record: EventRecord, call: &mut Call) -> Result<Subject<'_>, Refusal> {
        if let Some(fault) = record.fault {
            return Err(Refusal::Malformed(MalformedFault::Envelope(fault)));
        }
        let events = &self.rules.config.events;
        let place = events.iter().position(|rule| matches(rule, &record)).ok_or(Refusal::NotFound)?;
        let rule = self.rules.event(place).ok_or(Refusal::NotFound)?;
        call.action = Some(rule.id.clone());
        call.purpose.clone_from(&rule.purpose);
        call.resource = Some(EntityName::new(FUNCTION, &rule.target));
        Ok(Subject::Event { rule, record })
    }
}

fn matches(rule: &EventRule, record: &EventRecord) -> bool {
    rule.source == record.source
        && rule.event_type.as_ref().is_none_or(|pattern| pattern.matches(&record.event_type))
        && rule.matches.iter().all(|(name, pattern)| match record.attributes.get(name) {
            Some(serde_json::Value::String(text)) => pattern.matches(text),
            Some(serde_json::Value::Number(number)) => pattern.matches(&number.to_string()),
            _ => false,
        })
}
