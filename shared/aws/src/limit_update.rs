//! The one conditional update that checks and moves all limits of a scope, and what its item says.
//!
//! A rate is the attribute `r#NAME`, its theoretical arrival time in nanoseconds; a quota is `q#NAME#WINDOW`, the
//! units that the window has given. Levels only grow, whoever writes: that makes a refusal that was seen true for as
//! long as its slot holds, and an update at most one failed guess away from the right one.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::limit::{Ask, Branch, Level, Slot, SlotRule, nanoseconds};
use jiff::{SignedDuration, Timestamp};

use crate::attributes::Attributes;

/// How long an item outlives the last thing that it knows: far more than clocks differ.
const GRACE: SignedDuration = SignedDuration::from_hours(48);

/// The levels of a scope's item, by attribute name.
pub(crate) type Levels = BTreeMap<String, Level>;

/// Expressions, and what their aliases stand for.
#[derive(Debug)]
pub(crate) struct LimitUpdate {
    pub(crate) update: String,
    pub(crate) condition: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Attributes,
}

/// The update that takes `ask.units` from every slot if the item is about as `seen` says. No slot may refuse when
/// unused: a condition that cannot hold would be a write for nothing.
pub(crate) fn limit_update(ask: &Ask, seen: &Levels) -> LimitUpdate {
    let mut parts = Parts::default();
    for (index, slot) in ask.slots.iter().enumerate() {
        parts.slot(index, slot, level(slot, seen), ask);
    }
    parts.name("#expires", "expires".to_owned());
    parts.number(":expires", expiry(ask).as_second());
    parts.sets.push("#expires = :expires".to_owned());
    let gone: Vec<String> = bygone(ask, seen)
        .into_iter()
        .enumerate()
        .map(|(index, attribute)| parts.name(&format!("#g{index}"), attribute))
        .collect();
    let mut update = format!("SET {}", parts.sets.join(", "));
    if !gone.is_empty() {
        update.push_str(&format!(" REMOVE {}", gone.join(", ")));
    }
    LimitUpdate {
        update,
        condition: parts.conditions.join(" AND "),
        names: parts.names,
        values: parts.values,
    }
}

/// The levels that `item` holds.
pub(crate) fn levels(item: &Attributes) -> Levels {
    let level = |(name, value): (&String, &AttributeValue)| {
        let number = value.as_n().ok()?;
        let level = match name.split_once('#')?.0 {
            "r" => Level::Rate(Some(number.parse().ok()?)),
            "q" => Level::Quota(number.parse().ok()?),
            _ => return None,
        };
        Some((name.clone(), level))
    };
    item.iter().filter_map(level).collect()
}

/// The level of `slot` in an item; that of an unused slot when the item does not know it.
pub(crate) fn level(slot: &Slot, levels: &Levels) -> Level {
    levels.get(&attribute(slot)).copied().unwrap_or_else(|| slot.unused())
}

#[derive(Default)]
struct Parts {
    sets: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Parts {
    fn slot(&mut self, index: usize, slot: &Slot, level: Level, ask: &Ask) {
        let name = self.name(&format!("#s{index}"), attribute(slot));
        let (by, bound) = (format!(":by{index}"), format!(":bound{index}"));
        match &slot.rule {
            SlotRule::Rate { .. } => {
                self.number(":now", nanoseconds(ask.now));
                match Slot::branch(level, ask.now) {
                    Branch::Idle => {
                        self.number(&by, nanoseconds(ask.now).saturating_add(step(slot, ask.units)));
                        self.sets.push(format!("{name} = {by}"));
                        self.conditions.push(format!("(attribute_not_exists({name}) OR {name} <= :now)"));
                    }
                    Branch::Busy => {
                        self.number(&by, step(slot, ask.units));
                        self.number(&bound, slot.latest(ask.units, ask.now));
                        self.sets.push(format!("{name} = {name} + {by}"));
                        self.conditions.push(format!("{name} > :now AND {name} <= {bound}"));
                    }
                }
            }
            SlotRule::Quota { units, .. } => {
                self.number(":zero", 0);
                self.number(&by, ask.units);
                self.number(&bound, units.saturating_sub(ask.units));
                self.sets.push(format!("{name} = if_not_exists({name}, :zero) + {by}"));
                self.conditions.push(format!("(attribute_not_exists({name}) OR {name} <= {bound})"));
            }
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

fn attribute(slot: &Slot) -> String {
    match &slot.rule {
        SlotRule::Rate { .. } => format!("r#{}", slot.name),
        SlotRule::Quota { window, .. } => format!("q#{}#{window}", slot.name),
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
    let last = |slot: &Slot| match &slot.rule {
        SlotRule::Rate { .. } => {
            let furthest = slot.latest(ask.units, ask.now).saturating_add(step(slot, ask.units));
            Timestamp::from_nanosecond(i128::from(furthest)).unwrap_or(ask.now)
        }
        SlotRule::Quota { ends, .. } => *ends,
    };
    let last = ask.slots.iter().map(last).max().unwrap_or(ask.now);
    last.saturating_add(GRACE).unwrap_or(last)
}

/// Attributes of windows gone by. The latest of them stays: a sandbox whose clock lags may still count in it, and an
/// attribute that is gone would give its whole quota again.
fn bygone(ask: &Ask, seen: &Levels) -> Vec<String> {
    let mut bygone = Vec::new();
    for slot in &ask.slots {
        let SlotRule::Quota { window, .. } = &slot.rule else { continue };
        let prefix = format!("q#{}#", slot.name);
        let older = |name: &&String| {
            let seen = name.strip_prefix(&prefix);
            seen.is_some_and(|seen| seen.len() == window.len() && seen < window.as_str())
        };
        // Names of one kind of window sort as its windows do.
        let mut older: Vec<String> = seen.keys().filter(older).cloned().collect();
        older.pop();
        bygone.append(&mut older);
    }
    bygone
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_config::{Limit, LimitRule, Window};
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
        Ask { scope: "caller#User::\"alice\"".into(), now: now(), units, slots }
    }

    /// The update with its aliases filled in; times as milliseconds from now.
    #[track_caller]
    fn check(ask: &Ask, seen: &[(&str, Level)], update: &str, condition: &str) {
        let seen = seen.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
        let made = limit_update(ask, &seen);
        let mut aliases: Vec<(String, String)> = made.names.clone().into_iter().collect();
        for (name, value) in &made.values {
            let number: i64 = value.as_n().unwrap().parse().unwrap();
            let lead = (number - nanoseconds(now())) / 1_000_000;
            let absolute = name == ":expires" || lead < -1_000_000_000;
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
            "(attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 96)",
        );
    }

    #[test]
    fn all_slots_move_together() {
        check(
            &ask(&[rate(), quota()], 1),
            &[],
            "SET r#r5 = now+200ms, q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 1, expires = 1795737600",
            "(attribute_not_exists(r#r5) OR r#r5 <= now+0ms) AND \
             (attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 99)",
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
            "SET q#day#2026-11-24 = if_not_exists(q#day#2026-11-24, 0) + 1, expires = 1795737600 \
             REMOVE q#day#2026-11-20, q#day#2026-11-22",
            "(attribute_not_exists(q#day#2026-11-24) OR q#day#2026-11-24 <= 99)",
        );
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
        ]);
        let expected =
            [("q#day#2026-11-24", Level::Quota(7)), ("r#r5", Level::Rate(Some(1_795_521_600_000_000_000)))];
        assert_eq!(levels(&item), expected.map(|(name, level)| (name.to_owned(), level)).into());
    }
}
