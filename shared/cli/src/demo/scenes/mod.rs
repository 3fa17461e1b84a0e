//! The scenes, a file each, in the order of the tour.

mod contract_broken;
mod delivered_twice;
mod event_denied;
mod event_permitted;
mod health;
mod order_of_another;
mod order_placed;
mod rate_reached;
mod target_trouble;
mod unknown_path;
mod unproven_caller;

use super::scene::Scene;

/// Every scene.
pub(crate) fn all() -> Vec<Box<dyn Scene>> {
    vec![
        Box::new(health::Health),
        Box::new(order_placed::OrderPlaced),
        Box::new(order_of_another::OrderOfAnother),
        Box::new(unproven_caller::UnprovenCaller),
        Box::new(contract_broken::ContractBroken),
        Box::new(unknown_path::UnknownPath),
        Box::new(rate_reached::RateReached),
        Box::new(target_trouble::TargetTrouble),
        Box::new(event_permitted::EventPermitted),
        Box::new(event_denied::EventDenied),
        Box::new(delivered_twice::DeliveredTwice),
    ]
}
