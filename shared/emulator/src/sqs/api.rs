//! The SQS API in AWS JSON 1.0: `POST` with the operation in `X-Amz-Target`.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html>

mod messages;
mod queues;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::Sqs;
use super::fault::SqsFault;
use crate::gateway::{CallFault, Peer, Signers, read_call};

/// Most bytes of a request: ten messages' text may take more room in JSON than in itself.
const LIMIT: usize = 8 * 1024 * 1024;

/// What an operation works with.
struct Context<'a> {
    sqs: &'a Sqs,
    /// `SenderId` of the caller.
    sender: String,
}

#[derive(Clone)]
struct Api {
    sqs: Arc<Sqs>,
    signers: Arc<Signers>,
}

pub(crate) fn router(sqs: Arc<Sqs>, signers: Arc<Signers>) -> axum::Router {
    // Some clients post to the queue's own address.
    axum::Router::new().fallback(axum::routing::post(handle)).with_state(Api { sqs, signers })
}

async fn handle(State(api): State<Api>, peer: Peer, request: Request) -> Response {
    let answer = match read_call(&api.signers, "sqs", LIMIT, peer, request).await {
        Err(CallFault::Signature(reason)) => Err(SqsFault::Signature(reason)),
        Err(fault @ CallFault::TooLarge(_)) => Err(SqsFault::Serialization(fault.to_string())),
        Ok(call) => {
            let known = call.caller.map(|caller| caller.user_id.clone());
            let sender = known.unwrap_or_else(|| api.sqs.account().to_owned());
            answer(&Context { sqs: &api.sqs, sender }, &call.headers, &call.body).await
        }
    };
    let id = ("x-amzn-requestid", Uuid::new_v4().to_string());
    match answer {
        Ok(answer) => {
            let kind = ("content-type", "application/x-amz-json-1.0".to_owned());
            ([id, kind], answer.to_string()).into_response()
        }
        Err(fault) => ([id], fault).into_response(),
    }
}

async fn answer(context: &Context<'_>, headers: &HeaderMap, body: &[u8]) -> Result<Value, SqsFault> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    match operation {
        "CreateQueue" => queues::create(context, input(body)?),
        "DeleteQueue" => queues::delete(context, &input(body)?),
        "GetQueueUrl" => queues::url(context, &input(body)?),
        "ListQueues" => queues::list(context, &input(body)?),
        "GetQueueAttributes" => queues::attributes(context, &input(body)?),
        "SetQueueAttributes" => queues::set(context, &input(body)?),
        "PurgeQueue" => queues::purge(context, &input(body)?),
        "SendMessage" => messages::send(context, input(body)?),
        "SendMessageBatch" => messages::send_batch(context, input(body)?),
        "ReceiveMessage" => messages::receive(context, input(body)?).await,
        "DeleteMessage" => messages::delete(context, &input(body)?),
        "DeleteMessageBatch" => messages::delete_batch(context, input(body)?),
        "ChangeMessageVisibility" => messages::change_visibility(context, &input(body)?),
        "ChangeMessageVisibilityBatch" => messages::change_visibility_batch(context, input(body)?),
        _ => Err(SqsFault::Action(target.to_owned())),
    }
}

fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsFault> {
    serde_json::from_slice(body).map_err(|error| SqsFault::Serialization(error.to_string()))
}

/// `QueueUrl`, a member of most requests.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Option<String>")]
struct QueueUrl(Option<String>);

impl From<Option<String>> for QueueUrl {
    fn from(url: Option<String>) -> Self {
        Self(url)
    }
}

impl QueueUrl {
    /// The queue's name: the last part of its address, behind the account.
    fn name(&self, sqs: &Sqs) -> Result<&str, SqsFault> {
        let mut parts = self.0.as_deref().unwrap_or_default().rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(name), Some(account)) if account == sqs.account() => Ok(name),
            _ => Err(SqsFault::QueueDoesNotExist),
        }
    }
}
