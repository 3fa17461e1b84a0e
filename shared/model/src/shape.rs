use std::collections::BTreeMap;

/// The neutral type tree of a payload: what a contract says of it, in terms that a policy schema can state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A 64-bit signed integer.
    Long,
    /// A number with at most four decimal places, between ±922337203685477.5807 (Cedar's `decimal`).
    Decimal,
    /// A text; its enumeration, where the contract lists one.
    Text {
        /// The values that the contract allows; empty when it lists none.
        values: Vec<String>,
    },
    /// A list of one element type. Policies see it as a set.
    List(Box<Shape>),
    /// An object with known members.
    Record(BTreeMap<String, Field>),
    /// What no policy type can state; policies cannot read it. The reason is reported by `doorward check`.
    Opaque {
        /// Why, lowercase: "a union of types".
        reason: String,
    },
}

/// One member of a [`Shape::Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it holds.
    pub shape: Shape,
    /// Whether the contract demands it. A nullable member counts as optional: `null` is absence to a policy.
    pub required: bool,
}

/// A part of a payload that its type tree leaves out although it holds something there: policies cannot read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// Where, below the payload: `.meta.*`, `.items[].note`; empty for the payload itself.
    pub place: String,
    /// What is left out, lowercase: "members that the contract does not name".
    pub reason: String,
}
