use serde_json::{Value, json};

/// The answer to an invocation whose event source mapping has `ReportBatchItemFailures`: which records are to come
/// again. The mapping goes on from the lowest sequence number, so that one stands first; nothing failed where there is
/// none (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>).
#[must_use]
pub fn batch_failures<'a>(sequences: impl IntoIterator<Item = &'a str>) -> Value {
    let mut sequences: Vec<&str> = sequences.into_iter().collect();
    // Numbers of up to 40 digits, without zeros before them.
    sequences.sort_by_key(|digits| (digits.trim_start_matches('0').len(), digits.trim_start_matches('0')));
    sequences.dedup();
    let failures: Vec<Value> =
        sequences.into_iter().map(|sequence| json!({ "itemIdentifier": sequence })).collect();
    json!({ "batchItemFailures": failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_sequence_number_stands_first() {
        #[track_caller]
        fn check(sequences: &[&str], expected: &[&str]) {
            let expected: Vec<Value> = expected.iter().map(|id| json!({ "itemIdentifier": id })).collect();
            let answer = batch_failures(sequences.iter().copied());
            assert_eq!(answer, json!({ "batchItemFailures": expected }));
        }
        check(&[], &[]);
        check(&["110", "99", "111"], &["99", "110", "111"]);
        check(&["7", "007"], &["7", "007"]);
        check(&["7", "7"], &["7"]);
        let long = "100000000000000000000001";
        check(&[long, "99999999999999999999999"], &["99999999999999999999999", long]);
    }
}
