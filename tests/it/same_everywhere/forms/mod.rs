//! The events that AWS's fronts make of a request, written from AWS's documentation and from nothing of the door or its
//! emulator:
//!
//! - API Gateway guide, "Lambda proxy integrations in API Gateway" (REST), "Create AWS Lambda proxy integrations for HTTP
//!   APIs" (1.0 and 2.0), "Input to an API Gateway Lambda authorizer", "Control access to HTTP APIs with AWS Lambda
//!   authorizers", and "Amazon API Gateway important notes" for the fields that never get through.
//! - Lambda guide, "Creating and managing Lambda function URLs": request and response payloads.
//! - Elastic Load Balancing guide, "Use Lambda functions as targets of an Application Load Balancer".

mod alb;
mod http_api;
mod one;
mod questions;
mod two;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::requests::{Request, decoded_query};

pub(crate) use questions::{Question, question};

/// The inbound forms of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    RestApi,
    HttpApi1,
    HttpApi2,
    FunctionUrl,
    AlbSingle,
    AlbMulti,
}

impl Form {
    pub(crate) const ALL: [Self; 6] =
        [Self::RestApi, Self::HttpApi1, Self::HttpApi2, Self::FunctionUrl, Self::AlbSingle, Self::AlbMulti];

    /// Whether the front asks Lambda authorizers.
    pub(crate) fn is_gateway(self) -> bool {
        matches!(self, Self::RestApi | Self::HttpApi1 | Self::HttpApi2)
    }
}

/// Where an API of API Gateway stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Under its own name; an HTTP API with the stage `$default`, a REST API with the stage `prod`.
    Own,
    /// Under its own name, with the stage `prod`.
    Stage,
    /// Under the custom domain `api.same.example`, below its base path `/shop`.
    Domain,
}

impl Place {
    pub(crate) const ALL: [Self; 3] = [Self::Own, Self::Stage, Self::Domain];

    pub(crate) fn stage(self, form: Form) -> &'static str {
        if self == Self::Stage || form == Form::RestApi { "prod" } else { "$default" }
    }

    pub(crate) fn domain(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Domain, _) => "api.same.example",
            (_, Form::RestApi) => "rest1.execute-api.eu-central-1.amazonaws.com",
            _ => "http1.execute-api.eu-central-1.amazonaws.com",
        }
    }

    /// What stands before the path in the events of an integration.
    fn before(self, form: Form) -> &'static str {
        match self {
            Self::Domain => "/shop",
            Self::Stage if form != Form::RestApi => "/prod",
            _ => "",
        }
    }
}

/// The event that an integration or a function URL gets; `context` is what an authorizer before it said.
pub(crate) fn event(
    request: &Request,
    form: Form,
    place: Place,
    context: Option<&Map<String, Value>>,
) -> Value {
    match form {
        Form::RestApi => one::rest_api(request, place, context),
        Form::HttpApi1 => one::http_api(request, place, context),
        Form::HttpApi2 => two::http_api(request, place, context),
        Form::FunctionUrl => two::function_url(request),
        Form::AlbSingle => alb::event(request, false),
        Form::AlbMulti => alb::event(request, true),
    }
}

/// Decoded as fronts do: what is no encoding stays, bytes that are no UTF-8 become U+FFFD.
pub(crate) fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Names with all their values, each name once, in the order in which they first came.
pub(super) fn grouped(pairs: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        match groups.iter_mut().find(|(own, _)| own == name) {
            Some((_, values)) => values.push(value.clone()),
            None => groups.push((name.clone(), vec![value.clone()])),
        }
    }
    groups
}

/// The fields as a front passes them on, in lower case: with the address that it saw behind those that were stated.
pub(super) fn passed_on(request: &Request, dropped: &[&str]) -> Vec<(String, String)> {
    let lower = |(name, value): &(String, String)| (name.to_lowercase(), value.clone());
    let mut fields: Vec<(String, String)> = request.headers.iter().map(lower).collect();
    fields.retain(|(name, _)| !dropped.contains(&name.as_str()));
    let stated = fields.iter().filter(|(name, _)| name == "x-forwarded-for").map(|(_, value)| value.clone());
    let stated: Vec<String> = stated.chain([request.source_ip.clone()]).collect();
    fields.retain(|(name, _)| name != "x-forwarded-for");
    fields.push(("x-forwarded-for".to_owned(), stated.join(", ")));
    fields
}

/// "Amazon API Gateway important notes": of the connection to the gateway, not of the request.
pub(super) const OF_THE_CONNECTION: &[&str] =
    &["connection", "transfer-encoding", "te", "trailer", "upgrade"];

pub(super) fn singles(groups: &[(String, Vec<String>)], one: fn(&[String]) -> String) -> Value {
    object_or_null(groups.iter().map(|(name, values)| (name.clone(), json!(one(values)))).collect())
}

pub(super) fn lists(groups: &[(String, Vec<String>)]) -> Value {
    object_or_null(groups.iter().map(|(name, values)| (name.clone(), json!(values))).collect())
}

/// Without any parameter, the member is `null`.
fn object_or_null(members: Map<String, Value>) -> Value {
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}

pub(super) fn last(values: &[String]) -> String {
    values.last().cloned().unwrap_or_default()
}

pub(super) fn joined(values: &[String]) -> String {
    values.join(",")
}

pub(super) fn parameters(request: &Request) -> Vec<(String, Vec<String>)> {
    grouped(&decoded_query(&request.query))
}

/// What IAM says of a role's session.
pub(super) struct Session {
    pub(super) arn: String,
    pub(super) id: String,
}

pub(super) const ACCOUNT: &str = "123456789012";

pub(super) fn session(request: &Request) -> Option<Session> {
    let role = request.role?;
    Some(Session {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/build-1"),
        id: "AROAEXAMPLEEXAMPLE01:build-1".to_owned(),
    })
}
