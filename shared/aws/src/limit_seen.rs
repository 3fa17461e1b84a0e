//! What the item of a scope says.
//!
//! A rate is the attribute `r#NAME`, its theoretical arrival time in nanoseconds; a quota is `q#NAME#WINDOW`, the
//! units that the window has given; windows that ended by `closed` are not in the item any more, and give nothing.
//! `l#LEASE` names a block that a sandbox holds, until when in seconds since the epoch; `plan` is the plan that a caller
//! was assigned.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::limit::{Ask, Assignment, Block, Branch, Level, Slot, SlotRule};
use jiff::Timestamp;

use crate::attributes::Attributes;

/// How long the name of a block that is over stays: far more than clocks differ.
const LEASE_GRACE: i64 = 60;

/// As many names of blocks that are over are removed by one update.
const MOST_STALE: usize = 20;

/// The attribute that holds the plan of a caller.
pub(crate) const PLAN: &str = "plan";

/// The attribute before whose time, in seconds since the epoch, ended windows are forgotten.
pub(crate) const CLOSED: &str = "closed";

/// What a scope's item says of its limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Levels {
    /// By attribute name.
    pub(crate) by_name: BTreeMap<String, Level>,
    /// Windows that ended by then, in seconds since the epoch, give nothing any more: what they gave is forgotten.
    pub(crate) closed: Option<i64>,
}

/// What is known of a scope's item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) levels: Levels,
    /// Attributes that name blocks which are over, a few of them.
    pub(crate) stale: Vec<String>,
    /// How many attributes name blocks.
    pub(crate) named: usize,
    /// Which update of each rate was the right one last, and whether that is the better guess: where others move a rate
    /// too, what was seen of it says little a moment later.
    pub(crate) branches: BTreeMap<String, Branch>,
    pub(crate) as_last: bool,
}

impl Seen {
    /// The update of a rate at `now`, as far as can be guessed.
    pub(crate) fn branch(&self, slot: &Slot, now: Timestamp) -> Branch {
        let last = self.branches.get(&slot.name).filter(|_| self.as_last);
        last.copied().unwrap_or_else(|| Slot::branch(level(slot, &self.levels), now))
    }

    /// The updates of the ask's rates.
    pub(crate) fn branches_of(&self, ask: &Ask) -> BTreeMap<String, Branch> {
        let slots = ask.slots.iter().chain(ask.block.iter().flat_map(|block| &block.slots));
        let rates = slots.filter(|slot| slot.ends().is_none());
        rates.map(|slot| (slot.name.clone(), self.branch(slot, ask.now))).collect()
    }
}

/// What `item` says at `now`.
pub(crate) fn seen(item: &Attributes, now: Timestamp) -> Seen {
    let over = |(name, value): (&String, &AttributeValue)| {
        let until: i64 = value.as_n().ok()?.parse().ok()?;
        let is_over = name.starts_with("l#") && until.saturating_add(LEASE_GRACE) < now.as_second();
        is_over.then(|| name.clone())
    };
    Seen {
        levels: levels(item),
        stale: item.iter().filter_map(over).take(MOST_STALE).collect(),
        named: item.keys().filter(|name| name.starts_with("l#")).count(),
        ..Seen::default()
    }
}

/// The levels that `item` holds.
fn levels(item: &Attributes) -> Levels {
    let level = |(name, value): (&String, &AttributeValue)| {
        let kind = name.split_once('#')?.0;
        let number = value.as_n().ok()?;
        let level = match kind {
            "r" => Level::Rate(Some(number.parse().ok()?)),
            "q" => Level::Quota(number.parse().ok()?),
            _ => return None,
        };
        Some((name.clone(), level))
    };
    let closed = item.get(CLOSED).and_then(|closed| closed.as_n().ok()?.parse().ok());
    Levels { by_name: item.iter().filter_map(level).collect(), closed }
}

/// The plan that the caller whose item this is was assigned.
pub(crate) fn assignment(item: &Attributes) -> Assignment {
    Assignment(item.get(PLAN).and_then(|plan| plan.as_s().ok()).cloned())
}

/// The attribute that names a block.
pub(crate) fn lease_attribute(lease: &str) -> String {
    format!("l#{lease}")
}

/// The level of `slot` in an item; that of an unused slot when the item does not know it, and of a spent one when the
/// item has forgotten it.
pub(crate) fn level(slot: &Slot, levels: &Levels) -> Level {
    match &slot.rule {
        SlotRule::Quota { units, ends, .. }
            if levels.closed.is_some_and(|closed| ends.as_second() <= closed) =>
        {
            Level::Quota(*units)
        }
        _ => levels.by_name.get(&attribute(slot)).copied().unwrap_or_else(|| slot.unused()),
    }
}

/// The levels of a block's slots.
pub(crate) fn block_levels(block: &Block, levels: &Levels) -> Vec<Level> {
    block.slots.iter().map(|slot| level(slot, levels)).collect()
}

/// The attribute that holds the slot's level.
pub(crate) fn attribute(slot: &Slot) -> String {
    match &slot.rule {
        SlotRule::Rate { .. } => format!("r#{}", slot.name),
        SlotRule::Quota { window, .. } => format!("q#{}#{window}", slot.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_item_gives_its_levels_and_nothing_else() {
        let number = |text: &str| AttributeValue::N(text.into());
        let item = Attributes::from([
            ("owner".into(), AttributeValue::S("caller".into())),
            ("expires".into(), number("1795694402")),
            ("r#r5".into(), number("1795521600000000000")),
            ("q#day#2026-11-24".into(), number("7")),
            ("q#odd#2026-11-24".into(), number("1.5")),
            ("l#past".into(), number("1795521539")),
            ("l#just-past".into(), number("1795521540")),
            ("plan".into(), AttributeValue::S("pro".into())),
            ("closed".into(), number("1795521540")),
        ]);
        let expected =
            [("q#day#2026-11-24", Level::Quota(7)), ("r#r5", Level::Rate(Some(1_795_521_600_000_000_000)))];
        assert_eq!(assignment(&item), Assignment(Some("pro".into())));
        let seen = seen(&item, now());
        assert_eq!(seen.stale, ["l#past"], "a minute after its end");
        let by_name = expected.map(|(name, level)| (name.to_owned(), level)).into();
        assert_eq!(seen.levels, Levels { by_name, closed: Some(1_795_521_540) });
    }

    #[test]
    fn a_forgotten_window_has_given_everything() {
        let quota = doorward_config::LimitRule::Quota { units: 9, window: doorward_config::Window::Minute };
        let slot = |at: &str| Slot::of("m", quota, at.parse().unwrap());
        let levels = Levels { closed: Some(now().as_second()), ..Levels::default() };
        assert_eq!(level(&slot("2026-11-24T11:59:59Z"), &levels), Level::Quota(9));
        assert_eq!(level(&slot("2026-11-24T12:00:00Z"), &levels), Level::Quota(0));
    }
}
