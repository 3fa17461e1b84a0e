//! `doorward dev` in a process of its own, on ports that are free.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::http::{self, Answer};
use crate::{binaries, workspace};

/// A running local door; closed when it is dropped.
pub struct LocalDoor {
    process: Child,
    announced: Value,
}

impl LocalDoor {
    /// Opens the door of `project` with further arguments, and waits until it says that it is open.
    ///
    /// # Panics
    /// When it does not open.
    #[must_use]
    pub fn open(project: &Path, arguments: &[&str]) -> Self {
        Self::open_with(project, arguments, &[])
    }

    /// As [`LocalDoor::open`], with `variables` in its environment.
    ///
    /// # Panics
    /// When it does not open.
    #[must_use]
    pub fn open_with(project: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(binaries::path("doorward"))
            .current_dir(workspace::root())
            .args(["dev", "--port", "0", "--format", "json"])
            .arg(project)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the door starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("it says something");
        let announced = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { process, announced }
    }

    fn url(&self, name: &str) -> &str {
        self.announced[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {}", self.announced))
    }

    /// Where the HTTP API listens.
    #[must_use]
    pub fn http_api(&self) -> &str {
        self.url("http_api")
    }

    /// Where the function URL listens.
    #[must_use]
    pub fn function_url(&self) -> &str {
        self.url("function_url")
    }

    /// Where the function URL listens that verifies signatures.
    #[must_use]
    pub fn signed_function_url(&self) -> &str {
        self.url("signed_function_url")
    }

    /// Who may sign, in the order of `--sign-as`: `access_key`, `secret_key`, `session_token` and `region` of each.
    #[must_use]
    pub fn callers(&self) -> &Value {
        &self.announced["callers"]
    }

    /// Where the REST API listens, and its stage.
    #[must_use]
    pub fn rest_api(&self) -> &str {
        self.url("rest_api")
    }

    /// Where the WebSocket API listens, and its stage.
    #[must_use]
    pub fn websocket_api(&self) -> &str {
        self.url("websocket_api")
    }

    /// Where the load balancer listens.
    #[must_use]
    pub fn alb(&self) -> &str {
        self.url("alb")
    }

    /// Where the Invoke API listens.
    #[must_use]
    pub fn lambda(&self) -> &str {
        self.url("lambda")
    }

    /// Where DynamoDB listens.
    #[must_use]
    pub fn dynamodb(&self) -> &str {
        self.url("dynamodb")
    }

    /// Where SQS listens.
    #[must_use]
    pub fn sqs(&self) -> &str {
        self.url("sqs")
    }

    /// Where Kinesis listens.
    #[must_use]
    pub fn kinesis(&self) -> &str {
        self.url("kinesis")
    }

    /// The services that targets need and that are nowhere.
    #[must_use]
    pub fn absent(&self) -> &Value {
        &self.announced["absent"]
    }

    /// The file with the environment for functions that somebody else runs.
    #[must_use]
    pub fn env_file(&self) -> &Path {
        Path::new(self.url("env_file"))
    }

    /// An `Authorization` field for the caller that `query` describes.
    ///
    /// # Panics
    /// When the issuer refuses it.
    #[must_use]
    pub fn bearer_of(&self, query: &str) -> String {
        self.bearer_from("main", query)
    }

    /// An `Authorization` field of the issuer's for the caller that `query` describes.
    ///
    /// # Panics
    /// When the issuer refuses it.
    #[must_use]
    pub fn bearer_from(&self, issuer: &str, query: &str) -> String {
        let (base, path) = self.url("token").rsplit_once("/main/").expect("the issuer `main`");
        let answer = http::send(base, "GET", &format!("/{issuer}/{path}?{query}"), &[], b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        format!("Bearer {}", answer.body.trim())
    }

    /// The claims that a token needs, with samples of their types.
    #[must_use]
    pub fn token_claims(&self) -> &Value {
        &self.announced["token_claims"]
    }

    /// An `Authorization` field for this caller.
    #[must_use]
    pub fn bearer(&self, subject: &str, groups: &str) -> String {
        self.bearer_of(&format!("sub={subject}&groups={groups}"))
    }

    /// One record of a DynamoDB table by its key, or `Null`.
    #[must_use]
    pub fn item(&self, table: &str, key: &Value) -> Value {
        let body = serde_json::json!({ "TableName": table, "Key": key, "ConsistentRead": true });
        dynamodb(self.dynamodb(), "GetItem", &body).json()["Item"].clone()
    }

    /// The ledger's item of the call `id`, or `Null`.
    #[must_use]
    pub fn ledger(&self, id: &str) -> Value {
        self.item("doorward-ledger", &serde_json::json!({ "call": { "S": id } }))
    }

    /// The lines that belong to the request `id`, each as JSON, its source as `source`.
    #[must_use]
    pub fn lines(&self, id: &str) -> Vec<Value> {
        // A gateway's request id is base64, whose `+` would be read as a space.
        let id: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = http::send(self.lambda(), "GET", &format!("/_doorward/logs?id={id}"), &[], b"");
        let lines = answer.json();
        let text = |line: &Value| serde_json::from_str(line["text"].as_str()?).ok();
        lines.as_array().into_iter().flatten().filter_map(text).collect()
    }
}

/// One operation of DynamoDB's JSON protocol; stores on this machine take any signature.
#[must_use]
pub fn dynamodb(endpoint: &str, operation: &str, body: &Value) -> Answer {
    let target = format!("DynamoDB_20120810.{operation}");
    let signature = "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/dynamodb/aws4_request, \
                     SignedHeaders=host, Signature=0";
    let headers = [
        ("x-amz-target", target.as_str()),
        ("x-amz-date", "20261124T000000Z"),
        ("content-type", "application/x-amz-json-1.0"),
        ("authorization", signature),
    ];
    http::send(endpoint, "POST", "/", &headers, body.to_string().as_bytes())
}

impl Drop for LocalDoor {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        let _ = self.process.wait();
    }
}
