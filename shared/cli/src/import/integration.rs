//! `x-amazon-apigateway-integration`: what an operation leads to
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>).

use serde_json::{Map, Value, json};

use super::{Reading, Rewrite, join, mappings, names, servers};

pub(super) const KEY: &str = "x-amazon-apigateway-integration";

/// What an integration leads to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leads {
    /// The name that its target has, where no other is called so.
    pub(super) name: String,
    pub(super) keys: Vec<(&'static str, Value)>,
    /// What a server is sent in the place of what was asked for.
    pub(super) rewrite: Rewrite,
}

/// Members that need no word: what they say holds of the door, or is read below.
const SAID: [&str; 11] = [
    "type",
    "uri",
    "httpMethod",
    "connectionType",
    "payloadFormatVersion",
    "timeoutInMillis",
    "integrationSubtype",
    "requestParameters",
    "cacheNamespace",
    "responseTransferMode",
    "integrationMethod",
];

/// Reads the integration at `at` of a route with this method and path; `None` where it leads to nothing that a door forwards to.
pub(super) fn read(reading: &mut Reading<'_>, at: &str, (method, path): (&str, &str)) -> Option<Leads> {
    let (at, integration) = reading.follow(at)?;
    reading.read.push(at.clone());
    let integration = integration.as_object()?;
    let kind = reading.text(&at, "type").unwrap_or_default().to_ascii_lowercase();
    tell_unsaid(reading, &at, integration);
    let leads = match kind.as_str() {
        "mock" => {
            let what = if method == "OPTIONS" {
                "a preflight that API Gateway answers: say `[cors]`, and the door answers preflights"
            } else {
                "an answer that API Gateway makes up itself (`mock`)"
            };
            reading.leave(&at, what);
            return None;
        }
        "http" | "http_proxy" => http(reading, &at, integration, &kind, (method, path)),
        "aws" | "aws_proxy" => aws(reading, &at, integration, &kind),
        other => {
            reading.leave(&join(&at, "type"), format!("the type of integration `{other}`"));
            None
        }
    };
    let mut leads = leads.unwrap_or_else(|| {
        let what = "the integration leads to nothing that is known here: set the target `to-be-set`";
        reading.leave(&at, what);
        to_be_set()
    });
    let stated = integration.get("timeoutInMillis").and_then(Value::as_u64);
    let timeout = stated.unwrap_or_else(|| default_timeout(integration));
    leads.keys.push(("timeout", json!(format!("{timeout}ms"))));
    Some(leads)
}

/// For how long API Gateway waits where nothing is said, in milliseconds: 30 s of an HTTP API, whose integrations name the
/// format of their payload, and 29 s of a REST API ("Quotas for HTTP APIs", "Quotas for REST APIs").
fn default_timeout(integration: &Map<String, Value>) -> u64 {
    if integration.contains_key("payloadFormatVersion") { 30_000 } else { 29_000 }
}

/// A target that is to be filled in. No function can be called so by chance: the name says what to do.
pub(super) fn to_be_set() -> Leads {
    Leads {
        name: "to-be-set".to_owned(),
        keys: vec![("lambda", json!("to-be-set"))],
        rewrite: Rewrite::default(),
    }
}

fn tell_unsaid(reading: &mut Reading<'_>, at: &str, integration: &Map<String, Value>) {
    for (name, value) in integration {
        let empty =
            value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        let what = match name.as_str() {
            name if SAID.contains(&name) || empty => continue,
            "responses" if is_plain(value) => continue,
            "responses" => "the mapping of the integration's answers: the door hands answers on as they are",
            "requestTemplates" => {
                "the mapping templates of the request: the door hands bodies on as they are"
            }
            "credentials" => "the role that the integration is called by: the door calls by its own role",
            "connectionId" => {
                "the VPC link: the door must be in the network itself, which `networks` in its target declares"
            }
            "tlsConfig" => "the TLS settings of the integration: certificates are always verified",
            "contentHandling" => {
                "the conversion between texts and binary bodies: the door hands bodies on as they are"
            }
            // What is exported of integrations that say nothing, and what holds of the door.
            "passthroughBehavior"
                if value.as_str().is_some_and(|word| word.eq_ignore_ascii_case("when_no_match")) =>
            {
                continue;
            }
            "passthroughBehavior" => {
                "media types without a mapping template are refused: the door hands bodies on, and a contract says which media types are taken"
            }
            "cacheKeyParameters" => "the cache of answers",
            "responseParameters" => "the mapping of the answer's header fields",
            _ => "this part of the integration",
        };
        reading.leave(&join(at, name), what);
    }
}

/// Answers that are handed on as they are, as the console writes them by default.
fn is_plain(responses: &Value) -> bool {
    let plain = |response: &Value| {
        response.as_object().is_some_and(|all| all.keys().all(|name| name == "statusCode"))
    };
    responses.as_object().is_some_and(|all| all.len() <= 1 && all.values().all(plain))
}

/// Whether the answer passes on while it comes in ("Set up a Lambda proxy integration with payload response streaming").
pub(super) fn streams(integration: &Map<String, Value>) -> bool {
    let mode = integration.get("responseTransferMode").and_then(Value::as_str);
    mode.is_some_and(|mode| mode.eq_ignore_ascii_case("stream"))
}

fn http(
    reading: &mut Reading<'_>,
    at: &str,
    integration: &Map<String, Value>,
    kind: &str,
    (method, own): (&str, &str),
) -> Option<Leads> {
    let uri = reading.text(at, "uri")?;
    let Some((base, path)) = servers::split(&uri) else {
        reading.leave(&join(at, "uri"), "the address of the integration is no URL of a server");
        if integration.get("requestParameters").and_then(Value::as_object).is_some_and(|all| !all.is_empty())
        {
            let what =
                "the mappings of the request: say them in the route's `rewrite` and the target's `headers`";
            reading.leave(&join(at, "requestParameters"), what);
        }
        return None;
    };
    if kind == "http" {
        reading.leave(
            &join(at, "type"),
            "an `http` integration maps requests and answers; the door hands them on as they are",
        );
    }
    let called = integration.get("httpMethod").and_then(Value::as_str).unwrap_or("ANY");
    if called != "ANY" && called != method {
        reading.leave(
            &join(at, "httpMethod"),
            format!("the integration is called by {called}; the door calls by the request's own method"),
        );
    }
    let mappings = mappings::read(reading, at, own);
    let keys = [("http", json!(base))].into_iter().chain(mappings.keys()).collect();
    let query = uri.split('#').next().and_then(|uri| uri.split_once('?')).map_or("", |(_, query)| query);
    let rewrite = mappings.rewrite(reading, &join(at, "uri"), &path, query);
    Some(Leads { name: servers::name(&base), keys, rewrite })
}

fn aws(reading: &mut Reading<'_>, at: &str, integration: &Map<String, Value>, kind: &str) -> Option<Leads> {
    if let Some(subtype) = integration.get("integrationSubtype").and_then(Value::as_str) {
        return service(reading, at, integration, subtype);
    }
    let uri = reading.text(at, "uri")?;
    let Some(function) = function(&uri) else {
        reading.leave(&join(at, "uri"), "an integration with an AWS service: the door has targets of its own for SQS, SNS, EventBridge and Step Functions");
        return None;
    };
    let mut keys = vec![("lambda", json!(function))];
    if kind == "aws" {
        reading.leave(
            &join(at, "type"),
            "an `aws` integration maps requests and answers; the door hands them on as they are",
        );
    } else if integration.get("payloadFormatVersion").and_then(Value::as_str).unwrap_or("1.0") == "1.0" {
        keys.push(("payload", json!("1.0")));
    }
    if streams(integration) {
        keys.push(("stream", json!(true)));
    }
    let parameters = integration.get("requestParameters").and_then(Value::as_object);
    for (name, value) in parameters.into_iter().flatten() {
        if name.eq_ignore_ascii_case("integration.request.header.X-Amz-Invocation-Type") && value == "'Event'"
        {
            keys.push(("invocation", json!("async")));
        } else {
            let value = value.as_str().unwrap_or_default();
            let what = format!(
                "the mapping `{name}` to `{value}`: functions are sent the request as callers send it"
            );
            reading.leave(&join(&join(at, "requestParameters"), name), what);
        }
    }
    let name = function.rsplit(":function:").next().unwrap_or(&function).replace(':', "-");
    Some(Leads { name: names::slug(&name), keys, rewrite: Rewrite::default() })
}

/// The function's ARN in `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`, in
/// `…/2021-11-15/functions/ARN/response-streaming-invocations`, or `uri` itself
/// where it is one.
fn function(uri: &str) -> Option<String> {
    let inner = uri.split_once("/functions/").map(|(_, behind)| {
        let ends = ["/response-streaming-invocations", "/invocations"];
        ends.iter().find_map(|end| behind.strip_suffix(end)).unwrap_or(behind)
    });
    let function = inner.or_else(|| uri.contains(":lambda:").then_some(uri))?;
    function.contains(":function:").then(|| function.to_owned())
}

/// The integrations of HTTP APIs with services that the door has targets for, where the request's body is what is sent.
fn service(
    reading: &mut Reading<'_>,
    at: &str,
    integration: &Map<String, Value>,
    subtype: &str,
) -> Option<Leads> {
    let parameters = integration.get("requestParameters").and_then(Value::as_object)?;
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let (key, to, of, extra) = match subtype {
        "SQS-SendMessage" => ("sqs", "QueueUrl", "MessageBody", None),
        "StepFunctions-StartExecution" => ("stepfunctions", "StateMachineArn", "Input", None),
        "StepFunctions-StartSyncExecution" => {
            ("stepfunctions", "StateMachineArn", "Input", Some(("invocation", json!("sync"))))
        }
        other => {
            reading
                .leave(&join(at, "integrationSubtype"), format!("the integration with a service, `{other}`"));
            return None;
        }
    };
    let (address, at) = (text(to)?, join(at, "requestParameters"));
    if text(of).is_none_or(|body| body != "$request.body") {
        reading.leave(&at, "the service is sent another thing than the request's body");
    }
    // The address says the region.
    for name in parameters.keys().filter(|name| ![to, of, "Region"].contains(&name.as_str())) {
        reading.leave(
            &join(&at, name),
            format!("`{name}`, which the service is told beside the request's body"),
        );
    }
    let name = address.rsplit(['/', ':']).next().unwrap_or(address);
    Some(Leads {
        name: names::slug(name),
        keys: [(key, json!(address))].into_iter().chain(extra).collect(),
        rewrite: Rewrite::default(),
    })
}
