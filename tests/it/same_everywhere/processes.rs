//! The same requests, tried on the real processes: the functions' binaries over the emulator's Lambda.

use std::collections::{BTreeMap, HashMap};
use std::panic::resume_unwind;
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
use super::outcome::Outcome;
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
            event_sources: Vec::new(),
            queues: Vec::new(),
            queue_mappings: Vec::new(),
            kinesis_streams: Vec::new(),
            functions: Functions::Host(
                ["authorizer", "dispatcher", "orders"].map(|name| function(name, &config)).to_vec(),
            ),
            rest_api: None,
            http_api: None,
            websocket_api: None,
            function_url: None,
            signed_function_url: None,
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

    /// What `function` returns for `event`, and the id of the invocation.
    fn invoke(&self, function: &str, event: &Value) -> (FunctionResult, String) {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let answer = send(self.emulator.lambda_url(), "POST", &path, &[], event.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.header("x-amzn-requestid").unwrap().to_owned();
        let result = match answer.header("x-amz-function-error") {
            None => FunctionResult::Returned(answer.json()),
            Some(_) => FunctionResult::Failed(answer.json()["errorMessage"].as_str().unwrap().to_owned()),
        };
        (result, id)
    }

    /// The lines of all calls by the ids of their invocations. What a process prints is read beside its answers, so some
    /// may come a little later.
    fn lines(&self, count: usize) -> HashMap<String, Value> {
        let asked = Instant::now();
        loop {
            let lines = self.emulator.logs().find("");
            let calls = lines.into_iter().filter_map(|line| {
                let call =
                    serde_json::from_str(&line.text).ok().filter(|call: &Value| call["event"] == "call")?;
                Some((line.request_id?, call))
            });
            let calls: HashMap<String, Value> = calls.collect();
            if calls.len() >= count {
                return calls;
            }
            assert!(asked.elapsed() < Duration::from_secs(60), "{} lines of {count} calls", calls.len());
            std::thread::sleep(Duration::from_millis(50));
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

/// Route, resource and principal.
type Said = [Option<String>; 3];

fn said(line: &Value) -> Said {
    ["action", "resource", "caller"].map(|name| line[name].as_str().map(str::to_owned))
}

fn said_here(outcome: &Outcome) -> Said {
    let (route, about) = outcome.route.clone().unzip();
    [route, about, outcome.principal.clone()]
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

/// What the line of an invocation must say.
struct Expected {
    id: String,
    said: Said,
    case: String,
}

/// The doors of this process, beside the others.
struct Here<'p> {
    dispatcher: OwnDoor,
    authorizer: OwnDoor,
    processes: &'p Processes,
    expected: Vec<Expected>,
}

impl Here<'_> {
    fn expect(&mut self, id: String, outcome: &Outcome, case: &str) {
        if outcome.has_line {
            self.expected.push(Expected { id, said: said_here(outcome), case: case.to_owned() });
        }
    }

    fn compare(&mut self, at: usize, kit: &Kit, mutations: &[Mutation]) {
        let mut rng = Rng::with_seed(at as u64);
        // Another mutation for every request, and every form in turn.
        let Made { route, request, .. } = mutated(at * 17, kit, mutations, &mut rng);
        let form = Form::ALL[at % Form::ALL.len()];
        let place = if form.is_gateway() { Place::ALL[rng.usize(0..3)] } else { Place::Own };
        let case = format!("case {at}, {route} as {form:?} at {place:?}: {request:?}");
        for door in [&self.dispatcher, &self.authorizer] {
            door.clock.set(Timestamp::now());
        }
        let own_event = event(&request, form, place, None);
        let here = self.dispatcher.dispatch(&own_event);
        let (result, id) = self.processes.invoke("dispatcher", &own_event);
        let FunctionResult::Returned(reply) = result else { panic!("{case}: {result:?}") };
        assert_eq!(refusal(&reply).as_deref(), here.refused(), "{case}: {reply}");
        self.expect(id, &here, &case);
        let api = match form {
            Form::RestApi if rng.bool() => GatewayApi::RestToken,
            Form::RestApi => GatewayApi::RestRequest,
            Form::HttpApi1 => GatewayApi::HttpApi1,
            Form::HttpApi2 => GatewayApi::HttpApi2Policy,
            Form::FunctionUrl | Form::AlbSingle | Form::AlbMulti => return,
        };
        let asked = question(&request, api, place, rng.bool());
        let (result_here, here) = self.authorizer.authorize(&asked.event);
        let (result, id) = self.processes.invoke("authorizer", &asked.event);
        assert_eq!(without_id(&result), without_id(&result_here), "{case}");
        self.expect(id, &here, &case);
    }
}

/// The refusal that a dispatcher's reply states; `None` where the call got to its target, whatever that made of it: the
/// demo's function knows its own routes only.
fn refusal(reply: &Value) -> Option<String> {
    let problem: Value = serde_json::from_str(reply["body"].as_str()?).ok()?;
    problem["code"].as_str().filter(|code| !code.starts_with("target-")).map(str::to_owned)
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
        let open = || OwnDoor::open(&rules, &kit.callers, kit.callers.now);
        let (dispatcher, authorizer) = (open(), open());
        let mut here = Here { dispatcher, authorizer, processes: &processes, expected: Vec::new() };
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            if at >= CASES {
                return here.expected;
            }
            here.compare(at, &kit, &mutations);
        }
    };
    let expected: Vec<Expected> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    });
    let lines = processes.lines(expected.len());
    for Expected { id, said: expected, case } in &expected {
        assert_eq!(said(&lines[id]), *expected, "{case}");
    }
    println!("{CASES} cases through the real processes, {} calls with a line", expected.len());
    assert!(CASES >= 2_000 && expected.len() >= CASES);
}
