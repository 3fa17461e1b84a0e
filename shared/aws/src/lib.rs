//! The pipeline's ports on AWS. No other crate names the SDK.

mod accepted;
mod answers;
mod api;
mod api_keys;
mod assignments;
mod attributes;
mod block;
mod client;
mod clock;
mod connection;
mod decisions;
mod entities;
mod fetch;
mod forget;
mod idempotency;
mod invoke_client;
mod invoke_event;
mod item;
mod journal;
mod journal_line;
mod key_keeper;
mod lambda;
mod ledger;
mod ledger_reader;
mod ledger_rows;
mod limit_items;
mod limit_memory;
mod limit_seen;
mod limit_update;
mod limits;
mod passing;
mod plan_versions;
mod post;
mod publications;
mod publisher;
mod quarantine;
mod quarantine_parts;
mod quarantine_queue;
mod rollup;
mod runtime;
#[cfg(test)]
#[path = "../tests/it/sample.rs"]
mod sample;
mod sdk_error;
mod secrets;
mod services;
mod signer;
#[cfg(test)]
mod simulation;
mod start;
mod switchboard;
mod switches;
mod targets;
mod usage_import;
mod usage_reader;

use std::sync::Arc;

use doorward_config::Door;
use doorward_core::Ports;

pub use answers::LambdaAnswers;
pub use api_keys::DynamoApiKeys;
pub use assignments::{Assigned, Assignments};
pub use block::{Block, BlockError};
pub use client::{AwsClients, EnvironmentError};
pub use clock::SystemClock;
pub use decisions::{DecisionRange, DynamoDecisions, RecordedDecisions};
pub use entities::DynamoEntities;
pub use fetch::HttpsFetch;
pub use forget::{Counts, Forget, Forgotten, Pseudonym, Stays};
pub use idempotency::DynamoIdempotency;
pub use invoke_client::{InvokeAnswer, InvokeClient, InvokeCredentials, InvokeInput, InvokeRefusal};
pub use invoke_event::{InvokeEventError, Invoked};
pub use item::LedgerItem;
pub use journal::StdoutJournal;
pub use journal_line::{JournalLine, JournalLineError, Journaled};
pub use key_keeper::KeyKeeper;
pub use lambda::LambdaTargets;
pub use ledger::DynamoLedger;
pub use ledger_reader::{LedgerPage, LedgerReader};
pub use ledger_rows::{LedgerRow, LedgerRows, RowError, RowPage};
pub use limits::DynamoLimits;
pub use plan_versions::{DynamoPlanVersions, KeptPlan};
pub use post::Posted;
pub use publications::DynamoPublications;
pub use publisher::Publisher;
pub use quarantine::{DynamoQuarantine, QuarantineItem};
pub use quarantine_queue::QueuedQuarantine;
pub use rollup::{
    Difference, Origin, Pause, Rebuild, Rebuilt, Repair, RollUp, RolledUp, UncountableError, open_rollup,
};
pub use runtime::block_on;
pub use sdk_error::is_table_missing;
pub use secrets::AwsSecrets;
pub use services::ServiceTargets;
pub use signer::{Scope, Signer, Unsigned};
pub use start::{StartError, init_log, open_authorizer, open_door};
pub use switchboard::{Switchboard, SwitchedOff};
pub use switches::DynamoSwitches;
pub use targets::{AwsTargets, HttpTargets, Resolve, SystemResolver};
pub use usage_import::{ImportError, Imported};
pub use usage_reader::UsageReader;

/// Everything that a door stands on, over the environment as it is now and over the tables that `door` names.
#[must_use]
pub fn ports(clients: &AwsClients, door: &Door) -> Ports {
    let table = door.table.as_str();
    let clock = Arc::new(SystemClock::default());
    let secrets = Arc::new(AwsSecrets::new(clients, std::env::vars_os()));
    Ports {
        targets: Arc::new(AwsTargets::new(
            clients,
            Arc::clone(&secrets) as _,
            Arc::clone(&clock) as _,
            door.refresh,
        )),
        clock,
        fetch: Arc::new(HttpsFetch::new(clients)),
        api_keys: Arc::new(DynamoApiKeys::new(clients, table)),
        secrets: Some(secrets),
        limits: Arc::new(DynamoLimits::new(clients, table)),
        plans: Some(Arc::new(DynamoPlanVersions::new(clients, table))),
        switches: Arc::new(DynamoSwitches::new(clients, table)),
        aggregates: Arc::new(UsageReader::new(clients, table)),
        ledger: Arc::new(DynamoLedger::new(clients, table)),
        decisions: Arc::new(DynamoDecisions::new(clients, table)),
        idempotency: Arc::new(DynamoIdempotency::new(clients, table)),
        quarantine: match &door.quarantine_queue {
            None => Arc::new(DynamoQuarantine::new(clients, table)),
            Some(queue) => Arc::new(QueuedQuarantine::new(clients, table, queue.clone())),
        },
        entities: Arc::new(DynamoEntities::new(clients, table)),
        answers: Arc::new(LambdaAnswers),
        journal: Arc::new(StdoutJournal),
    }
}
