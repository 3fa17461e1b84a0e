use serde_json::Value;

use super::*;

/// Answers by what it is handed, and writes down what happens.
struct Script<F> {
    answer: F,
    seen: Vec<String>,
    waits: u32,
    most_waits: u32,
}

impl<F: FnMut(&[Record]) -> Outcome> World for Script<F> {
    async fn invoke(&mut self, records: &[Record]) -> Outcome {
        self.seen.push(names(records));
        (self.answer)(records)
    }

    async fn wait(&mut self, _: u32) -> bool {
        self.waits += 1;
        self.waits <= self.most_waits
    }

    fn discard(&mut self, records: &[Record], _: u32, why: &str) {
        self.seen.push(format!("-{}: {why}", names(records)));
    }
}

fn names(records: &[Record]) -> String {
    records.iter().map(|record| record.id.as_str()).collect()
}

fn mapping(most: Option<u32>, bisect: bool) -> StreamMapping {
    StreamMapping {
        maximum_retry_attempts: most,
        bisect_batch_on_function_error: bisect,
        report_batch_item_failures: true,
        ..StreamMapping::new("t", "f")
    }
}

async fn run(
    mapping: &StreamMapping,
    batch: &str,
    answer: impl FnMut(&[Record]) -> Outcome,
) -> (bool, Vec<String>) {
    let record = |name: char| Record { id: name.to_string(), value: Value::Null };
    let mut world = Script { answer, seen: Vec::new(), waits: 0, most_waits: 10 };
    let done = deliver(mapping, batch.chars().map(record).collect(), &mut world).await;
    (done, world.seen)
}

fn failed(names: &[&str]) -> Outcome {
    let failures: Vec<Value> =
        names.iter().map(|name| serde_json::json!({ "itemIdentifier": name })).collect();
    Outcome::Answered(serde_json::json!({ "batchItemFailures": failures }).to_string().into_bytes())
}

fn broken(broken: char) -> impl FnMut(&[Record]) -> Outcome {
    move |records| {
        if names(records).contains(broken) { Outcome::Failed("no".into()) } else { failed(&[]) }
    }
}

#[tokio::test]
async fn a_batch_that_is_done_is_handed_over_once() {
    for answer in ["", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
        let answered = |_: &[Record]| Outcome::Answered(answer.as_bytes().to_vec());
        let expected = if answer.is_empty() {
            vec!["ab", "-ab: the answer is no report of item failures"]
        } else {
            vec!["ab"]
        };
        let (done, seen) = run(&mapping(Some(0), false), "ab", answered).await;
        assert!(done);
        assert_eq!(seen, expected, "{answer}");
    }
}

#[tokio::test]
async fn records_come_again_from_the_first_that_failed() {
    let mut times = 0;
    let answer = |_: &[Record]| {
        times += 1;
        match times {
            1 => failed(&["d", "c"]),
            2 => failed(&["d"]),
            _ => failed(&[]),
        }
    };
    assert_eq!(
        run(&mapping(None, true), "abcd", answer).await,
        (true, vec!["abcd".into(), "cd".into(), "d".into()])
    );
}

#[tokio::test]
async fn what_reports_nonsense_fails_as_a_whole() {
    for nonsense in
        [r#"{"batchItemFailures":[{"itemIdentifier":"x"}]}"#, r#"{"batchItemFailures":[{}]}"#, "[]"]
    {
        let answer = |_: &[Record]| Outcome::Answered(nonsense.as_bytes().to_vec());
        let (_, seen) = run(&mapping(Some(1), false), "ab", answer).await;
        assert_eq!(seen[..2], ["ab", "ab"], "{nonsense}");
        assert!(seen[2].starts_with("-ab: the answer"), "{nonsense}");
    }
}

#[tokio::test]
async fn a_batch_that_fails_is_tried_again_and_given_up() {
    let (done, seen) = run(&mapping(Some(2), false), "abc", broken('b')).await;
    assert_eq!((done, seen), (true, vec!["abc".into(), "abc".into(), "abc".into(), "-abc: no".into()]));
}

#[tokio::test]
async fn halves_find_the_record_that_fails_and_lose_no_other() {
    let (done, seen) = run(&mapping(Some(1), true), "abcde", broken('d')).await;
    assert!(done);
    assert_eq!(seen, ["abcde", "ab", "cde", "c", "de", "d", "d", "-d: no", "e"]);
}

#[tokio::test]
async fn without_reports_any_answer_will_do() {
    let plain = StreamMapping { report_batch_item_failures: false, ..mapping(Some(0), false) };
    assert_eq!(run(&plain, "ab", |_: &[Record]| failed(&["a"])).await, (true, vec!["ab".into()]));
}

#[tokio::test]
async fn what_fails_for_ever_ends_with_the_emulator() {
    let (done, seen) = run(&mapping(None, false), "ab", broken('a')).await;
    assert_eq!((done, seen.len()), (false, 11));
}
