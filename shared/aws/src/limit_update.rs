//! The one conditional update that checks and moves all limits of a scope.
//!
//! Levels of rates only grow, and those of quotas but for what is given back, so that a refusal that was seen holds for
//! a while, and an update is at most one failed guess away from the right one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::limit::{Ask, Assignment, Block, Branch, GiveBack, Slot, SlotRule, nanoseconds};
use jiff::{SignedDuration, Timestamp};

use crate::attributes::Attributes;
use crate::limit_seen::{CLOSED, Levels, PLAN, Seen, attribute, block_levels, lease_attribute};

/// How long an item outlives the last thing that it knows: far more than clocks differ.
const GRACE: SignedDuration = SignedDuration::from_hours(48);

/// An item names no more blocks than this: every write costs a unit for each KB of the item.
const MOST_NAMED: usize = 24;

/// What an update takes for a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// How much; zero where the ask has no block.
    pub(crate) units: u64,
    /// Whether the item names it.
    pub(crate) named: bool,
}

/// Expressions, and what their aliases stand for.
#[derive(Debug, Clone)]
pub(crate) struct ItemUpdate {
    pub(crate) update: String,
    pub(crate) condition: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Attributes,
    /// Whether a second one would do something else than none: it is not sent again.
    pub(crate) once: bool,
}

/// The update that gives back what `back` says; `None` where that is nothing.
pub(crate) fn give_back_update(back: &GiveBack) -> Option<ItemUpdate> {
    if back.slots.is_empty() || back.units == 0 {
        return None;
    }
    let mut parts = Parts::default();
    parts.number(":units", back.units);
    for (index, slot) in back.slots.iter().enumerate() {
        let name = parts.name(&format!("#s{index}"), attribute(slot));
        parts.sets.push(format!("{name} = {name} - :units"));
        parts.conditions.push(format!("{name} >= :units"));
    }
    if let Some(lease) = &back.lease {
        let name = parts.name("#lease", lease_attribute(lease));
        parts.conditions.push(format!("attribute_exists({name})"));
        parts.removes.push(name);
    }
    // Nothing names what no block does, so a second one could not be told from the first.
    Some(ItemUpdate { once: back.lease.is_none(), ..parts.into_update() })
}

/// The update that takes what `ask` asks for if the item is about as `seen` says, and how much its block holds then. No
/// slot may refuse when unused: a condition that cannot hold would be a write for nothing.
pub(crate) fn limit_update(ask: &Ask, seen: &Seen) -> (ItemUpdate, Size) {
    let mut parts = Parts::default();
    for slot in &ask.slots {
        parts.slot(slot, seen.branch(slot, ask.now), ask.units, ask.now);
    }
    let mut size = Size::default();
    if let Some(block) = &ask.block {
        // What nobody has seen gives the least, and shows how much there is.
        let levels = block_levels(block, &seen.levels);
        size.units = block.size(&levels, ask.now).unwrap_or(block.least);
        for slot in &block.slots {
            parts.slot(slot, seen.branch(slot, ask.now), size.units, ask.now);
        }
        size.named = seen.named < MOST_NAMED && block.is_worth_a_name(size.units, &levels, ask.now);
        if size.named {
            parts.lease(block);
        }
    }
    parts.expiry(ask);
    if let Some(Assignment(plan)) = &ask.assignment {
        parts.name("#plan", PLAN.to_owned());
        match plan {
            None => parts.conditions.push("attribute_not_exists(#plan)".to_owned()),
            Some(plan) => {
                parts.values.insert(":plan".to_owned(), AttributeValue::S(plan.clone()));
                parts.conditions.push("#plan = :plan".to_owned());
            }
        }
    }
    let replaced =
        ask.block.iter().filter_map(|block| block.replaces.as_ref()).map(|name| lease_attribute(name));
    let bygone = bygone(ask, &seen.levels);
    parts.open(ask, bygone.closes);
    let gone: Vec<String> =
        bygone.names.into_iter().chain(seen.stale.iter().cloned()).chain(replaced).collect();
    for (index, attribute) in gone.into_iter().enumerate() {
        let alias = parts.name(&format!("#g{index}"), attribute);
        parts.removes.push(alias);
    }
    (parts.into_update(), size)
}

#[derive(Default)]
struct Parts {
    slots: usize,
    sets: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Parts {
    fn into_update(self) -> ItemUpdate {
        let mut clauses = Vec::new();
        if !self.sets.is_empty() {
            clauses.push(format!("SET {}", self.sets.join(", ")));
        }
        if !self.removes.is_empty() {
            clauses.push(format!("REMOVE {}", self.removes.join(", ")));
        }
        let (update, condition) = (clauses.join(" "), self.conditions.join(" AND "));
        ItemUpdate { update, condition, names: self.names, values: self.values, once: false }
    }

    fn slot(&mut self, slot: &Slot, branch: Branch, units: u64, now: Timestamp) {
        let index = self.slots;
        self.slots += 1;
        let name = self.name(&format!("#s{index}"), attribute(slot));
        let (by, bound) = (format!(":by{index}"), format!(":bound{index}"));
        match &slot.rule {
            SlotRule::Rate { .. } => {
                self.number(":now", nanoseconds(now));
                match branch {
                    Branch::Idle => {
                        self.number(&by, nanoseconds(now).saturating_add(step(slot, units)));
                        self.sets.push(format!("{name} = {by}"));
                        self.conditions.push(format!("(attribute_not_exists({name}) OR {name} <= :now)"));
                    }
                    Branch::Busy => {
                        self.number(&by, step(slot, units));
                        self.number(&bound, slot.latest(units, now));
                        self.sets.push(format!("{name} = {name} + {by}"));
                        self.conditions.push(format!("{name} > :now AND {name} <= {bound}"));
                    }
                }
            }
            SlotRule::Quota { units: limit, .. } => {
                self.number(":zero", 0);
                self.number(&by, units);
                self.number(&bound, limit.saturating_sub(units));
                self.sets.push(format!("{name} = if_not_exists({name}, :zero) + {by}"));
                self.conditions.push(format!("(attribute_not_exists({name}) OR {name} <= {bound})"));
            }
        }
    }

    /// The name of a block is there only when it was given: a write that is sent again finds it.
    fn lease(&mut self, block: &Block) {
        self.name("#lease", lease_attribute(&block.lease));
        self.number(":lease", block.expires.as_second());
        self.sets.push("#lease = :lease".to_owned());
        self.conditions.push("attribute_not_exists(#lease)".to_owned());
    }

    /// Windows that the item has forgotten are not counted in again, and those that it forgets now are closed.
    fn open(&mut self, ask: &Ask, closes: Option<i64>) {
        let Some(first) = slots(ask).filter_map(Slot::ends).min() else { return };
        let name = self.name("#closed", CLOSED.to_owned());
        // No later than what is counted in now.
        let last = first.as_second() - 1;
        self.number(":closed", closes.unwrap_or(last).min(last));
        self.conditions.push(format!("(attribute_not_exists({name}) OR {name} <= :closed)"));
        if closes.is_some() {
            self.sets.push(format!("{name} = :closed"));
        }
    }

    /// An item that says which plan a caller is on does not expire.
    fn expiry(&mut self, ask: &Ask) {
        let name = self.name("#expires", "expires".to_owned());
        if ask.assignment.as_ref().is_some_and(|assignment| assignment.0.is_some()) {
            self.removes.push(name);
        } else {
            self.number(":expires", expiry(ask).as_second());
            self.sets.push("#expires = :expires".to_owned());
        }
    }

    fn name(&mut self, alias: &str, attribute: String) -> String {
        self.names.insert(alias.to_owned(), attribute);
        alias.to_owned()
    }

    fn number(&mut self, alias: &str, value: impl ToString) {
        self.values.insert(alias.to_owned(), AttributeValue::N(value.to_string()));
    }
}

/// How far `units` move a rate, in nanoseconds; zero for quotas.
fn step(slot: &Slot, units: u64) -> i64 {
    match slot.rule {
        SlotRule::Rate { interval, .. } => interval.saturating_mul(i64::try_from(units).unwrap_or(i64::MAX)),
        SlotRule::Quota { .. } => 0,
    }
}

/// When nothing that the item says matters any more.
fn expiry(ask: &Ask) -> Timestamp {
    let last = |(slot, units): (&Slot, u64)| match &slot.rule {
        SlotRule::Rate { .. } => {
            let furthest = slot.latest(units, ask.now).saturating_add(step(slot, units));
            Timestamp::from_nanosecond(i128::from(furthest)).unwrap_or(ask.now)
        }
        SlotRule::Quota { ends, .. } => *ends,
    };
    let slots = ask.slots.iter().map(|slot| (slot, ask.units));
    let leased = ask.block.iter().flat_map(|block| block.slots.iter().map(|slot| (slot, block.most)));
    let last = slots.chain(leased).map(last).max().unwrap_or(ask.now);
    last.saturating_add(GRACE).unwrap_or(last)
}

/// Windows that an item can forget.
#[derive(Default)]
struct Bygone {
    /// Their attributes.
    names: Vec<String>,
    /// When the last of them ended, in seconds since the epoch, or later.
    closes: Option<i64>,
}

/// The windows gone by. The latest of them stays: a sandbox whose clock lags may still count in it.
fn bygone(ask: &Ask, seen: &Levels) -> Bygone {
    let mut bygone = Bygone::default();
    for slot in slots(ask) {
        let SlotRule::Quota { window, .. } = &slot.rule else { continue };
        let prefix = format!("q#{}#", slot.name);
        let older = |name: &&String| {
            let seen = name.strip_prefix(&prefix);
            seen.is_some_and(|seen| seen.len() == window.len() && seen < window.as_str())
        };
        // Names of one kind of window sort as its windows do.
        let mut older: Vec<String> = seen.by_name.keys().filter(older).cloned().collect();
        if let Some(stays) = older.pop()
            && !older.is_empty()
            && let Some(starts) = stays.strip_prefix(&prefix).and_then(starts)
        {
            bygone.names.append(&mut older);
            bygone.closes = bygone.closes.max(Some(starts.as_second())).max(seen.closed);
        }
    }
    bygone
}

/// When the window of this name starts.
fn starts(window: &str) -> Option<Timestamp> {
    const FIRST: &str = "0000-01-01T00:00:00Z";
    format!("{window}{}", FIRST.get(window.len()..)?).parse().ok()
}

/// The slots of the call and of the block.
fn slots(ask: &Ask) -> impl Iterator<Item = &Slot> {
    ask.slots.iter().chain(ask.block.iter().flat_map(|block| &block.slots))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_config::{Limit, LimitRule, Window};
    use doorward_core::limit::Level;
    use std::num::NonZeroU64;
    use std::time::Duration;

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn rate() -> Limit {
        let rule =
            LimitRule::Rate { units: 5, period: Duration::from_secs(1), burst: NonZeroU64::new(10).unwrap() };
        Limit::hard("r5", rule)
    }

    fn quota() -> Limit {
        Limit::hard("day", LimitRule::Quota { units: 100, window: Window::Day })
    }

    fn ask(limits: &[Limit], units: u64) -> Ask {
        let slots = limits.iter().map(|limit| Slot::at(limit, now())).collect();
        let scope = "caller#User::\"alice\"".into();
        Ask { scope, now: now(), units, slots, block: None, assignment: None }
    }

    /// The update with its aliases filled in; times as milliseconds from now.
    #[track_caller]
    fn check(ask: &Ask, seen: &[(&str, Level)], update: &str, condition: &str) {
        let by_name = seen.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
        let levels = Levels { by_name, closed: None };
        let (made, _) = limit_update(ask, &Seen { levels, ..Seen::default() });
        let mut aliases: Vec<(String, String)> = made.names.clone().into_iter().collect();
        for (name, value) in &made.values {
            let AttributeValue::N(number) = value else {
                aliases.push((name.clone(), value.as_s().unwrap().clone()));
                continue;
            };
            let number: i64 = number.parse().unwrap();
            let lead = (number - nanoseconds(now())) / 1_000_000;
            let absolute =
                matches!(name.as_str(), ":expires" | ":lease" | ":closed") || lead < -1_000_000_000;
            aliases.push((name.clone(), if absolute { number.to_string() } else { format!("now+{lead}ms") }));
        }
        aliases.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let fill = |text: &str| {
            aliases.iter().fold(text.to_owned(), |text, (name, value)| {
                assert!(made.update.contains(name) || made.condition.contains(name), "`{name}` is unused");
                text.replace(name, value)
            })
        };
        assert_eq!((fill(&made.update).as_str(), fill(&made.condition).as_str()), (update, condition));
    }

    #[test]
    fn a_rate_moves_from_the_clock_or_from_where_it_is() {
        let lead = |ms: i64| Level::Rate(Some(nanoseconds(now()) + ms * 1_000_000));
        let idle = "(attribute_not_exists(r#r5) OR r#r5 <= now+0ms)";
        let expires = "expires = 1795694402";
        check(&ask(&[rate()], 1), &[], &format!("SET r#r5 = now+200ms, {expires}"), idle);
        check(&ask(&[rate()], 1), &[("r#r5", lead(-1))], &format!("SET r#r5 = now+200ms, {expires}"), idle);
        check(&ask(&[rate()], 3), &[], &format!("SET r#r5 = now+600ms, {expires}"), idle);
        check(
            &ask(&[rate()], 1),
            &[("r#r5", lead(400))],
            "SET r#r5 = r#r5 + 200000000, expires = 1795694402",
            "r#r5 > now+0ms AND r#r5 <= now+1800ms",
        );
        check(
            &ask(&[rate()], 2),
            &[("r#r5", lead(400))],
            "SET r#r5 = r#r5 + 400000000, expires = 1795694402",
            "r#r5 > now+0ms AND r#r5 <= now+1600ms",
        );
    }

    #[test]
    fn a_quota_counts_in_its_window() {
        check(
            &ask(&[quota()], 4),
            &[("q#day#2026-11-24", Level::Quota(17))],
            "SET q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 4, expires = 1795737600",
            "(attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 96) AND \
             (attribute_not_exists(closed) OR closed <= 1795564799)",
        );
    }

    #[test]
    fn all_slots_move_together() {
        check(
            &ask(&[rate(), quota()], 1),
            &[],
            "SET r#r5 = now+200ms, q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 1, expires = 1795737600",
            "(attribute_not_exists(r#r5) OR r#r5 <= now+0ms) AND \
             (attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 99) AND \
             (attribute_not_exists(closed) OR closed <= 1795564799)",
        );
    }

    #[test]
    fn a_block_takes_what_there_is_and_leaves_its_name() {
        let slots = [rate(), quota()].map(|limit| Slot::at(&limit, now())).to_vec();
        let block = |least, most, replaces: Option<&str>| Block {
            slots: slots.clone(),
            least,
            most,
            first: false,
            lease: "new".into(),
            expires: now() + SignedDuration::from_secs(15),
            replaces: replaces.map(str::to_owned),
        };
        let ask = |block| Ask { block: Some(block), ..ask(&[], 1) };
        let (lease, expires) = ("l#new = 1795521615", "expires = 1795737600");
        check(
            &ask(block(1, 50, None)),
            &[],
            &format!(
                "SET r#r5 = now+1200ms, q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 6, {lease}, {expires}"
            ),
            "(attribute_not_exists(r#r5) OR r#r5 <= now+0ms) AND \
             (attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 94) AND attribute_not_exists(l#new) AND \
             (attribute_not_exists(closed) OR closed <= 1795564799)",
        );
        check(
            &ask(block(2, 50, Some("old"))),
            &[("q#day#2026-11-24", Level::Quota(97))],
            &format!(
                "SET r#r5 = now+400ms, q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 2, {expires} REMOVE l#old"
            ),
            "(attribute_not_exists(r#r5) OR r#r5 <= now+0ms) AND \
             (attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 98) AND \
             (attribute_not_exists(closed) OR closed <= 1795564799)",
        );
    }

    #[test]
    fn what_plan_the_caller_is_on_is_part_of_the_condition() {
        let on = |plan: Option<&str>| Ask {
            assignment: Some(Assignment(plan.map(str::to_owned))),
            ..ask(&[quota()], 1)
        };
        let set = "q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 1";
        let room = "(attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 99)";
        let open = "(attribute_not_exists(closed) OR closed <= 1795564799)";
        check(
            &on(None),
            &[],
            &format!("SET {set}, expires = 1795737600"),
            &format!("{room} AND attribute_not_exists(plan) AND {open}"),
        );
        check(
            &on(Some("pro")),
            &[],
            &format!("SET {set} REMOVE expires"),
            &format!("{room} AND plan = pro AND {open}"),
        );
    }

    #[test]
    fn windows_gone_by_are_removed_but_for_the_latest() {
        let used = Level::Quota(1);
        check(
            &ask(&[quota()], 1),
            &[
                ("q#day#2026-11-20", used),
                ("q#day#2026-11-22", used),
                ("q#day#2026-11-23", used),
                ("q#day#2026-11-25", used),
                ("q#day#2026-10", used),
                ("q#other#2026-11-20", used),
            ],
            "SET q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 1, expires = 1795737600, closed = 1795392000 \
             REMOVE q#day#2026-11-20, q#day#2026-11-22",
            "(attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 99) AND \
             (attribute_not_exists(closed) OR closed <= 1795392000)",
        );
    }
}
