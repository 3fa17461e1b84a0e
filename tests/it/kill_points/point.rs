//! Where a process is killed: at which step of which request that it makes for which kind of call.

use std::fmt;

use doorward_testkit::fault_proxy::{Asked, Step};
use serde_json::Value;

/// Kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A caller with a key.
    Plain,
    /// The same, on a route that records its intents.
    Intent,
    /// A caller over the limit.
    Throttled,
    /// A signed delivery.
    Webhook,
    /// A bucket's notification.
    Upload,
    /// One that is denied, and kept in quarantine.
    Denied,
    /// None: it is the roll-up that is killed.
    RollUp,
}

/// What a call asks of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Key,
    Claim,
    Limits,
    Target,
    Resolve,
    Quarantine,
    Record,
    Decision,
    /// The roll-up's look at what it counted before.
    Markers,
    /// Its transaction of markers and sums.
    Sums,
    /// The answer is with the platform, and the process has not heard of it.
    Answer,
}

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) step: Step,
}

const OF_KINDS: [(Kind, &[Place]); 7] = [
    (Kind::Plain, &[Place::Key, Place::Limits, Place::Target, Place::Record, Place::Decision, Place::Answer]),
    (Kind::Intent, &[Place::Claim, Place::Limits, Place::Target, Place::Resolve, Place::Answer]),
    (Kind::Throttled, &[Place::Record]),
    (Kind::Webhook, &[Place::Claim, Place::Limits, Place::Target, Place::Resolve, Place::Answer]),
    (Kind::Upload, &[Place::Claim, Place::Limits, Place::Target, Place::Resolve, Place::Answer]),
    (Kind::Denied, &[Place::Quarantine, Place::Record]),
    (Kind::RollUp, &[Place::Markers, Place::Sums]),
];

impl Point {
    /// Every point.
    pub(super) fn all() -> Vec<Self> {
        let places = OF_KINDS.iter().flat_map(|(kind, places)| places.iter().map(|place| (*kind, *place)));
        places
            .flat_map(|(kind, place)| {
                let steps = match place {
                    Place::Answer => vec![Step::Answered],
                    _ => vec![Step::Asked, Step::Committed, Step::Answered],
                };
                steps.into_iter().map(move |step| Self { kind, place, step })
            })
            .collect()
    }

    /// Whether this is the request at which it is.
    pub(super) fn holds(self, asked: &Asked) -> bool {
        seen(asked) == Some((self.kind, self.place))
    }
}

impl fmt::Display for Point {
    /// `upload.claim.committed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{:?}.{:?}.{:?}", self.kind, self.place, self.step);
        f.write_str(&name.to_lowercase())
    }
}

/// What a request is for.
fn seen(asked: &Asked) -> Option<(Kind, Place)> {
    let body = &asked.body;
    let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
    let is_state = asked.table().ends_with("-state");
    match asked.operation.as_str() {
        "GetItem" => text(&body["Key"]["owner"]).starts_with("key#").then_some((Kind::Plain, Place::Key)),
        "UpdateItem" if is_state => {
            let owner = text(&body["Key"]["owner"]);
            let kind = kind_of(owner.strip_prefix("caller#")?)?;
            (text(&body["Key"]["item"]) == "limits").then_some((kind, Place::Limits))
        }
        "UpdateItem" => {
            let kind = match text(&body["Key"]["call"]).split('-').next() {
                Some("s3") => Kind::Upload,
                Some("webhook") => Kind::Webhook,
                _ => Kind::Intent,
            };
            Some((kind, Place::Resolve))
        }
        "PutItem" if is_state => match text(&body["Item"]["owner"]).as_str() {
            "quarantine" => Some((Kind::Denied, Place::Quarantine)),
            _ if text(&body["Item"]["action"]) == "createOrder" => Some((Kind::Plain, Place::Decision)),
            _ => None,
        },
        "PutItem" => {
            let kind = kind_of(&text(&body["Item"]["caller"]))?;
            match (kind, text(&body["Item"]["outcome"]).as_str()) {
                (kind, "unresolved") => Some((kind, Place::Claim)),
                (Kind::Upload, _) => Some((Kind::Denied, Place::Record)),
                (Kind::Plain, "throttled") => Some((Kind::Throttled, Place::Record)),
                (kind, _) => Some((kind, Place::Record)),
            }
        }
        "Invoke" if body["Records"].is_array() => Some((Kind::Upload, Place::Target)),
        "Invoke" if body["rawPath"] == "/payments/webhook" => Some((Kind::Webhook, Place::Target)),
        "Invoke" if body["rawPath"] == "/intents" => Some((Kind::Intent, Place::Target)),
        "Invoke" => Some((Kind::Plain, Place::Target)),
        "BatchGetItem" => Some((Kind::RollUp, Place::Markers)),
        "TransactWriteItems" => Some((Kind::RollUp, Place::Sums)),
        _ => None,
    }
}

fn kind_of(caller: &str) -> Option<Kind> {
    match caller.split("::").next()? {
        "Client" if caller.ends_with("-intent\"") => Some(Kind::Intent),
        "Client" => Some(Kind::Plain),
        "Sender" => Some(Kind::Webhook),
        "EventSource" => Some(Kind::Upload),
        _ => None,
    }
}
