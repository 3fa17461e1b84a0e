//! Dispatchers as processes over one store: each over a Runtime API and through proxies of its own, so that a test says
//! what happens to which request of which process.

pub(crate) mod ledger;
pub(crate) mod process;
pub(crate) mod requests;
pub(crate) mod roll_up;
pub(crate) mod runtime_api;
pub(crate) mod sums;
pub(crate) mod target;

use std::fs::File;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use doorward_emulator::{Emulator, EmulatorError, Functions, Options, Ports};
use doorward_testkit::http1::HttpMessage;
use doorward_tests::{free_address, workspace};
use serde_json::{Value, json};
use tokio::io::BufReader;
use tokio::net::TcpStream;

use crate::issuer;
use process::{Process, Surroundings};
use requests::KeyHolder;
use roll_up::RollUp;
use target::Targets;

/// What the processes of a test have in common.
pub(crate) struct Fleet {
    pub(crate) targets: Targets,
    store: SocketAddr,
    config: PathBuf,
    logs: tempfile::TempDir,
    emulator: Emulator,
    roll_up: Option<RollUp>,
}

impl Fleet {
    /// An empty store, targets, and the project of this configuration.
    pub(crate) async fn new(config: &Path) -> Self {
        Self::start(config, None).await
    }

    /// The same, with the roll-up behind the ledger's stream.
    pub(crate) async fn rolled_up(config: &Path) -> Self {
        Self::start(config, Some(RollUp::new)).await
    }

    async fn start(config: &Path, roll_up: Option<fn(SocketAddr) -> RollUp>) -> Self {
        let targets = Targets::start().await;
        loop {
            // The roll-up must know where the store will be.
            let store = free_address().unwrap();
            let roll_up = roll_up.map(|roll_up| roll_up(store));
            let emulator = Emulator::start(Options {
                tables: std::fs::read_to_string(workspace::root().join("infra/tables.json")).unwrap(),
                functions: Functions::Host(roll_up.iter().map(|roll_up| roll_up.function(config)).collect()),
                event_sources: roll_up.iter().map(|_| RollUp::mapping()).collect(),
                issuers: Vec::new(),
                ports: Ports { dynamodb: store.port(), ..Ports::default() },
                ..issuer::options()
            });
            match emulator.await {
                Ok(emulator) => {
                    let (config, logs) = (config.to_owned(), tempfile::tempdir().unwrap());
                    return Self { targets, store, config, logs, emulator, roll_up };
                }
                // Somebody was faster.
                Err(EmulatorError::Listen { cause, .. }) if cause.kind() == ErrorKind::AddrInUse => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The roll-up, where there is one.
    pub(crate) fn roll_up(&self) -> &RollUp {
        self.roll_up.as_ref().unwrap()
    }

    /// One more dispatcher.
    pub(crate) async fn dispatcher(&self, at_once: usize) -> Process {
        let (config, store, targets) = (self.config.as_path(), self.store, self.targets.address);
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        Process::start(Surroundings { config, store, targets, at_once, log }).await
    }

    /// What all processes have written to their logs.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.logs.path().join("dispatcher.log")
    }

    /// Where DynamoDB is.
    pub(crate) fn dynamodb_url(&self) -> &str {
        self.emulator.dynamodb_url()
    }

    /// One operation of DynamoDB's, past all proxies.
    pub(crate) async fn ask(&self, operation: &str, input: &Value) -> Value {
        let mut connection = BufReader::new(TcpStream::connect(self.store).await.unwrap());
        let fields = [
            ("host", self.store.to_string()),
            ("x-amz-target", format!("DynamoDB_20120810.{operation}")),
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            ("x-amz-date", "20261124T000000Z".to_owned()),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/dynamodb/aws4_request, \
                 SignedHeaders=host, Signature=0"
                    .to_owned(),
            ),
        ];
        let request = HttpMessage {
            start: "POST / HTTP/1.1".to_owned(),
            fields: fields.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: input.to_string().into_bytes(),
        };
        request.write(&mut connection).await.unwrap();
        let answer = HttpMessage::read(&mut connection).await.unwrap().unwrap();
        let body = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status(), 200, "{operation}: {body}");
        body
    }

    /// Makes the caller's key known.
    pub(crate) async fn enrol(&self, holder: &KeyHolder) {
        self.ask("PutItem", &json!({ "TableName": "doorward-state", "Item": holder.item() })).await;
    }

    /// The ledger's row of this call, or `Null`.
    pub(crate) async fn row(&self, call: &str) -> Value {
        let key = json!({ "call": { "S": call } });
        let input = json!({ "TableName": "doorward-ledger", "Key": key, "ConsistentRead": true });
        self.ask("GetItem", &input).await["Item"].take()
    }

    /// The item of the state table in this place, or `Null`.
    pub(crate) async fn state(&self, owner: &str, item: &str) -> Value {
        let key = json!({ "owner": { "S": owner }, "item": { "S": item } });
        let input = json!({ "TableName": "doorward-state", "Key": key, "ConsistentRead": true });
        self.ask("GetItem", &input).await["Item"].take()
    }

    /// How much the quotas of this caller have given, whatever their window; all names of quotas begin with `q#`.
    pub(crate) async fn given(&self, caller: &str) -> u64 {
        let item = self.state(&format!("caller#{caller}"), "limits").await;
        let quotas = item.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("q#"));
        quotas.map(|(_, used)| used["N"].as_str().unwrap().parse::<u64>().unwrap()).sum()
    }

    pub(crate) async fn close(self) {
        self.emulator.shutdown().await;
    }
}
