use doorward_model::Fault;
use http::Uri;

use crate::lambda_name::{self, is_account};
use crate::report::quote;

use super::host;
use super::http::is_sent_in_the_clear;
use super::resource_name;

/// Where something is: what its service calls it, and the region that this names.
#[derive(Clone, PartialEq)]
pub(super) struct Address {
    pub(super) text: String,
    pub(super) region: Option<String>,
}

/// A function, as `Invoke` takes it.
pub(super) fn function(text: &str) -> Result<Address, Fault> {
    let text = lambda_name::parse(text)?;
    let region = arn_region(&text);
    Ok(Address { text, region })
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, as SQS names its queues.
pub(super) fn queue(text: &str) -> Result<Address, Fault> {
    let hint = "write the URL of the queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/orders`";
    let wrong = || Fault::new(format!("{} is no queue", quote(text))).hint(hint);
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some("https" | "http"), Some(authority), None) = (uri.scheme_str(), uri.authority(), uri.query())
    else {
        return Err(wrong());
    };
    let segments: Vec<&str> = uri.path().split('/').skip(1).collect();
    let [account, name] = segments.as_slice() else { return Err(wrong()) };
    if authority.as_str().contains('@') || !host::has_port_or_none(authority) || text.contains('#') {
        return Err(wrong());
    }
    resource_name::account(account)?;
    resource_name::queue_or_topic(name, "queue", 80)?;
    // What is no host of AWS's is the stand-in that an endpoint variable names.
    let region = authority.host().strip_prefix("sqs.").and_then(|rest| rest.split_once(".amazonaws.com"));
    let region = region.map(|(region, _)| region.to_owned());
    if is_sent_in_the_clear(&uri) {
        return Err(Fault::new(format!("{} is sent in the clear", quote(text))).hint(hint));
    }
    Ok(Address { text: text.to_owned(), region })
}

/// `arn:aws:sns:REGION:ACCOUNT:NAME`.
pub(super) fn topic(text: &str) -> Result<Address, Fault> {
    let hint = "write the ARN of the topic: `arn:aws:sns:eu-central-1:123456789012:orders`";
    let wrong = || Fault::new(format!("{} is no topic", quote(text))).hint(hint);
    let named = match arn(text, "sns").as_deref() {
        Some([name]) => resource_name::queue_or_topic(name, "topic", 256),
        _ => Err(wrong()),
    };
    named.map(|()| located(text))
}

/// A bus by its name or ARN ("PutEvents", EventBridge API reference).
pub(super) fn bus(text: &str) -> Result<Address, Fault> {
    let hint = "write its name, or `arn:aws:events:REGION:ACCOUNT:event-bus/NAME`";
    let wrong = || Fault::new(format!("{} is no event bus", quote(text))).hint(hint);
    let named = match arn(text, "events").as_deref() {
        Some([resource]) => {
            resource.strip_prefix("event-bus/").ok_or_else(wrong).and_then(resource_name::bus)
        }
        Some(_) => Err(wrong()),
        None if text.contains(':') => Err(wrong()),
        None => resource_name::bus(text),
    };
    named.map(|()| located(text))
}

/// `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`, with or without a version or an alias behind it.
pub(super) fn state_machine(text: &str) -> Result<Address, Fault> {
    let hint = "write its ARN: `arn:aws:states:eu-central-1:123456789012:stateMachine:orders`";
    let wrong = || Fault::new(format!("{} is no state machine", quote(text))).hint(hint);
    let named = match arn(text, "states").as_deref() {
        Some(["stateMachine", name]) => resource_name::state_machine(name),
        Some(["stateMachine", name, qualifier]) => {
            resource_name::state_machine(name).and_then(|()| resource_name::qualifier(qualifier))
        }
        _ => Err(wrong()),
    };
    named.map(|()| located(text))
}

fn located(text: &str) -> Address {
    Address { text: text.to_owned(), region: arn_region(text) }
}

/// The resource's parts, of an ARN of `service`; `None` where it is none.
fn arn<'t>(text: &'t str, service: &str) -> Option<Vec<&'t str>> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, named, region, account, resource @ ..]
            if lambda_name::is_partition(partition)
                && *named == service
                && lambda_name::is_region(region)
                && is_account(account) =>
        {
            Some(resource.to_vec())
        }
        _ => None,
    }
}

fn arn_region(text: &str) -> Option<String> {
    text.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parse: fn(&str) -> Result<Address, Fault>, text: &str, region: Option<Option<&str>>) {
        let parsed = parse(text).ok().map(|address| address.region);
        assert_eq!(parsed, region.map(|region| region.map(str::to_owned)), "{text}");
    }

    #[test]
    fn places_are_named_as_their_services_name_them() {
        check(function, "orders:live", Some(None));
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:live";
        check(function, arn, Some(Some("eu-west-1")));
        check(queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders", Some(Some("eu-west-1")));
        check(queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo", Some(Some("eu-west-1")));
        check(queue, "http://127.0.0.1:4566/000000000000/orders", Some(None));
        check(queue, "http://sqs.eu-west-1.amazonaws.com/123456789012/orders", None);
        check(queue, "http://queues.example:9324/000000000000/orders", None);
        check(queue, "http://127.0.0.1:99999/000000000000/orders", None);
        check(queue, "https://sqs.eu-west-1.amazonaws.com/orders", None);
        check(queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/or/ders", None);
        check(queue, "https://a@sqs.eu-west-1.amazonaws.com/123456789012/orders", None);
        check(queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders?x", None);
        check(queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/.fifo", None);
        let named = |length| format!("http://127.0.0.1:4566/000000000000/{}.fifo", "q".repeat(length));
        check(queue, &named(75), Some(None));
        check(queue, &named(76), None);
        check(topic, "arn:aws:sns:eu-west-1:123456789012:orders", Some(Some("eu-west-1")));
        check(topic, "arn:aws:sqs:eu-west-1:123456789012:orders", None);
        check(topic, "orders", None);
        check(
            topic,
            &format!("arn:aws:sns:eu-west-1:123456789012:{}", "t".repeat(256)),
            Some(Some("eu-west-1")),
        );
        check(topic, &format!("arn:aws:sns:eu-west-1:123456789012:{}", "t".repeat(257)), None);
        check(bus, "default", Some(None));
        check(bus, "arn:aws:events:eu-west-1:123456789012:event-bus/shop", Some(Some("eu-west-1")));
        check(bus, "arn:aws:events:eu-west-1:123456789012:rule/shop", None);
        check(bus, "", None);
        let machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:ship";
        check(state_machine, machine, Some(Some("eu-west-1")));
        check(state_machine, &format!("{machine}:live"), Some(Some("eu-west-1")));
        check(state_machine, "arn:aws:states:eu-west-1:123456789012:activity:ship", None);
    }
}
