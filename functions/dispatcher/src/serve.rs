use doorward_core::{Answer, Door, EventAnswer, LiveDoor, problem};
use doorward_events::s3::BrokenRecord;
use doorward_events::{Entrance, Envelope, EnvelopeError, reply};
use doorward_model::{BodyError, Inbound, MalformedFault, Refusal, Reply};
use lambda_runtime::{Context, Diagnostic};
use serde_json::Value;
use serde_json::value::RawValue;

/// Answers one invocation: an HTTP request in payload format 2.0; an event with nothing, or with an error so that its
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
    match doorward_events::read(&envelope) {
        Ok(Entrance::Http(inbound)) => match door.serve(inbound).await {
            Answer::Http(reply) => encode(reply).await,
            Answer::Event(_) => {
                Err(diagnostic("Doorward.Mismatch", "a request was answered as an event".to_owned()))
            }
        },
        Ok(Entrance::Records(records)) => serve_records(&door, records, context).await,
        Ok(Entrance::Test) => Ok(Value::Null),
        Err(EnvelopeError::Malformed(fault)) => {
            tracing::warn!(request_id = context.request_id, cause = %fault, "the request is malformed");
            let refusal = Refusal::Malformed(MalformedFault::Envelope(fault.to_string()));
            encode(refuse(&door, &refusal, context)).await
        }
        Err(error) => {
            tracing::error!(request_id = context.request_id, cause = %error, hint = error.hint(), "unknown event");
            Err(diagnostic("Doorward.UnknownEvent", error.to_string()))
        }
    }
}

/// Every record is a call of its own. The event goes back whole if one of them must come again: those that are done
/// are known by their ids and not done twice.
async fn serve_records(
    door: &Door,
    records: Vec<Result<Inbound, BrokenRecord>>,
    context: &Context,
) -> Result<Value, Diagnostic> {
    let mut again = Vec::new();
    for record in records {
        match record {
            Ok(inbound) => {
                if let Answer::Event(EventAnswer::Again(why)) = door.serve(inbound).await {
                    again.push(why);
                }
            }
            Err(broken) => {
                tracing::error!(request_id = context.request_id, cause = %broken, "a record is broken");
                again.push(broken.to_string());
            }
        }
    }
    if again.is_empty() { Ok(Value::Null) } else { Err(diagnostic("Doorward.Again", again.join("; "))) }
}

/// The core has bounded the body and gathered it, and says so before it records the call.
async fn encode(reply: Reply) -> Result<Value, Diagnostic> {
    let Reply { status, headers, body } = reply;
    let unreadable = |error: BodyError| diagnostic("Doorward.Unreadable", error.to_string());
    let body = body.collect(reply::MAX_ANSWER_BYTES).await.map_err(unreadable)?;
    Ok(reply::encode(status, &headers, &body))
}

fn refuse(door: &Door, refusal: &Refusal, context: &Context) -> Reply {
    problem(refusal, &context.request_id, &door.rules().config().door.name)
}

fn diagnostic(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
