//! The scopes that several requirements ask for, as one route can say them: of every token all of a list, or one of it.

use std::collections::BTreeSet;

type Scopes = BTreeSet<String>;

/// What one requirement asks of an issuer's tokens: each of the sets is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) issuer: String,
    pub(super) sets: Vec<Scopes>,
}

impl Asked {
    /// `any` says that one of the scopes is enough, as API Gateway's authorizers have it; OpenAPI asks for all of them.
    pub(super) fn new(issuer: &str, scopes: &[String], any: bool) -> Self {
        let sets = match any && !scopes.is_empty() {
            true => scopes.iter().map(|scope| Scopes::from([scope.clone()])).collect(),
            false => vec![scopes.iter().cloned().collect()],
        };
        Self { issuer: issuer.to_owned(), sets }
    }
}

/// What a route says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) scopes: Scopes,
    /// Whether one of them is enough.
    pub(super) any: bool,
    /// Whether it is what the requirements ask for; else it is more, never less.
    pub(super) exact: bool,
}

/// What a route says of requirements of which one is enough.
pub(super) fn combine(asked: &[Asked]) -> Said {
    let issuers: BTreeSet<&str> = asked.iter().map(|asked| asked.issuer.as_str()).collect();
    let of = |issuer| asked.iter().filter(move |asked| asked.issuer == issuer).flat_map(|asked| &asked.sets);
    let mut all = issuers.into_iter().map(|issuer| of_one(&of(issuer).collect::<Vec<_>>()));
    let first = all.next().unwrap_or_else(|| Some((Scopes::new(), false)));
    if let Some((scopes, any)) = first.clone()
        && all.all(|said| said == first)
    {
        return Said { scopes, any, exact: true };
    }
    // Whoever has all of them has what any requirement asks for.
    let scopes = asked.iter().flat_map(|asked| &asked.sets).flatten().cloned().collect();
    Said { scopes, any: false, exact: false }
}

/// The same of one issuer's tokens; `None` where no list says it.
fn of_one(sets: &[&Scopes]) -> Option<(Scopes, bool)> {
    let is_needed =
        |set: &&&Scopes| !sets.iter().any(|other| other.len() < set.len() && other.is_subset(set));
    let least: BTreeSet<&Scopes> = sets.iter().filter(is_needed).copied().collect();
    match least.first() {
        Some(only) if least.len() == 1 => Some(((*only).clone(), false)),
        _ if least.iter().all(|set| set.len() == 1) => {
            Some((least.into_iter().flatten().cloned().collect(), true))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `asked` are `issuer: scopes`, with `|` between scopes of which one is enough.
    #[track_caller]
    fn check(asked: &[&str], expected: &str) {
        let read = |text: &&str| {
            let (issuer, scopes) = text.split_once(':').unwrap();
            let any = scopes.contains('|');
            let scopes: Vec<String> =
                scopes.split([' ', '|']).filter(|s| !s.is_empty()).map(str::to_owned).collect();
            Asked::new(issuer, &scopes, any)
        };
        let Said { scopes, any, exact } = combine(&asked.iter().map(read).collect::<Vec<_>>());
        let joined = scopes.into_iter().collect::<Vec<_>>().join(if any { "|" } else { " " });
        assert_eq!(format!("{joined}{}", if exact { "" } else { " and more" }), expected, "{asked:?}");
    }

    #[test]
    fn what_a_list_can_say_is_said() {
        check(&[], "");
        check(&["a:"], "");
        check(&["a: r w"], "r w");
        check(&["a: r|w"], "r|w");
        check(&["a: r", "a: w"], "r|w");
        check(&["a: r|w", "a: x"], "r|w|x");
        check(&["a: r w", "a: r"], "r");
        check(&["a: r", "a:"], "");
        check(&["a: r", "b: r"], "r");
        check(&["a: r", "b: w", "b: r", "a: w"], "r|w");
    }

    #[test]
    fn what_none_can_say_becomes_what_is_enough_for_each() {
        check(&["a: r w", "a: x"], "r w x and more");
        check(&["a: r", "b: w"], "r w and more");
        check(&["a: r|w", "b: r"], "r w and more");
        check(&["a: r", "b:"], "r and more");
    }
}
