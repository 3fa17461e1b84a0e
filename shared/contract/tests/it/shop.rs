//! The contract that most tests hold messages to.

use doorward_contract::{Document, Operation, RequestFault, RequestParts};
use doorward_model::Violation;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

pub const SHOP: &str = r##"openapi: 3.1.0
info: { title: shop, version: "1" }
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: "#/components/schemas/NewOrder" }
      responses:
        "201":
          description: made
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Order" }
        4XX:
          description: refused
          content:
            application/problem+json: {}
  /orders/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: string, format: uuid } }
    get:
      operationId: getOrder
      responses:
        "200":
          description: found
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Order" }
        "304": { description: known }
        "404": { description: gone }
        default:
          description: anything else
          content:
            text/*: {}
    head:
      operationId: headOrder
      responses:
        "200": { description: there, content: { application/json: {} } }
    delete:
      operationId: deleteOrder
      responses:
        "204": { description: deleted }
components:
  schemas:
    Item:
      type: object
      required: [sku, quantity]
      additionalProperties: false
      properties:
        sku: { type: string, minLength: 1, maxLength: 32 }
        quantity: { type: integer, minimum: 1 }
    NewOrder:
      type: object
      required: [items, total]
      properties:
        items: { type: array, minItems: 1, items: { $ref: "#/components/schemas/Item" } }
        total: { type: integer, minimum: 0 }
        note: { type: [string, "null"], maxLength: 200 }
    Order:
      allOf:
        - $ref: "#/components/schemas/NewOrder"
        - type: object
          required: [id]
          properties:
            id: { type: string, format: uuid }
"##;

/// The operation `id` of `text`.
#[track_caller]
pub fn operation(text: &str, id: &str) -> Operation {
    let document = Document::parse("contracts/shop.yaml", text).unwrap_or_else(|faults| panic!("{faults}"));
    document.operation(id).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A request in a test's terms.
#[derive(Default)]
pub struct Request<'a> {
    pub path: &'a [(&'a str, &'a str)],
    pub query: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

impl Request<'_> {
    pub fn check(&self, operation: &Operation) -> Result<Option<Value>, RequestFault> {
        let path: Vec<_> = self.path.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
        operation.check_request(&RequestParts {
            path: &path,
            query: self.query,
            headers: &headers,
            body: self.body,
        })
    }
}

/// A check's result as one text.
pub fn spell(result: &Result<Option<Value>, RequestFault>) -> String {
    match result {
        Ok(None) => "ok".to_owned(),
        Ok(Some(value)) => format!("ok {value}"),
        Err(RequestFault::Violations(violations)) => lines(violations),
        Err(RequestFault::Malformed(json)) if !json.violations.is_empty() => {
            format!("{json}\n{}", lines(&json.violations))
        }
        Err(fault) => fault.to_string(),
    }
}

/// A line for each violation: its part, place and rule.
pub fn lines(violations: &[Violation]) -> String {
    let lines: Vec<_> =
        violations.iter().map(|v| format!("{} {:?}: {}", v.part, v.pointer, v.rule)).collect();
    lines.join("\n")
}

/// The header fields of an answer with this media type.
pub fn answer_headers(content_type: Option<&str>) -> HeaderMap {
    content_type.map(|value| (CONTENT_TYPE, HeaderValue::from_str(value).unwrap())).into_iter().collect()
}
