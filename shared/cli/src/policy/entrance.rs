use doorward_config::{EventSample, Placed, Sample as Stated, SampleCall};
use doorward_core::PolicyTestFiles;
use doorward_events::records::Openings;
use doorward_events::{Entrance, Envelope, Sample, sample};
use doorward_model::{Fault, Inbound};
use jiff::Timestamp;
use serde_json::Value;

/// What a source says that a sample does not name.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";

/// Makes what comes in of a sample event, by the reader of the real ones; files are those beside the policies.
pub(crate) fn enter(files: &PolicyTestFiles, openings: &Openings, sample: &Stated) -> Result<Inbound, Fault> {
    match &sample.call {
        SampleCall::Event(event) => {
            let envelope = envelope(event, sample.at).to_string();
            read(envelope.as_bytes(), openings, sample.at).map_err(|fault| fault.at(event.place.clone()))
        }
        SampleCall::Envelope(Placed { value, place }) => match files.files.get(value) {
            Some(text) => read(text.as_bytes(), openings, sample.at).map_err(|fault| fault.at(place.clone())),
            None => Err(Fault::new(format!("the sample `{value}` is not there"))
                .at(place.clone())
                .hint("samples are looked for below the folder that holds the policies")),
        },
        SampleCall::Question(_) | SampleCall::Request(_) => Err(Fault::new("it comes in by no envelope")),
    }
}

/// The one call that an envelope holds.
pub(crate) fn read(payload: &[u8], openings: &Openings, at: Timestamp) -> Result<Inbound, Fault> {
    let envelope = Envelope { payload, request_id: "rehearsal", deadline: at, xray: None };
    let entrance = doorward_events::read(&envelope, openings).map_err(|error| {
        let fault = Fault::new(error.to_string());
        match error.hint() {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    })?;
    let records = match entrance {
        Entrance::Http(inbound) => return Ok(inbound),
        Entrance::Records(batch) => batch.records,
        Entrance::Test(_) => return Err(Fault::new("the source's test event is no call")),
        Entrance::Release(_) => return Err(Fault::new("what is released is in quarantine, not here")),
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
    let told = event.attributes.clone().into_iter().collect();
    sample(&Sample {
        kind: event.source,
        event_type: event.event_type.as_deref(),
        told: &told,
        payload: event.payload.as_ref(),
        id: "01",
        time: at,
        region: event.region.as_deref().unwrap_or(REGION),
        account: event.account.as_deref().unwrap_or(ACCOUNT),
    })
}
