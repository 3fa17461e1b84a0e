//! Where a process is killed: at which step of which request that it makes for which kind of call.

use std::fmt;

use doorward_testkit::fault_proxy::{Asked, Step};
use serde_json::Value;

use super::kind::{BATCH, Kind};

/// What a call asks of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Key,
    Claim,
    Limits,
    Target,
    /// What was taken and not used goes back.
    GiveBack,
    Resolve,
    Quarantine,
    Record,
    Decision,
    /// The answer is with the platform, and the process has not heard of it.
    Answer,
    /// Calls are written that were answered before.
    Block,
    /// The same, when the process is told to end.
    LastBlock,
    /// What is left of a block of units, when the process is told to end.
    HandIn,
    /// The roll-up's look whether it is to rest.
    Pause,
    /// Its look at what it counted before.
    Markers,
    /// Its transaction of markers and sums.
    Sums,
}

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) step: Step,
}

const OF_KINDS: [(Kind, &[Place]); 11] = [
    // First, because all that is counted is looked through after each.
    (Kind::RollUp, &[Place::Pause, Place::Markers, Place::Sums]),
    (Kind::Plain, &[Place::Key, Place::Limits, Place::Target, Place::Record, Place::Decision, Place::Answer]),
    (Kind::Intent, &[Place::Claim, Place::Limits, Place::Target, Place::Resolve, Place::Answer]),
    (Kind::Throttled, &[Place::Record]),
    (Kind::Leased, &[Place::Limits, Place::Target, Place::Record, Place::Answer, Place::HandIn]),
    (Kind::Refunded, &[Place::GiveBack, Place::Record]),
    (Kind::Settled, &[Place::Target, Place::GiveBack, Place::Resolve]),
    (Kind::Batched, &[Place::Block, Place::Answer, Place::LastBlock]),
    (Kind::Webhook, &[Place::Claim, Place::Limits, Place::Target, Place::Resolve, Place::Answer]),
    (Kind::Upload, &[Place::Claim, Place::Limits, Place::Target, Place::Resolve, Place::Answer]),
    (Kind::Denied, &[Place::Quarantine, Place::Record]),
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
        let place = if self.place == Place::LastBlock { Place::Block } else { self.place };
        seen(asked) == Some((self.kind, place))
    }

    /// Whether the process comes to it when it is told to end.
    pub(super) fn is_at_end(self) -> bool {
        matches!(self.place, Place::LastBlock | Place::HandIn)
    }

    /// How many requests for it there are where `calls` of its kind are made.
    pub(super) fn requests(self, calls: usize) -> usize {
        match self.place {
            // A key is looked up once, and so is a first block taken.
            Place::Key | Place::LastBlock | Place::HandIn => 1,
            Place::Limits if self.kind == Kind::Leased => 1,
            Place::Block => calls / BATCH,
            // It may count everything at once.
            Place::Pause | Place::Markers | Place::Sums => 1,
            _ => calls,
        }
    }
}

impl fmt::Display for Point {
    /// `upload.claim.committed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{}.{:?}.{:?}", self.kind, self.place, self.step);
        f.write_str(&name.to_lowercase())
    }
}

/// Whether this update gives units of a quota back.
pub(super) fn gives_back(body: &Value) -> bool {
    body["UpdateExpression"].as_str().is_some_and(|update| update.contains(" - :units"))
}

/// What a request is for.
fn seen(asked: &Asked) -> Option<(Kind, Place)> {
    let body = &asked.body;
    let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
    let is_state = asked.table().ends_with("-state");
    match asked.operation.as_str() {
        "GetItem" => match text(&body["Key"]["owner"]).split('#').next()? {
            "key" => Some((Kind::Plain, Place::Key)),
            "rollup" => Some((Kind::RollUp, Place::Pause)),
            _ => None,
        },
        "UpdateItem" if is_state => {
            let owner = text(&body["Key"]["owner"]);
            let kind = kind_of(owner.strip_prefix("caller#")?)?;
            let place = match (gives_back(body), kind) {
                (false, _) => Place::Limits,
                (true, Kind::Leased) => Place::HandIn,
                (true, _) => Place::GiveBack,
            };
            (text(&body["Key"]["item"]) == "limits").then_some((kind, place))
        }
        "UpdateItem" => {
            let call = text(&body["Key"]["call"]);
            let kind = match call.split('-').next()? {
                "s3" => Kind::Upload,
                "webhook" => Kind::Webhook,
                _ => Kind::named(&call)?,
            };
            Some((kind, Place::Resolve))
        }
        "PutItem" if is_state => match text(&body["Item"]["owner"]).as_str() {
            "quarantine" => Some((Kind::Denied, Place::Quarantine)),
            _ if text(&body["Item"]["action"]) == "createOrder" => Some((Kind::Plain, Place::Decision)),
            _ => None,
        },
        "PutItem" if text(&body["Item"]["call"]).starts_with("block#") => Some((Kind::Batched, Place::Block)),
        "PutItem" => {
            let kind = kind_of(&text(&body["Item"]["caller"]))?;
            match (kind, text(&body["Item"]["outcome"]).as_str()) {
                (kind, "unresolved") => Some((kind, Place::Claim)),
                (Kind::Upload, _) => Some((Kind::Denied, Place::Record)),
                // Nothing is given back of what went well.
                (Kind::Refunded, "admitted") => None,
                (kind, _) => Some((kind, Place::Record)),
            }
        }
        "Invoke" if body["Records"].is_array() => Some((Kind::Upload, Place::Target)),
        "Invoke" => {
            let all = Kind::HTTP.into_iter().chain([Kind::Webhook]);
            let kind = all.into_iter().find(|kind| kind.path() == body["rawPath"].as_str())?;
            Some((kind, Place::Target))
        }
        "BatchGetItem" => Some((Kind::RollUp, Place::Markers)),
        "TransactWriteItems" => Some((Kind::RollUp, Place::Sums)),
        _ => None,
    }
}

fn kind_of(caller: &str) -> Option<Kind> {
    match caller.split("::").next()? {
        "Client" => Kind::named(caller.strip_suffix('"')?),
        "Sender" => Some(Kind::Webhook),
        "EventSource" => Some(Kind::Upload),
        _ => None,
    }
}
