//! What can change in a schema, and how it is called.

/// What one of two schemas demands and the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rule {
    Type,
    Null,
    Values,
    Listed,
    Closed,
    NewRequired,
    Required,
    Property,
    Declared,
    Others,
    Names,
    Dependency,
    Bound,
    Multiple,
    Pattern,
    OtherPattern,
    Format,
    Unique,
    Contains,
    Branch,
    Incomparable,
}

impl Rule {
    /// The stable code words where the newer schema takes less, and where it takes more.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Type => ("type-removed", "type-added"),
            Self::Null => ("null-removed", "null-added"),
            Self::Values => ("enum-value-removed", "enum-value-added"),
            Self::Listed => ("enum-added", "enum-removed"),
            Self::Closed => ("schema-closed", "schema-opened"),
            Self::NewRequired => ("required-property-added", "required-property-removed"),
            Self::Required => ("property-became-required", "property-became-optional"),
            Self::Property => ("property-forbidden", "property-allowed"),
            Self::Declared => ("property-removed", "property-added"),
            Self::Others => ("other-properties-forbidden", "other-properties-allowed"),
            Self::Names => ("property-names-narrowed", "property-names-widened"),
            Self::Dependency => ("dependency-added", "dependency-removed"),
            Self::Bound => ("bound-tightened", "bound-loosened"),
            Self::Multiple => ("multiple-of-added", "multiple-of-removed"),
            Self::Pattern => ("pattern-added", "pattern-removed"),
            Self::OtherPattern => ("pattern-changed", "pattern-changed"),
            Self::Format => ("format-added", "format-removed"),
            Self::Unique => ("unique-items-added", "unique-items-removed"),
            Self::Contains => ("contains-tightened", "contains-loosened"),
            Self::Branch => ("branch-removed", "branch-added"),
            Self::Incomparable => ("not-comparable", "not-comparable"),
        }
    }

    /// The code word; `narrowed` says that the newer schema is the one that demands it.
    pub(crate) fn word(self, narrowed: bool) -> &'static str {
        let (narrow, wide) = self.words();
        if narrowed { narrow } else { wide }
    }

    /// The change in words; `what` names what it is about.
    pub(crate) fn told(self, narrowed: bool, what: &str) -> String {
        let (narrow, wide) = match self {
            Self::Type | Self::Null | Self::Values => ("can no longer be", "can also be"),
            Self::Listed => ("must now be one of", "need no longer be one of"),
            Self::Closed => ("takes no value any more", "takes values now"),
            Self::NewRequired => ("has the new required member", "no longer has the required member"),
            Self::Required => ("now requires the member", "no longer requires the member"),
            Self::Property => ("no longer takes the member", "now takes the member"),
            Self::Declared => ("no longer describes the member", "describes the new member"),
            Self::Others => ("no longer takes other members", "now takes other members"),
            Self::Names => ("takes fewer names of members", "takes more names of members"),
            Self::Dependency => ("now requires with a member", "no longer requires with a member"),
            Self::Bound => ("is held to a tighter", "is held to a looser"),
            Self::Multiple => ("must now be a multiple of", "need no longer be a multiple of"),
            Self::Pattern => ("must now match the pattern", "need no longer match the pattern"),
            Self::OtherPattern => (
                "must match another pattern, which cannot be compared",
                "must match another pattern, which cannot be compared",
            ),
            Self::Format => ("must now be of the format", "need no longer be of the format"),
            Self::Unique => ("must now hold each item once", "may now hold an item twice"),
            Self::Contains => ("is held to a tighter `contains`", "is held to a looser `contains`"),
            Self::Branch => ("can no longer be what was said by", "can also be what is said by"),
            Self::Incomparable => ("cannot be compared: review", "cannot be compared: review"),
        };
        let told = if narrowed { narrow } else { wide };
        if what.is_empty() { told.to_owned() } else { format!("{told} {what}") }
    }
}
