use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// An API key as its owner shows it: `<prefix>_<random><checksum>`, the random part 43 and the checksum 6 digits to the
/// base of 62. Programs that look for leaked secrets recognise the prefix and the checksum, and a typing error never
/// costs a look-up.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

/// Random bytes of a key: 256 bits.
pub const RANDOM_BYTES: usize = 32;
/// Digits that 256 bits take: 62^43 is a little more than 2^256.
const RANDOM_DIGITS: usize = 43;
/// Digits that 32 bits take.
const CHECKSUM_DIGITS: usize = 6;

/// In the order of their bytes, so that texts of one length sort as the numbers that they write.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 2^256 - 1.
const LARGEST: &str = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1";

/// Why a text is no API key of this door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextFault {
    /// It does not begin with the door's prefix and `_`.
    #[error("it does not begin as this door's keys do")]
    Prefix,
    /// It is shorter or longer than a key.
    #[error("it has another length than a key")]
    Length,
    /// It holds what is no digit, or writes a number that no key has.
    #[error("it holds what no key does")]
    Digits,
    /// It is not as it was handed out.
    #[error("its checksum does not match")]
    Checksum,
}

impl ApiKey {
    /// The key of these random bytes, for a door whose keys begin with `prefix`.
    #[must_use]
    pub fn generate(prefix: &str, random: &[u8; RANDOM_BYTES]) -> Self {
        let checked = Zeroizing::new(format!("{prefix}_{}", *digits::<RANDOM_DIGITS>(random)));
        let checksum = checksum(&checked);
        Self(Zeroizing::new(format!("{}{}", *checked, *checksum)))
    }

    /// Reads a key that is shown. There is one text of each key.
    ///
    /// # Errors
    /// [`KeyTextFault`] where the text is not exactly a key with this prefix.
    pub fn parse(prefix: &str, text: &str) -> Result<Self, KeyTextFault> {
        let rest = after_prefix(prefix, text).ok_or(KeyTextFault::Prefix)?;
        if rest.len() != RANDOM_DIGITS + CHECKSUM_DIGITS {
            return Err(KeyTextFault::Length);
        }
        if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(KeyTextFault::Digits);
        }
        let at = text.len() - CHECKSUM_DIGITS;
        let (Some((random, _)), Some((checked, stated))) =
            (rest.split_at_checked(RANDOM_DIGITS), text.split_at_checked(at))
        else {
            return Err(KeyTextFault::Length);
        };
        if random > LARGEST {
            return Err(KeyTextFault::Digits);
        }
        if *checksum(checked) != stated {
            return Err(KeyTextFault::Checksum);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Whether `text` is meant as a key with this prefix, whatever is wrong with it. A compact JWS, which has dots, is
    /// not.
    #[must_use]
    pub fn is_meant(prefix: &str, text: &str) -> bool {
        after_prefix(prefix, text).is_some_and(|rest| !rest.contains('.'))
    }

    /// The key's hash, under which it is kept.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text, for its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    /// Nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

impl fmt::Display for ApiKey {
    /// Nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

/// SHA-256 of a key. With 256 random bits in it, nothing slower is needed: nobody finds the key by trying.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash in 64 hexadecimal digits of lower case.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads what [`KeyHash::to_hex`] wrote.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The key's public name in lists and logs: twelve digits that say nothing of the key or its hash.
    #[must_use]
    pub fn id(self) -> String {
        let named: [u8; 32] = Sha256::digest(self.0).into();
        hex(named.first_chunk::<6>().unwrap_or(&[0; 6]))
    }
}

impl PartialEq for KeyHash {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyHash {}

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for KeyHash {
    /// By its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({})", self.id())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What follows the prefix and `_`.
fn after_prefix<'t>(prefix: &str, text: &'t str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.strip_prefix('_')
}

/// CRC-32 of all that stands before it.
fn checksum(text: &str) -> Zeroizing<String> {
    digits::<CHECKSUM_DIGITS>(&crc32fast::hash(text.as_bytes()).to_be_bytes())
}

/// A number of big-endian `bytes` in `N` digits, the highest first.
fn digits<const N: usize>(bytes: &[u8]) -> Zeroizing<String> {
    let base = DIGITS.len();
    let mut number = Zeroizing::new(bytes.to_vec());
    let mut written = Zeroizing::new([0_u8; N]);
    for place in written.iter_mut().rev() {
        let mut left = 0;
        for byte in number.iter_mut() {
            let dividend = left * 256 + usize::from(*byte);
            // At most 255, as what is left is less than the base.
            *byte = u8::try_from(dividend / base).unwrap_or(u8::MAX);
            left = dividend % base;
        }
        *place = DIGITS.get(left).copied().unwrap_or(b'0');
    }
    Zeroizing::new(written.iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(prefix: &str, byte: u8) -> String {
        ApiKey::generate(prefix, &[byte; RANDOM_BYTES]).expose().to_owned()
    }

    #[track_caller]
    fn refused(text: &str, expected: KeyTextFault) {
        assert_eq!(ApiKey::parse("dwk", text).err(), Some(expected), "{text}");
    }

    #[test]
    fn a_key_has_one_text_which_reads_back() {
        for (byte, random) in [
            (0x00, "0000000000000000000000000000000000000000000"),
            (0xff, LARGEST),
            (0x01, "0El6XFXwsUFD8J2vGxsaboW7rZYnQRBP5d9erwRwd29"),
        ] {
            let text = key("dwk", byte);
            assert_eq!(text.len(), "dwk_".len() + 49);
            assert_eq!(ApiKey::parse("dwk", &text).unwrap().expose(), text);
            assert_eq!(text.get(4..47), Some(random));
        }
    }

    #[test]
    fn digits_write_numbers() {
        #[track_caller]
        fn check(number: u32, expected: &str) {
            assert_eq!(*digits::<6>(&number.to_be_bytes()), expected);
        }
        check(0, "000000");
        check(9, "000009");
        check(10, "00000A");
        check(61, "00000z");
        check(62, "000010");
        check(u32::MAX, "4gfFC3");
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let good = key("dwk", 0x5a);
        for at in 4..good.len() {
            for digit in DIGITS {
                let mut changed = good.clone().into_bytes();
                if changed[at] == *digit {
                    continue;
                }
                changed[at] = *digit;
                assert!(ApiKey::parse("dwk", &String::from_utf8(changed).unwrap()).is_err(), "{at}");
            }
        }
        for at in 4..good.len() - 1 {
            let mut swapped = good.clone().into_bytes();
            swapped.swap(at, at + 1);
            let swapped = String::from_utf8(swapped).unwrap();
            assert!(swapped == good || ApiKey::parse("dwk", &swapped).is_err(), "{at}");
        }
    }

    #[test]
    fn what_is_not_exactly_a_key_is_refused() {
        let good = key("dwk", 0x5a);
        refused("", KeyTextFault::Prefix);
        refused(&good.replace("dwk_", "DWK_"), KeyTextFault::Prefix);
        refused(&good.replace("dwk_", "dwk-"), KeyTextFault::Prefix);
        refused(&good[4..], KeyTextFault::Prefix);
        refused(&format!(" {good}"), KeyTextFault::Prefix);
        refused("dwk_", KeyTextFault::Length);
        refused(&good[..good.len() - 1], KeyTextFault::Length);
        refused(&format!("{good}0"), KeyTextFault::Length);
        refused(&format!("{good},{good}"), KeyTextFault::Length);
        refused(&format!("dwk_{}", "é".repeat(24) + "0"), KeyTextFault::Digits);
        refused(&format!("{}-", &good[..good.len() - 1]), KeyTextFault::Digits);
        refused(&format!("{} ", &good[..good.len() - 1]), KeyTextFault::Digits);
        refused(&format!("dwk_{}", "0".repeat(49)), KeyTextFault::Checksum);
        // Another door's key, renamed.
        refused(&key("shop", 0x5a).replace("shop_", "dwk_"), KeyTextFault::Checksum);
    }

    #[test]
    fn a_number_that_no_key_has_is_refused_whatever_its_checksum() {
        for random in ["yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp2", &"z".repeat(43)] {
            let checked = format!("dwk_{random}");
            refused(&format!("{checked}{}", *checksum(&checked)), KeyTextFault::Digits);
        }
    }

    #[test]
    fn what_is_meant_as_a_key_is_no_token() {
        for (text, meant) in [
            (key("dwk", 1).as_str(), true),
            ("dwk_", true),
            ("dwk_abc", true),
            ("dwk", false),
            ("dwk_a.b.c", false),
            ("eyJhbGciOiJub25lIn0.e30.", false),
        ] {
            assert_eq!(ApiKey::is_meant("dwk", text), meant, "{text}");
        }
    }

    #[test]
    fn a_key_prints_nothing_of_itself() {
        let key = ApiKey::generate("dwk", &[7; RANDOM_BYTES]);
        assert_eq!((format!("{key:?}"), key.to_string()), ("ApiKey(redacted)".into(), "(redacted)".into()));
        let hash = key.hash();
        assert_eq!(format!("{hash:?}"), format!("KeyHash({})", hash.id()));
        assert!(!hash.to_hex().contains(&hash.id()));
    }

    #[test]
    fn a_hash_reads_back_from_its_digits_alone() {
        let hash = ApiKey::generate("dwk", &[7; RANDOM_BYTES]).hash();
        let text = hash.to_hex();
        assert_eq!(KeyHash::from_hex(&text), Some(hash));
        for broken in [&text[1..], &text.to_uppercase(), &format!("{}g", &text[1..]), ""] {
            assert_eq!(KeyHash::from_hex(broken), None, "{broken}");
        }
    }
}
