/// The most bytes that a compressed body may inflate to where nothing is said.
const MOST: u64 = 64 * 1024 * 1024;
/// What a body may inflate to however small it is: as much as a plain answer of a function may have (AWS Lambda quotas).
const FREE: u64 = 6 * 1024 * 1024;
/// Beyond that, how many times its size a body may become. Deflate reaches 1032 where there is nothing but repetition.
const RATIO: u64 = 100;

/// What compressed bodies may inflate to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Allowance {
    stated: Option<u64>,
}

/// Why a body is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Bomb {
    #[error("it inflates to more than {0} bytes")]
    Larger(u64),
    #[error("it inflates to more than {RATIO} times its size, and to more than {FREE} bytes")]
    Steeper,
    #[error("its Content-Encoding is not the name of one coding")]
    Name,
    #[error("it consists of more than {0} compressed parts")]
    Parts(u32),
    #[error("to inflate it takes a window of more than {0} bytes")]
    Window(u64),
    #[error("it is in a format of before Zstandard was one")]
    Earlier,
    #[error("there is no memory to tell what it inflates to")]
    Untold,
}

impl Allowance {
    /// `stated` bytes and nothing else, or what is usual.
    pub(crate) fn new(stated: Option<u64>) -> Self {
        Self { stated }
    }

    /// Whether `came` bytes may have become `inflated` ones.
    pub(super) fn check(self, came: u64, inflated: u64) -> Result<(), Bomb> {
        let most = self.stated.unwrap_or(MOST);
        if inflated > most {
            return Err(Bomb::Larger(most));
        }
        match self.stated.is_none() && inflated > FREE && inflated > came.saturating_mul(RATIO) {
            true => Err(Bomb::Steeper),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn what_is_usual_is_a_size_and_beyond_a_plain_answer_a_ratio() {
        let usual = Allowance::default();
        for (came, inflated, expected) in [
            (1, 6 * MIB, Ok(())),
            (1, 6 * MIB + 1, Err(Bomb::Steeper)),
            (100_000, 10_000_000, Ok(())),
            (100_000, 10_000_001, Err(Bomb::Steeper)),
            (MIB, 64 * MIB, Ok(())),
            (60 * MIB, 64 * MIB + 1, Err(Bomb::Larger(64 * MIB))),
        ] {
            assert_eq!(usual.check(came, inflated), expected, "{came} {inflated}");
        }
    }

    #[test]
    fn what_is_stated_is_all_that_counts() {
        let stated = Allowance::new(Some(100 * MIB));
        assert_eq!(stated.check(1, 100 * MIB), Ok(()));
        assert_eq!(stated.check(100 * MIB, 100 * MIB + 1), Err(Bomb::Larger(100 * MIB)));
        assert_eq!(Allowance::new(Some(5)).check(6, 6), Err(Bomb::Larger(5)));
    }
}
