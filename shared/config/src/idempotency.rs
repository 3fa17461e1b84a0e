use std::ops::RangeInclusive;
use std::time::Duration;

use doorward_model::Fault;

use crate::checked::{Credential, Durability, IdempotencyRule, OnStoreFailure, OnTargetFailure, RouteMethod};
use crate::duration::DAY;
use crate::reader::Value;
use crate::report::{Reported, quote};

/// No invocation of Lambda lasts longer than its shortest.
const WINDOWS: RangeInclusive<Duration> =
    Duration::from_secs(15 * 60)..=Duration::from_secs(31 * 24 * 60 * 60);

/// Whether a call must bring a key, may, or is not asked for one.
const KEYS: &[(&str, Option<bool>)] = &[("required", Some(true)), ("optional", Some(false)), ("off", None)];

/// What else the route says; each is absent while it is faulty.
pub(crate) struct Beside<'a> {
    /// The method of an HTTP route; `None` for a route key.
    pub(crate) method: Option<Option<RouteMethod>>,
    pub(crate) auth: Option<&'a [Credential]>,
    pub(crate) durability: Option<Durability>,
    pub(crate) on_store_failure: Option<OnStoreFailure>,
    /// Whether its answers pass on while they come in.
    pub(crate) streams: bool,
}

/// Reads `idempotency = "required"`, or `{ key = "required", window = "24h", on_target_failure = "replay" }`.
pub(crate) fn read(value: Value<'_>, beside: &Beside<'_>) -> Result<Option<IdempotencyRule>, Reported> {
    let rule =
        |required| IdempotencyRule { required, window: DAY, on_target_failure: OnTargetFailure::Replay };
    let read = match value.is_table() {
        false => value.choice(KEYS)?.map(rule),
        true => value.section("`idempotency`", |section| {
            let key = section.required("key", |value| value.choice(KEYS));
            let window = section.or("window", DAY, |value| value.duration(WINDOWS));
            let on_target_failure = section.or("on_target_failure", OnTargetFailure::Replay, |value| {
                value.choice(&[("replay", OnTargetFailure::Replay), ("run-again", OnTargetFailure::RunAgain)])
            });
            let (key, window, on_target_failure) = (key?, window?, on_target_failure?);
            Ok(key.map(|required| IdempotencyRule { required, window, on_target_failure }))
        })?,
    };
    if read.is_some() {
        check(beside).map_err(|fault| value.fault(fault))?;
    }
    Ok(read)
}

/// Whether calls of such a route can be told apart by their keys, and be held to them.
fn check(beside: &Beside<'_>) -> Result<(), Fault> {
    match &beside.method {
        Some(None) => {
            return Err(Fault::new("a WebSocket route has no calls that could be repeated")
                .hint("leave `idempotency` out"));
        }
        Some(Some(RouteMethod::Only(method))) if method.is_safe() => {
            let fault = Fault::new(format!(
                "{} changes nothing, so it may be repeated anyway",
                quote(method.as_str())
            ));
            return Err(fault.hint("leave `idempotency` out"));
        }
        Some(Some(_)) | None => {}
    }
    let takes = |wanted: fn(&Credential) -> bool| beside.auth.unwrap_or_default().iter().any(wanted);
    if takes(|kind| *kind == Credential::Anonymous) {
        return Err(Fault::new("anonymous callers have no keys of their own")
            .hint("one would be answered with what another was told: let the route ask for credentials"));
    }
    if takes(|kind| matches!(kind, Credential::Webhook(_))) {
        return Err(Fault::new("a webhook's deliveries are known by their own ids")
            .hint("a repetition never reaches the target: leave `idempotency` out"));
    }
    if beside.streams {
        return Err(Fault::new(
            "the answer to a key is kept, and one that passes on while it comes in is not",
        )
        .hint("leave `idempotency` out, or `stream`"));
    }
    if beside.durability == Some(Durability::Batched) {
        return Err(Fault::new("calls with a key cannot be written in batches")
            .hint("their answers are written before they are given: leave `durability = \"batched\"` out"));
    }
    if beside.on_store_failure == Some(OnStoreFailure::AllowAndJournal) {
        return Err(Fault::new("calls with a key cannot go on while the store is away")
            .hint("nothing would tell whether they ran: leave `on_store_failure` out"));
    }
    Ok(())
}
