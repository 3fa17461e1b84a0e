use doorward_core::ports::AnswerBound;
use doorward_events::reply;
use doorward_model::ReplyForm;
use http::{HeaderMap, StatusCode};

/// What Lambda carries back to a front: payload format 2.0, at most 6 MB of JSON, whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct LambdaAnswers;

impl AnswerBound for LambdaAnswers {
    fn fits(&self, _: ReplyForm, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
        // The door adds its own header fields after this.
        const OWN_FIELDS: usize = 4 * 1024;
        reply::encoded_len(status, headers, body) + OWN_FIELDS <= reply::MAX_ANSWER_BYTES
    }

    fn streams(&self) -> bool {
        false
    }
}
