use doorward_aws::AwsClients;
use doorward_testkit::fault_proxy::{Fault, FaultProxy, rules};
use dynoxide::Database;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::loopback;

pub(crate) const TABLE: &str = "shop";

/// An embedded DynamoDB behind a proxy that counts what is asked of it and can do to it what networks do.
pub(crate) struct Store {
    pub(crate) clients: AwsClients,
    pub(crate) database: Database,
    pub(crate) proxy: FaultProxy,
}

impl Store {
    pub(crate) async fn start() -> Self {
        let database = Database::memory().unwrap();
        create_tables(&database);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = listener.local_addr().unwrap();
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let proxy = FaultProxy::start(behind);
        let clients = loopback::clients(proxy.address());
        Self { clients, database, proxy }
    }

    /// Clients of this store whose SQS is at `queues`.
    pub(crate) fn with_queues(&self, queues: std::net::SocketAddr) -> AwsClients {
        let store = self.proxy.address();
        let lookup = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ENDPOINT_URL_SQS" => Some(format!("http://{queues}")),
            "AWS_ENDPOINT_URL" => Some(format!("http://{store}")),
            _ => None,
        };
        AwsClients::from_variables(lookup).unwrap()
    }

    /// What was asked since the last time: `UpdateItem`, ….
    pub(crate) fn asked(&self) -> Vec<String> {
        self.proxy.take_names()
    }

    /// The input of the last request.
    pub(crate) fn last(&self) -> Value {
        self.proxy.last().unwrap().body
    }

    /// The next requests meet these faults.
    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.proxy.rule(rules::next(|_| true, faults));
    }

    /// The next request for this operation meets this fault.
    pub(crate) fn fail_at(&self, operation: &'static str, fault: Fault) {
        self.proxy.rule(rules::next(rules::is(operation), [fault]));
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

fn create_tables(database: &Database) {
    let tables = include_str!("../../../../infra/tables.json").replace("${table}", TABLE);
    for mut table in serde_json::from_str::<Vec<Value>>(&tables).unwrap() {
        table.as_object_mut().unwrap().remove("TimeToLiveSpecification");
        database.create_table(serde_json::from_value(table).unwrap()).unwrap();
    }
}
