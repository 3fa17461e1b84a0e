use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::ports::{CallBlock, StoreError};
use doorward_model::Call;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::block::Block;
use crate::item::LedgerItem;
use crate::{ledger, rollup};

/// The word by which a line is known.
const USAGE: &str = "usage";

/// A line of the log that holds what the ledger would hold, had it been there:
/// `{"doorward":"usage","item":{…}}`, or `{"doorward":"usage","block":{…}}` where it would have been one item of many
/// calls. That an item stands in the log does not say that the ledger lacks it: the answer to its write may be all that
/// was lost.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalLine {
    doorward: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Box<LedgerItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<BlockLine>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockLine {
    call: String,
    /// As the item holds them, in base64 (RFC 4648 section 4): a line has 256 KB.
    calls: String,
    at: Timestamp,
    count: u64,
    expires: Option<i64>,
}

/// What a line holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Journaled {
    /// A call.
    Item(Box<LedgerItem>),
    /// The calls of a block.
    Block(Block),
}

/// The longest id of a call or block, in bytes: a partition key of DynamoDB has at most 2,048, and the roll-up puts a word
/// before it.
const LONGEST_ID: usize = 2_000;

impl Journaled {
    /// When the ledger would forget it, in seconds since the epoch.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        match self {
            Self::Item(item) => item.expires,
            Self::Block(block) => block.expires,
        }
    }

    /// Whether the ledger can hold it, and the roll-up count it.
    fn fits(&self) -> Result<(), String> {
        let (id, calls) = match self {
            Self::Item(item) => (&item.call, std::slice::from_ref(&**item)),
            Self::Block(block) => (&block.id, block.calls.as_slice()),
        };
        let ids = calls.iter().map(|call| &call.call).chain([id]);
        if ids.into_iter().any(|id| id.is_empty() || id.len() > LONGEST_ID) {
            return Err(format!("an id has 1 to {LONGEST_ID} bytes"));
        }
        rollup::contribution(calls).map(drop).map_err(|error| error.to_string())
    }
}

/// Why a line of the door's holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalLineError(String);

impl JournalLine {
    fn of_call(call: &Call, expires: Timestamp) -> Self {
        // Of a call that may hold a claim, the row is known by its holder.
        let holder = call.claim_tried.then(|| ledger::holder(call));
        let item = LedgerItem { expires: Some(expires.as_second()), holder, ..LedgerItem::of(call) };
        Self { doorward: USAGE.to_owned(), item: Some(Box::new(item)), block: None }
    }

    fn of_block(block: Block) -> Result<Self, StoreError> {
        let calls = block.packed().map_err(|error| StoreError(error.to_string()))?;
        let Block { id, at, expires, calls: all, .. } = block;
        let (calls, count) = (STANDARD.encode(calls), all.len() as u64);
        let block = BlockLine { call: id, calls, at, count, expires };
        Ok(Self { doorward: USAGE.to_owned(), item: None, block: Some(block) })
    }

    /// The line of `call`, without the end of a line.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written as one.
    pub fn for_call(call: &Call, expires: Timestamp) -> Result<String, StoreError> {
        write(&Self::of_call(call, expires))
    }

    /// The line of `block`, without the end of a line.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written as one.
    pub fn for_block(block: &CallBlock<'_>) -> Result<String, StoreError> {
        write(&Self::of_block(ledger::block(block.id, block.calls))?)
    }

    /// What `line` holds; `None` where it is no such line. Text before it, as collectors of logs put it, is passed over,
    /// and so is the wrapping of `{"timestamp":…,"message":"…"}`.
    ///
    /// # Errors
    /// [`JournalLineError`] where it is such a line, and holds nothing that the ledger could.
    pub fn read(line: &str) -> Result<Option<Journaled>, JournalLineError> {
        let broken = |cause: &str| JournalLineError(cause.to_owned());
        // Nothing else is looked at any closer: a log has many lines.
        if !line.contains("doorward") || !line.contains(USAGE) {
            return Ok(None);
        }
        let message = message(line);
        let line = message.as_deref().unwrap_or(line);
        // Within another object stands what a caller may have written.
        let Some(start) = line.find('{').filter(|start| line.get(*start..).is_some_and(begins)) else {
            return Ok(None);
        };
        let text = line.get(start..).unwrap_or_default().trim_end();
        // Exports put more behind it.
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Self>();
        let line = values.next().and_then(Result::ok).ok_or_else(|| broken("it is cut off, or changed"))?;
        match line {
            Self { item: Some(item), block: None, .. }
                if Block::is_id(&item.call) || item.call.is_empty() =>
            {
                Err(broken("its id is no call's"))
            }
            Self { item: Some(item), block: None, .. } => {
                let journaled = Journaled::Item(item);
                journaled.fits().map(|()| Some(journaled)).map_err(|cause| broken(&cause))
            }
            Self { item: None, block: Some(line), .. } => {
                let packed = STANDARD.decode(&line.calls).map_err(|_| broken("its calls are not base64"))?;
                let block = Block::unpacked(line.call, line.at, line.count, line.expires, &packed);
                let journaled = block.map(Journaled::Block).map_err(|error| broken(&error.to_string()))?;
                journaled.fits().map(|()| Some(journaled)).map_err(|cause| broken(&cause))
            }
            Self { .. } => Err(broken("it holds neither a call nor a block")),
        }
    }
}

fn write(line: &JournalLine) -> Result<String, StoreError> {
    serde_json::to_string(line).map_err(|_| StoreError("the call cannot be written as a line".to_owned()))
}

fn begins(text: &str) -> bool {
    text.starts_with("{\"doorward\":\"usage\"")
}

/// The text that a collector of logs wrapped.
fn message(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Wrapped {
        message: String,
    }
    serde_json::from_str(line).ok().map(|Wrapped { message }| message)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use doorward_core::ports::BatchedCall;

    use super::*;
    use crate::sample;

    fn text(line: &JournalLine) -> String {
        serde_json::to_string(line).unwrap()
    }

    #[track_caller]
    fn check(line: &str, expected: Option<&Journaled>) {
        assert_eq!(JournalLine::read(line).unwrap().as_ref(), expected, "{line}");
    }

    #[test]
    fn a_call_is_found_however_a_log_is_exported() {
        let line = text(&JournalLine::of_call(&sample::call("c-1"), sample::now()));
        let item = JournalLine::read(&line).unwrap().unwrap();
        assert!(matches!(&item, Journaled::Item(item) if item.call == "c-1" && item.holder.is_none()));
        check(&format!("{line}\n"), Some(&item));
        check(&format!("2026-11-24T12:00:00.000Z {line}"), Some(&item));
        let wrapped = serde_json::json!({ "timestamp": 1_795_521_600_000_u64, "message": line });
        check(&wrapped.to_string(), Some(&item));
        check(&format!("EVENTS\t3788\t{line}\t1795521600000"), Some(&item));
    }

    #[test]
    fn a_call_that_may_hold_a_claim_names_its_holder() {
        let mut call = sample::call("c-1");
        call.claim_tried = true;
        let line = text(&JournalLine::of_call(&call, sample::now()));
        let Some(Journaled::Item(item)) = JournalLine::read(&line).unwrap() else { panic!("{line}") };
        assert_eq!(item.holder, Some(ledger::holder(&call)));
    }

    #[test]
    fn a_block_reads_back() {
        let held = |id: &str| BatchedCall {
            call: Arc::new(sample::call(id)),
            expires: sample::now(),
            held: sample::now(),
        };
        let block = ledger::block("block#0f3a#7", &[held("c-1"), held("c-2")]);
        let line = text(&JournalLine::of_block(block.clone()).unwrap());
        check(&line, Some(&Journaled::Block(block)));
    }

    #[test]
    fn other_lines_are_passed_over() {
        let line = text(&JournalLine::of_call(&sample::call("c-1"), sample::now()));
        check("", None);
        check("START RequestId: 7 doorward usage", None);
        check("{\"event\":\"call\",\"cause\":\"doorward usage\"}", None);
        // What a caller may write into a line of another kind.
        check(&serde_json::json!({ "event": "call", "cause": line }).to_string(), None);
        check(&format!("{{\"event\":\"x\"}} {line}"), None);
        let wrapped = serde_json::json!({ "message": serde_json::json!({ "message": line }).to_string() });
        check(&wrapped.to_string(), None);
    }

    #[test]
    fn a_line_that_is_cut_off_or_changed_is_broken() {
        let mut call = sample::call("c-1");
        call.caller = Some(doorward_model::EntityName::new("User", "alice"));
        let line = text(&JournalLine::of_call(&call, sample::now()));
        for broken in [
            &line[..line.len() - 20],
            &line.replace("c-1", "block#1#2"),
            &line.replace("\"units\":", "\"unit\":"),
            &line.replace("\"units\":", "\"units\":99999999999999999"),
            &line.replace("c-1", &"c".repeat(2_001)),
            "{\"doorward\":\"usage\"}",
            "{\"doorward\":\"usage\",\"block\":{\"call\":\"block#1#2\",\"calls\":\"!\",\"at\":\"2026-11-24T12:00:00Z\",\"count\":1,\"expires\":null}}",
        ] {
            assert!(JournalLine::read(broken).is_err(), "{broken}");
        }
    }
}
