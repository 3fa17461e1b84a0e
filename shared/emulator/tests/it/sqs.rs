//! Local queues over the SQS API.

use std::time::SystemTime;

use doorward_emulator::{Emulator, Options, Queue, QueueMapping};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::iam::{identity, signed_with};
use crate::probe::{function, invoke, options};

pub fn with(queues: Vec<Queue>, queue_mappings: Vec<QueueMapping>) -> Options {
    Options { queues, queue_mappings, ..options(vec![function("probe")]) }
}

async fn raw(emulator: &Emulator, target: &str, body: impl Into<bytes::Bytes>) -> Answer {
    let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.0")];
    send(Method::POST, emulator.sqs_url().unwrap(), &headers, body).await
}

async fn ask(emulator: &Emulator, operation: &str, input: Value) -> Answer {
    raw(emulator, &format!("AmazonSQS.{operation}"), input.to_string()).await
}

/// The answer to a request that is served.
pub async fn served(emulator: &Emulator, operation: &str, input: Value) -> Value {
    let answer = ask(emulator, operation, input).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.0"));
    answer.json()
}

pub fn url(emulator: &Emulator, queue: &str) -> String {
    emulator.queue_url(queue).unwrap()
}

/// A message from its first to its last operation.
#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let emulator = Emulator::start(with(vec![Queue::new("orders")], Vec::new())).await.unwrap();
    let queue = url(&emulator, "orders");
    let sent = served(
        &emulator,
        "SendMessage",
        json!({
            "QueueUrl": queue,
            "MessageBody": "grün",
            "MessageAttributes": {
                "timestamp": { "DataType": "Number", "StringValue": "1493147359900" },
                "blob": { "DataType": "Binary", "BinaryValue": "AP8=" },
            },
            "MessageSystemAttributes": { "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1-2-3" } },
        }),
    )
    .await;
    assert_eq!(sent["MD5OfMessageBody"], "7b934a60ddc07b8f5b1134c03430bba6");
    assert_eq!(sent["MD5OfMessageSystemAttributes"].as_str().unwrap().len(), 32);
    let received = served(
        &emulator,
        "ReceiveMessage",
        json!({
            "QueueUrl": queue,
            "MessageAttributeNames": ["stamp.*"],
            "MessageSystemAttributeNames": ["SenderId", "AWSTraceHeader", "ApproximateReceiveCount"],
        }),
    )
    .await;
    let message = &received["Messages"][0];
    let expected = json!({
        "MessageId": sent["MessageId"],
        "ReceiptHandle": message["ReceiptHandle"],
        "MD5OfBody": sent["MD5OfMessageBody"],
        "Body": "grün",
        "Attributes": {
            "ApproximateReceiveCount": "1", "AWSTraceHeader": "Root=1-2-3", "SenderId": "123456789012",
        },
    });
    assert_eq!(*message, expected, "no attribute begins with `stamp`");
    let count = |name: &'static str| {
        let input = json!({ "QueueUrl": queue, "AttributeNames": ["All"] });
        let attributes = served(&emulator, "GetQueueAttributes", input);
        async move { attributes.await["Attributes"][name].as_str().unwrap().to_owned() }
    };
    assert_eq!(count("ApproximateNumberOfMessagesNotVisible").await, "1");
    assert_eq!(count("QueueArn").await, "arn:aws:sqs:eu-central-1:123456789012:orders");
    let handle =
        json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0 });
    served(&emulator, "ChangeMessageVisibility", handle).await;
    let again = json!({ "QueueUrl": queue, "MessageAttributeNames": ["time.*"], "AttributeNames": ["All"] });
    let again = served(&emulator, "ReceiveMessage", again).await;
    let message = &again["Messages"][0];
    assert_eq!(message["MD5OfMessageAttributes"], "235c5c510d26fb653d073faed50ae77c");
    assert_eq!(
        message["MessageAttributes"],
        json!({ "timestamp": { "StringValue": "1493147359900", "DataType": "Number" } })
    );
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "2");
    let handle = json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"] });
    assert_eq!(served(&emulator, "DeleteMessage", handle).await, json!({}));
    assert_eq!(count("ApproximateNumberOfMessagesNotVisible").await, "0");
    assert_eq!(served(&emulator, "ReceiveMessage", json!({ "QueueUrl": queue })).await, json!({}));
    emulator.shutdown().await;
}

#[tokio::test]
async fn queues_are_made_listed_set_purged_and_deleted() {
    let emulator = Emulator::start(with(vec![Queue::new("orders")], Vec::new())).await.unwrap();
    let fifo = json!({ "QueueName": "late.fifo", "Attributes": { "FifoQueue": "true" } });
    let made = served(&emulator, "CreateQueue", fifo).await;
    assert_eq!(made["QueueUrl"], url(&emulator, "late.fifo"));
    let named = served(&emulator, "GetQueueUrl", json!({ "QueueName": "late.fifo" })).await;
    assert_eq!(named, made);
    let first = served(&emulator, "ListQueues", json!({ "MaxResults": 1 })).await;
    assert_eq!(first, json!({ "QueueUrls": [url(&emulator, "late.fifo")], "NextToken": "late.fifo" }));
    let rest = json!({ "MaxResults": 1, "NextToken": "late.fifo" });
    let orders = url(&emulator, "orders");
    assert_eq!(served(&emulator, "ListQueues", rest).await, json!({ "QueueUrls": [orders] }));
    assert_eq!(served(&emulator, "ListQueues", json!({ "QueueNamePrefix": "x" })).await, json!({}));
    let set = json!({ "QueueUrl": orders, "Attributes": { "VisibilityTimeout": "7" } });
    served(&emulator, "SetQueueAttributes", set).await;
    let asked = json!({ "QueueUrl": orders, "AttributeNames": ["VisibilityTimeout", "RedrivePolicy"] });
    let attributes = served(&emulator, "GetQueueAttributes", asked).await;
    assert_eq!(attributes, json!({ "Attributes": { "VisibilityTimeout": "7" } }));
    served(&emulator, "PurgeQueue", json!({ "QueueUrl": orders })).await;
    served(&emulator, "DeleteQueue", json!({ "QueueUrl": orders })).await;
    let gone = ask(&emulator, "PurgeQueue", json!({ "QueueUrl": orders })).await;
    assert_eq!(gone.json()["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    emulator.shutdown().await;
}

#[tokio::test]
async fn each_message_of_a_batch_has_an_outcome() {
    let emulator = Emulator::start(with(vec![Queue::new("orders")], Vec::new())).await.unwrap();
    let queue = url(&emulator, "orders");
    let batch = |entries: Value| json!({ "QueueUrl": queue, "Entries": entries });
    let entries = json!([{ "Id": "a", "MessageBody": "x" }, { "Id": "b", "MessageBody": "" }]);
    let sent = served(&emulator, "SendMessageBatch", batch(entries)).await;
    assert_eq!(sent["Successful"][0]["Id"], "a");
    assert_eq!(sent["Failed"][0]["Code"], "MissingParameter");
    let received = served(&emulator, "ReceiveMessage", json!({ "QueueUrl": queue })).await;
    let handle = &received["Messages"][0]["ReceiptHandle"];
    let hide = json!([
        { "Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 100 },
        { "Id": "b", "ReceiptHandle": handle },
    ]);
    let hidden = served(&emulator, "ChangeMessageVisibilityBatch", batch(hide)).await;
    assert_eq!((&hidden["Successful"], &hidden["Failed"][0]["Id"]), (&json!([{ "Id": "a" }]), &json!("b")));
    let delete = json!([{ "Id": "a", "ReceiptHandle": handle }, { "Id": "b", "ReceiptHandle": "x" }]);
    let deleted = served(&emulator, "DeleteMessageBatch", batch(delete)).await;
    assert_eq!(deleted["Successful"], json!([{ "Id": "a" }]));
    assert_eq!(deleted["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    let half = "x".repeat(600_000);
    let large = json!([{ "Id": "a", "MessageBody": half }, { "Id": "b", "MessageBody": half }]);
    let refused = ask(&emulator, "SendMessageBatch", batch(large)).await;
    assert_eq!(refused.json()["__type"], "com.amazonaws.sqs#BatchRequestTooLong");
    assert_eq!(
        refused.header("x-amzn-query-error"),
        Some("AWS.SimpleQueueService.BatchRequestTooLong;Sender")
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_as_aws_does() {
    let emulator = Emulator::start(with(vec![Queue::new("orders")], Vec::new())).await.unwrap();
    let queue = url(&emulator, "orders");
    let other = queue.replace("123456789012", "210987654321");
    for (target, body, status, kind) in [
        ("", "{}".to_owned(), 400, "com.amazon.coral.service#UnknownOperationException"),
        ("AmazonSQS.MakeTea", "{}".to_owned(), 400, "com.amazon.coral.service#UnknownOperationException"),
        ("AmazonSQS.SendMessage", "[]".to_owned(), 400, "com.amazon.coral.service#SerializationException"),
        ("AmazonSQS.SendMessage", "{".to_owned(), 400, "com.amazon.coral.service#SerializationException"),
        ("AmazonSQS.SendMessage", "{}".to_owned(), 400, "com.amazonaws.sqs#QueueDoesNotExist"),
        (
            "AmazonSQS.SendMessage",
            json!({ "QueueUrl": other, "MessageBody": "x" }).to_string(),
            400,
            "com.amazonaws.sqs#QueueDoesNotExist",
        ),
        (
            "AmazonSQS.SendMessage",
            json!({ "QueueUrl": queue }).to_string(),
            400,
            "com.amazon.coral.service#MissingRequiredParameterException",
        ),
        (
            "AmazonSQS.SendMessage",
            json!({ "QueueUrl": queue, "MessageBody": "x".repeat(1_048_577) }).to_string(),
            400,
            "com.amazon.coral.service#InvalidParameterValueException",
        ),
        (
            "AmazonSQS.SendMessage",
            json!({ "QueueUrl": queue, "MessageBody": "x", "DelaySeconds": 901 }).to_string(),
            400,
            "com.amazon.coral.service#InvalidParameterValueException",
        ),
        (
            "AmazonSQS.ReceiveMessage",
            json!({ "QueueUrl": queue, "MaxNumberOfMessages": 11 }).to_string(),
            400,
            "com.amazon.coral.service#InvalidParameterValueException",
        ),
        (
            "AmazonSQS.ReceiveMessage",
            json!({ "QueueUrl": queue, "WaitTimeSeconds": -1 }).to_string(),
            400,
            "com.amazon.coral.service#InvalidParameterValueException",
        ),
        (
            "AmazonSQS.DeleteMessage",
            json!({ "QueueUrl": queue, "ReceiptHandle": "x" }).to_string(),
            404,
            "com.amazonaws.sqs#ReceiptHandleIsInvalid",
        ),
        (
            "AmazonSQS.GetQueueAttributes",
            json!({ "QueueUrl": queue, "AttributeNames": ["Colour"] }).to_string(),
            400,
            "com.amazonaws.sqs#InvalidAttributeName",
        ),
        (
            "AmazonSQS.CreateQueue",
            json!({ "QueueName": "orders", "Attributes": { "DelaySeconds": "1" } }).to_string(),
            400,
            "com.amazonaws.sqs#QueueNameExists",
        ),
    ] {
        let answer = raw(&emulator, target, body.clone()).await;
        let said = (answer.status.as_u16(), answer.json()["__type"].as_str().unwrap().to_owned());
        let body = body.get(..100).unwrap_or(&body);
        assert_eq!(said, (status, kind.to_owned()), "{target} {body}");
        assert!(answer.header("x-amzn-query-error").unwrap().ends_with(";Sender"));
    }
    assert_eq!(send(Method::GET, &queue, &[], "").await.status, 405);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_known_caller_is_the_sender_and_nobody_sends_in_that_name() {
    let ada = identity(None);
    let options = Options { identities: vec![ada.clone()], ..with(vec![Queue::new("orders")], Vec::new()) };
    let emulator = Emulator::start(options).await.unwrap();
    let queue = url(&emulator, "orders");
    let body = json!({ "QueueUrl": queue, "MessageBody": "x" }).to_string();
    let own = [("x-amz-target", "AmazonSQS.SendMessage")];
    let endpoint = emulator.sqs_url().unwrap();
    let post = |headers: Vec<(String, String)>, body: String| async move {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        send(Method::POST, endpoint, &headers, body).await
    };
    let root = format!("{endpoint}/");
    let headers = signed_with(&ada, "sqs", &root, body.as_bytes(), SystemTime::now(), &own);
    let forged = post(headers.clone(), body.replace("\"x\"", "\"y\"")).await;
    assert_eq!(forged.status, 403, "{}", forged.text());
    assert_eq!(forged.json()["__type"], "com.amazon.coral.service#InvalidSignatureException");
    assert_eq!(post(headers, body.clone()).await.status, 200);
    // Credentials that nobody is known by, such as those of a hosted function.
    let stranger = doorward_emulator::IamIdentity { access_key: "local".to_owned(), ..ada };
    let headers = signed_with(&stranger, "sqs", &root, body.as_bytes(), SystemTime::now(), &own);
    assert_eq!(post(headers, body).await.status, 200);
    let asked = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "AttributeNames": ["SenderId"] });
    let received = served(&emulator, "ReceiveMessage", asked).await;
    let senders: Vec<&Value> = received["Messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["Attributes"]["SenderId"])
        .collect();
    assert_eq!(senders, ["AIDAEXAMPLE", "123456789012"]);
    emulator.shutdown().await;
}

#[tokio::test]
async fn functions_know_where_the_queues_are() {
    let emulator = Emulator::start(with(vec![Queue::new("orders")], Vec::new())).await.unwrap();
    let pid = invoke(&emulator, "probe", json!({})).await.json()["pid"].as_u64().unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let own = format!("AWS_ENDPOINT_URL_SQS={}", emulator.sqs_url().unwrap());
    assert!(environment.split('\0').any(|variable| variable == own));
    assert!(!environment.contains("AWS_ENDPOINT_URL_KINESIS"));
    assert_eq!(emulator.kinesis_url(), None);
    emulator.shutdown().await;
}
