use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_config::{InvokeRule, LambdaTarget, StepFunctionsTarget, TargetKind};
use doorward_model::{
    AmbiguousParameter, HttpRequest, InvocationFault, InvocationNote, InvocationType, MalformedFault,
    QueryPairs, Refusal, parse_json,
};
use http::HeaderName;
use serde_json::{Map, Value, json};

use super::FunctionName;
use crate::named;

const TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
const LOG_TYPE: HeaderName = HeaderName::from_static("x-amz-log-type");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("x-amz-client-context");
/// Who asks for a tenant's own place to run in, or for a durable execution, must not be run without it.
const UNOFFERED: [HeaderName; 2] =
    [HeaderName::from_static("x-amz-tenant-id"), HeaderName::from_static("x-amz-durable-execution-name")];
const QUALIFIER: &str = "Qualifier";
/// The version that a target's own endpoint stands for.
const LATEST: &str = "$LATEST";

/// Bytes of a client context, in base64 ("Invoke", AWS Lambda API reference).
const LONGEST_CONTEXT: usize = 3583;
/// Levels of JSON in a client context.
const DEEPEST_CONTEXT: usize = 16;

/// What an invocation asks for, beside its payload.
#[derive(Debug)]
pub(crate) struct Invocation<'c> {
    pub(crate) kind: InvocationType,
    /// What the policies are told that it is.
    pub(crate) decided: InvocationType,
    /// A declared one; `None` for the target's own.
    pub(crate) qualifier: Option<&'c str>,
    /// Whether the end of the function's log is asked for, and given.
    pub(crate) log_tail: bool,
    /// What the caller tells the function beside its payload.
    pub(crate) client_context: Option<Map<String, Value>>,
}

impl<'c> Invocation<'c> {
    /// Reads what `request` asks of the function that it names as `name`.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a version that is not declared, [`Refusal::Malformed`] for what is said twice, in words that
    /// nobody knows, or cannot be done.
    pub(crate) fn read(
        rule: &'c InvokeRule,
        target: &TargetKind,
        name: &FunctionName<'_>,
        request: &HttpRequest,
    ) -> Result<Self, Refusal> {
        let kind = read_type(request)?;
        let event_only = takes_events_only(target);
        if event_only && kind == InvocationType::RequestResponse {
            return Err(fault(InvocationFault::EventOnly));
        }
        if UNOFFERED.iter().any(|name| request.headers.contains_key(name)) {
            return Err(fault(InvocationFault::Unoffered));
        }
        let log_tail = match field(request, &LOG_TYPE)?.as_deref() {
            None | Some("None") => false,
            Some("Tail") if rule.log_tail => true,
            Some("Tail") => return Err(fault(InvocationFault::LogTail)),
            Some(_) => return Err(fault(InvocationFault::LogType)),
        };
        let qualifier = qualifier(rule, name, &request.query)?;
        let client_context = field(request, &CLIENT_CONTEXT)?.map(|text| context(&text)).transpose()?;
        let decided = if event_only { InvocationType::Event } else { kind.decided_as() };
        Ok(Self { kind, decided, qualifier, log_tail, client_context })
    }

    /// What tells it from other invocations with the same payload.
    pub(crate) fn distinct(&self) -> String {
        let Self { kind, qualifier, log_tail, client_context, .. } = self;
        json!([kind, qualifier, log_tail, client_context]).to_string()
    }

    /// What the call's line tells of it.
    pub(crate) fn note(&self) -> InvocationNote {
        InvocationNote { kind: self.kind, qualifier: self.qualifier.map(str::to_owned) }
    }
}

/// Whether a target takes messages on and has no answer to wait for.
fn takes_events_only(target: &TargetKind) -> bool {
    use doorward_config::Invocation::Async;
    match target {
        TargetKind::Sqs(_) | TargetKind::Sns(_) | TargetKind::EventBridge(_) => true,
        TargetKind::Lambda(LambdaTarget { invocation, .. })
        | TargetKind::StepFunctions(StepFunctionsTarget { invocation }) => *invocation == Async,
        TargetKind::Http(_) => false,
    }
}

fn read_type(request: &HttpRequest) -> Result<InvocationType, Refusal> {
    let Some(word) = field(request, &TYPE)? else { return Ok(InvocationType::default()) };
    let known = InvocationType::ALL.into_iter().find(|kind| kind.word() == word);
    known.ok_or(fault(InvocationFault::Type))
}

/// The declared version that is asked for by the name, by the query, or by both alike.
fn qualifier<'c>(
    rule: &'c InvokeRule,
    name: &FunctionName<'_>,
    query: &str,
) -> Result<Option<&'c str>, Refusal> {
    let asked = QueryPairs::only(query, QUALIFIER);
    let asked = asked
        .map_err(|AmbiguousParameter| Refusal::Malformed(MalformedFault::Query(QUALIFIER.to_owned())))?;
    let wanted = match (name.qualifier, asked.as_deref()) {
        (Some(by_name), Some(by_query)) if by_name != by_query => {
            return Err(fault(InvocationFault::Qualifier));
        }
        (by_name, by_query) => by_name.or(by_query),
    };
    match wanted {
        None | Some(LATEST) => Ok(None),
        Some(wanted) => {
            let declared = rule.qualifiers.iter().find(|declared| *declared == wanted);
            declared.map(|declared| Some(declared.as_str())).ok_or(Refusal::NotFound)
        }
    }
}

/// A JSON object, whose `custom` functions read as an object.
fn context(text: &str) -> Result<Map<String, Value>, Refusal> {
    if text.len() > LONGEST_CONTEXT {
        return Err(fault(InvocationFault::ClientContextSize));
    }
    let bytes = STANDARD.decode(text).ok();
    let value = bytes.and_then(|bytes| parse_json(&bytes, DEEPEST_CONTEXT).ok());
    match value {
        Some(Value::Object(members)) if members.get("custom").is_none_or(Value::is_object) => Ok(members),
        _ => Err(fault(InvocationFault::ClientContext)),
    }
}

fn field(request: &HttpRequest, name: &HeaderName) -> Result<Option<String>, Refusal> {
    named::header(request, name).map_err(Refusal::Malformed)
}

fn fault(fault: InvocationFault) -> Refusal {
    Refusal::Malformed(MalformedFault::Invocation(fault))
}
