use std::collections::HashSet;

use doorward_core::ports::StoreError;
use doorward_model::Outcome;

use crate::block::{Block, BlockError};
use crate::item::LedgerItem;
use crate::journal_line::Journaled;
use crate::ledger::{self, DynamoLedger, Written};

/// How often a row is tried that others write to meanwhile.
const ATTEMPTS: usize = 3;

/// How many calls of what the log kept came into the ledger, and how many it held already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Imported {
    pub added: u64,
    pub present: u64,
}

impl Imported {
    fn one(added: bool) -> Self {
        Self { added: u64::from(added), present: u64::from(!added) }
    }
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, more: Self) {
        self.added += more.added;
        self.present += more.present;
    }
}

/// Why what a log kept does not come into the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The table does not answer; what is there by then stays.
    #[error(transparent)]
    Store(StoreError),
    /// The table does not take it, now or later.
    #[error("the ledger does not take it: {0}")]
    Unfit(String),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        if error.0 == "ValidationException" { Self::Unfit(error.0) } else { Self::Store(error) }
    }
}

impl From<BlockError> for ImportError {
    fn from(error: BlockError) -> Self {
        Self::Unfit(error.to_string())
    }
}

impl DynamoLedger {
    /// Puts what the log kept where the ledger lacks it. Doing so again changes nothing.
    ///
    /// # Errors
    /// [`ImportError`]
    pub async fn import(&self, journaled: &Journaled) -> Result<Imported, ImportError> {
        match journaled {
            Journaled::Item(item) => self.import_item(item).await.map(Imported::one),
            Journaled::Block(block) => self.import_block(block).await,
        }
    }

    /// Whether the ledger lacked it. The row of a claim whose call then could not be resolved is resolved by it; whose call
    /// it is, the row says, for it may be forgotten since.
    async fn import_item(&self, item: &LedgerItem) -> Result<bool, ImportError> {
        let mut written = self.put(item, None).await?;
        for _ in 0..ATTEMPTS {
            let found = match written {
                Written::Yes => return Ok(true),
                Written::Otherwise(found) => found.map(ledger::read).transpose()?,
            };
            let Some(row) = found.filter(|row| is_claim_of(item, row)) else { return Ok(false) };
            let resolved = LedgerItem {
                version: row.version.saturating_add(1),
                until: row.until,
                attempt: row.attempt,
                caller: row.caller.clone(),
                key_id: row.key_id.clone(),
                resource: row.resource.clone(),
                ..item.clone()
            };
            written = self.put(&resolved, Some(&row)).await?;
        }
        match written {
            Written::Yes => Ok(true),
            Written::Otherwise(_) => Err(StoreError("the row of a call changes meanwhile".to_owned()).into()),
        }
    }

    /// A block that is there holds some of the calls, where its write got through before more came to it.
    async fn import_block(&self, block: &Block) -> Result<Imported, ImportError> {
        let found = match self.put_absent(block.write()?).await? {
            Written::Yes => return Ok(Imported { added: block.calls.len() as u64, present: 0 }),
            Written::Otherwise(None) => {
                return Err(StoreError("the block changes meanwhile".to_owned()).into());
            }
            Written::Otherwise(Some(found)) => Block::read(found)?,
        };
        let held: HashSet<&str> = found.calls.iter().map(|item| item.call.as_str()).collect();
        let mut imported = Imported::default();
        for item in &block.calls {
            let added = !held.contains(item.call.as_str()) && self.import_item(item).await?;
            imported += Imported::one(added);
        }
        Ok(imported)
    }
}

fn is_claim_of(item: &LedgerItem, row: &LedgerItem) -> bool {
    item.holder.is_some() && item.holder == row.holder && row.outcome == Outcome::Unresolved
}
