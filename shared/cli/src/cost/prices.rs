//! The public prices that estimates are made of: us-east-1, on demand, in dollars, without free tiers.

/// A million write units of a table, of 1 KB each; a transaction takes twice as many
/// (<https://aws.amazon.com/dynamodb/pricing/on-demand/>).
pub(super) const WRITES: f64 = 0.625;
/// A million read units of a table, of 4 KB each; half of one where a read need not see the last write (there).
pub(super) const READS: f64 = 0.125;
/// A million invocations of functions (<https://aws.amazon.com/lambda/pricing/>).
pub(super) const INVOCATIONS: f64 = 0.20;
/// A gigabyte of memory for a second, on arm64 (there).
pub(super) const GIGABYTE_SECOND: f64 = 0.000_013_333_4;
/// A million requests to a REST API (<https://aws.amazon.com/api-gateway/pricing/>).
pub(super) const REST_REQUESTS: f64 = 3.50;
/// A million requests to an HTTP API (there).
pub(super) const HTTP_REQUESTS: f64 = 1.00;
