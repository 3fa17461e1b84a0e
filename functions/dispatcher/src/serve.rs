use doorward_core::{Answer, Door, EventAnswer, LiveDoor, problem};
use doorward_events::records::{BatchAnswer, RecordBatch, item_failures};
use doorward_events::{Entrance, Envelope, EnvelopeError, MalformedRequest, reply};
use doorward_model::{BatchOrder, Inbound, MalformedFault, Message, Refusal, Reply, ReplyForm};
use lambda_runtime::{Context, Diagnostic};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::unread;

/// Answers one invocation: an HTTP request in the form that its front takes; an event with nothing, or with an error so that its
/// source sends it again.
pub(crate) async fn serve(
    live: &LiveDoor,
    payload: &RawValue,
    context: &Context,
) -> Result<Value, Diagnostic> {
    let payload = payload.get().as_bytes();
    let xray = context.xray_trace_id.as_deref();
    let envelope = Envelope::new(payload, &context.request_id, context.deadline, xray);
    let door = live.enter(envelope.deadline).await;
    match doorward_events::read(&envelope, door.rules().openings()) {
        Ok(Entrance::Http(inbound)) => {
            let form = match &inbound.message {
                Message::Http(request) => request.reply,
                Message::Event(_) => ReplyForm::default(),
            };
            match door.serve(inbound).await {
                Answer::Http(reply) => encode(form, reply).await,
                Answer::Event(_) => Err(mismatch()),
            }
        }
        Ok(Entrance::Records(batch)) => serve_records(&door, batch, &envelope).await,
        Ok(Entrance::Test(test)) => unread::acknowledge(&door, &test, &envelope).await,
        Ok(Entrance::Release(call)) => release(&door, &call, &envelope).await,
        Err(EnvelopeError::Malformed { form, fault }) => {
            encode(form, malformed(&door, &fault, context)).await
        }
        Err(error) => unread::keep(&door, &error, &envelope).await,
    }
}

/// Says of the event that quarantine keeps what became of it.
async fn release(door: &Door, call: &str, envelope: &Envelope<'_>) -> Result<Value, Diagnostic> {
    match door.release(call, envelope.request_id, envelope.deadline).await {
        Ok(Some(released)) => Ok(json!({ "call": released.call, "outcome": released.outcome })),
        Ok(None) => Err(diagnostic("Doorward.NotKept", format!("no event of `{call}` is being released"))),
        Err(error) => Err(diagnostic("Doorward.Again", error.to_string())),
    }
}

/// Every record is a call of its own. A source that takes failures of single records is told which must come again; to others
/// the event goes back whole: those that are done are known by their ids and not done twice.
async fn serve_records(
    door: &Door,
    batch: RecordBatch,
    envelope: &Envelope<'_>,
) -> Result<Value, Diagnostic> {
    let RecordBatch { records, tests, answer } = batch;
    tests.iter().for_each(|test| unread::tell(test, envelope.request_id));
    let mut again = Vec::new();
    let mut calls = Vec::with_capacity(records.len());
    for record in records {
        match record {
            Ok(inbound) => calls.push(inbound),
            Err(broken) => {
                again.extend(unread::keep_record(door, &broken, envelope).await.err());
            }
        }
    }
    let order = match answer {
        BatchAnswer::Items(order) => order,
        BatchAnswer::Whole => BatchOrder::None,
    };
    let answers = door.serve_batch(&calls, order).await;
    let mut items: Vec<&str> = Vec::new();
    for (inbound, said) in calls.iter().zip(answers) {
        let EventAnswer::Again(why) = said else { continue };
        match (answer, item(inbound)) {
            (BatchAnswer::Items(_), Some(item)) if items.last() == Some(&item) => {}
            (BatchAnswer::Items(_), Some(item)) => items.push(item),
            // It cannot be named.
            (BatchAnswer::Items(_), None) | (BatchAnswer::Whole, _) => again.push(why),
        }
    }
    match (again.is_empty(), answer) {
        (true, BatchAnswer::Items(_)) => Ok(item_failures(items)),
        (true, BatchAnswer::Whole) => Ok(Value::Null),
        (false, _) => Err(diagnostic("Doorward.Again", again.join("; "))),
    }
}

fn item(inbound: &Inbound) -> Option<&str> {
    match &inbound.message {
        Message::Event(record) => record.item.as_deref(),
        Message::Http(_) => None,
    }
}

/// The core has bounded the body and gathered it, and says so before it records the call.
async fn encode(form: ReplyForm, reply: Reply) -> Result<Value, Diagnostic> {
    let Reply { status, headers, body } = reply;
    let unreadable = |cause: String| diagnostic("Doorward.Unreadable", cause);
    let body = body.collect(reply::max_answer_bytes(form)).await;
    let body = body.map_err(|error| unreadable(error.to_string()))?;
    reply::encode(form, status, &headers, &body).map_err(|unfit| unreadable(unfit.to_string()))
}

/// The answer to a request that has no reading.
pub(crate) fn malformed(door: &Door, fault: &MalformedRequest, context: &Context) -> Reply {
    tracing::warn!(request_id = context.request_id, cause = %fault, "the request is malformed");
    let refusal = Refusal::Malformed(MalformedFault::Envelope(fault.to_string()));
    problem(&refusal, &context.request_id, &door.rules().config().door.name)
}

/// What Lambda is told where an answer is not of the kind of what came in, which nothing brings about.
pub(crate) fn mismatch() -> Diagnostic {
    diagnostic("Doorward.Mismatch", "a request was answered as an event, or an event as a request".to_owned())
}

pub(crate) fn diagnostic(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
