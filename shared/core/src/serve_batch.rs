use std::collections::{HashMap, HashSet};
use std::time::Duration;

use doorward_config::{Invocation, LambdaTarget, TargetKind};
use doorward_model::{
    BatchOrder, Call, EntityName, EventRecord, Inbound, Message, Outcome, Refusal, Reply, TargetFault,
};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderMap, StatusCode};

use crate::batch_time::{AT_ONCE, BatchTime, PER_RECORD};
use crate::check_response::Answered;
use crate::door::{Answer, Door, EventAnswer};
use crate::fate::Fate;
use crate::item_failures::{self, Failures};
use crate::pipeline::Approach;
use crate::reserve::{Admitted, Tab};

/// A record's call, so far.
struct Progress<'c> {
    record: &'c EventRecord,
    call: Call,
    tab: Tab,
    state: State<'c>,
}

#[expect(clippy::large_enum_variant, reason = "most records of a batch are admitted")]
enum State<'c> {
    /// It may be sent.
    Admitted(Admitted<'c>),
    /// It ended: its target took it, or it was refused.
    Ended(Result<(), Refusal>),
}

/// How far a record of a batch came by itself.
#[expect(clippy::large_enum_variant, reason = "most records of a batch are admitted")]
enum Carried<'c> {
    /// It may be sent, with others.
    Waits(usize, Progress<'c>),
    /// It has its answer.
    Ended(usize, EventAnswer),
}

/// The answers to the records of a batch, each at its place.
struct Answers(Vec<Option<EventAnswer>>);

impl Door {
    /// Carries the records of one invocation through the door, each as a call of its own: what may pass goes to its target
    /// together, in their source's own envelope. The answers stand in the order of the records.
    ///
    /// Where the source has an order, it is kept: what is behind a record that must come again is not sent, and comes
    /// again too.
    pub async fn serve_batch(&self, records: &[Inbound], order: BatchOrder) -> Vec<EventAnswer> {
        let mut answers = Answers(vec![None; records.len()]);
        match order {
            BatchOrder::None => self.serve_unordered(records, &mut answers).await,
            BatchOrder::Fifo | BatchOrder::Stream => self.serve_ordered(records, order, &mut answers).await,
        }
        let mut answers: Vec<EventAnswer> =
            answers.0.into_iter().map(|answer| answer.unwrap_or_else(unserved)).collect();
        if order != BatchOrder::None {
            let mut again = answers.iter().skip_while(|answer| matches!(answer, EventAnswer::Done(_)));
            let behind = again.by_ref().count();
            let first = answers.len() - behind;
            // What an earlier delivery had done is done, wherever it stands now: it would come again as often as what is before
            // it, and end where that does.
            let is_over = |answer: &EventAnswer| matches!(answer, EventAnswer::Done(Outcome::Repeated));
            let behind = answers.iter_mut().skip(first);
            for answer in behind.filter(|answer| order == BatchOrder::Stream || !is_over(answer)) {
                if matches!(answer, EventAnswer::Done(_)) {
                    *answer = unserved();
                }
            }
        }
        answers
    }

    /// One that stands twice is one call: the second finds what came of the first, and comes again where the first does.
    async fn serve_unordered<'c>(&'c self, records: &'c [Inbound], answers: &mut Answers) {
        let mut left: Vec<usize> = (0..records.len()).collect();
        while !left.is_empty() {
            let mut seen = HashMap::new();
            let call = |place: usize| records.get(place).map(|inbound| &inbound.call);
            let (first, later): (Vec<usize>, Vec<usize>) =
                left.into_iter().partition(|place| *seen.entry(call(*place)).or_insert(*place) == *place);
            self.serve_apart(records, first, answers).await;
            left = later;
            left.retain(|place| match seen.get(&call(*place)).and_then(|first| answers.of(*first)) {
                Some(EventAnswer::Done(_)) => true,
                again => {
                    answers.set(*place, again.unwrap_or_else(unserved));
                    false
                }
            });
        }
    }

    /// Records of which no two are one call. Whatever may not pass, or goes alone, has its end at once; the others go together
    /// when all of them were looked at, or as many as there is time for: the rest was not touched, and comes again.
    async fn serve_apart<'c>(&'c self, records: &'c [Inbound], places: Vec<usize>, answers: &mut Answers) {
        let mut time = self.batch_time(records, AT_ONCE);
        let mut waiting = places.into_iter().filter_map(|place| Some((place, records.get(place)?)));
        let mut under_way: FuturesUnordered<BoxFuture<'_, Option<Carried<'c>>>> = FuturesUnordered::new();
        let mut going: Vec<(usize, Progress<'c>)> = Vec::new();
        loop {
            while under_way.len() < AT_ONCE
                && time.has_room(going.len() + under_way.len())
                && let Some((place, inbound)) = waiting.next()
            {
                under_way.push(self.carry_record(place, inbound).boxed());
            }
            let Some(carried) = under_way.next().await else { break };
            time.note(self.ports.clock.now());
            match carried {
                Some(Carried::Waits(place, progress)) => going.push((place, progress)),
                Some(Carried::Ended(place, answer)) => answers.set(place, answer),
                None => {}
            }
        }
        waiting.for_each(|(place, _)| answers.set(place, untouched()));
        going.sort_by_key(|(place, _)| *place);
        let spare = time.to_record(going.len());
        let mut ways = Vec::new();
        while let Some(next) = going.iter().find_map(|(_, progress)| progress.way()) {
            let is_next = |(_, progress): &(usize, Progress<'c>)| progress.way().as_ref() == Some(&next);
            ways.push(going.extract_if(.., |going| is_next(going)).collect());
        }
        let send = |mut set: Vec<(usize, Progress<'c>)>| {
            let sent = async move {
                self.send_set(&mut set, BatchOrder::None, spare).await;
                set
            };
            sent.boxed()
        };
        let sending: Vec<BoxFuture<'_, _>> = ways.into_iter().map(send).collect();
        let mut sent = stream::iter(sending).buffer_unordered(AT_ONCE);
        while let Some(set) = sent.next().await {
            self.finish_all(set, answers).await;
        }
    }

    /// The way of a record up to its target, and on to its end where it goes by itself; `None` for what is no event.
    async fn carry_record<'c>(&'c self, place: usize, inbound: &'c Inbound) -> Option<Carried<'c>> {
        let progress = self.approach_record(inbound).await?;
        let mut one = [(place, progress)];
        match one.first().map(|(_, progress)| (&progress.state, progress.goes_alone())) {
            Some((State::Admitted(_), false)) => {
                let [(_, progress)] = one;
                return Some(Carried::Waits(place, progress));
            }
            Some((State::Admitted(_), true)) => self.send_set(&mut one, BatchOrder::None, PER_RECORD).await,
            Some((State::Ended(_), _)) | None => {}
        }
        let [(_, progress)] = one;
        let (place, answer) = self.finish_record(place, progress).await;
        Some(Carried::Ended(place, answer))
    }

    /// The time that is left for these, `lanes` at once.
    fn batch_time(&self, records: &[Inbound], lanes: usize) -> BatchTime {
        let longest = self.rules.config().targets.iter().map(|target| target.timeout).max();
        let deadline = records.first().map(|inbound| inbound.deadline);
        BatchTime::new(deadline, longest.unwrap_or_default(), lanes, self.ports.clock.now())
    }

    async fn serve_ordered<'c>(&'c self, records: &'c [Inbound], order: BatchOrder, answers: &mut Answers) {
        let mut run: Vec<(usize, Progress<'c>)> = Vec::new();
        let mut time = self.batch_time(records, 1);
        for (place, inbound) in records.iter().enumerate() {
            // Who goes elsewhere waits until those before are there.
            let elsewhere = run.last().is_some_and(|(_, last)| self.leads_to(inbound) != last.call.target);
            // And so does who is one call with one of them.
            let is_there = run.iter().any(|(_, before)| before.call.id == inbound.call);
            if elsewhere || is_there {
                let spare = time.to_record(run.len());
                if !self.finish_together(std::mem::take(&mut run), order, spare, answers).await {
                    return;
                }
                time = self.batch_time(records, 1);
            }
            if !time.has_room(run.len()) {
                let rest = place..records.len();
                rest.for_each(|place| answers.set(place, untouched()));
                break;
            }
            let Some(progress) = self.approach_record(inbound).await else { continue };
            time.note(self.ports.clock.now());
            let stops = match &progress.state {
                State::Ended(Err(refusal)) => self.fate(refusal, &progress.call) == Fate::Again,
                State::Ended(Ok(_)) | State::Admitted(_) => false,
            };
            match progress.state {
                State::Admitted(_) => run.push((place, progress)),
                State::Ended(_) => {
                    if stops {
                        let spare = time.to_record(run.len());
                        self.finish_together(std::mem::take(&mut run), order, spare, answers).await;
                    }
                    self.finish_all(vec![(place, progress)], answers).await;
                    if stops {
                        return;
                    }
                }
            }
        }
        let spare = time.to_record(run.len());
        self.finish_together(run, order, spare, answers).await;
    }

    /// The target that a record's rule names.
    fn leads_to(&self, inbound: &Inbound) -> Option<String> {
        let mut call = self.begin(inbound);
        let found = self.rules.find(inbound, &mut call).ok()?;
        Some(found.target().name.clone())
    }

    /// The way of a record up to its target; `None` for what is none.
    async fn approach_record<'c>(&'c self, inbound: &'c Inbound) -> Option<Progress<'c>> {
        let Message::Event(record) = &inbound.message else { return None };
        let (mut call, mut tab) = (self.begin(inbound), Tab::default());
        let state = match self.approach(inbound, &mut tab, &mut call).await {
            Ok(Approach::Admitted(admitted)) => State::Admitted(admitted),
            Ok(Approach::Answered(_)) => State::Ended(Ok(())),
            Err(refusal) => State::Ended(Err(refusal)),
        };
        Some(Progress { record, call, tab, state })
    }

    /// Sends records that go the same way; `false` where one of them must come again.
    async fn finish_together<'c>(
        &'c self,
        mut together: Vec<(usize, Progress<'c>)>,
        order: BatchOrder,
        spare: Duration,
        answers: &mut Answers,
    ) -> bool {
        let sets = match together.iter().any(|(_, progress)| progress.goes_alone()) {
            true => together.drain(..).map(|one| vec![one]).collect(),
            false => vec![together],
        };
        for mut set in sets {
            let places: Vec<usize> = set.iter().map(|(place, _)| *place).collect();
            self.send_set(&mut set, order, spare).await;
            self.finish_all(set, answers).await;
            if order != BatchOrder::None && places.iter().any(|place| answers.is_again(*place)) {
                return false;
            }
        }
        true
    }

    /// Sends records together; `spare` is kept of the time to record them.
    async fn send_set(&self, set: &mut [(usize, Progress<'_>)], order: BatchOrder, spare: Duration) {
        let records: Vec<&EventRecord> = set.iter().map(|(_, progress)| progress.record).collect();
        let (mut calls, mut admitted) = (Vec::new(), Vec::new());
        for (_, progress) in set.iter_mut() {
            if let State::Admitted(one) = &progress.state {
                calls.push(&mut progress.call);
                admitted.push(one);
            }
        }
        let items: Vec<Option<&str>> = records.iter().map(|record| record.item.as_deref()).collect();
        let answer = self.send_together(&admitted, &records, spare, &mut calls).await;
        let failed = match answer {
            Ok(body) => match item_failures::read(&body, &items) {
                Failures::At(places) => Failed::of(places, order),
                Failures::All(why) => Failed::All(TargetFault::Unreadable(why.to_owned())),
            },
            Err(fault) => Failed::All(fault),
        };
        for (place, (_, progress)) in set.iter_mut().enumerate() {
            progress.state = State::Ended(match failed.at(place) {
                Some(fault) => Err(Refusal::Target(fault)),
                None => Ok(()),
            });
        }
    }

    /// Records and answers calls that have ended.
    async fn finish_all(&self, ended: Vec<(usize, Progress<'_>)>, answers: &mut Answers) {
        let mut under_way: FuturesUnordered<BoxFuture<'_, (usize, EventAnswer)>> = FuturesUnordered::new();
        for (place, progress) in ended {
            if under_way.len() == AT_ONCE
                && let Some((place, answer)) = under_way.next().await
            {
                answers.set(place, answer);
            }
            under_way.push(self.finish_record(place, progress).boxed());
        }
        while let Some((place, answer)) = under_way.next().await {
            answers.set(place, answer);
        }
    }

    async fn finish_record(&self, place: usize, progress: Progress<'_>) -> (usize, EventAnswer) {
        let Progress { record, mut call, tab, state } = progress;
        let outcome = match state {
            State::Ended(outcome) => outcome.map(|()| Answered::taken()),
            // Whatever is admitted is sent.
            State::Admitted(_) => Err(Refusal::Target(TargetFault::Unfit("it was not sent"))),
        };
        let outcome = self.record(outcome, Some(record), tab, &mut call).await;
        let answer = match self.respond(outcome, None, &mut call) {
            Answer::Event(answer) => answer,
            Answer::Http(_) => EventAnswer::Done(Outcome::Admitted),
        };
        (place, answer)
    }
}

/// The answer to a record that was not looked at.
fn unserved() -> EventAnswer {
    EventAnswer::Again("it is behind a record that comes again".to_owned())
}

/// The answer to a record that there was no time for: it is not claimed, so that its next delivery is its first.
fn untouched() -> EventAnswer {
    EventAnswer::Again("there was no time left to look at it".to_owned())
}

/// What tells whose records may go together: the target, and for whom.
type Way = (String, EntityName);

impl Progress<'_> {
    fn way(&self) -> Option<Way> {
        match &self.state {
            State::Admitted(admitted) => {
                let permitted = admitted.permitted();
                Some((permitted.found().target().name.clone(), permitted.principal().name.clone()))
            }
            State::Ended(_) => None,
        }
    }

    /// Whether its target takes single records only.
    fn goes_alone(&self) -> bool {
        let State::Admitted(admitted) = &self.state else { return false };
        takes_single(&admitted.permitted().found().target().kind)
    }
}

/// Whether a target takes single events only: a service takes messages, and an asynchronous invocation has less room than
/// what they came in.
pub(crate) fn takes_single(kind: &TargetKind) -> bool {
    !matches!(
        kind,
        TargetKind::Lambda(LambdaTarget { invocation: Invocation::Sync, .. }) | TargetKind::Http(_)
    )
}

/// What became of a set.
enum Failed {
    All(TargetFault),
    Some(HashSet<usize>),
    /// From this place on.
    From(usize),
}

impl Failed {
    fn of(places: HashSet<usize>, order: BatchOrder) -> Self {
        match (order, places.iter().min()) {
            // A function stops at the first that fails, and says no more.
            (BatchOrder::Stream, Some(first)) => Self::From(*first),
            _ => Self::Some(places),
        }
    }

    fn at(&self, place: usize) -> Option<TargetFault> {
        let reported = || TargetFault::Failed("it reports the record as failed".to_owned());
        match self {
            Self::All(fault) => Some(fault.clone()),
            Self::Some(places) => places.contains(&place).then(reported),
            Self::From(first) if place == *first => Some(reported()),
            Self::From(first) => {
                (place > *first).then(|| TargetFault::Failed("a record before it failed".to_owned()))
            }
        }
    }
}

impl Answers {
    fn set(&mut self, place: usize, answer: EventAnswer) {
        if let Some(open) = self.0.get_mut(place) {
            *open = Some(answer);
        }
    }

    fn of(&self, place: usize) -> Option<EventAnswer> {
        self.0.get(place).cloned().flatten()
    }

    fn is_again(&self, place: usize) -> bool {
        matches!(self.0.get(place), Some(Some(EventAnswer::Again(_))))
    }
}

impl Answered {
    /// The answer to a record that its target took.
    fn taken() -> Self {
        Self::of(Reply {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: doorward_model::Body::Empty,
        })
    }
}
