//! The same requests, tried on the real processes: the functions' binaries over the emulator's Lambda.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_emulator::{Emulator, FunctionSpec, Functions, Options, Ports};
use doorward_testkit::{FunctionResult, GatewayApi};
use doorward_tests::http::send;
use doorward_tests::local_door::dynamodb;
use doorward_tests::{binaries, workspace};
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::callers::Callers;
use super::door::OwnDoor;
use super::forms::{Form, Place, event, question};
use super::lock::{AnswerWord, Lock};
use super::mutations::{Kit, Mutation, all};
use super::run::{Made, mutated};

/// Cases that are tried on the processes.
const CASES: usize = 2_400;

/// Processes at a time, of each function.
const AT_A_TIME: usize = 2;

/// The functions of the lock as processes.
struct Processes {
    emulator: Emulator,
    runtime: Option<tokio::runtime::Runtime>,
    _folder: tempfile::TempDir,
}

fn function(name: &str, config: &Path) -> FunctionSpec {
    FunctionSpec {
        name: name.to_owned(),
        binary: binaries::path(name),
        env: BTreeMap::from([("DOORWARD_CONFIG".to_owned(), config.display().to_string())]),
        timeout: Duration::from_secs(30),
        max_sandboxes: AT_A_TIME,
        working_dir: None,
    }
}

impl Processes {
    fn start(lock: &Lock, callers: &Callers) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in lock.answering(AnswerWord::IamPolicy) {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let config = folder.path().join("doorward.toml");
        let options = Options {
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            tables: std::fs::read_to_string(workspace::root().join("infra/tables.json")).unwrap(),
            table_prefix: "doorward".to_owned(),
            functions: Functions::Host(
                ["authorizer", "dispatcher", "orders"].map(|name| function(name, &config)).to_vec(),
            ),
            rest_api: None,
            http_api: None,
            websocket_api: None,
            function_url: None,
            alb: None,
            identities: Vec::new(),
            issuers: Vec::new(),
            ports: Ports::default(),
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let emulator = runtime.block_on(Emulator::start(options)).unwrap();
        for record in callers.api_key_records() {
            let text = |text: String| json!({ "S": text });
            let mut item = json!({
                "owner": text(format!("key#{}", record.hash.to_hex())),
                "item": text("key".to_owned()),
                "hash": text(record.hash.to_hex()),
                "id": text(record.id),
                "client": text(record.owner),
                "groups": { "L": record.groups.into_iter().map(text).collect::<Vec<_>>() },
                "created": text(record.created.to_string()),
            });
            for (name, at) in [("ends", record.expires), ("revoked", record.revoked)] {
                if let Some(at) = at {
                    item[name] = text(at.to_string());
                }
            }
            let put = json!({ "TableName": "doorward-state", "Item": item });
            let answer = dynamodb(emulator.dynamodb_url(), "PutItem", &put);
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        Self { emulator, runtime: Some(runtime), _folder: folder }
    }

    /// What `function` returns for `event`, and the line of the call, which is waited for where `has_line`.
    fn invoke(&self, function: &str, event: &Value, has_line: bool) -> (FunctionResult, Option<Value>) {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let answer = send(self.emulator.lambda_url(), "POST", &path, &[], event.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.header("x-amzn-requestid").unwrap().to_owned();
        let result = match answer.header("x-amz-function-error") {
            None => FunctionResult::Returned(answer.json()),
            Some(_) => FunctionResult::Failed(answer.json()["errorMessage"].as_str().unwrap().to_owned()),
        };
        (result, if has_line { Some(self.line(function, &id)) } else { None })
    }

    /// What a process prints is read beside its answers, so a line may come a little later.
    fn line(&self, function: &str, id: &str) -> Value {
        let asked = Instant::now();
        loop {
            let lines = self.emulator.logs().find(id).into_iter().filter(|line| line.source == function);
            let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
            if let Some(call) = lines.find(|line| line["event"] == "call") {
                return call;
            }
            assert!(asked.elapsed() < Duration::from_secs(30), "no line of the call {id}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // The functions are ended by the emulator, which needs its threads for it no more.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Route, resource, principal and refusal of a line.
type Said = (Option<String>, Option<String>, Option<String>, Option<String>);

fn said(line: &Value) -> Said {
    let text = |name: &str| line[name].as_str().map(str::to_owned);
    (text("action"), text("resource"), text("caller"), text("code"))
}

fn said_here(outcome: &super::outcome::Outcome) -> Said {
    let (route, resource) =
        outcome.route.clone().map_or((None, None), |(route, about)| (Some(route), Some(about)));
    let code = (!outcome.is_allowed()).then(|| outcome.code().to_owned());
    (route, resource, outcome.principal.clone(), code)
}

/// Without what is another's in every call.
fn without_id(result: &FunctionResult) -> FunctionResult {
    let mut result = result.clone();
    if let FunctionResult::Returned(answer) = &mut result
        && let Some(context) = answer["context"].as_object_mut()
    {
        assert!(context.remove("callId").is_some());
    }
    result
}

/// The doors of this process, beside the others.
struct Here {
    dispatcher: OwnDoor,
    authorizer: OwnDoor,
}

impl Here {
    fn compare(&self, processes: &Processes, at: usize, kit: &Kit, mutations: &[Mutation]) {
        let mut rng = Rng::with_seed(at as u64);
        // Another mutation for every request, and every form in turn.
        let Made { route, request, .. } = mutated(at * 17, kit, mutations, &mut rng);
        let form = Form::ALL[at % Form::ALL.len()];
        let place = if form.is_gateway() { Place::ALL[rng.usize(0..3)] } else { Place::Own };
        for door in [&self.dispatcher, &self.authorizer] {
            door.clock.set(Timestamp::now());
        }
        let told = || format!("case {at}, {route} as {form:?} at {place:?}: {request:?}");
        let own_event = event(&request, form, place, None);
        let here = self.dispatcher.dispatch(&own_event);
        let (result, line) = processes.invoke("dispatcher", &own_event, here.has_line);
        let FunctionResult::Returned(reply) = result else { panic!("{}: {result:?}", told()) };
        match line {
            Some(line) => assert_eq!(said(&line), said_here(&here), "{}", told()),
            None => assert_eq!(reply["statusCode"], 400, "{}: {reply}", told()),
        }
        if !here.is_allowed() {
            let problem: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
            assert_eq!(problem["code"], here.code(), "{}", told());
        }
        let api = match form {
            Form::RestApi if rng.bool() => GatewayApi::RestToken,
            Form::RestApi => GatewayApi::RestRequest,
            Form::HttpApi1 => GatewayApi::HttpApi1,
            Form::HttpApi2 => GatewayApi::HttpApi2Policy,
            Form::FunctionUrl | Form::AlbSingle | Form::AlbMulti => return,
        };
        let asked = question(&request, api, place, rng.bool());
        let (result_here, here) = self.authorizer.authorize(&asked.event);
        let (result, line) = processes.invoke("authorizer", &asked.event, here.has_line);
        assert_eq!(without_id(&result), without_id(&result_here), "{}", told());
        if let Some(line) = line {
            assert_eq!(said(&line), said_here(&here), "{}", told());
        }
    }
}

#[test]
fn the_real_processes_decide_as_their_code_does_here() {
    let kit = Kit::new(Callers::new(Timestamp::now()));
    let lock = Lock::new(&kit.callers);
    let rules = lock.rules(AnswerWord::IamPolicy);
    let processes = Processes::start(&lock, &kit.callers);
    // Whether a token whose time is about to come or to end is good would depend on who looks first.
    let mutations: Vec<Mutation> =
        all().into_iter().filter(|mutation| !mutation.name.ends_with("s from now")).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let open = || OwnDoor::open(&lock, &rules, &kit.callers, kit.callers.now);
        let here = Here { dispatcher: open(), authorizer: open() };
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            if at >= CASES {
                break;
            }
            here.compare(&processes, at, &kit, &mutations);
        }
    };
    std::thread::scope(|scope| {
        (0..AT_A_TIME).for_each(|_| drop(scope.spawn(work)));
    });
    println!("{CASES} cases through the real processes");
}
