use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use doorward_aws::AwsClients;
use dynoxide::Database;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::loopback;

pub(crate) const TABLE: &str = "shop";

/// An embedded DynamoDB behind a front that counts what is asked of it and can lose its answers.
pub(crate) struct Store {
    pub(crate) clients: AwsClients,
    pub(crate) database: Database,
    front: Arc<Front>,
}

struct Front {
    client: Client<HttpConnector, Body>,
    behind: SocketAddr,
    asked: Mutex<Vec<String>>,
    last: Mutex<Value>,
    faults: Mutex<VecDeque<Fault>>,
    fault_at: Mutex<Option<(&'static str, Fault)>>,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It is carried out, and the answer says that it was not.
    AfterCommit,
    /// It is not carried out: the table takes no more.
    Throttled,
}

impl Store {
    pub(crate) async fn start() -> Self {
        let database = Database::memory().unwrap();
        create_tables(&database);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = listener.local_addr().unwrap();
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let front = Arc::new(Front {
            client: Client::builder(TokioExecutor::new()).build_http(),
            behind,
            asked: Mutex::default(),
            last: Mutex::default(),
            faults: Mutex::default(),
            fault_at: Mutex::default(),
        });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&front));
        let clients = loopback::clients(loopback::serve(app).await);
        Self { clients, database, front }
    }

    /// What was asked since the last time: `UpdateItem`, ….
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.front.asked.lock().unwrap())
    }

    /// The input of the last request.
    pub(crate) fn last(&self) -> Value {
        self.front.last.lock().unwrap().clone()
    }

    /// The next requests meet these faults.
    pub(crate) fn fail_next(&self, faults: &[Fault]) {
        self.front.faults.lock().unwrap().extend(faults);
    }

    /// The next request for this operation meets this fault.
    pub(crate) fn fail_at(&self, operation: &'static str, fault: Fault) {
        *self.front.fault_at.lock().unwrap() = Some((operation, fault));
    }

    /// Removes an item behind the SDK's back.
    pub(crate) fn delete(&self, table: &str, key: Value) {
        let request = serde_json::json!({ "TableName": format!("{TABLE}-{table}"), "Key": key });
        self.database.delete_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    /// Puts an item in DynamoDB's own form into the table of this name.
    pub(crate) fn put(&self, table: &str, item: Value) {
        let request = serde_json::json!({ "TableName": table, "Item": item });
        self.database.put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    /// The item behind the SDK's back.
    pub(crate) fn item(&self, table: &str, key: Value) -> Option<Value> {
        let request = serde_json::json!({ "TableName": format!("{TABLE}-{table}"), "Key": key });
        let answer = self.database.get_item(serde_json::from_value(request).unwrap()).unwrap();
        serde_json::to_value(answer).unwrap().get_mut("Item").map(Value::take)
    }
}

async fn pass(State(front): State<Arc<Front>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let target = headers["x-amz-target"].to_str().unwrap();
    let operation = target.rsplit('.').next().unwrap();
    front.asked.lock().unwrap().push(operation.to_owned());
    *front.last.lock().unwrap() = serde_json::from_slice(&body).unwrap();
    let aimed = front.fault_at.lock().unwrap().take_if(|(at, _)| *at == operation);
    let fault = aimed.map(|(_, fault)| fault).or_else(|| front.faults.lock().unwrap().pop_front());
    if let Some(Fault::Throttled) = fault {
        let mut refused = Response::new(Body::from(r#"{"__type":"ProvisionedThroughputExceededException"}"#));
        *refused.status_mut() = StatusCode::BAD_REQUEST;
        return refused;
    }
    let mut request = Request::post(format!("http://{}/", front.behind)).body(Body::from(body)).unwrap();
    for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
        request.headers_mut().insert(name, headers[name].clone());
    }
    let answer = front.client.request(request).await.unwrap().map(Body::new);
    match fault {
        None | Some(Fault::Throttled) => answer,
        Some(Fault::AfterCommit) => {
            let mut lost = Response::new(Body::from(r#"{"__type":"InternalServerError"}"#));
            *lost.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            lost
        }
    }
}

fn create_tables(database: &Database) {
    let tables = include_str!("../../../../infra/tables.json").replace("${table}", TABLE);
    for mut table in serde_json::from_str::<Vec<Value>>(&tables).unwrap() {
        table.as_object_mut().unwrap().remove("TimeToLiveSpecification");
        database.create_table(serde_json::from_value(table).unwrap()).unwrap();
    }
}
