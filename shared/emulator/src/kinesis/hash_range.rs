//! Which shard a record goes to: the MD5 of its partition key is a number of 128 bits, and each shard has a range of them.
//! <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html#partition-key>

use crate::checksum::md5;

pub(super) fn of_key(partition_key: &str) -> u128 {
    u128::from_be_bytes(md5(partition_key.as_bytes()))
}

/// A hash in decimal digits: `0`, or none of them before the first other.
pub(super) fn explicit(key: &str) -> Option<u128> {
    let is_number = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    key.parse().ok().filter(|_| is_number)
}

/// The first hash of a shard, of as many as share the range evenly: 2^128 × index ÷ shards.
pub(super) fn start(index: usize, shards: usize) -> u128 {
    let (index, shards) = (index as u128, shards.max(1) as u128);
    // 2^128 itself is no u128.
    let (quotient, remainder) = (u128::MAX / shards, u128::MAX % shards + 1);
    (index * quotient).saturating_add(index * remainder / shards)
}

/// The last hash of a shard.
pub(super) fn end(index: usize, shards: usize) -> u128 {
    if index + 1 >= shards { u128::MAX } else { start(index + 1, shards) - 1 }
}

/// The place of the shard that has `hash`.
pub(super) fn shard(hash: u128, shards: usize) -> usize {
    (0..shards).find(|index| hash <= end(*index, shards)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_aws_own() {
        assert_eq!((start(0, 1), end(0, 1)), (0, u128::MAX));
        assert_eq!(start(1, 2), 1 << 127);
        assert_eq!(start(1, 3), 113_427_455_640_312_821_154_458_202_477_256_070_485);
        assert_eq!(start(2, 3), 226_854_911_280_625_642_308_916_404_954_512_140_970);
        for shards in [1, 2, 3, 4, 7, 1000] {
            for index in 0..shards {
                assert_eq!(shard(start(index, shards), shards), index);
                assert_eq!(shard(end(index, shards), shards), index);
            }
            assert_eq!(end(shards - 1, shards), u128::MAX);
        }
    }

    #[test]
    fn keys_are_hashed_by_md5() {
        assert_eq!(of_key(""), 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e);
        assert_eq!(explicit("0"), Some(0));
        assert_eq!(explicit("340282366920938463463374607431768211455"), Some(u128::MAX));
        for none in ["", "00", "01", "-1", "+1", "1.0", "x", "340282366920938463463374607431768211456"] {
            assert_eq!(explicit(none), None, "{none}");
        }
    }
}
