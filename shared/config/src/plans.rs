use doorward_model::Outcome;

use crate::checked::Plan;
use crate::limits::{self, LimitNames};
use crate::names::{self, Names};
use crate::plan_version::PlanDefinition;
use crate::price;
use crate::reader::Section;
use crate::report::Reported;

/// How calls may end that were let in and came to nothing by no fault of the caller's.
const REFUNDABLE: &[(&str, Outcome)] =
    &[("target-failed", Outcome::TargetFailed), ("unavailable", Outcome::Unavailable)];

/// How calls may end that never reach a limit.
const CHARGEABLE: &[(&str, Outcome)] = &[("denied", Outcome::Denied), ("invalid", Outcome::Invalid)];

/// Reads `[[plans]]`.
pub(crate) fn read<'t>(
    document: &mut Section<'t>,
    names: &mut Names,
    limits: &mut LimitNames<'t>,
) -> Result<Vec<Plan>, Reported> {
    let actions = price::actions(document);
    document.sections("plans", "`[[plans]]`", |section| {
        let name = section.required("name", |value| names.declare(value, names::plain));
        let limits = section.required("limits", |value| {
            // A faulty plan's limits are read all the same; their names are then of no interest.
            limits::of_plan(value, name.as_deref().unwrap_or("plan"), limits)
        });
        let refund = section.or("refund", Vec::new(), |value| value.set(|item| item.choice(REFUNDABLE)));
        let charge = section.or("charge", Vec::new(), |value| value.set(|item| item.choice(CHARGEABLE)));
        let price = section.optional("price", |value| price::read(value, &actions));
        let (name, limits, refund, charge, price) = (name?, limits?, refund?, charge?, price?);
        let definition = PlanDefinition::new(section.members(&["name"])?, price.as_ref());
        let version = definition.version();
        Ok(Plan { name, limits, refund, charge, price, version, definition })
    })
}
