use doorward_config::AuthorizerAnswer;
use doorward_core::{Admission, Door, LiveDoor, Reuse, StaticRoute};
use doorward_events::authorizer::{
    self, Allowed, Answer, AnswerForm, AuthorizerCall, QuestionKind, UNAUTHORIZED, UsageKey, Verdict,
};
use doorward_events::{Attested, Envelope, EnvelopeError};
use doorward_model::{CallId, MalformedFault, Principal, Refusal, ReplyForm};
use lambda_runtime::{Context, Diagnostic};
use serde_json::Value;
use serde_json::value::RawValue;

/// Answers one question of API Gateway's. A caller who is not proven is answered with the error that the gateway turns
/// into 401; every other refusal is a deny, which it turns into 403; what went wrong on our side is another error,
/// which it turns into 500. The gateway keeps no error: what must not be reused is answered with one.
pub(crate) async fn admit(
    live: &LiveDoor,
    payload: &RawValue,
    context: &Context,
) -> Result<Value, Diagnostic> {
    let payload = payload.get().as_bytes();
    let xray = context.xray_trace_id.as_deref();
    let envelope = Envelope::new(payload, &context.request_id, context.deadline, xray);
    let door = live.enter(envelope.deadline).await;
    let authorizer = &door.rules().config().authorizer;
    let reuse = Reuse::of(authorizer);
    let configured = match authorizer.answer {
        AuthorizerAnswer::Simple => AnswerForm::Simple,
        AuthorizerAnswer::IamPolicy => AnswerForm::IamPolicy,
    };
    let question = match authorizer::read(&envelope) {
        Ok(question) => question,
        Err(EnvelopeError::Malformed { form, fault }) => {
            tracing::warn!(request_id = context.request_id, cause = %fault, "the request is malformed");
            if reuse != Reuse::Never {
                return Err(unauthorized());
            }
            let refusal = Refusal::Malformed(MalformedFault::Envelope(fault.to_string()));
            // Only a question in payload format 2.0 may be answered by a simple denial.
            let form = if form == ReplyForm::V2 { configured } else { AnswerForm::IamPolicy };
            return Ok(authorizer::deny(form, refusal.code(), &CallId::new(&context.request_id)));
        }
        Err(error) => return Err(unreadable(&error, context)),
    };
    let form = if question.kind.takes_simple() { configured } else { AnswerForm::IamPolicy };
    if let Some(refused) = misfit(&door, &question, reuse, form, context) {
        return refused;
    }
    state(&door, question, form, context).await
}

/// The answer to a question that does not fit the way in which the API is configured.
fn misfit(
    door: &Door,
    question: &AuthorizerCall,
    reuse: Reuse,
    form: AnswerForm,
    context: &Context,
) -> Option<Result<Value, Diagnostic>> {
    let request_id = &context.request_id;
    let is_token = question.kind == QuestionKind::RestToken;
    if let Some(misfit) = door.rules().misfit(&question.inbound, is_token, form == AnswerForm::Simple) {
        tracing::error!(request_id, hint = misfit.hint(), "{misfit}");
        let said = "the API's authorizer is not the one that is configured";
        return Some(Err(failure("Doorward.Configuration", said)));
    }
    // Where the path is refused as well, the door says so itself. What is shared is about no path.
    if reuse != Reuse::Shared
        && let Some(path) = door.rules().path_of(&question.inbound)
        && !question.is_about(&path)
    {
        let cause = "the ARN is not that of the path";
        let hint = "declare the custom domain and its base path in `[[domains]]`";
        tracing::warn!(request_id, cause, hint, "the question is about two routes");
        return Some(Ok(authorizer::deny(form, "ambiguous-path", &CallId::new(request_id))));
    }
    // What stands behind is the gateway's choice where no dispatcher looks again.
    if door.rules().config().authorizer.alone
        && reuse != Reuse::Shared
        && let Some(template) = &question.template
        && !door.rules().takes_alike(&question.inbound, template)
    {
        let cause = "the gateway took the request for another route";
        let hint = "its path has two readings; or its routes go before each other otherwise than here";
        tracing::warn!(request_id, cause, hint, template, "the question is about two routes");
        return Some(Ok(authorizer::deny(form, "ambiguous-path", &CallId::new(request_id))));
    }
    None
}

async fn state(
    door: &Door,
    question: AuthorizerCall,
    form: AnswerForm,
    context: &Context,
) -> Result<Value, Diagnostic> {
    let AuthorizerCall { inbound, route_arn, kind, template: _ } = question;
    let Admission { call, refusal, may_keep, shared, usage_key, connection } = door.admit(inbound).await;
    if !may_keep {
        return Err(match refusal {
            Some(Refusal::Unauthenticated(_) | Refusal::Malformed(_)) => unauthorized(),
            _ => failure("Doorward.Unavailable", "this cannot be decided at the moment"),
        });
    }
    let is_shared = shared.is_some();
    let permitted = match (shared, &refusal) {
        (Some(shared), _) => {
            let arn = |(method, path): &StaticRoute| authorizer::arn_of(&route_arn, method.as_str(), path);
            let resources: Vec<String> = shared.routes.iter().filter_map(arn).collect();
            (!resources.is_empty()).then_some((resources, shared.caller, shared.plan, shared.usage_key))
        }
        (None, Some(_)) => None,
        (None, None) => Some((vec![route_arn.clone()], call.caller.clone(), call.plan.clone(), usage_key)),
    };
    let anonymous = Principal::anonymous().name;
    let verdict = match &permitted {
        Some((resources, caller, plan, usage_key)) => Verdict::Allow(Allowed {
            attested: Attested {
                caller: caller.as_ref().unwrap_or(&anonymous),
                plan: plan.as_deref(),
                // Each route has a purpose of its own.
                purpose: call.purpose.as_deref().filter(|_| !is_shared),
                call: &call.id,
            },
            resources,
            usage_key: usage_key.as_ref().map(|key| UsageKey(key.expose())),
            connection: connection.as_deref(),
        }),
        None => Verdict::Deny {
            code: refusal.as_ref().map_or("forbidden", Refusal::code),
            caller: call.caller.as_ref(),
            call: &call.id,
        },
    };
    let Answer { json, fault } = authorizer::answer(kind, form, &route_arn, &verdict);
    let Some(fault) = fault else { return Ok(json) };
    tracing::warn!(request_id = context.request_id, cause = %fault, "an allowing answer cannot be stated");
    if is_shared {
        // To deny would be to deny all routes.
        return Err(failure("Doorward.Unavailable", &fault.to_string()));
    }
    Ok(json)
}

fn unreadable(error: &EnvelopeError, context: &Context) -> Diagnostic {
    tracing::error!(request_id = context.request_id, cause = %error, hint = error.hint(), "unknown question");
    failure("Doorward.UnknownEvent", &error.to_string())
}

fn unauthorized() -> Diagnostic {
    failure("Unauthorized", UNAUTHORIZED)
}

fn failure(error_type: &str, error_message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}
