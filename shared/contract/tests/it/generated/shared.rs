//! Operations that share schemas judge, and tell of faults, as they do alone.

use super::sample::{Sample, Side};

/// Documents of each dialect.
const DOCUMENTS: u64 = 100;
/// Values for each schema of a document.
const VALUES: usize = 12;

#[test]
fn operations_that_share_schemas_tell_what_they_do_alone() {
    let mut told = 0;
    for sample in Sample::all(DOCUMENTS).filter(|sample| sample.dialect.is_openapi()) {
        let (together, alone) = (sample.compile(), sample.compile_alone());
        for side in Side::of(sample.dialect) {
            for value in sample.instances(*side, VALUES) {
                let text = value.to_string();
                let (found, expected) = (together.violations(*side, &text), alone.violations(*side, &text));
                assert_eq!(found, expected, "{sample}, {side:?}: {value}\n{}", sample.root);
                told += expected.len();
            }
        }
    }
    assert!(told > 4_000, "{told} violations");
}
