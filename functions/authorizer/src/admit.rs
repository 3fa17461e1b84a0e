use doorward_config::AuthorizerAnswer;
use doorward_core::{Admission, LiveDoor};
use doorward_events::authorizer::{
    self, Allowed, AnswerForm, AuthorizerCall, UNAUTHORIZED, UsageKey, Verdict,
};
use doorward_events::{Attested, Envelope, EnvelopeError};
use doorward_model::{CallId, MalformedFault, Principal, Refusal, ReplyForm};
use lambda_runtime::{Context, Diagnostic};
use serde_json::Value;
use serde_json::value::RawValue;

/// Answers one question of API Gateway's. A caller who is not proven is answered with the error that the gateway turns
/// into 401; every other refusal is a deny, which it turns into 403; what went wrong on our side is another error,
/// which it turns into 500.
pub(crate) async fn admit(
    live: &LiveDoor,
    payload: &RawValue,
    context: &Context,
) -> Result<Value, Diagnostic> {
    let payload = payload.get().as_bytes();
    let xray = context.xray_trace_id.as_deref();
    let envelope = Envelope::new(payload, &context.request_id, context.deadline, xray);
    let door = live.enter(envelope.deadline).await;
    let configured = match door.rules().config().authorizer.answer {
        AuthorizerAnswer::Simple => AnswerForm::Simple,
        AuthorizerAnswer::IamPolicy => AnswerForm::IamPolicy,
    };
    let question = match authorizer::read(&envelope) {
        Ok(question) => question,
        Err(EnvelopeError::Malformed { form, fault }) => {
            tracing::warn!(request_id = context.request_id, cause = %fault, "the request is malformed");
            let refusal = Refusal::Malformed(MalformedFault::Envelope(fault.to_string()));
            // Only a question in payload format 2.0 may be answered by a simple denial.
            let form = if form == ReplyForm::V2 { configured } else { AnswerForm::IamPolicy };
            return Ok(authorizer::deny(form, refusal.code(), &CallId::new(&context.request_id)));
        }
        Err(error) => return Err(unreadable(&error, context)),
    };
    let form = if question.kind.takes_simple() { configured } else { AnswerForm::IamPolicy };
    // Where the path is refused as well, the door says so itself.
    if let Some(path) = door.rules().path_of(&question.inbound)
        && !question.is_about(&path)
    {
        let cause = "the ARN is not that of the path";
        let hint = "declare the custom domain and its base path in `[[domains]]`";
        tracing::warn!(request_id = context.request_id, cause, hint, "the question is about two routes");
        return Ok(authorizer::deny(form, "ambiguous-path", &CallId::new(&context.request_id)));
    }
    let AuthorizerCall { inbound, route_arn, kind } = question;
    let Admission { call, refusal, usage_key } = door.admit(inbound).await;
    let resources = [route_arn];
    let [route_arn] = &resources;
    let anonymous = Principal::anonymous().name;
    let verdict = match &refusal {
        Some(Refusal::Unauthenticated(_)) => return Err(failure("Unauthorized", UNAUTHORIZED)),
        // What will soon be otherwise must not be cached, and the gateway caches no error.
        Some(Refusal::KeysAway | Refusal::SecretsAway | Refusal::StoreAway | Refusal::Flooded { .. }) => {
            return Err(failure("Doorward.Unavailable", "this cannot be decided at the moment"));
        }
        Some(refusal) => Verdict::Deny { code: refusal.code(), caller: call.caller.as_ref(), call: &call.id },
        None => Verdict::Allow(Allowed {
            attested: Attested {
                caller: call.caller.as_ref().unwrap_or(&anonymous),
                plan: call.plan.as_deref(),
                purpose: call.purpose.as_deref(),
                call: &call.id,
            },
            resources: &resources,
            usage_key: usage_key.as_ref().map(|key| UsageKey(key.expose())),
        }),
    };
    let answer = authorizer::answer(kind, form, route_arn, &verdict);
    if let Some(fault) = answer.fault {
        tracing::warn!(request_id = context.request_id, cause = %fault, "an allowing answer cannot be stated");
    }
    Ok(answer.json)
}

fn unreadable(error: &EnvelopeError, context: &Context) -> Diagnostic {
    tracing::error!(request_id = context.request_id, cause = %error, hint = error.hint(), "unknown question");
    failure("Doorward.UnknownEvent", &error.to_string())
}

fn failure(error_type: &str, error_message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}
