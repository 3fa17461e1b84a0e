//! MD5, which SQS returns of what it was sent and by which Kinesis spreads partition keys: a checksum, nothing that protects.

use md5::{Digest as _, Md5};

pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// In small hexadecimal digits.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    md5(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 1321, A.5.
    #[test]
    fn is_the_published_one() {
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5_hex(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }
}
