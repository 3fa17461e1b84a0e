use fastrand::Rng;
use serde_json::Value;

use super::point::Kind;
use crate::fleet::requests::{KeyHolder, upload, webhook};

/// What goes to the process that is killed, all at once.
pub(super) struct Traffic {
    pub(super) holder: KeyHolder,
    /// A caller of the route that records its intents.
    pub(super) intent: KeyHolder,
    /// A caller whose plan gives nothing.
    pub(super) broke: KeyHolder,
    pub(super) deliveries: Vec<Delivery>,
    /// How many invocations the process takes at once.
    pub(super) at_once: usize,
    /// How many calls of the point's kind there are.
    pub(super) of_kind: usize,
    /// Events and webhooks whose target fails at first: [`Delivery::subjects`].
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
    /// Calls of this kind and others, as the seed has them.
    pub(super) fn new(run: &str, kind: Kind, random: &mut Rng) -> Self {
        let holder = KeyHolder::new(run, None, random);
        let intent = KeyHolder::new(&format!("{run}-intent"), None, random);
        let broke = KeyHolder::new(&format!("{run}-broke"), Some("nothing"), random);
        let others = [Kind::Plain, Kind::Intent, Kind::Throttled, Kind::Webhook, Kind::Upload, Kind::Denied];
        // The roll-up has any call to count.
        let own = if kind == Kind::RollUp { Kind::Plain } else { kind };
        let mut kinds = vec![own; random.usize(1..=3)];
        kinds.extend((0..random.usize(0..=3)).filter_map(|_| random.choice(others)));
        random.shuffle(&mut kinds);
        let mut deliveries: Vec<Delivery> = kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| {
                Delivery::new(*kind, &format!("{run}-{at}"), [&holder, &intent, &broke], random)
            })
            .collect();
        let calls = |delivery: &Delivery| delivery.subjects.len().max(1);
        let of_kind = deliveries.iter().filter(|delivery| delivery.kind == kind).map(calls).sum();
        let mut fail_first = Vec::new();
        for subject in deliveries.iter().filter(|one| one.kind == Kind::Upload).flat_map(|one| &one.subjects)
        {
            if random.u8(0..4) == 0 {
                fail_first.push(subject.clone());
            }
        }
        // A source that is not sure delivers twice.
        if let Some(again) = random.choice(&deliveries).filter(|one| one.kind.comes_again()).cloned()
            && random.bool()
        {
            deliveries.push(Delivery { id: format!("{}-twin", again.id), is_twin: true, ..again });
        }
        Self { holder, intent, broke, deliveries, at_once: random.usize(1..=4), of_kind, fail_first }
    }
}

impl Kind {
    /// Whether its source delivers it again.
    pub(super) fn comes_again(self) -> bool {
        matches!(self, Self::Webhook | Self::Upload | Self::Denied)
    }
}

impl Delivery {
    fn new(kind: Kind, id: &str, [holder, intent, broke]: [&KeyHolder; 3], random: &mut Rng) -> Self {
        let subjects: Vec<String> = match kind {
            Kind::Upload => (0..random.usize(1..=3)).map(|at| format!("inbox/{id}-{at}.pdf")).collect(),
            Kind::Denied => vec![format!("other/{id}.pdf")],
            _ => Vec::new(),
        };
        let event = match kind {
            Kind::Plain | Kind::RollUp => holder.post("/orders"),
            Kind::Intent => intent.post("/intents"),
            Kind::Throttled => broke.post("/orders"),
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
        };
        Self { kind, id: id.to_owned(), event, is_twin: false, subjects }
    }
}
