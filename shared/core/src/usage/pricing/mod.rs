//! What a month's usage costs.
//!
//! A caller's units of one plan in one calendar month (UTC) are counted through, from the first: the included ones cost
//! nothing, and each of the others costs what the tier says that it falls into. Where the plan changed within the month,
//! the units of its versions follow upon each other in the order in which the versions were first served, each priced by
//! its own version: what is included is had once a month, however often a plan changes. Units of an action with a price
//! of its own are not counted through. Another plan counts from its own first unit.
//!
//! Nothing is rounded but the total of an invoice.

mod amount;
mod invoice;
mod reading;
mod spans;
mod trace;
mod versions;

pub use amount::Amount;
pub use invoice::{Invoice, Line, Statement, Unpriced, state};
pub use reading::PricingError;
pub use spans::Part;
pub use trace::{Difference, LineKey, Traced, Used, trace};
pub use versions::{PlanVersion, PlanVersions};
