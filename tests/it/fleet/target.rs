use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_testkit::http1::HttpMessage;
use serde_json::{Value, json};
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};

/// Every target of the door behind an Invoke API, which counts who was carried to it and how often.
#[derive(Clone)]
pub(crate) struct Targets {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// How often each ran and succeeded, and how often it ran and failed.
    runs: HashMap<String, Runs>,
    /// How often each is still to fail.
    to_fail: HashMap<String, usize>,
    /// How many units calls of each path count for, where targets say so.
    units: HashMap<String, u64>,
}

/// What one call came to at its target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    pub(crate) succeeded: usize,
    pub(crate) failed: usize,
}

impl Targets {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let targets = Self { address, state: Arc::default() };
        let serving = targets.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(connection));
            }
        });
        targets
    }

    /// The next runs of this call fail.
    pub(crate) fn fail(&self, subject: &str, times: usize) {
        self.state().to_fail.insert(subject.to_owned(), times);
    }

    /// Calls of `path` are answered with this `x-units`.
    pub(crate) fn say_units(&self, path: &str, units: u64) {
        self.state().units.insert(path.to_owned(), units);
    }

    /// What became of the call with this id, or of the event about the object with this key.
    pub(crate) fn runs(&self, subject: &str) -> Runs {
        self.state().runs.get(subject).copied().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self, connection: TcpStream) {
        let mut connection = BufReader::new(connection);
        while let Ok(Some(request)) = HttpMessage::read(&mut connection).await {
            if self.run(&request.body).write(&mut connection).await.is_err() {
                return;
            }
        }
    }

    fn run(&self, event: &[u8]) -> HttpMessage {
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        // The records of one event come together, and a function that fails fails all of them.
        let keys: Vec<&str> = event["Records"]
            .as_array()
            .map(|records| {
                records.iter().filter_map(|record| record["s3"]["object"]["key"].as_str()).collect()
            })
            .unwrap_or_default();
        let subjects = match keys.is_empty() {
            false => keys,
            true => vec![event["requestContext"]["requestId"].as_str().unwrap_or_default()],
        };
        let mut state = self.state();
        let mut fails = false;
        for subject in &subjects {
            if let Some(left) = state.to_fail.get_mut(*subject).filter(|left| **left > 0) {
                *left -= 1;
                fails = true;
            }
        }
        for subject in subjects {
            let runs = state.runs.entry(subject.to_owned()).or_default();
            match fails {
                true => runs.failed += 1,
                false => runs.succeeded += 1,
            }
        }
        if fails {
            let error = json!({ "errorType": "Out", "errorMessage": "of order" }).to_string();
            return HttpMessage::answer(200, error).with("x-amz-function-error", "Unhandled");
        }
        let units = event["rawPath"].as_str().and_then(|path| state.units.get(path));
        let headers = units.map_or(json!({}), |units| json!({ "x-units": units.to_string() }));
        HttpMessage::answer(200, json!({ "statusCode": 201, "headers": headers, "body": "{}" }).to_string())
    }
}
