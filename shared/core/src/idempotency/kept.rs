//! What is kept of how a call with a key ended.

use bytes::Bytes;
use doorward_config::OnTargetFailure;
use doorward_model::{Body, Call, IdempotencyState, Refusal, Reply, StoredAnswer, TargetFault};
use http::StatusCode;

use crate::check_response::Answered;
use crate::door::Door;
use crate::invoke;
use crate::ports::LARGEST_STORED_ANSWER;
use crate::respond::REQUEST_ID;

/// RFC 6585 section 4 and RFC 9110 section 15.6.4: whoever says so has not done it, and asks for it again.
const NOT_DONE: [StatusCode; 2] = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];

impl Door {
    /// What the end of a call is for its key. What the target answered is final, and so is that it failed, unless the
    /// route runs such calls again: it may have done what it was asked for. What never reached it is free to run again.
    pub(super) fn end(
        &self,
        outcome: Result<&Answered, &Refusal>,
        on_target_failure: OnTargetFailure,
        call: &Call,
    ) -> IdempotencyState {
        let replays = on_target_failure == OnTargetFailure::Replay;
        match outcome {
            Ok(_) | Err(_) if !touched(call) => IdempotencyState::Released,
            Ok(answered) if replays || !answered.is_failure() => store(answered.reply()),
            Err(refusal @ (Refusal::Target(_) | Refusal::BrokenAnswer(_))) if replays => {
                let told = invoke::of_invocation(&self.rules, refusal, call);
                store(&told.unwrap_or_else(|| self.problem(refusal, call)))
            }
            Ok(_) | Err(_) => IdempotencyState::Released,
        }
    }
}

/// Whether the target may have begun what a try asked of it.
pub(crate) fn may_have_begun(answer: &Result<Reply, TargetFault>) -> bool {
    match answer {
        Ok(reply) => !NOT_DONE.contains(&reply.status),
        Err(fault) => !fault.is_untouched(),
    }
}

fn touched(call: &Call) -> bool {
    call.sent.as_ref().is_some_and(|sent| sent.touched)
}

fn store(reply: &Reply) -> IdempotencyState {
    let body = match &reply.body {
        Body::Empty => Bytes::new(),
        Body::Full(bytes) => bytes.clone(),
        Body::Stream(_) => return IdempotencyState::NotKept,
    };
    let mut headers = reply.headers.clone();
    // Each repetition has its own.
    headers.remove(REQUEST_ID);
    let answer = StoredAnswer { status: reply.status, headers, body };
    match answer.size() {
        0..=LARGEST_STORED_ANSWER => IdempotencyState::Answered(answer),
        _ => IdempotencyState::NotKept,
    }
}
