use crate::report::quote;

/// The next step for a word that is none of `known`: the one that was probably meant, else all of them; `None` where
/// nothing is known.
pub fn suggest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let folded = word.to_lowercase();
    // A third of the letters may be wrong: enough for a typing error, too little to guess.
    let meant = known
        .iter()
        .map(|candidate| (strsim::osa_distance(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    match meant {
        Some((_, candidate)) => Some(format!("did you mean {}?", quote(candidate))),
        None if known.is_empty() => None,
        None => Some(expected(&known)),
    }
}

/// The next step where nothing can have been meant: `` expected `a`, `b` or `c` ``.
pub(crate) fn expected(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("expected {} or {last}", rest.join(", ")),
        Some((only, _)) => format!("expected {only}"),
        None => "expected nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, known: &[&str], expected: Option<&str>) {
        assert_eq!(suggest(word, known.iter().copied()).as_deref(), expected);
    }

    #[test]
    fn the_nearest_word_is_suggested_else_all_are_listed() {
        check("audience", &["audiences", "issuer"], Some("did you mean `audiences`?"));
        check("es256", &["RS256", "ES256"], Some("did you mean `ES256`?"));
        check("color", &["name", "table", "purposes"], Some("expected `name`, `table` or `purposes`"));
        check("color", &["name"], Some("expected `name`"));
        check("color", &[], None);
        check("x", &["s3"], Some("expected `s3`"));
    }
}
