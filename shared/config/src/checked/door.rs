use std::num::NonZeroU64;
use std::time::Duration;

use doorward_model::{Front, Place};

/// A custom domain of API Gateway's, and what it puts before the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The host name, in lower case, without a last dot.
    pub name: String,
    /// What its mapping puts before the path: `/shop`; `/` where it puts nothing.
    pub base_path: String,
}

/// What holds for the whole door.
#[derive(Debug, Clone)]
pub struct Door {
    /// Name of the deployment; the realm in `WWW-Authenticate`.
    pub name: String,
    /// Prefix of the two DynamoDB tables: `<table>-ledger` and `<table>-state`.
    pub table: String,
    /// How old keys, and what is known of publications, may be before a call looks again.
    pub refresh: Duration,
    /// Where newer bundles are looked for. What the deployed package says holds, whatever a newer bundle says.
    pub updates: Updates,
    /// The declared purposes; empty when the deployment declares none.
    pub purposes: Vec<String>,
    /// The largest payload, in bytes, that is read.
    pub max_body: usize,
    /// How long ledger items are kept.
    pub retention: Duration,
    /// Calls per second and address (IPv6: per /64) that are looked at before the caller is known, per sandbox.
    pub screen_rate: NonZeroU64,
    /// For how long each decision of the dispatcher is kept with what policies read to make it; `None` where none is.
    /// It costs one write a call, of a unit for each KB: about one.
    pub record_decisions: Option<Duration>,
    /// How long REST APIs wait for the door: their integration timeout.
    pub integration_timeout: Duration,
    /// How many calls of [`Durability::Batched`] one item of the ledger holds: a sandbox that is killed loses fewer
    /// answered calls than that.
    pub batch: usize,
    /// Who may read the merged contract, `GET /.doorward/openapi.json`.
    pub openapi: OpenapiAccess,
    /// The fronts that pass an answer on while it comes in: function URLs and REST APIs that are set to. Their events do not
    /// say so.
    pub streamed_fronts: Vec<Front>,
    /// The queue of SQS that hears of each event that is put into quarantine.
    pub quarantine_queue: Option<QueuePlace>,
    /// What becomes of events that nobody can read, or whose source is not pinned.
    pub unknown_events: UnknownEvents,
}

/// What becomes of an event that nobody can read, or whose source is not pinned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownEvents {
    /// It is kept with the reason, and its source is done with it.
    #[default]
    Quarantine,
    /// It fails, and whoever sent it sends it again as often as it is set to.
    Fail,
}

/// Where a queue of SQS is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    /// Its URL.
    pub url: String,
    /// The region that the URL names.
    pub region: Option<String>,
}

/// Who may read the merged contract of all routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OpenapiAccess {
    /// Anybody.
    Public,
    /// Whoever shows credentials that some route takes.
    #[default]
    Authenticated,
    /// Nobody: it is not there.
    Off,
}

/// `[shadow]`: policies that are decided beside those in force, and never enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The folder that holds them, below the folder that governs.
    pub folder: String,
    /// Where the configuration says so.
    pub place: Place,
}

/// Where a running door looks for a newer bundle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Updates {
    /// Nowhere: a door serves what it was deployed with.
    #[default]
    None,
    /// In `<table>-state`, where `doorward bundle publish` puts it.
    Table,
}
