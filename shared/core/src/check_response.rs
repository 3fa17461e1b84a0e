use doorward_config::CheckAnswers;
use doorward_contract::Operation;
use doorward_model::{
    Body, BodyError, Call, HttpRequest, Refusal, Reply, ReplyForm, Stage, TargetFault, Violation,
};
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::door::Door;
use crate::find::Subject;
use crate::idempotency::IDEMPOTENT_REPLAYED;
use crate::inflation::{self, Allowance, Bomb};
use crate::invoke;
use crate::permit::Permitted;
use crate::ports::AnswerBound;
use crate::respond::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::rules::RouteRules;
use crate::send::Sent;

/// A call whose answer may go to the caller.
pub(crate) struct Answered {
    reply: Reply,
    /// Whether it is the answer that an earlier call got.
    again: bool,
    function_error: Option<String>,
}

impl Answered {
    pub(crate) fn of(reply: Reply) -> Self {
        Self { reply, again: false, function_error: None }
    }

    /// The answer that an earlier call got, where the front of this one can carry it.
    pub(crate) fn again(reply: Reply, form: ReplyForm, answers: &dyn AnswerBound) -> Result<Self, Refusal> {
        fits(form, &reply, answers)?;
        Ok(Self { again: true, ..Self::of(reply) })
    }

    /// What who only asks whether they may is answered, once they may.
    pub(crate) fn dry_run(_: &Permitted<'_>) -> Self {
        Self::of(invoke::dry_run())
    }

    /// The name of the error that the caller of a function is handed in the place of its answer.
    pub(crate) fn function_error(&self) -> Option<&str> {
        self.function_error.as_deref()
    }

    /// Whether the target failed: by its status, or as a function that is invoked says it.
    pub(crate) fn is_failure(&self) -> bool {
        self.reply.status.is_server_error() || self.function_error.is_some()
    }

    /// Whether its end is yet to come.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.reply.body, Body::Stream(_))
    }

    pub(crate) fn is_again(&self) -> bool {
        self.again
    }

    pub(crate) fn reply(&self) -> &Reply {
        &self.reply
    }

    pub(crate) fn reply_mut(&mut self) -> &mut Reply {
        &mut self.reply
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.reply.status
    }

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
        let (rules, form, conditional) = match sent.found().subject() {
            Subject::Http(http) => (Some(http.rules), http.request.reply, is_conditional(http.request)),
            Subject::Event { .. } => (None, ReplyForm::default(), false),
        };
        let (invoked, target) = (sent.found().invocation().map(|asked| asked.kind), sent.found().target());
        let (mut reply, function_error) = match invoked {
            Some(kind) => invoke::outcome(kind, &target.kind, sent.into_reply()),
            None => (sent.into_reply(), None),
        };
        take_off_own(&mut reply.headers, rules, call);
        // Whoever is served may read another one than the contract did.
        if rules.is_some() && reply.headers.get_all(CONTENT_TYPE).iter().count() > 1 {
            return Err(unreadable("it has two content types"));
        }
        if rules.is_some() {
            fits(form, &reply, self.ports.answers.as_ref())?;
        }
        // To who has the answer already, it says that this is still the one (RFC 9110 section 15.4.5).
        let unchanged = conditional && reply.status == StatusCode::NOT_MODIFIED;
        if let Some((operation, mode)) = rules.and_then(checked_operation)
            && (!unchanged || operation.has_response(reply.status.as_u16()))
        {
            check(operation, mode, &reply, call)?;
        }
        call.bytes_out = reply.body.len_hint().unwrap_or(0) as u64;
        Ok(Answered { function_error, ..Answered::of(reply) })
    }

    /// The answer with its whole body, which is a part of the try that it ends: who begins an answer and breaks it off has
    /// given none. A stream `passes` on without being gathered where [`passes_on`] says so.
    pub(crate) async fn gather(&self, passes: bool, reply: Reply) -> Result<Reply, TargetFault> {
        if passes && matches!(reply.body, Body::Stream(_)) {
            return Ok(reply);
        }
        let gathered = reply.body.collect(MAX_ANSWER).await.map_err(broken_off)?;
        let body = if gathered.is_empty() { Body::Empty } else { Body::Full(gathered) };
        Ok(Reply { body, ..reply })
    }
}

/// The answer, where it may become what it becomes once it is inflated. That takes time which is not its endpoint's.
pub(crate) async fn held(reply: Reply, allowance: Option<Allowance>) -> Result<Reply, TargetFault> {
    let Some(allowance) = allowance else { return Ok(reply) };
    let too_large = |bomb: Bomb| TargetFault::TooLarge(bomb.to_string());
    let Reply { status, headers, body } = reply;
    let body = match body {
        Body::Empty => Body::Empty,
        Body::Full(whole) => {
            inflation::hold(&headers, &whole, allowance).await.map_err(too_large)?;
            Body::Full(whole)
        }
        Body::Stream(chunks) => {
            Body::Stream(Box::pin(inflation::hold_stream(&headers, chunks, allowance).map_err(too_large)?))
        }
    };
    Ok(Reply { status, headers, body })
}

/// Whether an answer to `request` passes on while it comes in: its route says so, its front does so, and nobody reads it before,
/// be it to check or to keep it.
pub(crate) fn passes_on(request: &HttpRequest, rules: &RouteRules, call: &Call) -> bool {
    rules.route.stream
        && request.reply == ReplyForm::Streamed
        && checked_operation(rules).is_none()
        && call.key.is_none()
}

/// Takes off what a target says and the door says itself: where the route has keys, whether an answer was given before; where limits
/// held the call, what is left. Else these fields are the target's, as any other.
fn take_off_own(headers: &mut HeaderMap, rules: Option<&RouteRules>, call: &Call) {
    if rules.is_some_and(|rules| rules.route.idempotency.is_some()) {
        headers.remove(IDEMPOTENT_REPLAYED);
    }
    if !call.limits.is_empty() {
        headers.remove(RATE_LIMIT);
        headers.remove(RATE_LIMIT_POLICY);
    }
}

/// Whether the front can carry what was gathered of it, or the head of what was not.
fn fits(form: ReplyForm, reply: &Reply, answers: &dyn AnswerBound) -> Result<(), Refusal> {
    let whole: &[u8] = match &reply.body {
        Body::Empty | Body::Stream(_) => &[],
        Body::Full(bytes) => bytes,
    };
    answers.fits(form, reply.status, &reply.headers, whole).map_err(|cause| unreadable(&cause))
}

/// An answer that began and has no end that can be used.
pub(crate) fn broken_off(error: BodyError) -> TargetFault {
    match error {
        BodyError::TimedOut => TargetFault::TimedOut,
        BodyError::Cut(cause) => TargetFault::Reset(cause),
        BodyError::Failed(kind) => TargetFault::Failed(kind),
        BodyError::Unreadable(cause) => TargetFault::Unreadable(cause),
        BodyError::TooLarge { .. } => TargetFault::TooLarge(error.to_string()),
        BodyError::Inflates(cause) => TargetFault::TooLarge(cause),
    }
}

fn unreadable(cause: &str) -> Refusal {
    Refusal::Target(TargetFault::Unreadable(cause.to_owned()))
}

/// The contract that the route holds answers to.
fn checked_operation(rules: &RouteRules) -> Option<(&Operation, CheckAnswers)> {
    let mode = rules.route.check_answers;
    rules.operation.as_ref().filter(|_| mode != CheckAnswers::Off).map(|operation| (operation, mode))
}

/// Whether it asks for an answer only where that is another one than the caller has (RFC 9110 sections 13.1.2 and 13.1.3).
fn is_conditional(request: &HttpRequest) -> bool {
    [Method::GET, Method::HEAD].contains(&request.method)
        && [IF_NONE_MATCH, IF_MODIFIED_SINCE].iter().any(|name| request.headers.contains_key(name))
}

/// The request with which a target is asked for an answer that its contract can read: whatever codings the caller takes, and
/// where it says nothing, which means any, none (RFC 9110 section 12.5.3); and the whole of it, unless the contract models
/// parts (section 14.2). `None` where it goes out as it came in.
pub(crate) fn asked_plain(request: &HttpRequest, rules: &RouteRules) -> Option<HttpRequest> {
    let (operation, _) = checked_operation(rules)?;
    let mut request = request.clone();
    if !operation.has_response(StatusCode::PARTIAL_CONTENT.as_u16()) {
        request.headers.remove(RANGE);
        request.headers.remove(IF_RANGE);
    }
    request.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Some(request)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    !headers.get_all(CONTENT_ENCODING).iter().all(identity)
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

fn check(operation: &Operation, mode: CheckAnswers, reply: &Reply, call: &mut Call) -> Result<(), Refusal> {
    let body: &[u8] = if let Body::Full(bytes) = &reply.body { bytes } else { &[] };
    let (status, media) = (reply.status.as_u16(), content_type(&reply.headers));
    let violations = match is_encoded(&reply.headers) && operation.reads_response_body(status, media) {
        // It could be checked only after decoding, at a cost that its sender would choose.
        true => vec![Violation {
            pointer: "/content-encoding".to_owned(),
            part: "header".to_owned(),
            rule: "no content coding, since the contract reads the body".to_owned(),
            names: Vec::new(),
        }],
        false => operation.check_response(status, &reply.headers, body),
    };
    if violations.is_empty() {
        return Ok(());
    }
    call.violations.clone_from(&violations);
    match mode {
        CheckAnswers::Enforce => Err(Refusal::BrokenAnswer(violations)),
        CheckAnswers::Report | CheckAnswers::Off => Ok(()),
    }
}
