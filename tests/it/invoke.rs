//! The invoke door end to end: AWS's own client of Lambda, with its endpoint at a function URL of the local door.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_aws::{InvokeAnswer, InvokeClient, InvokeCredentials, InvokeInput, InvokeRefusal};
use doorward_model::InvocationType;
use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::check::project;

const ROLES: [&str; 2] =
    ["arn:aws:iam::123456789012:role/warehouse", "arn:aws:iam::123456789012:role/reports"];
const PATH: &str = "/2015-03-31/functions/receipts/invocations";

const ROUTES: &str = r#"
[[routes]]
id = "tryOrders"
invoke = { function = "arn:aws:lambda:us-east-1:123456789012:function:orders", qualifiers = ["live"], log_tail = true }
target = "orders"
auth = ["iam", "main"]

"#;

const DEFAULT_PLAN: &str = r#"limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/day" }]"#;

const POLICY: &str = r#"
@id("the-warehouse-tries-orders")
permit(principal == Role::"arn:aws:iam::123456789012:role/warehouse", action == Action::"tryOrders", resource);
"#;

struct Fixture {
    runtime: Runtime,
    door: LocalDoor,
    _project: TempDir,
}

type Answer = Result<InvokeAnswer, InvokeRefusal>;

impl Fixture {
    fn open(plan: &str) -> Self {
        let change = |text: String| text.replace(DEFAULT_PLAN, &format!("limits = [{plan}]")) + ROUTES;
        let project = project(&[("doorward.toml", &change), ("warehouse.cedar", &|text| text + POLICY)]);
        let [warehouse, reports] = ROLES;
        let door = LocalDoor::open(project.path(), &["--sign-as", warehouse, "--sign-as", reports]);
        Self { runtime: Runtime::new().unwrap(), door, _project: project }
    }

    fn client(&self, who: usize, change: impl FnOnce(&mut InvokeCredentials<'_>)) -> InvokeClient {
        let caller = &self.door.callers()[who];
        let text = |name: &str| caller[name].as_str().unwrap();
        let mut credentials = InvokeCredentials {
            access_key: text("access_key"),
            secret_key: text("secret_key"),
            session_token: caller["session_token"].as_str(),
            region: text("region"),
        };
        change(&mut credentials);
        InvokeClient::new(self.door.signed_function_url(), credentials).unwrap()
    }

    /// The warehouse is 0, the reports are 1.
    fn ask(&self, who: usize, input: InvokeInput<'_>) -> Answer {
        self.runtime.block_on(self.client(who, |_| {}).invoke(input))
    }

    /// The call that was answered, by its id in the ledger.
    fn call_of(&self, answer: &InvokeAnswer) -> String {
        let lines = self.door.lines(answer.request_id.as_deref().unwrap());
        lines.iter().find_map(|line| line["integrationRequestId"].as_str()).unwrap().to_owned()
    }

    /// How often the receipts' function was handed this object.
    fn booked(&self, key: &str) -> usize {
        let lines = self.door.lines(key);
        lines.iter().filter(|line| line["event"] == "receipt-booked" && line["key"] == key).count()
    }

    /// Waits until something is so, since functions print when they like.
    #[track_caller]
    fn until(&self, what: impl Fn(&Self) -> bool) {
        for _ in 0..600 {
            if what(self) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("it never happened");
    }
}

/// A notification about this object, as the receipts' function takes it.
fn receipt(key: &str) -> Vec<u8> {
    let sample: Value = json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": "ObjectCreated:Put",
        "eventTime": "2026-11-24T12:00:00.000Z", "userIdentity": { "principalId": "A" },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" }, "responseElements": {},
        "s3": { "s3SchemaVersion": "1.0", "configurationId": "c",
                "bucket": { "name": "receipts", "ownerIdentity": { "principalId": "A" }, "arn": "arn:aws:s3:::receipts" },
                "object": { "key": key, "size": 1, "eTag": "e", "sequencer": "00" } },
    }] });
    sample.to_string().into_bytes()
}

#[track_caller]
fn refused(answer: Answer, status: u16, exception: &str, code: Option<&str>) -> InvokeRefusal {
    let refusal = answer.unwrap_err();
    let found = (refusal.status, refusal.exception.as_str(), refusal.code.as_deref());
    assert_eq!(found, (status, exception, code), "{refusal:?}");
    refusal
}

#[test]
fn awss_own_client_calls_a_function_through_the_door() {
    let fixture = Fixture::open("{ rate = \"1000/s\" }");
    let payload = receipt("in/one.pdf");
    let answer = fixture.ask(0, InvokeInput::new("receipts", &payload)).unwrap();
    assert_eq!((answer.status, &answer.payload[..]), (200, &br#"{"booked":1}"#[..]));
    assert_eq!((answer.executed_version.as_deref(), &answer.function_error), (Some("$LATEST"), &None));
    fixture.until(|fixture| fixture.booked("in/one.pdf") == 1);
    // What the ledger keeps is a call as any other.
    let row = fixture.door.ledger(&fixture.call_of(&answer));
    assert_eq!(row["action"]["S"], "bookReceipt", "{row}");

    asking_costs_nothing_and_touches_nothing(&fixture);
    an_event_is_taken_and_runs_later(&fixture);
    the_functions_own_error_is_passed_on(&fixture);
    names_versions_and_payloads_that_are_none_are_told_as_lambda_does(&fixture);
    wrong_signatures_get_no_further_than_the_function_url(&fixture);
    where_no_signature_is_verified_a_token_proves_the_caller(&fixture);
}

fn asking_costs_nothing_and_touches_nothing(fixture: &Fixture) {
    let other = receipt("in/two.pdf");
    let dry =
        |payload| InvokeInput { kind: Some(InvocationType::DryRun), ..InvokeInput::new("receipts", payload) };
    let answer = fixture.ask(0, dry(&other)).unwrap();
    assert_eq!((answer.status, answer.payload.len()), (204, 0));
    assert_eq!(fixture.door.ledger(&fixture.call_of(&answer)), Value::Null);
    refused(fixture.ask(1, dry(&other)), 403, "AccessDeniedException", Some("forbidden"));
    refused(
        fixture.ask(1, InvokeInput::new("receipts", &other)),
        403,
        "AccessDeniedException",
        Some("forbidden"),
    );
}

fn an_event_is_taken_and_runs_later(fixture: &Fixture) {
    let other = receipt("in/two.pdf");
    let event = InvokeInput { kind: Some(InvocationType::Event), ..InvokeInput::new("receipts", &other) };
    let answer = fixture.ask(0, event).unwrap();
    assert_eq!((answer.status, answer.payload.len()), (202, 0));
    fixture.until(|fixture| fixture.booked("in/two.pdf") == 1);
}

/// With its log, where that is given.
fn the_functions_own_error_is_passed_on(fixture: &Fixture) {
    let payload = receipt("in/one.pdf");
    let wrong = InvokeInput { log_tail: true, qualifier: Some("live"), ..InvokeInput::new("orders", b"{}") };
    let answer = fixture.ask(0, wrong).unwrap();
    assert_eq!((answer.status, answer.function_error.as_deref()), (200, Some("Unhandled")));
    let told: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert!(told["errorMessage"].is_string(), "{told}");
    assert_eq!(answer.executed_version.as_deref(), Some("live"));
    assert!(STANDARD.decode(answer.log.unwrap()).unwrap().len() <= 4096);
    let tail = InvokeInput { log_tail: true, ..InvokeInput::new("receipts", &payload) };
    refused(fixture.ask(0, tail), 400, "InvalidParameterValueException", Some("invalid-invocation"));
}

fn names_versions_and_payloads_that_are_none_are_told_as_lambda_does(fixture: &Fixture) {
    let payload = receipt("in/one.pdf");
    for function in ["receipt", "receipts:live", "123456789012:function:receipts"] {
        let refusal = refused(
            fixture.ask(0, InvokeInput::new(function, &payload)),
            404,
            "ResourceNotFoundException",
            Some("not-found"),
        );
        assert!(refusal.typed, "{refusal:?}");
    }
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:orders";
    assert_eq!(fixture.ask(0, InvokeInput::new(arn, b"{}")).unwrap().status, 200);
    let elsewhere = arn.replace("us-east-1", "eu-west-1");
    refused(
        fixture.ask(0, InvokeInput::new(&elsewhere, b"{}")),
        404,
        "ResourceNotFoundException",
        Some("not-found"),
    );
    let refusal = refused(
        fixture.ask(0, InvokeInput::new("receipts", b"{")),
        400,
        "InvalidRequestContentException",
        Some("malformed-json"),
    );
    assert!(refusal.typed, "{refusal:?}");
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    let refusal = refused(
        fixture.ask(0, InvokeInput::new("receipts", large.as_bytes())),
        413,
        "RequestTooLargeException",
        Some("payload-too-large"),
    );
    assert!(refusal.typed, "{refusal:?}");
}

fn wrong_signatures_get_no_further_than_the_function_url(fixture: &Fixture) {
    let payload = receipt("in/one.pdf");
    let signed = |change: fn(&mut InvokeCredentials<'_>)| {
        let client = fixture.client(0, change);
        fixture.runtime.block_on(client.invoke(InvokeInput::new("receipts", &payload))).unwrap_err()
    };
    for wrong in [
        signed(|credentials| credentials.secret_key = "wrong"),
        signed(|credentials| credentials.access_key = "ASIAWRONG"),
        signed(|credentials| credentials.session_token = None),
        signed(|credentials| credentials.region = "eu-west-1"),
    ] {
        assert_eq!((wrong.status, wrong.code), (403, None));
    }
}

/// The other function URL.
fn where_no_signature_is_verified_a_token_proves_the_caller(fixture: &Fixture) {
    let token = fixture.door.bearer("alice", "customers");
    let headers = [("authorization", token.as_str())];
    let answer =
        send(fixture.door.function_url(), "POST", &PATH.replace("receipts", "orders"), &headers, b"{}");
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    let answer = send(fixture.door.function_url(), "POST", PATH, &headers, b"{}");
    let missing = (403, Some("MissingAuthenticationTokenException"));
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), missing, "it takes signatures alone");
    for front in [fixture.door.function_url(), fixture.door.http_api()] {
        let twice = [headers[0], ("x-amz-invocation-type", "DryRun"), ("X-Amz-Invocation-Type", "Event")];
        let answer = send(front, "POST", PATH, &twice, b"{}");
        assert_eq!(
            (answer.status, answer.header("x-doorward-code")),
            (400, Some("invalid-invocation")),
            "{answer:?}"
        );
    }
}

#[test]
fn a_caller_over_the_limit_reads_too_many_requests() {
    let fixture = Fixture::open("{ quota = \"1/day\", mode = \"hard\" }");
    let payload = receipt("in/limit.pdf");
    assert_eq!(fixture.ask(0, InvokeInput::new("receipts", &payload)).unwrap().status, 200);
    let refusal = refused(
        fixture.ask(0, InvokeInput::new("receipts", &payload)),
        429,
        "TooManyRequestsException",
        Some("quota-exceeded"),
    );
    assert!(refusal.typed, "{refusal:?}");
}
