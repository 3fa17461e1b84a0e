//! A load balancer: nothing is decoded, and of a repeated name it sends the last value, or all where it is set to.

use serde_json::{Value, json};

use super::{grouped, last, passed_on};
use crate::same_everywhere::requests::Request;

pub(super) fn event(request: &Request, is_multi: bool) -> Value {
    let fields = grouped(&passed_on(request, &[]));
    let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let parameters: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let parameters = grouped(&parameters);
    let mut event = json!({
        "requestContext": { "elb": { "targetGroupArn":
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/same/49e9d65c45c6791a" } },
        "httpMethod": request.method,
        "path": request.path,
        "body": "",
        "isBase64Encoded": false,
    });
    for (groups, single, multi) in [
        (&fields, "headers", "multiValueHeaders"),
        (&parameters, "queryStringParameters", "multiValueQueryStringParameters"),
    ] {
        // There is an object for what there is none of, too.
        let member = groups
            .iter()
            .map(|(name, values)| (name.clone(), if is_multi { json!(values) } else { json!(last(values)) }));
        event[if is_multi { multi } else { single }] = Value::Object(member.collect());
    }
    event
}
