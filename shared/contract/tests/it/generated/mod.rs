//! Documents and values at random: the checker's verdicts are those of an evaluator that knows nothing of it, and what it
//! tells of faults holds.

mod evaluator;
mod generator;
mod instances;
mod mistake;
mod one_way;
mod patterns;
mod resources;
mod round_trips;
mod sample;
mod scalars;
mod shared;
mod told;

use mistake::Mistake;
use sample::{Sample, Side};

/// Documents of each dialect.
const DOCUMENTS: u64 = 140;
/// Values for each schema of a document.
const VALUES: usize = 12;

#[test]
fn verdicts_are_those_of_the_specification_and_mistakes_would_be_found() {
    let (mut accepted, mut refused) = (0, 0);
    let mut unfound = Mistake::ALL.to_vec();
    for sample in Sample::all(DOCUMENTS) {
        let compiled = sample.compile();
        for side in Side::of(sample.dialect) {
            let values = sample.instances(*side, VALUES);
            let found = values.iter().map(|value| compiled.violations(*side, &value.to_string()).is_empty());
            let found: Vec<_> = found.collect();
            let expected = sample.expected(*side, &values, None);
            for ((value, found), expected) in values.iter().zip(&found).zip(&expected) {
                assert_eq!(found, expected, "{sample}, {side:?}: {value}\n{}", sample.root);
                *if *found { &mut accepted } else { &mut refused } += 1;
            }
            unfound.retain(|mistake| sample.expected(*side, &values, Some(*mistake)) == expected);
        }
    }
    assert!(accepted > 4_000 && refused > 4_000, "{accepted} accepted, {refused} refused");
    assert!(unfound.is_empty(), "these make no difference: {unfound:?}");
}
