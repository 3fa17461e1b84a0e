/// Why it cannot be said what a call counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitsFault {
    /// It comes to less than 1, or to more than a call may count for.
    #[error("the units come to {0}, which is not between 1 and 1000000")]
    OutOfBounds(i64),
    /// A step of the arithmetic does not fit into 64 bits.
    #[error("the units do not fit into 64 bits")]
    TooLarge,
    /// A divisor of the arithmetic is zero.
    #[error("the units divide by zero")]
    DivisionByZero,
    /// A number of the payload is not whole, or does not fit into 64 bits.
    #[error("a number that the units count is not a whole number of 64 bits")]
    NotWhole,
}

/// Why a call has no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PurposeFault {
    /// The header field that must state it is not there.
    #[error("the header `{0}`, which must state the purpose, is missing")]
    NoHeader(String),
    /// The header field states one that is not declared.
    #[error("the header `{0}` states a purpose that is not declared")]
    UnknownHeader(String),
    /// The caller's token lacks the claim that must state it, or the caller shows no token.
    #[error("the claim `{0}`, which must state the purpose, is missing")]
    NoClaim(String),
    /// The claim states one that is not declared.
    #[error("the claim `{0}` states a purpose that is not declared")]
    UnknownClaim(String),
}

impl PurposeFault {
    /// Whether the caller can mend it in the request; a token is the issuer's.
    #[must_use]
    pub fn is_of_request(&self) -> bool {
        match self {
            Self::NoHeader(_) | Self::UnknownHeader(_) => true,
            Self::NoClaim(_) | Self::UnknownClaim(_) => false,
        }
    }

    /// Whether nothing is stated at all.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::NoHeader(_) | Self::NoClaim(_) => true,
            Self::UnknownHeader(_) | Self::UnknownClaim(_) => false,
        }
    }
}
