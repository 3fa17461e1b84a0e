//! Operations on queues.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Context, QueueUrl};
use crate::sqs::SqsFault;

/// Names of attributes that can be read beside those that can be set.
const READ: [&str; 6] = [
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
];
/// Names of attributes that may be asked for though a queue has none of them.
const OPTIONAL: [&str; 10] = [
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

pub(super) fn create(context: &Context<'_>, input: Create) -> Result<Value, SqsFault> {
    let name = input.queue_name.unwrap_or_default();
    context.sqs.create(&name, &input.attributes)?;
    Ok(json!({ "QueueUrl": context.sqs.queue_url(&name) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct One {
    #[serde(default)]
    queue_url: QueueUrl,
}

pub(super) fn delete(context: &Context<'_>, input: &One) -> Result<Value, SqsFault> {
    context.sqs.delete_queue(input.queue_url.name(context.sqs)?).map(|()| json!({}))
}

pub(super) fn purge(context: &Context<'_>, input: &One) -> Result<Value, SqsFault> {
    context.sqs.purge(input.queue_url.name(context.sqs)?).map(|()| json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    queue_name: Option<String>,
}

pub(super) fn url(context: &Context<'_>, input: &Named) -> Result<Value, SqsFault> {
    let name = input.queue_name.as_deref().filter(|name| context.sqs.has(name));
    name.map(|name| json!({ "QueueUrl": context.sqs.queue_url(name) })).ok_or(SqsFault::QueueDoesNotExist)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<usize>,
    /// The last name of the page before.
    next_token: Option<String>,
}

pub(super) fn list(context: &Context<'_>, input: &List) -> Result<Value, SqsFault> {
    if input.max_results.is_some_and(|most| !(1..=1000).contains(&most)) {
        return Err(SqsFault::parameter(
            "Value for parameter MaxResults is invalid. Reason: Must be between 1 and 1000, if provided.",
        ));
    }
    let after = input.next_token.as_deref().unwrap_or_default();
    let mut names = context.sqs.names(&input.queue_name_prefix);
    names.retain(|name| name.as_str() > after);
    let more = names.len() > input.max_results.unwrap_or(1000);
    names.truncate(input.max_results.unwrap_or(1000));
    let mut answer = Map::new();
    let urls: Vec<String> = names.iter().map(|name| context.sqs.queue_url(name)).collect();
    if !urls.is_empty() {
        answer.insert("QueueUrls".to_owned(), urls.into());
    }
    // Without a bound of its own a caller gets a thousand, and no token, as AWS does it.
    if let (true, Some(_), Some(last)) = (more, input.max_results, names.last()) {
        answer.insert("NextToken".to_owned(), last.clone().into());
    }
    Ok(answer.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ask {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    attribute_names: Vec<String>,
}

pub(super) fn attributes(context: &Context<'_>, input: &Ask) -> Result<Value, SqsFault> {
    let mut all = context.sqs.attributes(input.queue_url.name(context.sqs)?)?;
    let is_known = |name: &str| all.contains_key(name) || READ.contains(&name) || OPTIONAL.contains(&name);
    if let Some(unknown) = input.attribute_names.iter().find(|name| *name != "All" && !is_known(name)) {
        return Err(SqsFault::AttributeName(unknown.clone()));
    }
    if !input.attribute_names.iter().any(|name| name == "All") {
        all.retain(|name, _| input.attribute_names.contains(name));
    }
    Ok(if all.is_empty() { json!({}) } else { json!({ "Attributes": all }) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Set {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

pub(super) fn set(context: &Context<'_>, input: &Set) -> Result<Value, SqsFault> {
    context.sqs.set(input.queue_url.name(context.sqs)?, &input.attributes).map(|()| json!({}))
}
