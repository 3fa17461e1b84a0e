use std::time::Duration;

use doorward_config::{Credential, Route};
use doorward_model::{
    AuthFault, Body, Call, IdempotencyFault, Inbound, LimitNote, MalformedFault, Outcome, Refusal, Reply,
    TargetFault, Violation,
};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::check_response::Answered;
use crate::door::{Answer, Door, EventAnswer};
use crate::fate::Fate;
use crate::invoke;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// draft-ietf-httpapi-ratelimit-headers-10.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Door {
    /// Answers the front, and writes the call's line. There is no `request` where it is an event.
    pub(crate) fn respond(
        &self,
        outcome: Result<Answered, Refusal>,
        request: Option<&Inbound>,
        call: &mut Call,
    ) -> Answer {
        let answer = if let Some(inbound) = request {
            let mut reply = match outcome {
                Ok(answered) => answered.into_reply(),
                Err(refusal) => invoke::exception(&self.rules, &refusal, inbound, call)
                    .unwrap_or_else(|| self.problem(&refusal, call)),
            };
            complete(&mut reply.headers, call);
            call.status = Some(reply.status.as_u16());
            Answer::Http(reply)
        } else {
            Answer::Event(self.event_answer(outcome, call))
        };
        call.finish(self.ports.clock.now());
        self.ports.journal.write(call);
        answer
    }

    pub(crate) fn problem(&self, refusal: &Refusal, call: &Call) -> Reply {
        let realm = &self.rules.config().door.name;
        let mut reply = problem(refusal, call.id.as_str(), realm);
        // Who shows nothing is told of everything that this route takes.
        if let Refusal::Unauthenticated(AuthFault::Missing) = refusal
            && let Some(route) =
                self.rules.config().routes.iter().find(|route| Some(&route.id) == call.action.as_ref())
        {
            insert(&mut reply.headers, WWW_AUTHENTICATE, &challenges(route, realm));
        }
        reply
    }

    fn event_answer(&self, outcome: Result<Answered, Refusal>, call: &Call) -> EventAnswer {
        let Err(refusal) = outcome else { return EventAnswer::Done(Outcome::Admitted) };
        match self.fate(&refusal, call) {
            Fate::Dropped | Fate::Kept => EventAnswer::Done(refusal.outcome()),
            Fate::Again => EventAnswer::Again(format!("{}: call {}", refusal.code(), call.id)),
        }
    }
}

/// What the door says of the call in the fields of its answer, whatever that is.
pub(crate) fn complete(headers: &mut HeaderMap, call: &Call) {
    describe_limits(headers, &call.limits);
    insert(headers, REQUEST_ID, call.id.as_str());
}

/// The one reply to each refusal: a problem (RFC 9457) with a stable `code`, the request id, and nothing about
/// policies, keys or targets.
#[must_use]
pub fn problem(refusal: &Refusal, request_id: &str, realm: &str) -> Reply {
    let Told { title, mut headers, errors } = told(refusal, request_id, realm);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let status = refusal.status();
    let mut body = json!({
        "type": format!("urn:doorward:problem:{}", refusal.code()),
        "title": title,
        "status": status.as_u16(),
        "code": refusal.code(),
        "request_id": request_id,
    });
    if let (Value::Object(members), false) = (&mut body, errors.is_empty()) {
        members.insert("errors".to_owned(), Value::Array(errors));
    }
    Reply { status, headers, body: Body::from(body.to_string().into_bytes()) }
}

/// What a caller is told of a refusal, in whatever form.
pub(crate) struct Told {
    pub(crate) title: &'static str,
    /// How to go on, and the request id.
    pub(crate) headers: HeaderMap,
    /// Where the payload breaks its contract.
    pub(crate) errors: Vec<Value>,
}

/// What a caller is told of `refusal`.
pub(crate) fn told(refusal: &Refusal, request_id: &str, realm: &str) -> Told {
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = field(refusal, realm) {
        insert(&mut headers, name, &value);
    }
    insert(&mut headers, REQUEST_ID, request_id);
    let errors: &[Violation] = match refusal {
        Refusal::Malformed(MalformedFault::Json(json)) => &json.violations,
        Refusal::Contract(violations) => violations,
        _ => &[],
    };
    Told { title: title(refusal), headers, errors: errors.iter().map(describe).collect() }
}

/// The header field that goes with such a refusal, where one does.
fn field(refusal: &Refusal, realm: &str) -> Option<(HeaderName, String)> {
    Some(match refusal {
        Refusal::InsufficientScope { scopes, .. } => (WWW_AUTHENTICATE, scope_challenge(scopes, realm)),
        Refusal::Unauthenticated(fault) => (WWW_AUTHENTICATE, challenge(fault, realm)),
        Refusal::MethodNotAllowed { allow } => {
            (ALLOW, allow.iter().map(http::Method::as_str).collect::<Vec<_>>().join(", "))
        }
        Refusal::Flooded { retry_after } | Refusal::Target(TargetFault::LeftAlone { retry_after }) => {
            (RETRY_AFTER, whole_seconds(*retry_after))
        }
        Refusal::Limited(limit) => (RETRY_AFTER, whole_seconds(limit.reset)),
        Refusal::KeysAway
        | Refusal::SecretsAway
        | Refusal::StoreAway
        | Refusal::Idempotency(IdempotencyFault::InProgress(_)) => (RETRY_AFTER, "1".to_owned()),
        _ => return None,
    })
}

/// The `title` of RFC 9457: the same for all refusals of its kind.
fn title(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownFront | Refusal::Denied(_) | Refusal::NeedsBody => "You may not do this",
        Refusal::InsufficientScope { .. } => "The token does not reach that far",
        Refusal::Malformed(MalformedFault::CloudEvent(_)) => {
            "The request brings no events that are taken here"
        }
        Refusal::Malformed(_) => "The request cannot be read in one way only",
        Refusal::NotFound => "There is nothing here",
        Refusal::MethodNotAllowed { .. } => "This method is not allowed here",
        Refusal::TooLarge { .. } | Refusal::Inflates(_) => "The payload is too large",
        Refusal::Flooded { .. } => "Too many requests from this address",
        Refusal::Unauthenticated(_) => "Credentials are missing or not valid",
        Refusal::KeysAway | Refusal::SecretsAway => "Credentials cannot be checked at the moment",
        Refusal::UnsupportedMediaType => "The media type is not supported",
        Refusal::Contract(_) => "The request breaks its contract",
        Refusal::Purpose(fault) if fault.is_missing() => "The call must state its purpose",
        Refusal::Purpose(_) => "The purpose is not known here",
        Refusal::Uncountable(_) => "The request counts for more or less than a call may",
        Refusal::Repetition { .. } => "This call was made before",
        Refusal::Idempotency(fault) => of_key(fault),
        Refusal::Limited(_) => "A limit of the caller's plan is reached",
        Refusal::StoreAway => "The call cannot be served at the moment",
        Refusal::Target(TargetFault::TimedOut) => "The target did not answer in time",
        Refusal::Target(TargetFault::LeftAlone { .. } | TargetFault::Unreachable(_)) => {
            "The target cannot be reached"
        }
        Refusal::Target(TargetFault::Unfit(_)) => "The payload is none that the target takes",
        Refusal::Target(
            TargetFault::Failed(_)
            | TargetFault::Reset(_)
            | TargetFault::Unreadable(_)
            | TargetFault::TooLarge(_)
            | TargetFault::Address(_)
            | TargetFault::Credentials(_),
        ) => "The target failed",
        Refusal::BrokenAnswer(_) => "The target's answer breaks its contract",
    }
}

fn of_key(fault: &IdempotencyFault) -> &'static str {
    match fault {
        IdempotencyFault::Missing => "The call must bring an idempotency key",
        IdempotencyFault::Malformed(_) => "The idempotency key cannot be read",
        IdempotencyFault::Reused(_) => "The idempotency key was given to another request",
        IdempotencyFault::InProgress(_) => "The first call with this idempotency key is under way",
        IdempotencyFault::Unknown(_) => {
            "It is not known what came of the first call with this idempotency key"
        }
        IdempotencyFault::NotKept(_) => {
            "The first call with this idempotency key was answered, and its answer is not kept"
        }
    }
}

/// One violation for the caller, who alone is told of the names that the caller chose.
fn describe(violation: &Violation) -> Value {
    let mut described = json!(violation);
    if let (Value::Object(members), false) = (&mut described, violation.names.is_empty()) {
        members.insert("names".to_owned(), json!(violation.names));
    }
    described
}

/// RFC 6750 section 3: a request without credentials gets no error code.
fn challenge(fault: &AuthFault, realm: &str) -> String {
    match fault {
        AuthFault::Missing => format!("Bearer realm=\"{realm}\""),
        AuthFault::ApiKey(_) => format!("ApiKey realm=\"{realm}\""),
        // No scheme is registered for it (RFC 9110 section 11.6.1 asks for one all the same).
        AuthFault::Webhook(_) => format!("Signature realm=\"{realm}\", error=\"invalid_signature\""),
        AuthFault::Iam(_) => format!("AWS4-HMAC-SHA256 realm=\"{realm}\""),
        AuthFault::Certificate(_) => format!("ClientCertificate realm=\"{realm}\""),
        _ => format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
    }
}

/// RFC 6750 section 3.1: which scopes would do.
fn scope_challenge(scopes: &[String], realm: &str) -> String {
    format!("Bearer realm=\"{realm}\", error=\"insufficient_scope\", scope=\"{}\"", scopes.join(" "))
}

/// A challenge for each kind of credentials that a route takes and that has one (RFC 9110 section 11.6.1). `ApiKey` is no
/// registered scheme: it tells where the door expects what was agreed on elsewhere.
fn challenges(route: &Route, realm: &str) -> String {
    let of = |credential: &Credential| match credential {
        Credential::Token(_) => Some(format!("Bearer realm=\"{realm}\"")),
        Credential::ApiKey => Some(format!("ApiKey realm=\"{realm}\"")),
        Credential::Webhook(_) => Some(format!("Signature realm=\"{realm}\"")),
        Credential::Iam => Some(format!("AWS4-HMAC-SHA256 realm=\"{realm}\"")),
        Credential::Certificate => Some(format!("ClientCertificate realm=\"{realm}\"")),
        Credential::Anonymous => None,
    };
    let mut challenges: Vec<String> = Vec::new();
    for challenge in route.auth.iter().filter_map(of) {
        if !challenges.contains(&challenge) {
            challenges.push(challenge);
        }
    }
    challenges.join(", ")
}

fn describe_limits(headers: &mut HeaderMap, limits: &[LimitNote]) {
    if limits.is_empty() {
        return;
    }
    let join =
        |describe: &dyn Fn(&LimitNote) -> String| limits.iter().map(describe).collect::<Vec<_>>().join(", ");
    let policy = |limit: &LimitNote| format!("\"{}\";q={};w={}", limit.name, limit.limit, limit.window);
    let state = |limit: &LimitNote| {
        format!("\"{}\";r={};t={}", limit.name, limit.remaining, whole_seconds(limit.reset))
    };
    insert(headers, RATE_LIMIT_POLICY, &join(&policy));
    insert(headers, RATE_LIMIT, &join(&state));
}

/// Rounded up: waiting that long is enough.
fn whole_seconds(duration: Duration) -> String {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).to_string()
}

/// Names and texts here are checked configuration and ids; one that is no field value all the same is left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
