//! Schemas and values at random: the checker's verdicts are those of an evaluator that knows nothing of it.

mod evaluator;
mod generator;
mod round_trips;

use doorward_contract::{Document, Library, Schema};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::shop::Request;
use evaluator::{Dialect, Evaluator, Mistake};
use generator::{DEFINITIONS, Generator};

const SCHEMAS: u64 = 400;
const VALUES: usize = 24;

/// A document with a schema and what it refers to, and values.
struct Sample {
    root: Value,
    dialect: Dialect,
    values: Vec<Value>,
}

impl Sample {
    fn generate(dialect: Dialect, seed: u64) -> Self {
        let mut generator = Generator { rng: Rng::with_seed(seed), dialect };
        let definitions: serde_json::Map<String, Value> =
            (0..DEFINITIONS).map(|n| (format!("D{n}"), generator.schema(2, n + 1))).collect();
        let main = generator.schema(3, 0);
        let values = (0..VALUES).map(|_| generator.value(3)).collect();
        let root = match dialect {
            Dialect::OpenApi30 => json!({
                "openapi": "3.0.3",
                "paths": {"/a": {"post": {"operationId": "a", "requestBody": {"content": {"application/json": {"schema": main}}}}}},
                "components": {"schemas": definitions},
            }),
            Dialect::Draft7 => {
                json!({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions, "allOf": [main]})
            }
            Dialect::Draft202012 => json!({"definitions": definitions, "allOf": [main]}),
        };
        Self { root, dialect, values }
    }

    fn schema(&self) -> &Value {
        match self.dialect {
            Dialect::OpenApi30 => {
                &self.root["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]
            }
            Dialect::Draft7 | Dialect::Draft202012 => &self.root["allOf"][0],
        }
    }

    /// What the checker says of each value.
    fn verdicts(&self) -> Vec<bool> {
        let text = self.root.to_string();
        if self.dialect == Dialect::OpenApi30 {
            let document = Document::parse("f", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
            let operation = document.operation("a").unwrap_or_else(|faults| panic!("{faults}\n{text}"));
            let headers = [("content-type", "application/json")];
            let accepts = |value: &Value| {
                let body = value.to_string();
                Request { headers: &headers, body: body.as_bytes(), ..Request::default() }
                    .check(&operation)
                    .is_ok()
            };
            return self.values.iter().map(accepts).collect();
        }
        let library = Library::new([("f", text.as_str())]);
        let schema = Schema::compile(&library, "f", "").unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        self.values.iter().map(|value| schema.violations(value).is_empty()).collect()
    }

    fn evaluated(&self, mistake: Option<Mistake>) -> Vec<bool> {
        let evaluator = Evaluator { root: &self.root, dialect: self.dialect, mistake };
        self.values.iter().map(|value| evaluator.accepts(self.schema(), value)).collect()
    }
}

fn samples() -> impl Iterator<Item = Sample> {
    let dialects = [Dialect::OpenApi30, Dialect::Draft7, Dialect::Draft202012];
    dialects.into_iter().flat_map(|dialect| (0..SCHEMAS).map(move |seed| Sample::generate(dialect, seed)))
}

#[test]
fn verdicts_are_those_of_the_specification_and_mistakes_would_be_found() {
    let (mut accepted, mut refused) = (0, 0);
    let mut unfound = Mistake::ALL.to_vec();
    for sample in samples() {
        let verdicts = sample.verdicts();
        let expected = sample.evaluated(None);
        for ((value, verdict), expected) in sample.values.iter().zip(&verdicts).zip(&expected) {
            assert_eq!(verdict, expected, "{:?} {value}\n{}", sample.dialect, sample.root);
            *if *verdict { &mut accepted } else { &mut refused } += 1;
        }
        unfound.retain(|mistake| sample.evaluated(Some(*mistake)) == verdicts);
    }
    assert!(accepted > 5_000 && refused > 5_000, "{accepted} accepted, {refused} refused");
    assert!(unfound.is_empty(), "these make no difference: {unfound:?}");
}
