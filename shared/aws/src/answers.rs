use doorward_core::ports::AnswerBound;
use doorward_events::reply;
use doorward_model::ReplyForm;
use http::{HeaderMap, StatusCode};

/// What Lambda carries back to a front, in the form that it takes: whole at most 6 MB of JSON, to a load balancer 1 MB; of a stream
/// a head of 16 KB.
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::SET_COOKIE;

    #[track_caller]
    fn check(form: ReplyForm, cookies: usize, bytes: usize, expected: Result<(), &str>) {
        let cookie = (SET_COOKIE, HeaderValue::from_static("a=1"));
        let headers = std::iter::repeat_n(cookie, cookies).collect();
        let fits = LambdaAnswers.fits(form, StatusCode::OK, &headers, &vec![b'a'; bytes]);
        match expected {
            Ok(()) => assert_eq!(fits, Ok(())),
            Err(cause) => assert!(fits.unwrap_err().contains(cause), "{form:?}"),
        }
    }

    #[test]
    fn what_a_front_cannot_carry_says_why() {
        const MB: usize = 1024 * 1024;
        for form in [ReplyForm::V2, ReplyForm::V1] {
            check(form, 2, 5 * MB, Ok(()));
            check(form, 2, 6 * MB - 1024, Err("more than the 6291456 that the front can carry"));
        }
        for form in [ReplyForm::AlbSingle, ReplyForm::AlbMulti] {
            check(form, 1, 1000 * 1000, Ok(()));
            check(form, 1, MB - 1024, Err("more than the 1048576 that the front can carry"));
        }
        check(ReplyForm::AlbMulti, 2, 0, Ok(()));
        check(ReplyForm::AlbSingle, 2, 0, Err("enable `lambda.multi_value_headers.enabled`"));
    }
}
