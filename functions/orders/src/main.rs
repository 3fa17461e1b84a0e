//! The demo's orders: a small HTTP function, written with `lambda_http` as a user would. It trusts the door and holds
//! nothing but its examples. Two article numbers misbehave on purpose, as a payment provider's test cards do.

use std::time::Duration;

use lambda_http::http::StatusCode;
use lambda_http::lambda_runtime::Diagnostic;
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

/// An order with this article fails.
const FAILS: &str = "TEST-FAIL";
/// An order with this article takes longer than the door waits.
const IS_SLOW: &str = "TEST-SLOW";
/// Where the payment provider reports; the door has proven that it is the one.
const PAYMENTS: &str = "/payments/webhook";
const SLOW: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(request: Request) -> Result<Response<Body>, OrderError> {
    if request.uri().path().ends_with(PAYMENTS) {
        return json_answer(StatusCode::OK, &json!({ "status": "noted" }));
    }
    match (request.method().as_str(), request.path_parameters().first("id")) {
        ("POST", None) => place(&request).await,
        ("GET", Some(id)) => read(id),
        // The one route of this method, which says that an order was shipped: those that there are were before.
        ("PUT", Some(id)) => read(id),
        _ => json_answer(StatusCode::NOT_FOUND, &json!({ "error": "no such resource" })),
    }
}

/// Why there is no answer; the name is Lambda's `errorType`.
#[derive(Debug)]
enum OrderError {
    WarehouseAway,
    UnreadableOrder,
    UnwritableAnswer,
}

impl From<OrderError> for Diagnostic {
    fn from(error: OrderError) -> Self {
        Self { error_type: format!("{error:?}"), error_message: "the order cannot be handled".to_owned() }
    }
}

#[derive(Deserialize)]
struct NewOrder {
    items: Vec<Item>,
    /// In cents; JSON Schema takes `4200.0` for an integer too.
    total: f64,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
}

async fn place(request: &Request) -> Result<Response<Body>, OrderError> {
    let order: NewOrder = serde_json::from_slice(request.body()).map_err(|_| OrderError::UnreadableOrder)?;
    for item in &order.items {
        match item.sku.as_str() {
            FAILS => return Err(OrderError::WarehouseAway),
            IS_SLOW => tokio::time::sleep(SLOW).await,
            _ => {}
        }
    }
    let id = request.lambda_context().request_id;
    json_answer(StatusCode::CREATED, &json!({ "id": id, "status": "placed", "total": order.total as u64 }))
}

fn read(id: &str) -> Result<Response<Body>, OrderError> {
    match id {
        "42" | "43" | "1001" | "1002" => {
            json_answer(StatusCode::OK, &json!({ "id": id, "status": "shipped" }))
        }
        _ => json_answer(StatusCode::NOT_FOUND, &json!({ "error": "no such order" })),
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Result<Response<Body>, OrderError> {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(body.to_string().into()).map_err(|_| OrderError::UnwritableAnswer)
}
