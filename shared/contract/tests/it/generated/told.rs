//! What the checker tells of generated faults: places that are there, rules of the contract, and never a value.

use doorward_model::Violation;
use serde_json::{Value, json};

use super::generator::Generator;
use super::instances::{SECRET, SECRET_NUMBER, places};
use super::sample::{Sample, Side};

const DOCUMENTS: u64 = 40;

/// The parts of `value` that `pointer` may mean: `*` stands for any name that the contract does not have.
fn meant<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let step = |value: &'v Value| -> Vec<&'v Value> {
            match value {
                Value::Object(members) if token == "*" => members.values().collect(),
                Value::Object(members) => members.get(&token).into_iter().collect(),
                Value::Array(items) => {
                    token.parse().ok().and_then(|nth: usize| items.get(nth)).into_iter().collect()
                }
                _ => Vec::new(),
            }
        };
        found = found.into_iter().flat_map(step).collect();
    }
    found
}

/// Holds one violation against the value that it was found in.
fn check(violation: &Violation, value: &Value, context: &dyn Fn() -> String) {
    let Violation { pointer, part, rule, names } = violation;
    assert_eq!(part, "body", "{}", context());
    let is_there = !meant(value, pointer).is_empty();
    let is_missing = rule == "is required" && {
        let (parent, name) = pointer.rsplit_once('/').unwrap_or_else(|| panic!("{}", context()));
        let lacks = |parent: &&Value| parent.as_object().is_some_and(|members| !members.contains_key(name));
        meant(value, parent).iter().any(lacks)
    };
    assert!(is_there || is_missing, "there is no {pointer} ({rule}) in {value}\n{}", context());
    for text in [pointer, rule] {
        assert!(!text.contains(SECRET) && !text.contains(SECRET_NUMBER), "{violation:?}\n{}", context());
    }
    let is_name = |name: &String| value.to_string().contains(&format!("{}:", json!(name)));
    assert!(names.iter().all(is_name), "{violation:?}\n{}", context());
    assert!(names.len() <= 20 && rule.len() < 1_000, "{violation:?}\n{}", context());
}

#[test]
fn violations_are_at_places_that_are_there_and_hold_no_value() {
    let (mut secrets, mut named) = (0, 0);
    for sample in Sample::all(DOCUMENTS) {
        let compiled = sample.compile();
        for side in Side::of(sample.dialect) {
            for value in sample.instances(*side, 20) {
                let violations = compiled.violations(*side, &value.to_string());
                let context = || format!("{sample}, {side:?}: {value}\n{}", sample.root);
                violations.iter().for_each(|violation| check(violation, &value, &context));
                assert!(violations.len() <= 20, "{}", context());
                let text = value.to_string();
                let is_secret = text.contains(SECRET) || text.contains(SECRET_NUMBER);
                secrets += usize::from(is_secret && !violations.is_empty());
                named += usize::from(violations.iter().any(|violation| !violation.names.is_empty()));
            }
        }
    }
    assert!(secrets > 500 && named > 50, "{secrets} with secrets, {named} with names");
}

/// What stands in a text where a value cannot be read in one way, in the place of [`MARK`], and how it is told.
const BROKEN: [(&str, &str); 3] = [
    (r#"{"a":1,"b":2,"a":1}"#, "must not stand twice in its object"),
    ("0.10000000000000000001", "must be a number that is kept exactly"),
    ("18446744073709551616", "must be a number that is kept exactly"),
];
const MARK: &str = "to be broken";

#[test]
fn texts_without_one_reading_are_refused_wherever_they_stand_and_whatever_is_modelled() {
    let deep = (format!("{}{}", "[".repeat(65), "]".repeat(65)), "must not be nested deeper than 64 levels");
    let broken = BROKEN.map(|(written, rule)| (written.to_owned(), rule)).into_iter().chain([deep]);
    let broken: Vec<_> = broken.collect();
    let mut tried = 0;
    for sample in Sample::all(DOCUMENTS) {
        let compiled = sample.compile();
        let mut generator = Generator::new(sample.dialect, sample.seed ^ 0xdead);
        for side in Side::of(sample.dialect) {
            for mut value in sample.instances(*side, 4) {
                let places = places(&value);
                *value
                    .pointer_mut(generator.one(&places.iter().map(String::as_str).collect::<Vec<_>>()))
                    .unwrap() = json!(MARK);
                for (written, rule) in &broken {
                    let text = value.to_string().replace(&json!(MARK).to_string(), written);
                    let violations = compiled.violations(*side, &text);
                    let context = || format!("{sample}, {side:?}: {text}\n{}", sample.root);
                    let [violation] = violations.as_slice() else { panic!("{violations:?} {}", context()) };
                    assert!(violation.rule.starts_with(rule), "{violation:?} {}", context());
                    assert!(!violation.pointer.contains(SECRET), "{violation:?} {}", context());
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 2_000, "{tried}");
}
