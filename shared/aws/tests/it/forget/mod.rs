//! A caller forgotten over a DynamoDB in memory: nothing names the caller, and every sum is what it was.

mod cut;
mod meanwhile;
mod shop;
mod whole;
