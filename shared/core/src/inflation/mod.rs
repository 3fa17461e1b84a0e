//! How large a compressed body would become: what is small on its way must not fill the memory of whoever inflates it (CWE-409).
//!
//! Nothing is changed and nothing is kept of what is inflated. A coding is read as leniently as the most lenient of its readers
//! reads it, checksums and reserved bits aside; what none of them could read is inflated by nobody, and passes as it is.

mod allowance;
mod brotli;
mod coding;
mod decoder;
mod gauge;
mod gzip;
mod gzip_head;
mod inflate;
mod zstd;

#[cfg(test)]
mod tests;

pub(crate) use self::allowance::{Allowance, Bomb};
pub(crate) use self::gauge::{hold, hold_stream};
