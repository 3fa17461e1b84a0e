use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{TrustLevel, entity_type};

/// A Cedar entity's name in plain types: `User::"alice"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityName {
    /// Entity type, namespaces joined by `::`.
    pub type_name: String,
    /// The id, unescaped.
    pub id: String,
}

impl EntityName {
    /// The entity `type_name::"id"`.
    pub fn new(type_name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { type_name: type_name.into(), id: id.into() }
    }
}

impl fmt::Display for EntityName {
    /// As Cedar writes it, the id escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\'' | b'\\');
        f.write_str(&self.type_name)?;
        f.write_str("::\"")?;
        if self.id.bytes().all(is_plain) {
            f.write_str(&self.id)?;
        } else {
            self.id.escape_debug().fmt(f)?;
        }
        f.write_str("\"")
    }
}

impl Serialize for EntityName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Who calls, from verified credentials or from the event source's own envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// The caller.
    pub name: EntityName,
    /// Whose word that is.
    pub trust: TrustLevel,
    /// What the caller is a member of: groups from the token or of the API key.
    pub parents: Vec<EntityName>,
    /// The declared claims of the verified token, each of its declared type; empty where there was no token. They are
    /// `context.token`.
    pub claims: Map<String, Value>,
    /// Those of them that are attributes of the caller itself: `principal.tenant`.
    pub attributes: Map<String, Value>,
    /// The plan that the caller's credentials name; `None` leaves the one that every caller is on.
    pub plan: Option<String>,
}

impl Principal {
    /// The caller who showed no credentials; policies must permit it by name.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            name: EntityName::new(entity_type::ANONYMOUS, "anonymous"),
            trust: TrustLevel::Unproven,
            parents: Vec::new(),
            claims: Map::new(),
            attributes: Map::new(),
            plan: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_cedar_escapes_it() {
        let ids = (0..=0x17f).filter_map(char::from_u32).map(String::from);
        let odd = [
            "",
            "a\u{301}",
            "\u{301}",
            "é",
            "\u{1f980}",
            "\u{200b}",
            "a\"b'c\\d\n",
            "https://id.example/7 ~",
        ];
        for id in ids.chain(odd.map(String::from)) {
            let name = EntityName::new("User", id.as_str());
            assert_eq!(name.to_string(), format!("User::\"{}\"", id.escape_debug()));
        }
    }
}
