/// How many names a message lists.
const MOST_NAMES: usize = 8;

/// The name that was probably meant: a third of its letters may be wrong, enough for a typing error, too little to guess.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let folded = name.to_lowercase();
    known
        .map(|known| (strsim::osa_distance(&folded, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= (known.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `` `a`, `b` or `c` ``, the first few.
pub(crate) fn list<'n>(names: impl Iterator<Item = &'n str>, word: &str) -> String {
    let mut names: Vec<String> = names.map(quote).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    if more > 0 {
        names.truncate(MOST_NAMES);
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.escape_debug())
}
