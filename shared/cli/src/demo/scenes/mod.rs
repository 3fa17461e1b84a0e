//! The scenes, a file each, in the order of the tour.

mod answer_broken;
mod api_key_call;
mod api_key_revoked;
mod bundle_published;
mod bus_account;
mod cached_answer;
mod canary_split;
mod cognito_token;
mod contract_broken;
mod contract_compared;
mod decision_explained;
mod delivered_twice;
mod event_denied;
mod event_permitted;
mod event_released;
mod health;
mod iam_call;
mod idempotency_key;
mod invoke_by_sdk;
mod issuer_key_rotated;
mod kill_switch;
mod message_denied;
mod order_of_another;
mod order_placed;
mod payload_decides;
mod principal_can;
mod queue_batch;
mod quota_reached;
mod rate_reached;
mod receipt_queued;
mod region_failed_over;
mod retry_refused;
mod server_ejected;
mod shadow_difference;
mod target_trouble;
mod third_party;
mod unknown_path;
mod unproven_caller;
mod usage_reported;
mod webhook_replayed;

use super::scene::Scene;

/// Every scene.
pub(crate) const ALL: &[Scene] = &[
    health::SCENE,
    order_placed::SCENE,
    order_of_another::SCENE,
    cached_answer::SCENE,
    unproven_caller::SCENE,
    cognito_token::SCENE,
    iam_call::SCENE,
    invoke_by_sdk::SCENE,
    message_denied::SCENE,
    contract_broken::SCENE,
    contract_compared::SCENE,
    unknown_path::SCENE,
    rate_reached::SCENE,
    quota_reached::SCENE,
    target_trouble::SCENE,
    answer_broken::SCENE,
    server_ejected::SCENE,
    third_party::SCENE,
    retry_refused::SCENE,
    canary_split::SCENE,
    region_failed_over::SCENE,
    event_permitted::SCENE,
    event_denied::SCENE,
    delivered_twice::SCENE,
    queue_batch::SCENE,
    receipt_queued::SCENE,
    bus_account::SCENE,
    webhook_replayed::SCENE,
    idempotency_key::SCENE,
    shadow_difference::SCENE,
    payload_decides::SCENE,
    decision_explained::SCENE,
    principal_can::SCENE,
    api_key_call::SCENE,
    api_key_revoked::SCENE,
    issuer_key_rotated::SCENE,
    bundle_published::SCENE,
    kill_switch::SCENE,
    event_released::SCENE,
    usage_reported::SCENE,
];
