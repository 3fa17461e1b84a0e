//! Which names of a query belong to which parameter.

use std::fmt;

use crate::pointer::shown;

/// Names that a parameter reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    /// This one.
    Name(String),
    /// This one and all of the form `name[member]`.
    Members(String),
    /// All that no other parameter reads.
    Others,
}

impl Claim {
    /// Whether `name` is among them; what is left to nobody else is not.
    pub(crate) fn covers(&self, name: &str) -> bool {
        match self {
            Self::Name(own) => own == name,
            Self::Members(own) => {
                name.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
            }
            Self::Others => false,
        }
    }

    /// Whether some name is read by both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Others, Self::Others) => true,
            (Self::Others, _) | (_, Self::Others) => false,
            (Self::Name(name), claim) | (claim, Self::Name(name)) => claim.covers(name),
            (Self::Members(one), Self::Members(two)) => self.covers(two) || other.covers(one),
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{}`", shown(name)),
            Self::Members(name) => write!(f, "`{}[…]`", shown(name)),
            Self::Others => f.write_str("whatever no parameter is named for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_meet_where_one_name_would_be_read_twice() {
        let name = |text: &str| Claim::Name(text.to_owned());
        let members = |text: &str| Claim::Members(text.to_owned());
        for (one, other, expected) in [
            (name("a"), name("a"), true),
            (name("a"), name("b"), false),
            (members("a"), name("a"), true),
            (members("a"), name("a[b]"), true),
            (members("a"), name("ab"), false),
            (members("a"), members("a"), true),
            (members("a"), members("a[b]"), true),
            (members("a"), members("ab"), false),
            (Claim::Others, name("a"), false),
            (Claim::Others, Claim::Others, true),
        ] {
            assert_eq!((one.meets(&other), other.meets(&one)), (expected, expected), "{one:?} {other:?}");
        }
    }
}
