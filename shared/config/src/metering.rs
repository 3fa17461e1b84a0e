use doorward_model::{ClaimType, Fault};

use crate::auth::Callers;
use crate::checked::{Credential, Durability, OnStoreFailure, PurposeRule};
use crate::document::Declared;
use crate::reader::{Section, Value, with_hint};
use crate::report::{Reported, quote};
use crate::request_context;
use crate::suggestion::suggest;

const DURABILITIES: &[(&str, Durability)] = &[
    ("intent", Durability::Intent),
    ("before-answer", Durability::BeforeAnswer),
    ("batched", Durability::Batched),
];

const ON_STORE_FAILURE: &[(&str, OnStoreFailure)] =
    &[("deny", OnStoreFailure::Deny), ("allow-and-journal", OnStoreFailure::AllowAndJournal)];

/// Reads `durability` of a route; `auth` is absent while it is faulty. `streams` says whether its answers pass on while they
/// come in.
pub(crate) fn durability(
    section: &mut Section<'_>,
    auth: Option<&[Credential]>,
    streams: bool,
) -> Result<Durability, Reported> {
    let takes_webhooks = auth.is_some_and(takes_webhooks);
    let stated = section.optional("durability", |value| match value.choice(DURABILITIES)? {
        Durability::Intent => Ok(Durability::Intent),
        _ if takes_webhooks => Err(only_intent(value, "a route that takes webhooks")),
        _ if streams => {
            let fault =
                Fault::new("the calls of a route that streams are written before the target is called");
            Err(value.fault(
                fault.hint("how a stream ends is known after the answer: write `intent`, or leave it out"),
            ))
        }
        durability => Ok(durability),
    })?;
    let otherwise = if takes_webhooks || streams { Durability::Intent } else { Durability::BeforeAnswer };
    Ok(stated.unwrap_or(otherwise))
}

/// Reads `durability` of an event, which can say only what holds anyway.
pub(crate) fn event_durability(section: &mut Section<'_>) -> Result<(), Reported> {
    let stated = section.optional("durability", |value| match value.choice(DURABILITIES)? {
        Durability::Intent => Ok(()),
        Durability::BeforeAnswer | Durability::Batched => Err(only_intent(value, "an event")),
    });
    stated.map(|_| ())
}

fn only_intent(value: Value<'_>, of: &str) -> Reported {
    let fault = Fault::new(format!("the calls of {of} are written before the target is called"));
    value.fault(fault.hint(
        "their senders deliver again, and nothing else makes that known: write `intent`, or leave it out",
    ))
}

/// Reads `on_store_failure` of a route; `auth` is absent while it is faulty.
pub(crate) fn on_store_failure(
    section: &mut Section<'_>,
    auth: Option<&[Credential]>,
) -> Result<OnStoreFailure, Reported> {
    section.or("on_store_failure", OnStoreFailure::Deny, |value| {
        let wanted = value.choice(ON_STORE_FAILURE)?;
        if wanted == OnStoreFailure::AllowAndJournal && auth.is_some_and(takes_webhooks) {
            let fault = Fault::new("a webhook cannot be taken while the ledger is away");
            let hint = "nothing would tell its deliveries apart, and its sender delivers again: leave it out";
            return Err(value.fault(fault.hint(hint)));
        }
        Ok(wanted)
    })
}

fn takes_webhooks(auth: &[Credential]) -> bool {
    auth.iter().any(|kind| matches!(kind, Credential::Webhook(_)))
}

/// Reads `purpose = "checkout"`, `{ header = "x-purpose" }` or `{ claim = "purpose" }` of a route; `auth` is absent while
/// it is faulty.
pub(crate) fn purpose(
    value: Value<'_>,
    names: &Declared<'_>,
    callers: &Callers<'_>,
    auth: Option<&[Credential]>,
) -> Result<PurposeRule, Reported> {
    if !value.is_table() {
        return names.purpose(value).map(PurposeRule::Fixed);
    }
    if names.lacks_purposes() {
        let fault = Fault::new("no purpose is declared, so callers could state none");
        return Err(value.fault(fault.hint("list them as `purposes` in `[door]`")));
    }
    value.section("`purpose`", |section| {
        let header = section.optional("header", |value| {
            value.parse(|text| request_context::header(text, callers.key_header)).map(|name| (name, value))
        });
        let claim =
            section.optional("claim", |value| read_claim(value, callers, auth).map(|name| (name, value)));
        let required = section.or("required", false, Value::flag);
        match (header?, claim?) {
            (Some((name, _)), None) => Ok(PurposeRule::Header { name, required: required? }),
            (None, Some((name, _))) => Ok(PurposeRule::Claim { name, required: required? }),
            (Some(_), Some((_, claim))) => {
                let fault = Fault::new("a purpose comes from a header field or from a claim");
                Err(claim.fault(fault.hint("keep one of the two")))
            }
            (None, None) => {
                let fault = Fault::new("`purpose` names no place that it comes from");
                Err(section.fault(fault.hint("write `header` or `claim`, or one of `[door] purposes`")))
            }
        }
    })
}

/// A claim that some issuer of the route declares as a text.
fn read_claim(
    value: Value<'_>,
    callers: &Callers<'_>,
    auth: Option<&[Credential]>,
) -> Result<String, Reported> {
    let name = value.word()?;
    let Some(auth) = auth else { return Ok(name) };
    let accepted = |name: &str| auth.contains(&Credential::Token(name.to_owned()));
    let issuers: Vec<_> = callers.issuers.iter().filter(|issuer| accepted(&issuer.name)).collect();
    if !auth.iter().any(|kind| matches!(kind, Credential::Token(_))) {
        let fault = Fault::new("only tokens have claims, and `auth` names no issuer");
        return Err(value.fault(fault.hint("name a `header`, or accept the tokens of an issuer")));
    }
    match issuers.iter().find_map(|issuer| issuer.claims.get(&name)) {
        Some(claim) if claim.ty == ClaimType::Text => Ok(name),
        Some(claim) => {
            let fault =
                Fault::new(format!("the claim {} is declared as `{}`", quote(&name), claim.ty.word()));
            Err(value.fault(fault.hint("a purpose is a `String`")))
        }
        // A faulty issuer is not there, and has been reported.
        None if issuers.is_empty() => Ok(name),
        None => {
            let fault = Fault::new(format!("no issuer of the route declares the claim {}", quote(&name)));
            let known = issuers.iter().flat_map(|issuer| issuer.claims.keys().map(String::as_str));
            let hint = suggest(&name, known)
                .unwrap_or_else(|| "declare it in the issuer's `claims` as a `String`".to_owned());
            Err(value.fault(with_hint(fault, Some(hint))))
        }
    }
}
