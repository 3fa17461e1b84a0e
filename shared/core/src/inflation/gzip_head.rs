use super::decoder::Stop;

/// Flags of a member: what follows upon the ten bytes that each begins with (RFC 1952 section 2.3.1).
const CHECK: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// The head of a member, byte by byte. Flags that are reserved are passed over, as some readers do.
#[derive(Debug, Default)]
pub(super) struct Head {
    flags: u8,
    step: Step,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The byte of this place of the ten.
    Fixed(u8),
    ExtraLength,
    ExtraLengthHigh(u8),
    Extra(u16),
    Name,
    Comment,
    /// So many bytes of the check of the head.
    Check(u8),
    Done,
}

impl Default for Step {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

impl Head {
    /// Takes the next byte, and says whether the head is at its end.
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, Stop> {
        self.step = match self.step {
            Step::Fixed(0) => expect(byte, 0x1f, Step::Fixed(1))?,
            Step::Fixed(1) => expect(byte, 0x8b, Step::Fixed(2))?,
            Step::Fixed(2) => expect(byte, 8, Step::Fixed(3))?,
            Step::Fixed(3) => {
                self.flags = byte;
                Step::Fixed(4)
            }
            Step::Fixed(place @ 4..9) => Step::Fixed(place + 1),
            Step::Fixed(_) => self.after_fixed(),
            Step::ExtraLength => Step::ExtraLengthHigh(byte),
            Step::ExtraLengthHigh(low) => match u16::from_le_bytes([low, byte]) {
                0 => self.after_extra(),
                length => Step::Extra(length),
            },
            Step::Extra(1) => self.after_extra(),
            Step::Extra(left) => Step::Extra(left - 1),
            Step::Name if byte == 0 => self.after_name(),
            Step::Comment if byte == 0 => self.after_comment(),
            Step::Name | Step::Comment => self.step,
            Step::Check(2) => Step::Check(1),
            Step::Check(_) | Step::Done => Step::Done,
        };
        Ok(self.step == Step::Done)
    }

    fn after_fixed(&self) -> Step {
        if self.flags & EXTRA != 0 { Step::ExtraLength } else { self.after_extra() }
    }

    fn after_extra(&self) -> Step {
        if self.flags & NAME != 0 { Step::Name } else { self.after_name() }
    }

    fn after_name(&self) -> Step {
        if self.flags & COMMENT != 0 { Step::Comment } else { self.after_comment() }
    }

    fn after_comment(&self) -> Step {
        if self.flags & CHECK != 0 { Step::Check(2) } else { Step::Done }
    }
}

fn expect(byte: u8, expected: u8, then: Step) -> Result<Step, Stop> {
    if byte == expected { Ok(then) } else { Err(Stop::End) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: [u8; 10] = [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6];

    /// How many bytes are the head of a member with these flags, of which those behind the ten are `rest`.
    fn length(flags: u8, rest: &[u8]) -> Option<usize> {
        let mut bytes = FIXED.to_vec();
        bytes[3] = flags;
        bytes.extend(rest);
        let mut head = Head::default();
        bytes.iter().position(|byte| head.take(*byte).unwrap()).map(|place| place + 1)
    }

    #[test]
    fn a_head_is_as_long_as_its_flags_say() {
        let rest = b"\x02\x00\x00\x00name\0comment\0\0\0xx";
        assert_eq!(length(0, rest), Some(10));
        assert_eq!(length(1, rest), Some(10), "that it is text says nothing");
        assert_eq!(length(CHECK, rest), Some(12));
        assert_eq!(length(EXTRA, rest), Some(14));
        assert_eq!(length(EXTRA, b"\0\0"), Some(12));
        assert_eq!(length(EXTRA | NAME, rest), Some(19));
        assert_eq!(length(EXTRA | NAME | COMMENT, rest), Some(27));
        assert_eq!(length(EXTRA | NAME | COMMENT | CHECK, rest), Some(29));
        assert_eq!(length(0xe0, rest), Some(10), "what is reserved is passed over");
        assert_eq!(length(EXTRA, b"\x03\x00ab"), None);
    }

    #[test]
    fn anything_else_is_none() {
        for place in 0..3 {
            let mut bytes = FIXED;
            bytes[place] ^= 1;
            let mut head = Head::default();
            assert!(bytes.iter().any(|byte| head.take(*byte).is_err()), "{place}");
        }
    }
}
