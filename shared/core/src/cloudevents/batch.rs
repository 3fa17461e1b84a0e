use std::collections::HashMap;

use doorward_model::{
    Body, Call, CallId, EntityName, Inbound, LimitNote, Outcome, Refusal, Reply, TargetFault,
};
use futures_util::StreamExt as _;
use futures_util::stream;
use http::{HeaderMap, StatusCode};

use super::answer::{self, Told};
use super::event::CloudEvent;
use super::forward;
use super::opened::Opened;
use super::reported;
use crate::batch_time::{AT_ONCE, PER_RECORD};
use crate::check_response::Answered;
use crate::door::{Answer, Door};
use crate::find::{HttpCall, Subject};
use crate::pipeline::Approach;
use crate::ports::ForwardMessage;
use crate::reserve::{Admitted, Tab};
use crate::serve_batch::takes_single;

/// An event's call, so far.
struct Progress<'e> {
    place: usize,
    event: &'e CloudEvent,
    call: Call,
    tab: Tab,
    state: State<'e>,
}

#[expect(clippy::large_enum_variant, reason = "most events of a batch are admitted")]
enum State<'e> {
    /// It may be sent.
    Admitted(Admitted<'e>),
    /// It ended: its target answered with this status, or it was refused.
    Ended(Result<StatusCode, Refusal>),
}

impl Door {
    /// The events of a batch, each as a call of its own; what may pass goes to its target together.
    pub(super) async fn serve_events(
        &self,
        inbound: &Inbound,
        opened: &Opened<'_>,
        call: &mut Call,
    ) -> Reply {
        let firsts = self.firsts(opened);
        let is_first = |place: &usize| firsts.get(*place).is_some_and(|first| first == place);
        let under_way: Vec<_> = (0..opened.events.len())
            .filter(is_first)
            .map(|place| self.approach_event(inbound, opened, place, call))
            .collect();
        let approached: Vec<Option<Progress<'_>>> = stream::iter(under_way).buffered(AT_ONCE).collect().await;
        let mut going: Vec<Progress<'_>> = approached.into_iter().flatten().collect();
        let mut ended = Vec::with_capacity(going.len());
        while let Some(target) = going.iter().find_map(Progress::target) {
            let set: Vec<_> = going.extract_if(.., |one| one.target().as_ref() == Some(&target)).collect();
            let (alone, in_order) =
                (set.iter().any(Progress::goes_alone), set.iter().any(Progress::in_order));
            let sets = if alone { set.into_iter().map(|one| vec![one]).collect() } else { vec![set] };
            let sending: Vec<_> = sets.into_iter().map(|set| self.send_events(opened, set)).collect();
            let sent = stream::iter(sending).buffered(if in_order { 1 } else { AT_ONCE });
            ended.extend(sent.collect::<Vec<_>>().await.into_iter().flatten());
        }
        ended.append(&mut going);
        let finishing: Vec<_> = ended.into_iter().map(|one| self.finish_event(opened, one)).collect();
        let mut told: Vec<Option<(Told, Outcome)>> = vec![None; opened.events.len()];
        let mut finished = stream::iter(finishing).buffer_unordered(AT_ONCE);
        while let Some((place, said, limits)) = finished.next().await {
            least(&mut call.limits, limits);
            if let Some(open) = told.get_mut(place) {
                *open = Some(said);
            }
        }
        drop(finished);
        // What was refused is written before it is answered.
        self.write_batch(self.left_for_record(call).unwrap_or_default()).await;
        for (place, first) in firsts.iter().enumerate().filter(|(place, first)| *first != place) {
            let Some(Some((said, outcome))) = told.get(*first).copied() else { continue };
            self.skip_event(inbound, opened, place, outcome, said, call).await;
            if let Some(open) = told.get_mut(place) {
                *open = Some((said, outcome));
            }
        }
        let listed: Vec<(&CloudEvent, Told)> =
            opened.events.iter().zip(told).filter_map(|(event, told)| Some((event, told?.0))).collect();
        let reply = answer::of_batch(&listed, call.id.as_str());
        // Of the request itself there is a line; its events are what is recorded.
        call.outcome = Outcome::Passed;
        call.units = 0;
        match self.respond(Ok(Answered::of(reply)), Some(inbound), call) {
            Answer::Http(reply) => reply,
            Answer::Event(_) => answer::done().into_reply(),
        }
    }

    /// For each event the place of the first with its `source` and `id`: one that stands twice is one call.
    fn firsts(&self, opened: &Opened<'_>) -> Vec<usize> {
        let mut seen: HashMap<CallId, usize> = HashMap::new();
        let places = opened.events.iter().enumerate().map(|(place, event)| match event.fault {
            None => *seen.entry(self.rules.event_call_id(opened, event)).or_insert(place),
            Some(_) => place,
        });
        places.collect()
    }

    /// A call for the event at `place`: until it is claimed it goes by its place in the request.
    fn begin_event(&self, inbound: &Inbound, opened: &Opened<'_>, place: usize, request: &Call) -> Call {
        let mut call = self.begin(inbound);
        call.id = CallId::new(format!("{}.{place}", request.id));
        call.is_by(opened.sender.name.clone(), opened.sender.trust);
        // Until it is known which rule is about it.
        call.action = Some(opened.http.rules.route.id.clone());
        call.key_id.clone_from(&request.key_id);
        let text = opened.events.get(place).and_then(|event| event.text.as_ref());
        call.bytes_in = text.map_or(0, |text| text.len() as u64);
        call
    }

    /// The way of an event up to its target.
    async fn approach_event<'e>(
        &'e self,
        inbound: &Inbound,
        opened: &'e Opened<'_>,
        place: usize,
        request: &Call,
    ) -> Option<Progress<'e>> {
        let event = opened.events.get(place)?;
        let mut call = self.begin_event(inbound, opened, place, request);
        let mut tab = Tab::default();
        let approached = match self.rules.find_event_of(opened, event, &mut call) {
            Ok(identified) => self.approach_identified(identified, &mut tab, &mut call).await,
            Err(refusal) => Err(refusal),
        };
        let state = match approached {
            Ok(Approach::Admitted(admitted)) => State::Admitted(admitted),
            Ok(Approach::Answered(answered)) => State::Ended(Ok(answered.status())),
            Err(refusal) => State::Ended(Err(refusal)),
        };
        Some(Progress { place, event, call, tab, state })
    }

    /// Sends events that go to one target, in the batch that they came in, without the others; or one of them, as a message.
    async fn send_events<'e>(&self, opened: &Opened<'_>, mut set: Vec<Progress<'e>>) -> Vec<Progress<'e>> {
        let spare = PER_RECORD.saturating_mul(u32::try_from(opened.events.len()).unwrap_or(u32::MAX));
        let sent: Vec<&CloudEvent> = set.iter().map(|one| one.event).collect();
        let (mut calls, mut admitted) = (Vec::new(), Vec::new());
        for one in set.iter_mut() {
            if let State::Admitted(own) = &one.state {
                calls.push(&mut one.call);
                admitted.push(own);
            }
        }
        let found = admitted.first().map(|first| first.permitted().found());
        let answer = match found.map(|found| (found, found.subject())) {
            Some((found, Subject::Http(HttpCall { event: Some(event), .. })))
                if forward::takes_messages(&found.target().kind) =>
            {
                let event_type = event.attribute("type");
                match forward::text(event, &opened.request) {
                    Ok(text) => {
                        let message = ForwardMessage::CloudEvent { text: &text, event_type };
                        self.send_once(&admitted, message, spare, &mut calls).await
                    }
                    Err(fault) => Err(fault),
                }
            }
            Some((found, Subject::Http(http))) => {
                let request = forward::batch(&opened.request, sent.iter().copied());
                let withheld = self.withheld(found);
                let message = ForwardMessage::Http {
                    request: &request,
                    route_key: &http.rules.key,
                    path: &http.path,
                    parameters: &http.parameters,
                    withheld: &withheld,
                    rewrite: None,
                };
                self.send_once(&admitted, message, spare, &mut calls).await
            }
            Some(_) | None => Err(TargetFault::Unfit("there is no event")),
        };
        let ends = match answer {
            Ok(reply) => reported::read(&reply, &sent),
            Err(fault) => vec![Err(Refusal::Target(fault)); sent.len()],
        };
        for (one, end) in set.iter_mut().zip(ends) {
            one.state = State::Ended(end);
        }
        set
    }

    /// Records an event that has ended, and says what its sender is told of it.
    async fn finish_event(
        &self,
        opened: &Opened<'_>,
        progress: Progress<'_>,
    ) -> (usize, (Told, Outcome), Vec<LimitNote>) {
        let Progress { place, event, mut call, mut tab, state } = progress;
        let outcome = match state {
            State::Ended(outcome) => outcome
                .map(|status| Answered::of(Reply { status, headers: HeaderMap::new(), body: Body::Empty })),
            // Whatever is admitted is sent.
            State::Admitted(_) => Err(Refusal::Target(TargetFault::Unfit("it was not sent"))),
        };
        let kept = self.to_keep(opened, event, &mut tab, &mut call);
        // One request can bring a thousand that are refused, and costs no row for each.
        call.batched = !call.claim_tried;
        let outcome = self.record(outcome, kept.as_ref(), tab, &mut call).await;
        let told = Told::of(&outcome, self.repeated(&call));
        self.note(told, &mut call);
        (place, (told, call.outcome), call.limits)
    }

    /// An event that stood in the request before, which ended as `first`.
    async fn skip_event(
        &self,
        inbound: &Inbound,
        opened: &Opened<'_>,
        place: usize,
        first: Outcome,
        told: Told,
        request: &Call,
    ) {
        let mut call = self.begin_event(inbound, opened, place, request);
        let refusal = Refusal::Repetition { first, lost: false };
        // Nothing was done, so there is nothing that could not be recorded.
        let _ = self.record(Err(refusal), None, Tab::default(), &mut call).await;
        self.note(told, &mut call);
    }

    /// Writes the line of an event.
    fn note(&self, told: Told, call: &mut Call) {
        call.status = Some(told.status.as_u16());
        call.finish(self.ports.clock.now());
        self.ports.journal.write(call);
    }
}

/// Adds what `more` tells of limits: of each, the least that any event of the request found is what was left behind it.
fn least(limits: &mut Vec<LimitNote>, more: Vec<LimitNote>) {
    for note in more {
        let is_of = |other: &&mut LimitNote| {
            (&other.name, other.limit, other.window) == (&note.name, note.limit, note.window)
        };
        match limits.iter_mut().find(is_of) {
            Some(known) if note.remaining < known.remaining => *known = note,
            Some(_) => {}
            None => limits.push(note),
        }
    }
}

impl Progress<'_> {
    /// Who is sent it, where it may be sent; all are of one sender.
    fn target(&self) -> Option<EntityName> {
        match &self.state {
            State::Admitted(admitted) => Some(admitted.permitted().found().resource().clone()),
            State::Ended(_) => None,
        }
    }

    fn goes_alone(&self) -> bool {
        match &self.state {
            State::Admitted(admitted) => takes_single(&admitted.permitted().found().target().kind),
            State::Ended(_) => false,
        }
    }

    fn in_order(&self) -> bool {
        match &self.state {
            State::Admitted(admitted) => forward::keeps_order(&admitted.permitted().found().target().kind),
            State::Ended(_) => false,
        }
    }
}
