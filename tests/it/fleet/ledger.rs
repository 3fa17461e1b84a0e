//! What the rows of the ledger hold, of calls and of blocks of them.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use serde_json::Value;

use super::Fleet;

/// A call as the ledger has it.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) call: String,
    pub(crate) outcome: String,
    pub(crate) units: u64,
    /// Caller, action, target, purpose, outcome, plan and its version.
    pub(crate) group: Vec<Option<String>>,
}

const GROUP: [&str; 7] = ["caller", "action", "target", "purpose", "outcome", "plan", "plan_version"];

/// The calls that a row holds: its own, or those of a block.
pub(crate) fn recorded(row: &Value) -> Vec<Recorded> {
    let Some(packed) = row["calls"]["B"].as_str() else {
        let units = row["units"]["N"].as_str().map_or(0, |units| units.parse().unwrap());
        return vec![read(|name| row[name]["S"].as_str(), units)];
    };
    let mut text = String::new();
    ZlibDecoder::new(STANDARD.decode(packed).unwrap().as_slice()).read_to_string(&mut text).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| read(|name| line[name].as_str(), line["units"].as_u64().unwrap())).collect()
}

fn read<'r>(text: impl Fn(&'static str) -> Option<&'r str>, units: u64) -> Recorded {
    let group = GROUP.map(|name| text(name).map(str::to_owned)).to_vec();
    let said = |name| text(name).unwrap().to_owned();
    Recorded { call: said("call"), outcome: said("outcome"), units, group }
}

impl Fleet {
    /// The call that stands in the ledger under its own id.
    pub(crate) async fn recorded(&self, call: &str) -> Option<Recorded> {
        let row = self.row(call).await;
        if row.is_null() { None } else { recorded(&row).pop() }
    }
}
