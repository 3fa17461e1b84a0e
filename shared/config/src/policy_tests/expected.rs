use doorward_model::{DenyReason, Effect, Fault};

use super::checked::Expected;
use super::question::placed;
use crate::reader::{Section, Value};
use crate::report::Reported;
use crate::stated::Placed;

/// Reads what must come of a sample; `whole` samples may be refused before the decision. It is not known while the
/// sample is faulty.
pub(super) fn read(section: &mut Section<'_>, whole: Option<bool>) -> Result<Expected, Reported> {
    let decision = section.optional("decision", |value| {
        value.choice(&[Effect::Allow, Effect::Deny].map(|effect| (effect.word(), effect)))
    });
    let reason = section.optional("reason", |value| {
        let reason = value.choice(&DenyReason::WORDS.map(|word| (word, word)))?;
        Ok((reason, value))
    });
    let policies = section.optional("policies", ids);
    let errors = section.optional("errors", ids);
    let code = if whole == Some(false) { Ok(None) } else { section.optional("code", placed) };

    let (decision, code) = (decision?, code?);
    if decision.is_none() && code.is_none() {
        let fault = Fault::new("missing key `decision` in `[[tests]]`");
        let hint = match whole {
            Some(false) => "write `decision = \"allow\"` or `decision = \"deny\"`",
            _ => "write `decision = \"allow\"` or `\"deny\"`; a refusal before the decision has a `code`",
        };
        return Err(section.fault(fault.hint(hint)));
    }
    let reason = match reason? {
        Some((_, value)) if decision != Some(Effect::Deny) => {
            let fault = Fault::new("only a denial has a reason");
            return Err(value.fault(fault.hint("write `decision = \"deny\"`, or leave `reason` out")));
        }
        reason => reason.map(|(reason, _)| reason),
    };
    Ok(Expected { decision, reason, policies: policies?, errors: errors?, code })
}

fn ids(value: Value<'_>) -> Result<Vec<Placed<String>>, Reported> {
    let mut seen = Vec::new();
    value.each(|item| {
        let id = placed(item)?;
        if seen.contains(&id.value) {
            return Err(item.fault(Fault::new("listed twice")));
        }
        seen.push(id.value.clone());
        Ok(id)
    })
}
