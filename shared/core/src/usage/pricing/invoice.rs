use std::collections::BTreeMap;

use doorward_config::{Currency, Price};
use rust_decimal::Decimal;

use super::amount::Amount;
use super::reading::{self, Consumed, PricingError};
use super::spans::{self, Part, Span};
use super::trace::LineKey;
use super::versions::PlanVersions;
use crate::usage::Group;

/// What a month costs all callers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// One for each caller and currency, in the order of both.
    pub invoices: Vec<Invoice>,
    /// What was used without a price.
    pub unpriced: Vec<Unpriced>,
}

/// What a month costs a caller in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Who called.
    pub caller: String,
    /// What every amount is in.
    pub currency: Currency,
    /// In the order in which the units are counted through, those of priced actions after the tiers of their version.
    pub lines: Vec<Line>,
    /// The sum of the lines, exact.
    pub sum: Amount,
}

impl Invoice {
    /// What is to be paid: the sum, rounded to the currency's minor unit, halves away from zero.
    #[must_use]
    pub fn total(&self) -> Decimal {
        self.sum.rounded(self.currency)
    }
}

/// Units that cost the same for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose they are, and what prices them.
    pub key: LineKey,
    /// How many.
    pub units: u64,
    /// What each costs.
    pub unit: Decimal,
    /// What all cost.
    pub amount: Amount,
}

/// Units that no invoice holds: of no plan, or of a version of a plan that has no price.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unpriced {
    /// Who called.
    pub caller: String,
    /// The plan, and its version.
    pub plan: Option<(String, String)>,
    /// How many.
    pub units: u64,
}

struct Row(Group, u64);

impl Consumed for Row {
    fn group(&self) -> &Group {
        &self.0
    }

    fn units(&self) -> u64 {
        self.1
    }
}

/// Prices what was used in one calendar month: each group and the units that it consumed.
///
/// # Errors
/// [`PricingError`] where there is a part that cannot be priced; then nothing is.
pub fn state(
    used: impl IntoIterator<Item = (Group, u64)>,
    versions: &PlanVersions,
) -> Result<Statement, PricingError> {
    let sorted = reading::sort(used.into_iter().map(|(group, units)| Row(group, units)), versions)?;
    let mut invoices: BTreeMap<(String, Currency), Invoice> = BTreeMap::new();
    for ((caller, plan), versions) in sorted.priced {
        let too_large = || PricingError::TooLarge { caller: caller.clone(), plan: plan.clone() };
        let mut before = 0_u64;
        for (order, (price, rows)) in versions {
            let counted = Counted::of(price, &rows).ok_or_else(too_large)?;
            let spans = counted.spans(price, before);
            before = before.checked_add(counted.through).ok_or_else(too_large)?;
            let invoice = invoices.entry((caller.clone(), price.currency)).or_insert_with(|| Invoice {
                caller: caller.clone(),
                currency: price.currency,
                lines: Vec::new(),
                sum: Amount::default(),
            });
            for Span { part, units, unit } in spans {
                let amount = Amount::of(units, unit).ok_or_else(too_large)?;
                invoice.sum = invoice.sum.plus(amount).ok_or_else(too_large)?;
                let key = LineKey {
                    caller: caller.clone(),
                    plan: plan.clone(),
                    version: order.version.clone(),
                    part,
                };
                invoice.lines.push(Line { key, units, unit, amount });
            }
        }
    }
    Ok(Statement { invoices: invoices.into_values().collect(), unpriced: unpriced(sorted.unpriced) })
}

/// The units of one version.
#[derive(Default)]
struct Counted {
    /// Those that are counted through.
    through: u64,
    /// Those of actions with a price of their own.
    actions: BTreeMap<String, u64>,
}

impl Counted {
    /// `None` where there are more than can be counted.
    fn of(price: &Price, rows: &[Row]) -> Option<Self> {
        let mut counted = Self::default();
        for Row(group, units) in rows {
            let priced = group.action.as_ref().filter(|action| price.actions.contains_key(*action));
            let sum = match priced {
                Some(action) => counted.actions.entry(action.clone()).or_default(),
                None => &mut counted.through,
            };
            *sum = sum.checked_add(*units)?;
        }
        Some(counted)
    }

    fn spans(&self, price: &Price, before: u64) -> Vec<Span> {
        let of_actions = self.actions.iter().map(|(action, units)| Span {
            part: Part::Action(action.clone()),
            units: *units,
            unit: price.actions.get(action).copied().unwrap_or_default(),
        });
        spans::spans(price, before, self.through).into_iter().chain(of_actions).collect()
    }
}

fn unpriced(rows: Vec<Row>) -> Vec<Unpriced> {
    let mut sums: BTreeMap<_, u64> = BTreeMap::new();
    for Row(Group { caller, plan, plan_version, .. }, units) in rows {
        let sum = sums.entry((caller, plan.zip(plan_version))).or_default();
        *sum = sum.saturating_add(units);
    }
    sums.into_iter().map(|((caller, plan), units)| Unpriced { caller, plan, units }).collect()
}
