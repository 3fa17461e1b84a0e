//! The records of a batch beside a single decision and beside stock Cedar, in one run:
//! `cargo bench -p doorward-policy --bench batch`.
//!
//! 10,000 messages of a queue are decided by 1,000 policies of which three concern them, each as a call of its own. `single`
//! is one such decision again and again; `stock` is the same loop with `Authorizer::is_authorized` over the same set, a
//! request built for each message as well. A measurement is of one record: compare the medians.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant};

use cedar_policy::{
    Authorizer, Context as CedarContext, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use criterion::{Criterion, criterion_group, criterion_main};
use doorward_model::{Effect, EntityName, EventKind, EventRecord, Front, FrontKind, Principal, TrustLevel};
use doorward_policy::{
    ActionSpec, CallContext, CallShape, Context, Input, Policies, Question, SourceFile, Sources, Vocabulary,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const RECORDS: usize = 10_000;
const POLICIES: usize = 1_000;
const ACTION: &str = "paymentAsked";

fn text() -> String {
    let mut text = String::new();
    for (nth, sender) in ["AROA", "AIDA", "ANPA"].into_iter().enumerate() {
        let effect = if nth == 2 { "forbid" } else { "permit" };
        let _ = writeln!(
            text,
            "{effect}(principal == EventSource::\"queue:payments\", action == Action::\"{ACTION}\", resource) when {{ context.event has sender && context.event.sender like \"{sender}*\" }};"
        );
    }
    for nth in 3..POLICIES {
        let _ = writeln!(
            text,
            "permit(principal == EventSource::\"queue:q{nth}\", action == Action::\"{ACTION}\", resource == Function::\"payments\") when {{ context.event has account && context.event.account == \"123456789012\" }};"
        );
    }
    text
}

fn policies(text: &str) -> Policies {
    let action = ActionSpec {
        name: ACTION.to_owned(),
        principals: vec!["EventSource".to_owned()],
        resource: "Function".to_owned(),
        resource_parents: Vec::new(),
        load: None,
        has_purpose: false,
        call: CallShape::Event {
            kind: EventKind::Sqs,
            claimed: EventKind::Sqs.claims(),
            input: None,
            omissions: Vec::new(),
        },
    };
    let vocabulary = Vocabulary { actions: vec![action], ..Vocabulary::default() };
    let files = [SourceFile { name: "events.cedar".to_owned(), text: text.to_owned() }];
    Policies::compile(&Sources { policies: &files, ..Sources::default() }, &vocabulary).unwrap()
}

fn records() -> Vec<EventRecord> {
    let front = Front { kind: FrontKind::Queue, id: "payments".to_owned() };
    let record = |nth: usize| {
        // Some are permitted, some forbidden, some neither.
        let sender = ["AIDA", "AROA", "ANPA", "ABIA"].get(nth % 4).map(|start| format!("{start}{nth:08}"));
        EventRecord {
            account: Some("123456789012".to_owned()),
            attributes: BTreeMap::from([
                ("queue".to_owned(), json!("payments")),
                ("sender".to_owned(), json!(sender)),
                ("receives".to_owned(), json!(1)),
            ]),
            ..EventRecord::new(EventKind::Sqs, &front, "Message", "eu-central-1", Value::Null)
        }
    };
    (0..RECORDS).map(record).collect()
}

fn uid(text: &str) -> EntityUid {
    text.parse().unwrap()
}

fn stock_request(record: &EventRecord, now: Timestamp) -> Request {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let attribute = |name: &str| record.attributes.get(name).and_then(Value::as_str).unwrap_or_default();
    let event = [
        ("source", text("sqs")),
        ("type", text(&record.event_type)),
        ("region", text(&record.region)),
        ("account", text(record.account.as_deref().unwrap_or_default())),
        ("queue", text(attribute("queue"))),
        ("sender", text(attribute("sender"))),
        ("receives", RestrictedExpression::new_long(1)),
    ];
    let event =
        RestrictedExpression::new_record(event.map(|(name, value)| (name.to_owned(), value))).unwrap();
    let now = RestrictedExpression::new_datetime(now.to_string());
    let claimed = RestrictedExpression::new_record([]).unwrap();
    let trust = text(TrustLevel::Attested.word());
    let pairs = [("event", event), ("now", now), ("claimed", claimed), ("trust", trust)];
    let context = CedarContext::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).unwrap();
    let action = uid(&format!("Action::\"{ACTION}\""));
    Request::new(uid("EventSource::\"queue:payments\""), action, uid("Function::\"payments\""), context, None)
        .unwrap()
}

/// What all questions have in common.
struct Asker {
    principal: Principal,
    resource: EntityName,
    now: Timestamp,
}

impl Asker {
    fn of<'a>(&'a self, record: &'a EventRecord) -> Question<'a> {
        let call = CallContext::Event(record);
        Question {
            principal: &self.principal,
            action: ACTION,
            resource: &self.resource,
            resource_parents: &[],
            loaded: None,
            context: Context { now: self.now, purpose: None, call, input: Input::Checked(None) },
        }
    }
}

fn batch(criterion: &mut Criterion) {
    let text = text();
    let (ours, stock) = (policies(&text), PolicySet::from_str(&text).unwrap());
    assert_eq!(stock.policies().count(), POLICIES);
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let records = records();
    let principal = Principal {
        name: EntityName::new("EventSource", "queue:payments"),
        trust: TrustLevel::Attested,
        ..Principal::anonymous()
    };
    let resource = EntityName::new("Function", "payments");
    let question = Asker { principal, resource, now };
    let names = ["EventSource::\"queue:payments\"", "Function::\"payments\"", "Action::\"paymentAsked\""];
    let entities = names.map(|name| Entity::new_no_attrs(uid(name), Default::default()));
    let (entities, authorizer) = (Entities::from_entities(entities, None).unwrap(), Authorizer::new());
    let mut permitted = 0;
    for record in records.iter().take(100) {
        let own = ours.decide(&question.of(record)).note.effect;
        let other = authorizer.is_authorized(&stock_request(record, now), &stock, &entities).decision();
        assert_eq!(own == Effect::Allow, other == Decision::Allow);
        permitted += usize::from(own == Effect::Allow);
    }
    assert_eq!(permitted, 50);

    let mut group = criterion.benchmark_group("batch");
    // Of one record: the time of all of them, divided.
    let per_record = |rounds: u64, decide: &dyn Fn(&EventRecord)| -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = rounds;
        while left > 0 {
            let count = left.min(RECORDS as u64);
            let begun = Instant::now();
            records.iter().take(usize::try_from(count).unwrap()).for_each(decide);
            spent += begun.elapsed();
            left -= count;
        }
        spent
    };
    group.bench_function("doorward, per record", |bencher| {
        bencher.iter_custom(|rounds| {
            per_record(rounds, &|record| drop(black_box(ours.decide(&question.of(black_box(record))))))
        });
    });
    group.bench_function("doorward, single", |bencher| {
        let one = records.first().unwrap();
        bencher.iter(|| black_box(ours.decide(&question.of(black_box(one)))));
    });
    group.sample_size(10);
    group.bench_function("stock, per record", |bencher| {
        bencher.iter_custom(|rounds| {
            per_record(rounds, &|record| {
                let request = stock_request(black_box(record), now);
                drop(black_box(authorizer.is_authorized(&request, &stock, &entities)));
            })
        });
    });
    group.finish();
}

criterion_group!(benches, batch);
criterion_main!(benches);
