use doorward_config::CheckAnswers;
use doorward_contract::Operation;
use doorward_model::{Body, Call, Refusal, Reply, Stage, TargetFault};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use crate::door::Door;
use crate::find::Subject;
use crate::send::Sent;

/// A call whose answer may go to the caller.
pub(crate) struct Answered {
    reply: Reply,
}

impl Answered {
    pub(crate) fn into_reply(self) -> Reply {
        self.reply
    }
}

/// The most bytes that are gathered of any answer; what the front can carry is for [`crate::ports::AnswerBound`] to say.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

impl Door {
    /// Does the answer keep its contract, and can the front carry it? Both are known before the call is recorded: what
    /// the ledger calls admitted is answered as it says.
    pub(crate) async fn check_response(&self, sent: Sent<'_>, call: &mut Call) -> Result<Answered, Refusal> {
        self.enter(call, Stage::CheckResponse);
        let http = match sent.found().subject() {
            Subject::Http(http) => Some((http.rules, http.rules.route.check_answers)),
            Subject::Event { .. } => None,
        };
        let Reply { status, headers, body } = sent.into_reply();
        let unreadable = |cause: String| Refusal::Target(TargetFault::Unreadable(cause));
        let body = body.collect(MAX_ANSWER).await.map_err(|error| unreadable(error.to_string()))?;
        if let Some((rules, mode)) = http {
            // Whoever is served may read another one than the contract did.
            if headers.get_all(CONTENT_TYPE).iter().count() > 1 {
                return Err(unreadable("it has two content types".to_owned()));
            }
            if let Some(operation) = &rules.operation {
                check(operation, status, &headers, &body, mode, call)?;
            }
            if !self.ports.answers.fits(status, &headers, &body) {
                return Err(unreadable("it is larger than the front can carry".to_owned()));
            }
        }
        call.bytes_out = body.len() as u64;
        let body = if body.is_empty() { Body::Empty } else { Body::Full(body) };
        Ok(Answered { reply: Reply { status, headers, body } })
    }
}

fn check(
    operation: &Operation,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    mode: CheckAnswers,
    call: &mut Call,
) -> Result<(), Refusal> {
    if mode == CheckAnswers::Off {
        return Ok(());
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let violations = operation.check_response(status.as_u16(), content_type, body);
    if violations.is_empty() {
        return Ok(());
    }
    call.violations.clone_from(&violations);
    match mode {
        CheckAnswers::Enforce => Err(Refusal::BrokenAnswer(violations)),
        CheckAnswers::Report | CheckAnswers::Off => Ok(()),
    }
}
