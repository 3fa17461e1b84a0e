//! Where implementations of JSON Schema are known to differ, keyword by keyword, in the dialects that are carried.

mod applicators;
mod formats;
mod numbers;
mod objects;
mod openapi;
mod patterns;
mod references;
mod texts;
mod unevaluated;

use serde_json::Value;

use crate::schemas::compile;

const DRAFT7: &str = "http://json-schema.org/draft-07/schema#";
const DRAFT202012: &str = "https://json-schema.org/draft/2020-12/schema";
const BOTH: [&str; 2] = [DRAFT7, DRAFT202012];

/// Holds values against `schema` in each of `dialects`: the `good` are taken, the `bad` are not.
#[track_caller]
fn check(dialects: &[&str], schema: &Value, good: &[Value], bad: &[Value]) {
    for dialect in dialects {
        let mut schema = schema.clone();
        if let Value::Object(keywords) = &mut schema {
            keywords.insert("$schema".to_owned(), Value::from(*dialect));
        }
        let text = schema.to_string();
        let compiled = compile(&[("contracts/s.json", &text)], "");
        let compiled = compiled.unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        for value in good {
            assert_eq!(compiled.violations(value), [], "{value} is good\n{text}");
        }
        for value in bad {
            assert_ne!(compiled.violations(value), [], "{value} is bad\n{text}");
        }
    }
}
