use fastrand::Rng;

/// Seeds of each mode.
const SEEDS: u64 = 20;

/// One limit and its thousand callers.
pub(super) struct Case {
    /// Also that of its plan and of its caller.
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) limit: Limit,
    /// How many it admits.
    pub(super) most: u64,
    /// The share of store operations that meet a fault.
    pub(super) faults: f64,
}

/// What the caller is held to.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// In this mode.
    Quota(&'static str),
    Rate,
}

/// Every case, or those of one seed.
pub(super) fn cases() -> Vec<Case> {
    let only: Option<u64> = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    let seeds = (0..SEEDS).filter(|seed| only.is_none_or(|only| only == *seed));
    seeds
        .flat_map(|seed| {
            // Rates are exact in `hard` mode only, and every other seed tries one.
            let hard = if seed % 2 == 0 { Limit::Quota("hard") } else { Limit::Rate };
            [("hard", hard, 0), ("leased", Limit::Quota("leased"), 1)].map(|(mode, limit, odd)| {
                let seed = 2 * seed + odd;
                let mut random = Rng::with_seed(seed);
                let most = random.u64(20..=900);
                let faults = [0.0, 0.0, 0.02][random.usize(..3)];
                Case { name: format!("{mode}-{}", seed / 2), seed, limit, most, faults }
            })
        })
        .collect()
}
