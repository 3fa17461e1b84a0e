use std::time::Duration;

use doorward_config::{Endpoint, SnsTarget};
use doorward_core::ports::Forward;
use doorward_model::{Reply, TargetFault};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::sqs::group_of;
use super::{LARGEST_RECEIPT, attributes, fault, payload};
use crate::accepted::accepted;
use crate::api::{Place, Question, Service, ServiceApi, element, word};

/// The largest message, its attributes included, in bytes ("Publish", SNS API reference, and "Amazon SNS message attributes":
/// 256 KB).
const LARGEST: usize = 256 * 1024;

/// All but the unreserved characters of RFC 3986.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Puts a message on the topic.
pub(super) async fn send(
    api: &ServiceApi,
    kind: &SnsTarget,
    endpoint: &Endpoint,
    forward: &Forward<'_>,
    within: Duration,
) -> Result<Reply, TargetFault> {
    let message = payload::message(forward)?;
    let attributes = attributes::of(forward);
    if message.len() + attributes::size(&attributes) > LARGEST {
        return Err(TargetFault::Unfit("it is larger than the 256 KiB that a topic takes"));
    }
    let mut form = Form::of("Publish");
    form.put("TopicArn", &endpoint.address);
    form.put("Message", &message);
    if let Some(subject) = &kind.subject {
        form.put("Subject", subject);
    }
    for (number, (name, value)) in (1..).zip(&attributes) {
        form.put(&format!("MessageAttributes.entry.{number}.Name"), name);
        form.put(&format!("MessageAttributes.entry.{number}.Value.DataType"), "String");
        form.put(&format!("MessageAttributes.entry.{number}.Value.StringValue"), value);
    }
    if let Some(group) = &kind.group {
        let (group, id) = group_of(group, forward);
        form.put("MessageGroupId", &group);
        form.put("MessageDeduplicationId", &id);
    }
    let answer = api
        .ask(Question {
            service: Service::Sns,
            region: endpoint.region.as_deref(),
            place: Place::Region(""),
            operation: "Publish",
            body: &form.0,
            // A topic hands the trace on to its subscribers ("Active tracing in Amazon SNS", SNS guide).
            trace: attributes::xray(forward),
            within,
            largest: LARGEST_RECEIPT,
        })
        .await?;
    let answer = std::str::from_utf8(&answer).map_err(|_| fault::unreadable())?;
    let id = element(answer, "MessageId").and_then(word).ok_or_else(fault::unreadable)?;
    Ok(accepted(&json!({ "messageId": id })))
}

/// What an operation is asked with in AWS Query, percent-encoded (RFC 3986 section 2.1).
struct Form(String);

impl Form {
    /// An operation of SNS, in the one version that there is of it.
    fn of(operation: &str) -> Self {
        Self(format!("Action={operation}&Version=2010-03-31"))
    }

    fn put(&mut self, name: &str, value: &str) {
        self.0.push('&');
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, FORM));
    }
}
