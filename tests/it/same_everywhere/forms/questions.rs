//! What API Gateway asks a Lambda authorizer about a request.

use doorward_testkit::{GatewayApi, GatewayRequest};
use serde_json::{Value, json};

use super::{Form, Place, http_api, joined, last, lists, one, parameters, singles, two};
use crate::same_everywhere::requests::{Request, decoded_query};

/// A question, and what of the request the gateway's cache goes by.
pub(crate) struct Question {
    pub(crate) event: Value,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    method: String,
    path: String,
    source_ip: String,
    domain: &'static str,
    arn: String,
}

impl Question {
    /// What a `TOKEN` question asks about.
    pub(crate) fn token(&self) -> Option<&str> {
        self.event.get("authorizationToken").and_then(Value::as_str)
    }

    pub(crate) fn request(&self) -> GatewayRequest<'_> {
        GatewayRequest {
            headers: &self.headers,
            query: &self.query,
            method: &self.method,
            path: &self.path,
            source_ip: &self.source_ip,
            domain: self.domain,
            route_key: "$default",
            arn: &self.arn,
        }
    }
}

/// The form of the integration's events.
fn form(api: GatewayApi) -> Form {
    match api {
        GatewayApi::RestToken | GatewayApi::RestRequest => Form::RestApi,
        GatewayApi::HttpApi1 => Form::HttpApi1,
        GatewayApi::HttpApi2Policy | GatewayApi::HttpApi2Simple => Form::HttpApi2,
    }
}

/// The question of an `api`. The documentation's own samples name no stage in the path of an HTTP API, and leave out the
/// members that hold all values of a name, which live ones have: `as_documented` says which of the two this is.
pub(crate) fn question(request: &Request, api: GatewayApi, place: Place, as_documented: bool) -> Question {
    let form = form(api);
    let own = if form == Form::RestApi { request.path.clone() } else { http_api::path(request) };
    let id = if form == Form::RestApi { "rest1" } else { "http1" };
    let arn = format!(
        "arn:aws:execute-api:eu-central-1:123456789012:{id}/{}/{}{own}",
        place.stage(form),
        request.method
    );
    let named = one::path(request, form, place);
    let path = if as_documented && place == Place::Stage { own } else { named.clone() };
    let mut event = match api {
        GatewayApi::RestToken => json!({
            "type": "TOKEN",
            "authorizationToken": last_value(request, "authorization"),
            "methodArn": arn,
        }),
        GatewayApi::RestRequest | GatewayApi::HttpApi1 => of_one(request, form, place, &path, &arn),
        GatewayApi::HttpApi2Policy | GatewayApi::HttpApi2Simple => of_two(request, place, &path, &arn),
    };
    if as_documented && let Value::Object(members) = &mut event {
        members.remove("multiValueHeaders");
        members.remove("multiValueQueryStringParameters");
    }
    Question {
        event,
        headers: request.headers.clone(),
        query: decoded_query(&request.query),
        method: request.method.clone(),
        // The request's path with its stage, as `$context.path` has it; below a custom domain, its base path.
        path: match place {
            Place::Own if form == Form::RestApi => format!("/prod{named}"),
            Place::Stage if form == Form::RestApi => format!("/prod{named}"),
            _ => named,
        },
        source_ip: request.source_ip.clone(),
        domain: place.domain(form),
        arn,
    }
}

fn last_value(request: &Request, name: &str) -> String {
    let values: Vec<String> = request
        .headers
        .iter()
        .filter(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.clone())
        .collect();
    last(&values)
}

fn of_one(request: &Request, form: Form, place: Place, path: &str, arn: &str) -> Value {
    let fields = if form == Form::RestApi { one::rest_fields(request) } else { http_api::fields(request) };
    let parameters = parameters(request);
    let one_value = if form == Form::RestApi { last } else { joined };
    let mut event = json!({
        "type": "REQUEST",
        "methodArn": arn,
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": request.method,
        "headers": singles(&fields, last),
        "multiValueHeaders": lists(&fields),
        "queryStringParameters": singles(&parameters, one_value),
        "multiValueQueryStringParameters": lists(&parameters),
        "pathParameters": {},
        "stageVariables": {},
        "requestContext": one::context(request, form, place, None),
    });
    if form == Form::HttpApi1 {
        event["version"] = json!("1.0");
        event["identitySource"] = json!(last_value(request, "authorization"));
        event["authorizationToken"] = json!(last_value(request, "authorization"));
    }
    event
}

fn of_two(request: &Request, place: Place, path: &str, arn: &str) -> Value {
    let (domain, stage) = (place.domain(Form::HttpApi2), place.stage(Form::HttpApi2));
    let context = two::context(request, path, "http1", domain, stage);
    let mut event = two::message(request, path, http_api::fields(request), context);
    event["type"] = json!("REQUEST");
    event["routeArn"] = json!(arn);
    event["identitySource"] = json!([last_value(request, "authorization")]);
    event["pathParameters"] = json!({});
    event["stageVariables"] = json!({});
    if let Value::Object(members) = &mut event {
        members.remove("isBase64Encoded");
    }
    event
}
