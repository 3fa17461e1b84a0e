use doorward_model::Outcome;

use super::limit::Limit;
use super::price::Price;
use crate::plan_version::PlanDefinition;

/// Limits that a caller is on. The plan named `default` holds for every caller of a route whose API key names no other;
/// an event's source is on the plan that its rule names.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// All of them must hold.
    pub limits: Vec<Limit>,
    /// How calls may end that give back what they took of quotas.
    pub refund: Vec<Outcome>,
    /// How calls may end that are refused and take from the limits all the same.
    pub charge: Vec<Outcome>,
    /// What its units cost; `None` where they cost nothing and stand on no invoice.
    pub price: Option<Price>,
    /// Which version of it this is: what its calls are priced by, whatever the plan says later.
    pub version: String,
    /// What the version is made of.
    pub definition: PlanDefinition,
}
