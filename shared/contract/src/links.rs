//! The references between the definitions of a bundle, as a graph.

/// The longest chain of references that do not descend; each takes stack of whoever checks or reads the schema.
pub(crate) const MAX_CHAIN: usize = 32;

/// A reference in definition `from` to definition `to`, written at `at`.
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) at: String,
    /// Whether it describes the very value that `from` describes, rather than a part of it.
    pub(crate) in_place: bool,
}

/// Why checking along the references might not end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Endless<'a> {
    /// The reference at this place is part of a circle, or leads into one.
    Circle(&'a str),
    /// More than [`MAX_CHAIN`] links.
    TooLong,
}

/// The definitions in layers: each layer is referred to by earlier ones only. A circle, and what only circles refer
/// to, is in no layer (Kahn's algorithm).
fn layers<'a>(definitions: usize, links: impl Iterator<Item = &'a Link>) -> Vec<Vec<usize>> {
    let mut referrers = vec![0_usize; definitions];
    let mut targets: Vec<Vec<usize>> = vec![Vec::new(); definitions];
    for link in links {
        if let (Some(count), Some(targets)) = (referrers.get_mut(link.to), targets.get_mut(link.from)) {
            *count += 1;
            targets.push(link.to);
        }
    }
    let free = referrers.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut layer: Vec<usize> = free.map(|(number, _)| number).collect();
    let mut layers = Vec::new();
    while !layer.is_empty() {
        let mut next = Vec::new();
        for target in layer.iter().filter_map(|number| targets.get(*number)).flatten() {
            if let Some(count) = referrers.get_mut(*target) {
                *count -= 1;
                if *count == 0 {
                    next.push(*target);
                }
            }
        }
        layers.push(std::mem::replace(&mut layer, next));
    }
    layers
}

/// The most definitions that one value may be held against, each counted for every way that leads to it.
pub(crate) const MAX_WAYS: usize = 10_000;

/// Whether one value, of whatever part of the schema, is held against too many definitions: a chain of choices doubles
/// with each link. There is no circle.
pub(crate) fn is_wide(definitions: usize, links: &[Link]) -> bool {
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); definitions];
    for link in links.iter().filter(|link| link.in_place) {
        outgoing.get_mut(link.from).into_iter().for_each(|targets| targets.push(link.to));
    }
    let mut ways = vec![1_usize; definitions];
    for number in layers(definitions, links.iter().filter(|link| link.in_place)).into_iter().flatten().rev() {
        let targets = outgoing.get(number).into_iter().flatten();
        let sum = targets
            .filter_map(|target| ways.get(*target))
            .fold(1_usize, |sum, more| sum.saturating_add(*more));
        ways.get_mut(number).into_iter().for_each(|ways| *ways = sum);
    }
    ways.into_iter().any(|ways| ways > MAX_WAYS)
}

/// Checks that following references without descending into the value comes to an end.
pub(crate) fn check_chains(definitions: usize, links: &[Link]) -> Result<(), Endless<'_>> {
    let layers = layers(definitions, links.iter().filter(|link| link.in_place));
    let mut placed = vec![false; definitions];
    for number in layers.iter().flatten() {
        placed.get_mut(*number).into_iter().for_each(|placed| *placed = true);
    }
    let stays = |number: usize| placed.get(number) == Some(&false);
    match links.iter().find(|link| link.in_place && stays(link.from) && stays(link.to)) {
        Some(link) => Err(Endless::Circle(&link.at)),
        // A chain of n links joins n + 1 definitions.
        None if layers.len() > MAX_CHAIN + 1 => Err(Endless::TooLong),
        None => Ok(()),
    }
}

/// The size of definition 0 with every reference replaced by what it refers to, from the definitions' own `sizes`;
/// `None` when that is endless.
pub(crate) fn unfolded(sizes: &[usize], links: &[Link]) -> Option<usize> {
    let layers = layers(sizes.len(), links.iter());
    if layers.iter().map(Vec::len).sum::<usize>() < sizes.len() {
        return None;
    }
    let mut uses = vec![0_usize; sizes.len()];
    uses.first_mut().into_iter().for_each(|uses| *uses = 1);
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
    for link in links {
        outgoing.get_mut(link.from).into_iter().for_each(|out| out.push(link.to));
    }
    let mut total = 0_usize;
    for number in layers.into_iter().flatten() {
        let used = uses.get(number).copied().unwrap_or(0);
        total = total.saturating_add(used.saturating_mul(sizes.get(number).copied().unwrap_or(0)));
        for target in outgoing.get(number).into_iter().flatten() {
            uses.get_mut(*target).into_iter().for_each(|uses| *uses = uses.saturating_add(used));
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(pairs: &[(usize, usize)]) -> Vec<Link> {
        let link = |(from, to): &(usize, usize)| Link {
            from: *from,
            to: *to,
            at: format!("{from}-{to}"),
            in_place: true,
        };
        pairs.iter().map(link).collect()
    }

    #[track_caller]
    fn check(pairs: &[(usize, usize)], expected: Result<(), Endless<'_>>) {
        assert_eq!(check_chains(100, &links(pairs)), expected);
    }

    #[test]
    fn circles_are_found_wherever_they_are() {
        check(&[], Ok(()));
        check(&[(0, 1), (0, 2), (1, 3), (2, 3), (0, 3)], Ok(()));
        check(&[(0, 0)], Err(Endless::Circle("0-0")));
        check(&[(0, 1), (1, 2), (2, 3), (3, 1)], Err(Endless::Circle("1-2")));
        let descending = Link { in_place: false, ..links(&[(0, 0)]).remove(0) };
        assert_eq!(check_chains(1, &[descending]), Ok(()));
    }

    #[test]
    fn long_chains_are_refused() {
        let chain = |links: usize| (0..links).map(|n| (n, n + 1)).collect::<Vec<_>>();
        check(&chain(MAX_CHAIN), Ok(()));
        check(&chain(MAX_CHAIN + 1), Err(Endless::TooLong));
    }

    #[test]
    fn a_chain_of_choices_is_wide() {
        let doubling = |links: usize| (0..links).flat_map(|n| [(n, n + 1), (n, n + 1)]).collect::<Vec<_>>();
        assert!(!is_wide(100, &links(&doubling(12))));
        assert!(is_wide(100, &links(&doubling(13))));
        let mut descending = links(&doubling(30));
        descending.iter_mut().for_each(|link| link.in_place = false);
        assert!(!is_wide(100, &descending));
    }

    #[test]
    fn unfolding_counts_every_use() {
        assert_eq!(unfolded(&[3], &[]), Some(3));
        assert_eq!(unfolded(&[1, 10, 100], &links(&[(0, 1), (0, 1), (1, 2), (1, 2)])), Some(1 + 20 + 400));
        assert_eq!(unfolded(&[1, 1], &links(&[(0, 1), (1, 1)])), None);
        let doubling: Vec<_> = (0..99).flat_map(|n| [(n, n + 1), (n, n + 1)]).collect();
        assert_eq!(unfolded(&[1; 100], &links(&doubling)), Some(usize::MAX));
    }
}
