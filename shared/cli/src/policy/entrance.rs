use doorward_config::{EventSample, Placed, Sample, SampleCall};
use doorward_core::PolicyTestFiles;
use doorward_events::s3::{S3Sample, sample};
use doorward_events::{Entrance, Envelope};
use doorward_model::{EventKind, Fault, Inbound};
use jiff::Timestamp;
use serde_json::Value;

/// What a source says that a sample does not name.
const TYPE: &str = "ObjectCreated:Put";
const REGION: &str = "us-east-1";
const SIZE: u64 = 1024;

/// Makes what comes in of a sample event, by the reader of the real ones; files are those beside the policies.
pub(crate) fn enter(files: &PolicyTestFiles, sample: &Sample) -> Result<Inbound, Fault> {
    match &sample.call {
        SampleCall::Event(event) => {
            let envelope = envelope(event, sample.at).to_string();
            read(envelope.as_bytes(), sample.at).map_err(|fault| fault.at(event.place.clone()))
        }
        SampleCall::Envelope(Placed { value, place }) => match files.files.get(value) {
            Some(text) => read(text.as_bytes(), sample.at).map_err(|fault| fault.at(place.clone())),
            None => Err(Fault::new(format!("the sample `{value}` is not there"))
                .at(place.clone())
                .hint("samples are looked for below the folder that holds the policies")),
        },
        SampleCall::Question(_) | SampleCall::Request(_) => Err(Fault::new("it comes in by no envelope")),
    }
}

/// The one call that an envelope holds.
pub(crate) fn read(payload: &[u8], at: Timestamp) -> Result<Inbound, Fault> {
    let envelope = Envelope { payload, request_id: "rehearsal", deadline: at, xray: None };
    let entrance = doorward_events::read(&envelope).map_err(|error| {
        let fault = Fault::new(error.to_string());
        match error.hint() {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    })?;
    let records = match entrance {
        Entrance::Http(inbound) => return Ok(inbound),
        Entrance::Records(records) => records,
        Entrance::Test => return Err(Fault::new("the source's test event is no call")),
    };
    let count = records.len();
    match records.into_iter().next() {
        Some(record) if count == 1 => record.map_err(|broken| Fault::new(broken.to_string())),
        _ => Err(Fault::new(format!("the event holds {count} records"))
            .hint("each record is a call of its own: keep one of them")),
    }
}

/// The source's own form of a sample event.
fn envelope(event: &EventSample, at: Timestamp) -> Value {
    let text = |name: &str| event.attributes.get(name).and_then(Value::as_str);
    match event.source {
        EventKind::S3 => {
            let mut envelope = sample(&S3Sample {
                bucket: text("bucket").unwrap_or_default(),
                key: text("key").unwrap_or_default(),
                size: event.attributes.get("size").and_then(Value::as_u64).unwrap_or(SIZE),
                version: text("version"),
                event: event.event_type.as_deref().unwrap_or(TYPE),
                sequencer: "01",
                time: at,
                region: event.region.as_deref().unwrap_or(REGION),
                account: "123456789012",
            });
            let user = envelope.pointer_mut("/Records/0/userIdentity/principalId");
            if let (Some(user), Some(stated)) = (user, text("user")) {
                *user = Value::from(stated);
            }
            envelope
        }
    }
}
