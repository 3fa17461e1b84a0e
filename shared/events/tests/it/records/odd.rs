//! What is no event of any source, and hostile ones.

use doorward_events::{Entrance, Sample, sample};
use doorward_events::{EnvelopeError, UnknownEvent};
use doorward_model::EventKind;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{bus_event, call, change, event, message, notification, records, shard_record, try_read};

#[track_caller]
fn unknown(event: &Value) -> UnknownEvent {
    match try_read(event, &[]) {
        Err(EnvelopeError::Unknown(unknown)) => unknown,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_has_no_known_form_is_unknown_and_nothing_is_guessed() {
    assert_eq!(unknown(&json!({ "Records": [] })), UnknownEvent::NoRecords);
    assert_eq!(unknown(&json!([])), UnknownEvent::NoRecords);
    assert_eq!(unknown(&json!([1, null, "x"])), UnknownEvent::Source);
    assert_eq!(unknown(&json!({ "Records": {} })), UnknownEvent::Form);
    assert_eq!(unknown(&json!({ "records": [message()] })), UnknownEvent::Form);
    assert_eq!(unknown(&json!({ "Records": [{ "eventSource": "aws:ses" }] })), UnknownEvent::Source);
    assert_eq!(
        unknown(&json!({ "Records": [{ "eventSource": "aws:sqs" }] })),
        UnknownEvent::Source,
        "no queue"
    );
    assert_eq!(unknown(&json!(7)), UnknownEvent::Form);
    let window = json!({ "Records": [shard_record()], "window": { "start": "a", "end": "b" }, "state": {} });
    assert_eq!(unknown(&window), UnknownEvent::Window);
}

/// Every member of every form, one at a time, is left out, or replaced by values of every type.
#[test]
fn no_change_of_a_member_makes_anything_panic_or_come_from_elsewhere() {
    fn places(value: &Value, at: String, found: &mut Vec<String>) {
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
                .collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(nth, item)| (nth.to_string(), item)).collect()
            }
            _ => Vec::new(),
        };
        for (name, value) in inner {
            found.push(format!("{at}/{name}"));
            places(value, format!("{at}/{name}"), found);
        }
    }
    let forms = [
        records(&[message()]),
        records(&[notification()]),
        bus_event(),
        records(&[change()]),
        records(&[shard_record()]),
    ];
    let mut tried = 0;
    for form in forms {
        let front = call(&form).front;
        let mut found = Vec::new();
        places(&form, String::new(), &mut found);
        for place in found {
            for odd in [
                json!(null),
                json!(true),
                json!(-1),
                json!("\u{0}"),
                json!([]),
                json!({}),
                json!("x".repeat(300)),
            ] {
                let mut changed = form.clone();
                *changed.pointer_mut(&place).unwrap() = odd;
                tried += 1;
                let Ok(Entrance::Records(batch)) = try_read(&changed, &[]) else { continue };
                for record in batch.records.into_iter().flatten() {
                    let names_it =
                        place.contains("ARN") || place.contains("Arn") || place.contains("account");
                    assert!(names_it || record.front == front, "{place}");
                }
            }
        }
    }
    assert!(tried > 400, "{tried}");
}

#[test]
fn a_made_up_event_of_every_kind_is_read_as_one_of_its_kind() {
    let time: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    for kind in EventKind::ALL.into_iter().filter(|kind| kind.front().is_some()) {
        let told = match kind {
            EventKind::Schedule => [("schedule".to_owned(), json!("default/nightly"))].into(),
            EventKind::EventBridge => [("source".to_owned(), json!("shop.orders"))].into(),
            kind => [(kind.front_attribute().to_owned(), json!("own-1"))].into(),
        };
        let of = |id| {
            let sample = Sample {
                kind,
                event_type: None,
                told: &told,
                payload: None,
                id,
                time,
                region: "eu-west-1",
                account: "123456789012",
            };
            call(&sample_event(&sample))
        };
        let read = of("01");
        assert_eq!((event(&read).source, &event(&read).fault), (kind, &None));
        assert_eq!(Some(read.front.kind), kind.front());
        assert_eq!(read.call, of("01").call);
        assert_ne!(read.call, of("02").call, "{kind:?}");
        let types = kind.types();
        assert!(types.is_empty() || types.contains(&event(&read).event_type.as_str()), "{kind:?}");
        let known = kind.attributes();
        for (name, field) in &known {
            assert!(!field.required || event(&read).attributes.contains_key(name), "{kind:?} {name}");
        }
        assert!(event(&read).attributes.keys().all(|name| known.contains_key(name)), "{kind:?}");
        for (name, field) in kind.claims() {
            assert!(!field.required || event(&read).claims.contains_key(&name), "{kind:?} {name}");
        }
    }
}

fn sample_event(of: &Sample<'_>) -> Value {
    sample(of)
}
