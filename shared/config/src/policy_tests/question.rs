use doorward_model::{Fault, TrustLevel};
use jiff::Timestamp;

use super::checked::QuestionSample;
use super::sample::entity;
use crate::reader::{Section, Value};
use crate::report::Reported;
use crate::stated::Placed;

/// Reads `action`, `resource` and `context`, and the time that the context states; `None` where there is no action. In a
/// sample that is `whole`, the other two are faults.
pub(super) fn read(
    section: &mut Section<'_>,
    whole: bool,
) -> Result<Option<(QuestionSample, Option<Timestamp>)>, Reported> {
    let check = |value: Value<'_>, key: &str| {
        if !whole {
            return Ok(());
        }
        let fault = Fault::new(format!("only a question to the policies alone has a `{key}`"));
        Err(value.fault(fault.hint("a whole sample is routed, and makes its own")))
    };
    let action = section.optional("action", placed);
    let resource = section.optional("resource", |value| {
        check(value, "resource")?;
        entity(value)
    });
    let parents = section.or("parents", Vec::new(), |value| {
        check(value, "parents")?;
        value.each(entity)
    });
    let mut place = section.place();
    let context = section.optional("context", |value| {
        check(value, "context")?;
        place = value.place();
        read_context(value)
    });
    let (action, resource, parents, context) = (action?, resource?, parents?, context?);
    let Context { now, trust, purpose, request, event, claimed, input } = context.unwrap_or_default();
    let question = |action| {
        let sample = QuestionSample {
            action,
            resource,
            parents,
            trust,
            purpose,
            request,
            event,
            claimed,
            input,
            place,
        };
        (sample, now)
    };
    Ok(action.map(question))
}

#[derive(Default)]
struct Context {
    now: Option<Timestamp>,
    trust: Option<Placed<TrustLevel>>,
    purpose: Option<Placed<String>>,
    request: Option<crate::Stated>,
    event: Option<crate::Stated>,
    claimed: Option<crate::Stated>,
    input: Option<crate::Stated>,
}

fn read_context(value: Value<'_>) -> Result<Context, Reported> {
    value.section("`context`", |section| {
        let now = section.optional("now", Value::instant);
        let trust = section.optional("trust", trust);
        let purpose = section.optional("purpose", placed);
        let request = section.optional("request", Value::stated);
        let event = section.optional("event", Value::stated);
        let claimed = section.optional("claimed", Value::stated);
        let input = section.optional("input", Value::stated);
        let token = section.optional("token", |value| -> Result<(), Reported> {
            let fault = Fault::new("`context.token` is made of the caller's claims");
            Err(value.fault(fault.hint("state them as `claims` of the test")))
        });
        token?;
        Ok(Context {
            now: now?,
            trust: trust?,
            purpose: purpose?,
            request: request?,
            event: event?,
            claimed: claimed?,
            input: input?,
        })
    })
}

fn trust(value: Value<'_>) -> Result<Placed<TrustLevel>, Reported> {
    let level = value.choice(&TrustLevel::ALL.map(|level| (level.word(), level)))?;
    Ok(Placed { value: level, place: value.place() })
}

pub(super) fn placed(value: Value<'_>) -> Result<Placed<String>, Reported> {
    Ok(Placed { value: value.word()?, place: value.place() })
}
