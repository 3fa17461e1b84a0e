use std::time::Duration;

use doorward_config::{Endpoint, Invocation, StepFunctionsTarget};
use doorward_core::ports::Forward;
use doorward_model::{Reply, TargetFault, error_name};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LARGEST_RECEIPT, attributes, fault, names, payload};
use crate::accepted::{accepted, json as json_reply};
use crate::api::{ApiError, Place, Question, Service, ServiceApi};

/// The largest input and the largest output of an execution, in bytes ("Step Functions service quotas": 256 KiB).
const LARGEST: usize = 256 * 1024;
/// The largest answer of `StartSyncExecution`: it has input and output in it, of which JSON may write a byte in six.
const LARGEST_ANSWER: usize = 2 * 6 * LARGEST + LARGEST_RECEIPT;

/// "StartExecution", Step Functions API reference.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    state_machine_arn: &'a str,
    name: &'a str,
    input: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_header: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    execution_arn: String,
    /// Seconds.
    start_date: f64,
}

/// "StartSyncExecution", Step Functions API reference.
#[derive(Deserialize)]
struct Finished {
    status: String,
    output: Option<String>,
    error: Option<String>,
}

/// Starts an execution; its name follows from the call.
pub(super) async fn send(
    api: &ServiceApi,
    kind: StepFunctionsTarget,
    endpoint: &Endpoint,
    forward: &Forward<'_>,
    within: Duration,
) -> Result<Reply, TargetFault> {
    let (input, _) = payload::json(forward)?;
    if input.len() > LARGEST {
        return Err(TargetFault::Unfit("it is larger than the 256 KiB that a state machine takes"));
    }
    let name = names::execution(forward.call.id.as_str());
    let start = Start {
        state_machine_arn: &endpoint.address,
        name: &name,
        input: &input,
        trace_header: attributes::xray(forward),
    };
    let body = serde_json::to_string(&start).map_err(|_| TargetFault::Unfit("it cannot be written"))?;
    let (operation, prefix, largest) = match kind.invocation {
        Invocation::Async => ("StartExecution", "", LARGEST_RECEIPT),
        // This operation has a host of its own.
        Invocation::Sync => ("StartSyncExecution", "sync-", LARGEST_ANSWER),
    };
    let asked = api
        .ask(Question {
            service: Service::StepFunctions,
            region: endpoint.region.as_deref(),
            place: Place::Region(prefix),
            operation,
            body: &body,
            trace: None,
            within,
            largest,
        })
        .await;
    match (kind.invocation, asked) {
        (Invocation::Async, Ok(answer)) => started(&answer),
        // Only an earlier try of this call can have started an execution of this name.
        (Invocation::Async, Err(ApiError::Refused(word))) if word == "ExecutionAlreadyExists" => {
            Ok(accepted(&json!({ "executionArn": execution_arn(&endpoint.address, &name) })))
        }
        (Invocation::Sync, Ok(answer)) => finished(&answer),
        (_, Err(error)) => Err(error.into()),
    }
}

fn started(answer: &[u8]) -> Result<Reply, TargetFault> {
    let started: Started = serde_json::from_slice(answer).map_err(|_| fault::unreadable())?;
    let at = Timestamp::from_millisecond((started.start_date * 1000.0) as i64);
    let at = at.map_err(|_| fault::unreadable())?;
    Ok(accepted(&json!({ "executionArn": started.execution_arn, "startDate": at.to_string() })))
}

/// The output of an execution that succeeded; else its error's name, without its cause, which may quote what it worked on.
fn finished(answer: &[u8]) -> Result<Reply, TargetFault> {
    let finished: Finished = serde_json::from_slice(answer).map_err(|_| fault::unreadable())?;
    match (finished.status.as_str(), finished.output) {
        ("SUCCEEDED", Some(output)) => {
            serde_json::from_str::<Value>(&output).map_err(|_| fault::unreadable())?;
            Ok(json_reply(StatusCode::OK, output))
        }
        ("FAILED", _) => Err(TargetFault::Failed(error_name(finished.error.as_deref()))),
        ("TIMED_OUT", _) => Err(TargetFault::TimedOut),
        _ => Err(fault::unreadable()),
    }
}

/// The ARN of the execution `name` of a state machine, whose own may have a version or an alias behind it.
fn execution_arn(machine: &str, name: &str) -> String {
    let parts: Vec<&str> = machine.splitn(8, ':').collect();
    match parts.as_slice() {
        [arn, partition, service, region, account, "stateMachine", machine, ..] => {
            format!("{arn}:{partition}:{service}:{region}:{account}:execution:{machine}:{name}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_named_after_its_machine() {
        let machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:ship";
        let execution = "arn:aws:states:eu-west-1:123456789012:execution:ship:c-1";
        assert_eq!(execution_arn(machine, "c-1"), execution);
        assert_eq!(execution_arn(&format!("{machine}:live"), "c-1"), execution);
    }

    #[test]
    fn an_execution_that_did_not_succeed_tells_its_errors_name_only() {
        let check = |answer: Value, expected: TargetFault| {
            assert_eq!(finished(answer.to_string().as_bytes()).unwrap_err(), expected, "{answer}");
        };
        let failed = |name: &str| TargetFault::Failed(name.to_owned());
        check(
            json!({ "status": "FAILED", "error": "Shop.NoStock", "cause": "card 4111" }),
            failed("Shop.NoStock"),
        );
        check(json!({ "status": "FAILED" }), failed("an error without a type"));
        check(json!({ "status": "TIMED_OUT" }), TargetFault::TimedOut);
        check(json!({ "status": "SUCCEEDED" }), fault::unreadable());
        check(json!({ "status": "SUCCEEDED", "output": "{" }), fault::unreadable());
        check(json!({ "status": "RUNNING", "output": "{}" }), fault::unreadable());
        check(json!({}), fault::unreadable());
    }
}
