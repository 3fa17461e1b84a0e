use std::num::NonZeroU64;

use doorward_model::{Place, UnitsFault};
use http::HeaderName;

/// When a call of a route is written into the ledger, and with it what a sandbox that is killed takes along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Before the target is called, and again with the outcome: two writes. A call that was killed half-way is known as
    /// unresolved.
    Intent,
    /// Once, before the caller is answered. No answered call is unrecorded.
    #[default]
    BeforeAnswer,
    /// With others, `[door] batch` of them in one item. A sandbox that is killed loses fewer answered calls than that.
    Batched,
}

/// What becomes of a call whose limits cannot be asked for or whose record cannot be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnStoreFailure {
    /// It is refused.
    #[default]
    Deny,
    /// It goes on, without limits where these are away. What the ledger would hold of it goes to the log, from which
    /// `doorward usage import` takes it.
    AllowAndJournal,
}

/// What a call counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitsRule {
    /// `units = 3`.
    Fixed(NonZeroU64),
    /// `units = "1 + context.input.items.size"`.
    Formula(UnitsFormula),
    /// `units = { header = "x-units", most = 100 }`: what the target says in its answer.
    Answered {
        /// The field of the target's answer.
        header: HeaderName,
        /// What is reserved before, and what the call counts for where the target says nothing that can be read.
        most: NonZeroU64,
        /// Whether the field is left in the answer.
        pass: bool,
    },
}

impl UnitsRule {
    /// What one call may count for at most.
    pub const MOST: u64 = 1_000_000;

    /// `units` where one call may count for so much: at least 1, so that no caller makes a call free, and at most
    /// [`Self::MOST`].
    ///
    /// # Errors
    /// [`UnitsFault::OutOfBounds`].
    pub fn bound(units: i64) -> Result<NonZeroU64, UnitsFault> {
        let bounded =
            u64::try_from(units).ok().filter(|units| *units <= Self::MOST).and_then(NonZeroU64::new);
        bounded.ok_or(UnitsFault::OutOfBounds(units))
    }
}

impl Default for UnitsRule {
    fn default() -> Self {
        Self::Fixed(NonZeroU64::MIN)
    }
}

/// An arithmetic over whole numbers of 64 bits, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsFormula {
    /// What it is made of.
    pub term: UnitsTerm<UnitsInput>,
    /// Where the configuration says so.
    pub place: Place,
}

/// `context.input.items.size`; whether the last step is a member or a measure follows from the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsInput {
    /// The steps behind `context.input`, at least one.
    pub steps: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// A part of an arithmetic; `I` is how it names what it reads of the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitsTerm<I> {
    /// `7`.
    Number(i64),
    /// `context.request.bytes`: the payload's size.
    RequestBytes,
    /// `context.input.…`.
    Input(I),
    /// `a + b`.
    Operation(UnitsOperator, Box<UnitsTerm<I>>, Box<UnitsTerm<I>>),
    /// `min(a, b, …)`.
    Least(Vec<UnitsTerm<I>>),
    /// `max(a, b, …)`.
    Greatest(Vec<UnitsTerm<I>>),
}

impl<I> UnitsTerm<I> {
    /// Whether it comes to the same for every call.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::RequestBytes | Self::Input(_) => false,
            Self::Operation(_, left, right) => left.is_constant() && right.is_constant(),
            Self::Least(terms) | Self::Greatest(terms) => terms.iter().all(Self::is_constant),
        }
    }

    /// The same with every input as `map` makes it.
    ///
    /// # Errors
    /// The first of `map`.
    pub fn try_map<J, E>(&self, map: &mut impl FnMut(&I) -> Result<J, E>) -> Result<UnitsTerm<J>, E> {
        Ok(match self {
            Self::Number(number) => UnitsTerm::Number(*number),
            Self::RequestBytes => UnitsTerm::RequestBytes,
            Self::Input(input) => UnitsTerm::Input(map(input)?),
            Self::Operation(operator, left, right) => {
                let (left, right) = (left.try_map(map)?, right.try_map(map)?);
                UnitsTerm::Operation(*operator, Box::new(left), Box::new(right))
            }
            Self::Least(terms) => {
                UnitsTerm::Least(terms.iter().map(|term| term.try_map(map)).collect::<Result<_, _>>()?)
            }
            Self::Greatest(terms) => {
                UnitsTerm::Greatest(terms.iter().map(|term| term.try_map(map)).collect::<Result<_, _>>()?)
            }
        })
    }

    /// What it comes to, for a payload of so many bytes whose parts `read` reads.
    ///
    /// # Errors
    /// [`UnitsFault`] where it does not fit, divides by zero, or `read` errs. It is never rounded, wrapped or cut off.
    pub fn evaluate(
        &self,
        bytes: i64,
        read: &impl Fn(&I) -> Result<i64, UnitsFault>,
    ) -> Result<i64, UnitsFault> {
        let all = |terms: &[Self], choose: fn(i64, i64) -> i64| {
            let mut chosen = None;
            for term in terms {
                let value = term.evaluate(bytes, read)?;
                chosen = Some(chosen.map_or(value, |so_far| choose(so_far, value)));
            }
            // The parser makes none without terms.
            Ok(chosen.unwrap_or_default())
        };
        match self {
            Self::Number(number) => Ok(*number),
            Self::RequestBytes => Ok(bytes),
            Self::Input(input) => read(input),
            Self::Operation(operator, left, right) => {
                operator.apply(left.evaluate(bytes, read)?, right.evaluate(bytes, read)?)
            }
            Self::Least(terms) => all(terms, i64::min),
            Self::Greatest(terms) => all(terms, i64::max),
        }
    }
}

/// What is done to two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitsOperator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`: the remainder is dropped.
    Divide,
}

impl UnitsOperator {
    fn apply(self, left: i64, right: i64) -> Result<i64, UnitsFault> {
        let exact = match self {
            Self::Add => left.checked_add(right),
            Self::Subtract => left.checked_sub(right),
            Self::Multiply => left.checked_mul(right),
            Self::Divide if right == 0 => return Err(UnitsFault::DivisionByZero),
            Self::Divide => left.checked_div(right),
        };
        exact.ok_or(UnitsFault::TooLarge)
    }
}

/// Where the purpose of a route's calls comes from. It is one of `[door] purposes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurposeRule {
    /// `purpose = "checkout"`: all have this one.
    Fixed(String),
    /// `purpose = { header = "x-purpose" }`: what the caller says.
    Header {
        /// The field of the request.
        name: HeaderName,
        /// Whether a call without one is refused.
        required: bool,
    },
    /// `purpose = { claim = "purpose" }`: what the caller's token says.
    Claim {
        /// The declared claim.
        name: String,
        /// Whether a call without one is refused.
        required: bool,
    },
}

impl PurposeRule {
    /// The one purpose of all calls.
    #[must_use]
    pub fn fixed(&self) -> Option<&str> {
        match self {
            Self::Fixed(purpose) => Some(purpose),
            Self::Header { .. } | Self::Claim { .. } => None,
        }
    }

    /// Whether every call that gets to the policies has one.
    #[must_use]
    pub fn is_always_there(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Header { required, .. } | Self::Claim { required, .. } => *required,
        }
    }
}
