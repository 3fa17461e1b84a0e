use doorward_core::ports::AnswerBound;
use doorward_events::reply;
use doorward_model::ReplyForm;
use http::{HeaderMap, StatusCode};

/// What Lambda carries back to a front, in the form that it takes, whole: at most 6 MB of JSON, to a load balancer 1 MB.
#[derive(Debug, Clone, Copy, Default)]
pub struct LambdaAnswers;

impl AnswerBound for LambdaAnswers {
    fn fits(
        &self,
        form: ReplyForm,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), String> {
        // The door adds its own header fields after this.
        const OWN_FIELDS: usize = 4 * 1024;
        reply::fits(form, status, headers, body, OWN_FIELDS).map_err(|unfit| unfit.to_string())
    }

    fn streams(&self) -> bool {
        false
    }
}
