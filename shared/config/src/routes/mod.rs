//! `[[routes]]`: what callers ask for by requests and messages.

mod contracts;
mod matched;
mod resource;

use doorward_model::Fault;

pub(crate) use self::matched::Matched;
use self::matched::{RouteTable, read_matched};
use crate::auth::Callers;
use crate::checked::{
    Credential, Durability, IdempotencyRule, OnStoreFailure, Rewrite, Route, Scopes, UnitsRule,
};
use crate::document::Declared;
use crate::idempotency::Beside;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::{
    auth, cloudevents, idempotency, invoke, load, metering, names, request_context, rewrite, size, sockets,
    streaming, units,
};

/// The longest name of a scope, in bytes.
const LONGEST_SCOPE: usize = 256;

/// Reads `[[routes]]` and declares their ids.
pub(crate) fn read(
    document: &mut Section<'_>,
    names: &mut Declared<'_>,
    callers: &Callers<'_>,
) -> Result<Vec<Route>, Reported> {
    let mut taken = Taken::default();
    document.sections("routes", "`[[routes]]`", |section| read_route(section, &mut taken, names, callers))
}

/// What other routes have taken.
#[derive(Default)]
struct Taken {
    table: RouteTable,
    functions: invoke::Functions,
    loaded: load::Loaded,
}

/// What the rest of a route is read by; each is absent while it is faulty.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) matched: Option<&'a Matched>,
    pub(crate) auth: Option<&'a [Credential]>,
    /// The kind of its target.
    pub(crate) kind: Option<&'static str>,
}

fn read_route(
    section: &mut Section<'_>,
    taken: &mut Taken,
    names: &mut Declared<'_>,
    callers: &Callers<'_>,
) -> Result<Route, Reported> {
    let id = section.required("id", |value| names.actions.declare(value, names::action));
    let matched = read_matched(section, &mut taken.table, &mut taken.functions);
    let cloudevents = section.optional("cloudevents", |value| {
        cloudevents::read(value, matched.as_ref().ok().map(Matched::http_method))
    });
    let is_cloud = section.has("cloudevents");
    let beside = if is_cloud { cloudevents::check_beside(section) } else { Ok(()) };
    let target = match is_cloud {
        true => Ok(String::new()),
        false => section.required("target", |value| names.targets.used(value)),
    };
    let auth = read_auth(section, names, callers);
    let known = Known {
        matched: matched.as_ref().ok(),
        auth: auth.as_deref().ok(),
        kind: target.as_ref().ok().and_then(|name| names.kinds.get(name)).copied(),
    };
    let invoked = section.optional("invoke", |value| match known.matched {
        Some(Matched::Invoke(rule)) if target.is_ok() => invoke::fits(value, rule, known.kind),
        _ => Ok(()),
    });
    let scopes = section.or("scopes", Scopes::default(), |value| read_scopes(value, known.auth));
    let stream = section.or("stream", false, |value| streaming::read(value, known.matched));
    let streams = stream.as_ref().is_ok_and(|stream| *stream);
    let contracts = contracts::read(section, known.matched, streams);
    let max_inflated = section.optional("max_inflated", |value| read_max_inflated(value, known.matched));
    let rewrite = section.optional("rewrite", |value| read_rewrite(value, known));
    let resource = section
        .optional("resource", |value| resource::read(value, known.matched, callers, &mut taken.loaded));
    let context = section.optional("context", |value| request_context::read(value, callers.key_header));
    let units = section.or("units", UnitsRule::default(), units::read);
    let purpose = section.optional("purpose", |value| metering::purpose(value, names, callers, known.auth));
    let recorded = read_recorded(section, known, streams);
    let authorizer = read_authorizer(section, known);
    let fits_socket = match known.matched {
        Some(Matched::Socket(key)) => {
            let beside = sockets::Beside {
                auth: known.auth,
                purpose: purpose.as_ref().ok().and_then(Option::as_ref),
                kind: known.kind,
                connections: callers.connections,
            };
            sockets::fits(section, key, &beside)
        }
        _ => Ok(()),
    };

    invoked?;
    fits_socket?;
    beside?;
    let (contracts, recorded) = (contracts?, recorded?);
    Ok(Route {
        id: id?,
        authorizer: authorizer?,
        matched: matched?.into_checked(contracts.payload),
        target: target?,
        cloudevents: cloudevents?,
        auth: auth?,
        scopes: scopes?,
        contract: contracts.operation,
        check_answers: contracts.check_answers,
        max_inflated: max_inflated?,
        rewrite: rewrite?,
        resource: resource?,
        context: context?.unwrap_or_default(),
        units: units?,
        purpose: purpose?,
        durability: recorded.durability,
        on_store_failure: recorded.on_store_failure,
        idempotency: recorded.idempotency,
        stream: stream?,
    })
}

/// Reads `auth`, and whether what else the route is goes with it.
fn read_auth(
    section: &mut Section<'_>,
    names: &mut Declared<'_>,
    callers: &Callers<'_>,
) -> Result<Vec<Credential>, Reported> {
    let (is_invoke, is_cloud) = (section.has("invoke"), section.has("cloudevents"));
    section.required("auth", |value| {
        let auth = auth::read(value, names, callers)?;
        if is_invoke && auth.iter().any(|kind| matches!(kind, Credential::Webhook(_))) {
            let fault = Fault::new("a webhook's sender does not speak the Lambda Invoke API");
            return Err(value.fault(fault.hint("give the webhook a route of its own, with `match`")));
        }
        if is_cloud {
            cloudevents::check_auth(value, &auth)?;
        }
        Ok(auth)
    })
}

/// How the calls of a route are written, and told apart.
struct Recorded {
    durability: Durability,
    on_store_failure: OnStoreFailure,
    idempotency: Option<IdempotencyRule>,
}

fn read_recorded(section: &mut Section<'_>, known: Known<'_>, streams: bool) -> Result<Recorded, Reported> {
    let durability = metering::durability(section, known.auth, streams);
    let on_store_failure = metering::on_store_failure(section, known.auth);
    let idempotency = section.optional("idempotency", |value| {
        let beside = Beside {
            method: known.matched.map(Matched::method),
            auth: known.auth,
            durability: durability.as_ref().ok().copied(),
            on_store_failure: on_store_failure.as_ref().ok().copied(),
            streams,
        };
        idempotency::read(value, &beside)
    });
    Ok(Recorded {
        durability: durability?,
        on_store_failure: on_store_failure?,
        idempotency: idempotency?.flatten(),
    })
}

/// `auth` is absent while it is faulty.
fn read_scopes(value: Value<'_>, auth: Option<&[Credential]>) -> Result<Scopes, Reported> {
    let shows_token = |auth: &[Credential]| auth.iter().any(|kind| matches!(kind, Credential::Token(_)));
    if auth.is_some_and(|auth| !shows_token(auth)) {
        let fault = Fault::new("only tokens have scopes, and `auth` names no issuer");
        return Err(value.fault(fault.hint("leave `scopes` out, or accept the tokens of an issuer")));
    }
    if value.is_table() {
        return value.section("`scopes`", |section| {
            section.required("any", read_scope_names).map(|names| Scopes { names, any: true })
        });
    }
    read_scope_names(value).map(|names| Scopes { names, any: false })
}

fn read_scope_names(value: Value<'_>) -> Result<Vec<String>, Reported> {
    value.nonempty_set(|item| {
        item.parse(|text| {
            // RFC 6749 section 3.3: what a header field can hold in quotes, without a space.
            let is_scope = |c: char| matches!(c, '!' | '#'..='[' | ']'..='~');
            if (1..=LONGEST_SCOPE).contains(&text.len()) && text.chars().all(is_scope) {
                return Ok(text.to_owned());
            }
            let fault = Fault::new(format!("{} is not a scope", quote(text)));
            let hint = format!(
                "use 1 to {LONGEST_SCOPE} visible ASCII characters, without spaces, `\"` and `\\`: `orders.write`"
            );
            Err(fault.hint(hint))
        })
    })
}

/// Reads `authorizer`: whether APIs ask it about this route.
fn read_authorizer(section: &mut Section<'_>, known: Known<'_>) -> Result<bool, Reported> {
    let needs_payload = section.has("invoke") || section.has("cloudevents");
    let stated = section.optional("authorizer", |value| {
        let wanted = value.flag()?;
        if wanted && needs_payload {
            let fault = Fault::new("no authorizer can be asked about invocations, or about events");
            let hint =
                "it is given no payload, and may keep its answer for another one: the dispatcher decides";
            return Err(value.fault(fault.hint(hint)));
        }
        let webhook = known.auth.into_iter().flatten().any(|kind| matches!(kind, Credential::Webhook(_)));
        if wanted && webhook {
            let fault = Fault::new("no authorizer can be asked about this route");
            let hint = "it is given no body, which a webhook's signature covers: the dispatcher decides";
            return Err(value.fault(fault.hint(hint)));
        }
        Ok(wanted)
    })?;
    let is_asked_about = !needs_payload && known.matched.is_some_and(Matched::is_asked_about);
    Ok(stated.unwrap_or_else(|| is_asked_about && known.auth.is_some_and(asks_authorizer)))
}

/// Whether APIs ask the authorizer where the route says nothing: where it could prove a caller, but not about webhooks,
/// whose signature covers the body that an authorizer is not given, and not where a caller may show nothing, since most
/// gateways then ask nobody. An API that verifies signatures or tokens itself asks no authorizer.
fn asks_authorizer(auth: &[Credential]) -> bool {
    let can_prove = |kind: &Credential| {
        matches!(kind, Credential::Token(_) | Credential::ApiKey | Credential::Certificate)
    };
    auth.iter().any(can_prove)
        && !auth.iter().any(|kind| matches!(kind, Credential::Webhook(_) | Credential::Anonymous))
}

fn read_max_inflated(value: Value<'_>, matched: Option<&Matched>) -> Result<u64, Reported> {
    match matched {
        Some(Matched::Socket(_) | Matched::Invoke(_)) => {
            let fault = Fault::new("only HTTP requests and their answers are compressed");
            Err(value.fault(fault.hint("leave `max_inflated` out")))
        }
        Some(Matched::Http(..)) | None => size::read_inflated(value),
    }
}

fn read_rewrite(value: Value<'_>, known: Known<'_>) -> Result<Rewrite, Reported> {
    if let Some(kind) = known.kind.filter(|kind| *kind != "http") {
        let fault =
            Fault::new(format!("a target of kind `{kind}` is sent no path that could be another one"));
        return Err(value.fault(fault.hint("leave `rewrite` out: it is for targets that speak HTTP")));
    }
    match known.matched {
        Some(Matched::Http(_, path)) => rewrite::read(value, Some(&path.parameters)),
        Some(Matched::Socket(_) | Matched::Invoke(_)) => rewrite::read(value, Some(&[])),
        None => rewrite::read(value, None),
    }
}
