use crate::samples::{self, envelope, read};
use doorward_events::records::Openings;
use doorward_events::{Entrance, EnvelopeError, authorizer, target};
use doorward_model::{CanonicalPath, Message};
use serde_json::{Value, json};

/// Every event that differs from `event` in one place: the value there replaced by each of some others, or removed.
fn mutations(event: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(event, String::new(), &mut pointers);
    let others = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\r\n%*é"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"a": {"b": []}}),
        json!(true),
    ];
    let mut mutated = Vec::new();
    for pointer in &pointers {
        for other in &others {
            let mut copy = event.clone();
            *copy.pointer_mut(pointer).unwrap() = other.clone();
            mutated.push(copy);
        }
        mutated.extend(without(event, pointer));
    }
    mutated
}

fn collect(value: &Value, place: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                collect(inner, format!("{place}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, format!("{place}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(place);
}

fn without(event: &Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let mut copy = event.clone();
    match copy.pointer_mut(parent)? {
        Value::Object(map) => drop(map.remove(name)),
        Value::Array(items) => drop(items.remove(name.parse().ok()?)),
        _ => return None,
    }
    Some(copy)
}

/// Whatever is read must be fit to be sent on; whatever is not must say why in one line, without a value.
fn exercise(event: &Value) {
    match read(event) {
        Ok(Entrance::Http(inbound)) => {
            let Message::Http(http) = &inbound.message else { panic!("a request is a request") };
            assert!(!http.headers.keys().any(|name| name.as_str().starts_with("x-amzn-mtls-")));
            if CanonicalPath::parse(&http.path, http.path_form).is_ok() {
                crate::target::encode(&inbound);
            }
        }
        Ok(Entrance::Records(records)) => {
            for record in records.records.into_iter().flatten() {
                assert!(record.call.as_str().starts_with("s3-"));
                let Message::Event(event) = &record.message else { panic!("a record is an event") };
                if let Some(fault) = &event.fault {
                    check_text(fault);
                }
            }
        }
        Ok(Entrance::Test(_) | Entrance::Release(_)) => {
            panic!("no sample is a test event or a release: {event}")
        }
        Err(error) => check_message(&error),
    }
    if let Err(error) = authorizer::read(&envelope(event.to_string().as_bytes())) {
        check_message(&error);
    }
}

fn check_message(error: &EnvelopeError) {
    check_text(&error.to_string());
}

fn check_text(text: &str) {
    assert!(!text.contains(['\n', '\r', '\0']) && text.len() < 300, "{text}");
    for value in ["Bearer", "x.y.z", "203.0.113.7", "é", "receipts", "1e300"] {
        assert!(!text.contains(value), "{text}");
    }
}

#[test]
fn no_event_panics() {
    let pair = samples::s3_event(&[samples::s3_record(), samples::s3_record()]);
    let mut count = 0;
    for sample in samples::every_http().into_iter().chain(samples::every_question()).chain([pair]) {
        for event in mutations(&sample) {
            exercise(&event);
            count += 1;
        }
    }
    assert!(count > 1000, "{count} mutations");
}

#[test]
fn no_answer_of_a_target_panics() {
    let answer = json!({
        "statusCode": 200,
        "headers": {"content-type": "text/plain", "x": 5, "connection": "x"},
        "multiValueHeaders": {"a": ["b"]},
        "cookies": ["a=1", "b=2"],
        "body": "eA==",
        "isBase64Encoded": true
    });
    for mutated in mutations(&answer) {
        match target::decode(mutated.to_string().as_bytes()) {
            Ok(reply) => assert!(reply.status.as_u16() >= 200),
            Err(fault) => assert!(!fault.to_string().contains(['\n', '\r', '\0'])),
        }
    }
}

#[test]
fn cut_events_are_not_read() {
    for sample in [samples::http_api(), samples::alb_multi(), samples::s3_event(&[samples::s3_record()])] {
        let text = sample.to_string();
        for end in 0..text.len() {
            let cut = doorward_events::read(&envelope(&text.as_bytes()[..end]), &Openings::new());
            assert!(matches!(cut, Err(EnvelopeError::NotJson(_))), "{end}");
        }
    }
}
