use doorward_config::{CloudEventsRule, Repeated};
use doorward_model::{Call, CallId, CloudEventFault, HttpRequest, Principal, Refusal, Trace};

use super::event::CloudEvent;
use super::forward;
use super::read::{self, Mode};
use crate::door::Door;
use crate::find::{HttpCall, Subject};
use crate::identify::Identified;
use crate::rules::Rules;

/// A request whose sender is proven, and the events that it brings.
pub(crate) struct Opened<'c> {
    pub(super) http: HttpCall<'c>,
    pub(super) trace: &'c Trace,
    pub(super) sender: Principal,
    pub(super) mode: Mode,
    /// The request as a target is sent it.
    pub(super) request: HttpRequest,
    pub(super) events: Vec<CloudEvent>,
    /// By what quarantine keeps its event, which is being released.
    pub(super) released: Option<CallId>,
}

impl<'c> Opened<'c> {
    pub(crate) fn of(identified: Identified<'c>) -> Result<Self, Refusal> {
        let (found, sender) = identified.into_parts();
        let trace = found.trace();
        // Routes of CloudEvents are found of requests.
        let Subject::Http(http) = found.into_subject() else { return Err(Refusal::NotFound) };
        let Some(rule) = &http.rules.route.cloudevents else { return Err(Refusal::NotFound) };
        Self::read(http.request, rule).map(|(mode, events)| {
            let request = forward::cleaned(http.request, mode);
            Self { trace, sender, mode, request, events, http, released: None }
        })
    }

    fn read(request: &HttpRequest, rule: &CloudEventsRule) -> Result<(Mode, Vec<CloudEvent>), Refusal> {
        let mode = read::mode(request)?;
        let events = read::events(mode, request, rule).map_err(Refusal::Malformed)?;
        Ok((mode, events))
    }
}

impl Rules {
    /// An event whose sender is known, and the rule that it goes by.
    pub(super) fn find_event_of<'e>(
        &'e self,
        opened: &'e Opened<'_>,
        event: &'e CloudEvent,
        call: &mut Call,
    ) -> Result<Identified<'e>, Refusal> {
        let route = &opened.http.rules.route.id;
        if let Some(fault) = &event.fault {
            // What becomes of it is for its rule to say, where what can be read of it is enough to tell which.
            if let Some(rules) = self.cloud_event_rules(route, event) {
                call.action = Some(rules.route.id.clone());
            }
            return Err(Refusal::Malformed(fault.clone()));
        }
        let found = self.find_cloud_event(&opened.http, &opened.request, event, opened.trace, call)?;
        call.delivery = Some(self.event_call_id(opened, event));
        Ok(Identified::known(self.config(), found, opened.sender.clone(), call))
    }

    pub(super) fn event_call_id(&self, opened: &Opened<'_>, event: &CloudEvent) -> CallId {
        let (route, path) = (&opened.http.rules.route.id, opened.http.path.to_string());
        event.call_id(&self.config().door.name, route, &path, &opened.sender.name)
    }

    /// The one event of a rehearsed request: of several, there would be as many decisions.
    pub(crate) fn rehearsed_event<'e>(
        &'e self,
        opened: &'e Opened<'_>,
        call: &mut Call,
    ) -> Result<Identified<'e>, Refusal> {
        match opened.events.as_slice() {
            [event] => self.find_event_of(opened, event, call),
            _ => Err(Refusal::Malformed(CloudEventFault::TooMany(1).into())),
        }
    }
}

impl Door {
    pub(super) fn repeated(&self, call: &Call) -> Repeated {
        self.event_rule(call).map_or(Repeated::Answer, |rule| rule.repeated)
    }
}
