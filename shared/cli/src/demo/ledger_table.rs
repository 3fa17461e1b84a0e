use std::collections::BTreeMap;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use serde::Serialize;

use super::stage::Stage;
use crate::output::Failure;

/// One line of the usage table.
#[derive(Debug, Serialize)]
pub(crate) struct Usage {
    caller: String,
    action: String,
    purpose: String,
    outcome: String,
    calls: u64,
    units: u64,
}

/// The whole ledger, summed by caller, action, purpose and outcome.
pub(crate) async fn read(stage: &Stage) -> Result<Vec<Usage>, Failure> {
    let mut sums: BTreeMap<[String; 4], (u64, u64)> = BTreeMap::new();
    let mut start = None;
    loop {
        let page = stage.door.ledger.page(start.as_deref()).await.map_err(Failure::new)?;
        for item in page.items {
            let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let key = [text(item.caller), text(item.action), text(item.purpose), item.outcome.to_string()];
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + 1, sum.1 + item.units);
        }
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    let usage = |([caller, action, purpose, outcome], (calls, units)): ([String; 4], (u64, u64))| Usage {
        caller,
        action,
        purpose,
        outcome,
        calls,
        units,
    };
    Ok(sums.into_iter().map(usage).collect())
}

pub(crate) fn draw(rows: &[Usage]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_header(["caller", "action", "purpose", "outcome", "calls", "units"]);
    for Usage { caller, action, purpose, outcome, calls, units } in rows {
        table.add_row([caller, action, purpose, outcome, &calls.to_string(), &units.to_string()]);
    }
    table.to_string()
}
