use std::collections::BTreeMap;
use std::time::Duration;

use doorward_config::{Endpoint, MessageGroup, SqsTarget};
use doorward_core::ports::Forward;
use doorward_model::{Reply, TargetFault};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LARGEST_RECEIPT, attributes, fault, names, payload};
use crate::accepted::accepted;
use crate::api::{ApiError, Place, Question, Service, ServiceApi};

/// The largest message, its attributes included, in bytes ("Amazon SQS message quotas": 1 MiB).
pub(crate) const LARGEST: usize = 1024 * 1024;

/// "SendMessage", SQS API reference.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Message<'a> {
    pub(crate) queue_url: &'a str,
    pub(crate) message_body: &'a str,
    pub(crate) message_attributes: BTreeMap<&'static str, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_system_attributes: Option<Value>,
    /// For FIFO queues, and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_deduplication_id: Option<String>,
}

impl Message<'_> {
    /// Puts it into its queue, in `region` where that is not the function's own, and gives what SQS answers.
    pub(crate) async fn put(
        &self,
        api: &ServiceApi,
        region: Option<&str>,
        within: Duration,
    ) -> Result<Vec<u8>, ApiError> {
        let body = serde_json::to_string(self)
            .map_err(|_| ApiError::Unsendable("the message cannot be written".to_owned()))?;
        api.ask(Question {
            service: Service::Sqs,
            region,
            place: Place::Origin(origin(self.queue_url)),
            operation: "SendMessage",
            body: &body,
            trace: None,
            within,
            largest: LARGEST_RECEIPT,
        })
        .await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    message_id: String,
}

/// Puts a message into the queue.
pub(super) async fn send(
    api: &ServiceApi,
    kind: &SqsTarget,
    endpoint: &Endpoint,
    forward: &Forward<'_>,
    within: Duration,
) -> Result<Reply, TargetFault> {
    let body = payload::message(forward)?;
    let attributes = attributes::of(forward);
    if body.len() + attributes::size(&attributes) > LARGEST {
        return Err(TargetFault::Unfit("it is larger than the 1 MiB that a queue takes"));
    }
    let (group, id) = kind.group.as_ref().map(|group| group_of(group, forward)).unzip();
    let input = Message {
        queue_url: &endpoint.address,
        message_body: &body,
        message_attributes: attributes.iter().map(|(name, value)| (*name, typed(value))).collect(),
        message_system_attributes: attributes::xray(forward)
            .map(|trace| json!({ "AWSTraceHeader": typed(trace) })),
        message_group_id: group,
        message_deduplication_id: id,
    };
    let answer = input.put(api, endpoint.region.as_deref(), within).await?;
    let receipt: Receipt = serde_json::from_slice(&answer).map_err(|_| fault::unreadable())?;
    Ok(accepted(&json!({ "messageId": receipt.message_id })))
}

pub(crate) fn typed(text: &str) -> Value {
    json!({ "DataType": "String", "StringValue": text })
}

/// The group of a FIFO queue's or topic's message, and what a second one of the same call is known by: within five minutes
/// it is not delivered again.
pub(super) fn group_of(group: &MessageGroup, forward: &Forward<'_>) -> (String, String) {
    let group = match group {
        MessageGroup::Caller => names::fifo(&forward.principal.name.to_string()),
        MessageGroup::Named(name) => name.clone(),
    };
    (group, names::fifo(forward.call.id.as_str()))
}

/// Scheme and host of a queue's URL.
fn origin(url: &str) -> &str {
    let path = url.find("://").and_then(|scheme| Some(scheme + 3 + url.get(scheme + 3..)?.find('/')?));
    path.and_then(|path| url.get(..path)).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_asked_for_at_its_own_host() {
        let check = |url, expected| assert_eq!(origin(url), expected);
        check("https://sqs.eu-west-1.amazonaws.com/123456789012/a", "https://sqs.eu-west-1.amazonaws.com");
        check("http://127.0.0.1:4566/000000000000/a", "http://127.0.0.1:4566");
        check("https://sqs.eu-west-1.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com");
    }
}
