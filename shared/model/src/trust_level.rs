use std::fmt;

use serde::{Serialize, Serializer};

/// Whose word it is that a call is its caller's, the weakest first. What a caller or an event says of itself is nobody's word: it
/// names no caller, and policies read it apart, as `context.claimed` and `context.input`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrustLevel {
    /// Nobody's: no credentials were shown.
    Unproven,
    /// That of a pinned front, or of the AWS service whose envelope it is: which queue, bucket, topic, bus, table, stream or
    /// schedule sends an event; an IAM identity, a client certificate or a token that the front verified; who opened a connection.
    /// It is worth as much as the permissions of those who may invoke the function, since they can write any envelope.
    Attested,
    /// The door's own: it verified a signature, or found the API key.
    Verified,
}

impl TrustLevel {
    /// Every level, the weakest first.
    pub const ALL: [Self; 3] = [Self::Unproven, Self::Attested, Self::Verified];

    /// The word in lines, rows and policies: `attested`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Attested => "attested",
            Self::Verified => "verified",
        }
    }

    /// The level of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

impl fmt::Display for TrustLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for TrustLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_read_back_by_their_words() {
        assert!(TrustLevel::ALL.is_sorted());
        for level in TrustLevel::ALL {
            assert_eq!(TrustLevel::from_word(level.word()), Some(level));
        }
        assert_eq!(TrustLevel::from_word("Verified"), None);
    }
}
