/// The scopes that a route asks of tokens (RFC 6749 section 3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Their names; nothing is asked where there are none.
    pub names: Vec<String>,
    /// Whether one of them is enough, as API Gateway has it ("Control access to HTTP APIs with JWT authorizers"). Else
    /// a token must have all of them.
    pub any: bool,
}

impl Scopes {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a token with the scopes `granted` has what is asked.
    #[must_use]
    pub fn are_held_by(&self, granted: &[&str]) -> bool {
        let mut asked = self.names.iter().map(|name| granted.contains(&name.as_str()));
        if self.any && !self.is_empty() { asked.any(|held| held) } else { asked.all(|held| held) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_asked_or_one() {
        let check = |any: bool, names: &[&str], granted: &[&str], held: bool| {
            let scopes = Scopes { names: names.iter().map(|name| (*name).to_owned()).collect(), any };
            assert_eq!(scopes.are_held_by(granted), held, "{scopes:?} {granted:?}");
        };
        for any in [true, false] {
            check(any, &[], &[], true);
            check(any, &["a"], &["b", "a"], true);
            check(any, &["a"], &["ab", ""], false);
            check(any, &["a", "b"], &[], false);
            check(any, &["a", "b"], &["b"], any);
            check(any, &["a", "b"], &["b", "c", "a"], true);
        }
    }
}
