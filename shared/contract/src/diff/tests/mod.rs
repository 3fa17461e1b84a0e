//! Pairs of documents and what is found of them.

mod bounds;
mod described;
mod operations;
mod promises;
mod recursion;
mod schemas;
mod soundness;
mod texts;

use serde_json::{Value, json};

use super::Change;
use crate::document::Document;

fn document(value: &Value) -> Document {
    Document::parse("f", &serde_json::to_string_pretty(value).unwrap())
        .unwrap_or_else(|fault| panic!("{fault}"))
}

/// A document with one operation, `POST /orders createOrder`, and `components`.
fn of_operation(version: &str, operation: Value, components: Value) -> Value {
    let mut operation = operation;
    operation["operationId"] = json!("createOrder");
    json!({
        "openapi": version, "info": {"title": "t", "version": "1"},
        "paths": {"/orders": {"post": operation}}, "components": components,
    })
}

fn told(changes: &[Change]) -> Vec<String> {
    let told = changes.iter().map(|change| {
        let place = [change.part.as_str(), change.value.as_str()].concat();
        format!("{} {} {place}", change.severity, change.code).trim_end().to_owned()
    });
    told.collect()
}

fn changes(old: &Value, new: &Value) -> Vec<String> {
    told(&document(old).changes(&document(new)).unwrap_or_else(|faults| panic!("{faults}")))
}
