//! `x-amazon-apigateway-request-validator`: what a REST API checks of requests without a model, which is that parameters are there
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>).

use serde_json::{Map, Value, json};

use super::{Reading, join, parameters};

const VALIDATOR: &str = "x-amazon-apigateway-request-validator";

/// Whether API Gateway looks for a parameter of the operation at `at`, which is not one of its path, or of those that
/// it inherits.
pub(super) fn checks_parameters(reading: &Reading<'_>, at: &str, inherited: Option<&Value>) -> bool {
    let document = reading.document.value();
    let operation = reading.value(at);
    let stated = operation.and_then(|operation| operation.get(VALIDATOR)).or_else(|| document.get(VALIDATOR));
    let Some(name) = stated.and_then(Value::as_str) else { return false };
    let validator = reading.value(&join("/x-amazon-apigateway-request-validators", name));
    let flag = validator.and_then(|validator| validator.get("validateRequestParameters"));
    let lists = [operation.and_then(|operation| operation.get("parameters")), inherited];
    flag == Some(&json!(true)) && lists.into_iter().any(|list| parameters::requires_any(document, list))
}

/// Lets the operation as its contract has it take any body, where it says nothing of it: API Gateway hands on what has no model.
pub(super) fn take_any_body(method: &str, operation: &mut Map<String, Value>) {
    if !["GET", "HEAD"].contains(&method) {
        operation.entry("requestBody").or_insert_with(|| json!({ "content": { "*/*": {} } }));
    }
}
