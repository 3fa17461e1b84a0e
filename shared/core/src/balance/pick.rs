use sha2::{Digest, Sha256};

/// An endpoint that a call may go to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Its place among the target's.
    pub(super) index: usize,
    /// Its share; at least 1.
    pub(super) weight: u32,
    /// Calls that are under way there.
    pub(super) outstanding: u32,
}

/// By chance, each as often as its weight says.
pub(super) fn weighted(candidates: &[Candidate], random: &mut fastrand::Rng) -> Option<usize> {
    let total: u64 = candidates.iter().map(|candidate| u64::from(candidate.weight)).sum();
    if total == 0 {
        return None;
    }
    let mut point = random.u64(..total);
    candidates.iter().find_map(|candidate| match point.checked_sub(u64::from(candidate.weight)) {
        Some(rest) => {
            point = rest;
            None
        }
        None => Some(candidate.index),
    })
}

/// One after the other: the smooth weighted round robin of nginx. `turns` has one number an endpoint of the target; each
/// round through the candidates gives each as many calls as its weight, spread out.
pub(super) fn round_robin(candidates: &[Candidate], turns: &mut [i64]) -> Option<usize> {
    let total: i64 = candidates.iter().map(|candidate| i64::from(candidate.weight)).sum();
    for candidate in candidates {
        *turns.get_mut(candidate.index)? += i64::from(candidate.weight);
    }
    let turn = |candidate: &&Candidate| turns.get(candidate.index).copied();
    // The first of those that have waited longest.
    let next = candidates.iter().rev().max_by_key(turn)?.index;
    *turns.get_mut(next)? -= total;
    Some(next)
}

/// The less busy of two ("The Power of Two Choices in Randomized Load Balancing", Mitzenmacher 2001): as good as asking
/// all, without all calls of a moment going to the same one.
pub(super) fn least_outstanding(candidates: &[Candidate], random: &mut fastrand::Rng) -> Option<usize> {
    let first = weighted(candidates, random)?;
    let others: Vec<Candidate> =
        candidates.iter().copied().filter(|candidate| candidate.index != first).collect();
    let first = candidates.iter().find(|candidate| candidate.index == first)?;
    let Some(second) = weighted(&others, random) else { return Some(first.index) };
    let second = others.iter().find(|candidate| candidate.index == second)?;
    // For its weight, one call more each: the busier of two idle ones is the one of less weight.
    let load = |of: &Candidate, other: &Candidate| u64::from(of.outstanding) * u64::from(other.weight);
    Some(if load(second, first) < load(first, second) { second.index } else { first.index })
}

/// By the caller: weighted rendezvous hashing (Thaler and Ravishankar 1998; weights by Schindelhauer and Schomaker 2005).
/// Every process gives a caller the same one, and where an endpoint comes or goes only its callers move.
pub(super) fn sticky<'e>(
    candidates: &[Candidate],
    caller: &str,
    address: impl Fn(usize) -> &'e str,
) -> Option<usize> {
    let score =
        |candidate: &Candidate| f64::from(candidate.weight) / -share(caller, address(candidate.index)).ln();
    candidates.iter().max_by(|one, other| score(one).total_cmp(&score(other))).map(|best| best.index)
}

/// A number between 0 and 1, both excluded, that is the same for the same texts always and everywhere.
fn share(caller: &str, address: &str) -> f64 {
    let mut hash = Sha256::new();
    hash.update((caller.len() as u64).to_be_bytes());
    hash.update(caller);
    hash.update(address);
    let digest = hash.finalize();
    let bits = digest.iter().take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    (f64::from(bits) + 0.5) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(weights: &[u32]) -> Vec<Candidate> {
        let numbered = weights.iter().enumerate();
        numbered.map(|(index, weight)| Candidate { index, weight: *weight, outstanding: 0 }).collect()
    }

    #[track_caller]
    fn check_shares(counts: &[u32], weights: &[u32]) {
        let (calls, total): (u32, u32) = (counts.iter().sum(), weights.iter().sum());
        for (count, weight) in counts.iter().zip(weights) {
            let p = f64::from(*weight) / f64::from(total);
            // Five standard deviations of a binomial distribution.
            let bound = 5.0 * (f64::from(calls) * p * (1.0 - p)).sqrt();
            let off = (f64::from(*count) - f64::from(calls) * p).abs();
            assert!(off <= bound, "{counts:?} for {weights:?}");
        }
    }

    const MANY: [&[u32]; 4] = [&[1], &[1, 1], &[9, 1], &[5, 3, 2, 1, 89]];

    #[test]
    fn chance_keeps_the_weights() {
        for (seed, weights) in (0..25).flat_map(|seed| MANY.map(|weights| (seed, weights))) {
            let (mut random, mut counts) = (fastrand::Rng::with_seed(seed), vec![0; weights.len()]);
            for _ in 0..10_000 {
                counts[weighted(&candidates(weights), &mut random).unwrap()] += 1;
            }
            check_shares(&counts, weights);
        }
    }

    #[test]
    fn a_round_gives_each_its_weight_and_spreads_it() {
        let (weights, mut turns) = (candidates(&[5, 1, 1]), [0; 3]);
        let round: Vec<_> = (0..7).map(|_| round_robin(&weights, &mut turns).unwrap()).collect();
        assert_eq!(round, [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(turns, [0; 3]);
    }

    #[test]
    fn one_that_is_left_out_of_rounds_is_not_owed_them() {
        let (all, mut turns) = (candidates(&[1, 1, 1]), [0; 3]);
        for _ in 0..10 {
            assert_ne!(round_robin(&all[1..], &mut turns), Some(0));
        }
        let round: Vec<_> = (0..6).map(|_| round_robin(&all, &mut turns).unwrap()).collect();
        assert_eq!(round, [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn the_less_busy_of_two_is_called() {
        let mut random = fastrand::Rng::with_seed(1);
        let busy = |outstanding: &[u32]| {
            let mut all = candidates(&vec![1; outstanding.len()]);
            all.iter_mut().zip(outstanding).for_each(|(candidate, busy)| candidate.outstanding = *busy);
            all
        };
        for _ in 0..100 {
            assert_eq!(least_outstanding(&busy(&[3, 2]), &mut random), Some(1));
            assert_ne!(
                least_outstanding(&busy(&[3, 9, 2]), &mut random),
                Some(1),
                "the busiest is drawn with a better one"
            );
        }
        assert_eq!(least_outstanding(&busy(&[7]), &mut random), Some(0));
        assert_eq!(least_outstanding(&[], &mut random), None);
    }

    #[test]
    fn calls_that_stay_spread_evenly_over_all() {
        for seed in 0..25 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut all = candidates(&[1; 8]);
            for _ in 0..8_000 {
                let picked = least_outstanding(&all, &mut random).unwrap();
                all[picked].outstanding += 1;
            }
            // Two choices keep the fullest within ln ln n of the mean; by chance alone it would be about 80 over.
            let most = all.iter().map(|candidate| candidate.outstanding).max().unwrap();
            assert!(most <= 1_000 + 8, "{most}");
        }
    }

    fn name(index: usize) -> &'static str {
        [
            "https://a.example",
            "https://b.example",
            "https://c.example",
            "https://d.example",
            "https://e.example",
        ][index]
    }

    #[test]
    fn callers_are_shared_by_weight() {
        for weights in MANY {
            let mut counts = vec![0; weights.len()];
            for caller in 0..10_000 {
                counts[sticky(&candidates(weights), &format!("User::\"{caller}\""), name).unwrap()] += 1;
            }
            check_shares(&counts, weights);
        }
    }

    #[test]
    fn only_the_callers_of_the_one_that_goes_move() {
        let all = candidates(&[1, 2, 3, 4]);
        for caller in (0..2_000).map(|n| format!("User::\"{n}\"")) {
            let before = sticky(&all, &caller, name).unwrap();
            for gone in 0..4 {
                let rest: Vec<_> = all.iter().copied().filter(|candidate| candidate.index != gone).collect();
                let now = sticky(&rest, &caller, name).unwrap();
                assert!(
                    now == before || before == gone,
                    "{caller} moved from {before} to {now} as {gone} went"
                );
            }
        }
    }

    #[test]
    fn a_caller_goes_where_it_went_in_every_version_and_on_every_machine() {
        let all = candidates(&[1, 1, 1, 1]);
        let went: Vec<_> =
            ["alice", "bob", "carol", "dave"].map(|caller| sticky(&all, caller, name).unwrap()).to_vec();
        assert_eq!(went, SEEN);
    }

    /// Reckoned by another program from the same rule.
    const SEEN: [usize; 4] = [3, 1, 1, 0];
}
