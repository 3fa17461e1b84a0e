use doorward_config::CheckAnswers;
use doorward_contract::Operation;
use doorward_model::{Body, Call, Refusal, Reply, Stage, TargetFault};
use http::header::CONTENT_TYPE;

use crate::door::Door;
use crate::find::Subject;
use crate::send::Sent;

/// A call whose answer may go to the caller.
pub(crate) struct Answered {
    pub(crate) reply: Reply,
}

/// The largest answer that is gathered to be checked: Lambda's own bound for a synchronous answer.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

impl Door {
    /// Does the answer keep its contract? One that is not checked passes on without being gathered.
    pub(crate) async fn check_response(&self, sent: Sent<'_>, call: &mut Call) -> Result<Answered, Refusal> {
        self.enter(call, Stage::CheckResponse);
        let Sent { found, mut reply } = sent;
        if let Subject::Http(http) = &found.subject
            && let Some(operation) = http.operation
            && http.route.check_answers != CheckAnswers::Off
        {
            let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            if operation.reads_response_body(reply.status.as_u16(), content_type) {
                let body = std::mem::take(&mut reply.body).collect(MAX_ANSWER).await;
                let body =
                    body.map_err(|error| Refusal::Target(TargetFault::Unreadable(error.to_string())))?;
                reply.body = if body.is_empty() { Body::Empty } else { Body::Full(body) };
            }
            check(operation, &reply, http.route.check_answers, call)?;
        }
        call.bytes_out = reply.body.len_hint().unwrap_or(0) as u64;
        Ok(Answered { reply })
    }
}

fn check(operation: &Operation, reply: &Reply, mode: CheckAnswers, call: &mut Call) -> Result<(), Refusal> {
    let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let body: &[u8] = if let Body::Full(bytes) = &reply.body { bytes } else { &[] };
    let violations = operation.check_response(reply.status.as_u16(), content_type, body);
    if violations.is_empty() {
        return Ok(());
    }
    call.violations.clone_from(&violations);
    match mode {
        CheckAnswers::Enforce => Err(Refusal::BrokenAnswer(violations)),
        CheckAnswers::Report | CheckAnswers::Off => Ok(()),
    }
}
