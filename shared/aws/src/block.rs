//! Block items of the ledger: many calls in one item, for the durability `batched`.
//!
//! ```text
//! call      S  block#<sandbox>#<n>
//! version   N  1 at first, +1 by each later write
//! at        S  when its first call came in
//! count     N  how many calls it holds
//! calls     B  zlib (RFC 1950) of JSON lines, a LedgerItem each
//! expires   N  seconds since the epoch
//! ```

use std::io::{Read as _, Write as _};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::Blob;
use doorward_core::ports::StoreError;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};
use crate::item::LedgerItem;
use crate::{AwsClients, sdk_error};

/// What the id of every block begins with, and that of no call.
pub(crate) const PREFIX: &str = "block#";
/// The attribute that holds the calls.
const CALLS: &str = "calls";
/// The largest text of a block's calls, in bytes: a thousand calls that are stretched as far as they go are larger,
/// and such a block is refused when it is written.
const MAX_INFLATED: u64 = 16 * 1024 * 1024;
/// The largest compressed text, in bytes: an item has 400 KB.
const MAX_DEFLATED: usize = 380 * 1024;
/// The most calls in one block.
const MAX_CALLS: usize = 1000;

/// Calls that the ledger keeps in one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The block's id, the table's key: `block#<sandbox>#<n>`.
    pub id: String,
    /// How often the item was written.
    pub version: u64,
    /// When its first call came in.
    pub at: Timestamp,
    /// When the table may forget it, in seconds since the epoch.
    pub expires: Option<i64>,
    /// Its calls, at most 1,000, each under its own id.
    pub calls: Vec<LedgerItem>,
}

/// What an item says of a block beside its calls.
#[derive(Serialize, Deserialize)]
struct Head {
    call: String,
    version: u64,
    at: Timestamp,
    count: u64,
    expires: Option<i64>,
}

/// Why calls are no block, or an item none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum BlockError {
    #[error("a block's id begins with `block#`")]
    Id,
    #[error("a block has `call`, `version`, `at`, `count` and `calls`")]
    Form,
    #[error("a block holds 1 to 1,000 calls")]
    Count,
    #[error("the calls of a block are at most 16 MiB of text, and 380 KiB compressed")]
    TooLarge,
    #[error("the calls of a block are zlib of JSON lines")]
    Damaged,
    #[error("the calls of a block are not as many as it says")]
    Miscounted,
}

impl Block {
    /// Whether `id` is that of a block.
    #[must_use]
    pub fn is_id(id: &str) -> bool {
        id.starts_with(PREFIX)
    }

    /// Writes it into the ledger among the tables that begin with `table`, unless it is there: a write that is sent again
    /// after a time-out changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or the calls are no block.
    pub async fn put(&self, clients: &AwsClients, table: &str) -> Result<(), StoreError> {
        let item = self.write().map_err(|error| StoreError(error.to_string()))?;
        let put = clients
            .dynamodb
            .put_item()
            .table_name(format!("{table}-ledger"))
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#call)")
            .expression_attribute_names("#call", "call")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(error) => Err(StoreError(sdk_error::brief(&error))),
        }
    }

    /// Its calls as the item keeps them.
    ///
    /// # Errors
    /// [`BlockError::Count`] and [`BlockError::TooLarge`].
    pub(crate) fn packed(&self) -> Result<Vec<u8>, BlockError> {
        pack(&self.calls)
    }

    /// The block of the calls that [`Self::packed`] packed, as it was written first.
    ///
    /// # Errors
    /// [`BlockError`], as of [`Self::read`].
    pub(crate) fn unpacked(
        id: String,
        at: Timestamp,
        count: u64,
        expires: Option<i64>,
        packed: &[u8],
    ) -> Result<Self, BlockError> {
        let calls = unpack(packed)?;
        if calls.len() as u64 != count {
            return Err(BlockError::Miscounted);
        }
        if Self::is_id(&id) { Ok(Self { id, version: 1, at, expires, calls }) } else { Err(BlockError::Id) }
    }

    /// The item that keeps it.
    ///
    /// # Errors
    /// [`BlockError::Id`], [`BlockError::Count`] and [`BlockError::TooLarge`].
    pub(crate) fn write(&self) -> Result<Attributes, BlockError> {
        if !Self::is_id(&self.id) {
            return Err(BlockError::Id);
        }
        let head = Head {
            call: self.id.clone(),
            version: self.version,
            at: self.at,
            count: self.calls.len() as u64,
            expires: self.expires,
        };
        let mut item = attributes::write(&head).map_err(|_| BlockError::Form)?;
        item.insert(CALLS.to_owned(), AttributeValue::B(Blob::new(pack(&self.calls)?)));
        Ok(item)
    }

    /// The block that `item` keeps, whoever wrote it: memory is bounded.
    ///
    /// # Errors
    /// [`BlockError`] for any other item.
    pub(crate) fn read(mut item: Attributes) -> Result<Self, BlockError> {
        let Some(AttributeValue::B(packed)) = item.remove(CALLS) else { return Err(BlockError::Form) };
        let head: Head = attributes::read(item).map_err(|_| BlockError::Form)?;
        let calls = unpack(packed.as_ref())?;
        if calls.len() as u64 != head.count {
            return Err(BlockError::Miscounted);
        }
        let Head { call: id, version, at, expires, .. } = head;
        if Self::is_id(&id) { Ok(Self { id, version, at, expires, calls }) } else { Err(BlockError::Id) }
    }
}

/// The calls as an item keeps them.
fn pack(calls: &[LedgerItem]) -> Result<Vec<u8>, BlockError> {
    if calls.is_empty() || calls.len() > MAX_CALLS {
        return Err(BlockError::Count);
    }
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::default());
    for call in calls {
        let mut line = serde_json::to_vec(call).map_err(|_| BlockError::Form)?;
        line.push(b'\n');
        deflated.write_all(&line).map_err(|_| BlockError::Damaged)?;
        if deflated.total_in() > MAX_INFLATED {
            return Err(BlockError::TooLarge);
        }
    }
    let deflated = deflated.finish().map_err(|_| BlockError::Damaged)?;
    if deflated.len() > MAX_DEFLATED { Err(BlockError::TooLarge) } else { Ok(deflated) }
}

fn unpack(packed: &[u8]) -> Result<Vec<LedgerItem>, BlockError> {
    let mut text = String::new();
    let mut inflating = ZlibDecoder::new(packed);
    let bytes = inflating.by_ref().take(MAX_INFLATED + 1).read_to_string(&mut text);
    if bytes.map_err(|_| BlockError::Damaged)? as u64 > MAX_INFLATED {
        return Err(BlockError::TooLarge);
    }
    if inflating.total_in() != packed.len() as u64 {
        return Err(BlockError::Damaged);
    }
    // A line for each call at least: what is miscounted is not read at length.
    if !(1..=MAX_CALLS).contains(&text.lines().count()) {
        return Err(BlockError::Count);
    }
    let calls = text.lines().map(serde_json::from_str::<LedgerItem>).collect::<Result<Vec<_>, _>>();
    let calls = calls.map_err(|_| BlockError::Damaged)?;
    // A block within a block would be counted under an id that is no call's.
    if calls.iter().any(|call| Block::is_id(&call.call)) { Err(BlockError::Id) } else { Ok(calls) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn block(calls: usize) -> Block {
        let item = |number: usize| LedgerItem::of(&sample::call(&format!("call-{number}")));
        Block {
            id: "block#0f3a#7".into(),
            version: 1,
            at: sample::now(),
            expires: Some(1_800_000_000),
            calls: (0..calls).map(item).collect(),
        }
    }

    #[test]
    fn a_block_reads_back() {
        let block = block(100);
        let item = block.write().unwrap();
        assert_eq!(item["count"], AttributeValue::N("100".into()));
        assert_eq!(Block::read(item), Ok(block));
    }

    #[test]
    fn a_hundred_typical_calls_are_a_few_write_units() {
        let packed = pack(&block(100).calls).unwrap().len();
        assert!(packed < 4 * 1024, "{packed}");
    }

    #[test]
    fn calls_that_are_no_block_are_not_written() {
        assert_eq!(block(0).write(), Err(BlockError::Count));
        assert_eq!(block(MAX_CALLS + 1).write(), Err(BlockError::Count));
        assert_eq!(Block { id: "call-1".into(), ..block(1) }.write(), Err(BlockError::Id));
        let mut wide = block(1);
        // Deflate keeps at least an eighth of what is chance.
        wide.calls[0].cause = Some((0..2_000_000).map(|_| fastrand::alphanumeric()).collect());
        assert_eq!(wide.write(), Err(BlockError::TooLarge));
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Attributes), expected: BlockError) {
        let mut item = block(2).write().unwrap();
        change(&mut item);
        assert_eq!(Block::read(item), Err(expected));
    }

    fn deflate(text: &[u8]) -> AttributeValue {
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::fast());
        deflated.write_all(text).unwrap();
        AttributeValue::B(Blob::new(deflated.finish().unwrap()))
    }

    #[test]
    fn a_forged_item_is_refused() {
        let number = |text: &str| AttributeValue::N(text.into());
        let put = |name: &'static str, value: AttributeValue| {
            move |item: &mut Attributes| drop(item.insert(name.into(), value))
        };
        check(|item| drop(item.remove("calls")), BlockError::Form);
        check(|item| drop(item.remove("version")), BlockError::Form);
        check(put("version", number("-1")), BlockError::Form);
        check(put("calls", AttributeValue::S("text".into())), BlockError::Form);
        check(put("call", AttributeValue::S("call-1".into())), BlockError::Id);
        check(put("count", number("3")), BlockError::Miscounted);
        check(put("calls", AttributeValue::B(Blob::new("no zlib"))), BlockError::Damaged);
        check(put("calls", deflate(b"{}\n{}\n")), BlockError::Damaged);
        check(put("calls", deflate(b"")), BlockError::Count);
        check(put("calls", deflate(&b"\n".repeat(MAX_CALLS + 1))), BlockError::Count);
        let AttributeValue::B(mut cut) = block(2).write().unwrap()["calls"].clone() else { panic!("bytes") };
        cut = Blob::new(&cut.as_ref()[..cut.as_ref().len() - 5]);
        check(put("calls", AttributeValue::B(cut)), BlockError::Damaged);
        let nested = LedgerItem { call: "block#1#1".into(), ..LedgerItem::of(&sample::call("x")) };
        let nested = [serde_json::to_vec(&nested).unwrap(), b"\n".to_vec()].concat();
        check(put("calls", deflate(&nested)), BlockError::Id);
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        check(
            |item| {
                let bomb = deflate(&vec![b' '; 20 * 1024 * 1024]);
                item.insert("calls".into(), bomb);
            },
            BlockError::TooLarge,
        );
    }
}
