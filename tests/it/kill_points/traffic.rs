use std::collections::HashMap;

use fastrand::Rng;
use serde_json::Value;

use super::kind::{BATCH, Kind, LEASED};
use super::point::{Place, Point};
use crate::fleet::requests::{KeyHolder, upload, webhook};

/// What goes to the process that is killed, all at once.
pub(super) struct Traffic {
    /// Callers, each of one kind of calls.
    pub(super) holders: HashMap<Kind, KeyHolder>,
    /// The quota of the caller whose quota goes in blocks.
    pub(super) leased: u64,
    pub(super) deliveries: Vec<Delivery>,
    /// How many invocations the process takes at once.
    pub(super) at_once: usize,
    /// How many calls there are that come to the point.
    pub(super) of_kind: usize,
    /// Calls whose target fails at first: ids of callers' calls, or keys of objects.
    pub(super) fail_first: Vec<String>,
}

/// One invocation.
#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) event: Value,
    /// Whether it is the second of two that are sent at once.
    pub(super) is_twin: bool,
    /// Keys of the objects that it is about.
    pub(super) subjects: Vec<String>,
}

impl Traffic {
    /// Calls that come to the point and others, as the seed has them.
    pub(super) fn new(run: &str, point: Point, random: &mut Rng) -> Self {
        let (plan, leased) = LEASED[random.usize(..LEASED.len())];
        let holders = Kind::HTTP.map(|kind| {
            let plan = if kind == Kind::Leased { Some(plan) } else { kind.plan() };
            (kind, KeyHolder::new(&format!("{run}-{kind}"), plan, random))
        });
        let holders = HashMap::from(holders);
        let mut kinds = own(point, random);
        kinds.extend(others(point, random));
        random.shuffle(&mut kinds);
        let mut deliveries: Vec<Delivery> = kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| Delivery::new(*kind, &format!("{run}-{at}-{kind}"), &holders, random))
            .collect();
        let (mut fail_first, mut refunds) = (Vec::new(), 0);
        for one in &deliveries {
            match one.kind {
                Kind::Upload => {
                    fail_first.extend(one.subjects.iter().filter(|_| random.u8(0..4) == 0).cloned());
                }
                // One of them is sure to be given back.
                Kind::Refunded if refunds == 0 || random.bool() => {
                    refunds += 1;
                    fail_first.push(one.id.clone());
                }
                _ => {}
            }
        }
        let comes = |one: &&Delivery| one.kind == point.kind && point.is_met_by(one, &fail_first);
        // The records of an event go to their target together.
        let requests = |one: &Delivery| match point.place {
            Place::Target => 1,
            _ => one.subjects.len().max(1),
        };
        let of_kind = deliveries.iter().filter(comes).map(requests).sum();
        // A source that is not sure delivers twice.
        if let Some(again) = random.choice(&deliveries).filter(|one| one.kind.comes_again()).cloned()
            && random.bool()
        {
            deliveries.push(Delivery { id: format!("{}-twin", again.id), is_twin: true, ..again });
        }
        Self { holders, leased, deliveries, at_once: random.usize(1..=4), of_kind, fail_first }
    }

    /// Whether the target of the caller's call with this id fails.
    pub(super) fn fails(&self, id: &str) -> bool {
        self.fail_first.iter().any(|one| one == id)
    }

    /// Whether there are calls of this kind.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.deliveries.iter().any(|one| one.kind == kind)
    }

    /// One more call of this kind's caller.
    pub(super) fn more(&self, kind: Kind, id: &str) -> Delivery {
        let event = self.holders[&kind].post(kind.path().unwrap());
        Delivery { kind, id: format!("{id}-{kind}"), event, is_twin: false, subjects: Vec::new() }
    }
}

impl Point {
    /// Whether the call, being of the point's kind, comes to it.
    fn is_met_by(self, one: &Delivery, fail_first: &[String]) -> bool {
        self.kind != Kind::Refunded || fail_first.contains(&one.id)
    }
}

/// The kinds of the calls that the point is about.
fn own(point: Point, random: &mut Rng) -> Vec<Kind> {
    let calls = match point.place {
        Place::Block => random.usize(BATCH..=2 * BATCH),
        // Some are held in the end.
        Place::LastBlock => random.usize(1..BATCH),
        _ => random.usize(1..=3),
    };
    let kind = match point.kind {
        // The roll-up has any call to count.
        Kind::RollUp => [Kind::Plain, Kind::Intent, Kind::Upload, Kind::Batched][random.usize(..4)],
        kind => kind,
    };
    vec![kind; if kind == Kind::Batched && point.kind == Kind::RollUp { BATCH } else { calls }]
}

fn others(point: Point, random: &mut Rng) -> Vec<Kind> {
    let others: Vec<Kind> = Kind::HTTP
        .into_iter()
        .chain([Kind::Webhook, Kind::Upload, Kind::Denied])
        // How many of these there are is counted.
        .filter(|kind| *kind != Kind::Batched || point.kind != Kind::Batched)
        .collect();
    (0..random.usize(0..=3)).filter_map(|_| random.choice(&others).copied()).collect()
}

impl Delivery {
    fn new(kind: Kind, id: &str, holders: &HashMap<Kind, KeyHolder>, random: &mut Rng) -> Self {
        let subjects: Vec<String> = match kind {
            Kind::Upload => (0..random.usize(1..=3)).map(|at| format!("inbox/{id}-{at}.pdf")).collect(),
            Kind::Denied => vec![format!("other/{id}.pdf")],
            _ => Vec::new(),
        };
        let event = match kind {
            // A dot ends an id in what is signed.
            Kind::Webhook => webhook(&id.replace('.', "-")),
            Kind::Upload | Kind::Denied => {
                let mut event = upload(&subjects[0]);
                for subject in &subjects[1..] {
                    let more = upload(subject)["Records"][0].take();
                    event["Records"].as_array_mut().unwrap().push(more);
                }
                event
            }
            kind => holders[&kind].post(kind.path().unwrap()),
        };
        Self { kind, id: id.to_owned(), event, is_twin: false, subjects }
    }
}
