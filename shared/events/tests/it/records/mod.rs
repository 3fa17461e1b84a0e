//! Records of queues, topics, buses, tables and streams, in the forms of AWS's documentation.

mod buses;
mod carried;
mod kinesis;
mod made_up;
mod odd;
mod queues;
mod tables;
mod topics;

use doorward_events::records::{BatchAnswer, Openings, RecordBatch};
use doorward_events::{Entrance, EnvelopeError};
use doorward_model::{BatchOrder, EventRecord, Inbound, Message};
use serde_json::{Value, json};

use crate::samples::envelope;

const BY_ITEM: BatchAnswer = BatchAnswer::Items(BatchOrder::None);
const IN_ORDER: BatchAnswer = BatchAnswer::Items(BatchOrder::Stream);

/// Opens the messages of these fronts, so deep.
fn openings(of: &[(&str, usize)]) -> Openings {
    of.iter().map(|(front, depth)| (front.parse().unwrap(), *depth)).collect()
}

fn try_read(event: &Value, open: &[(&str, usize)]) -> Result<Entrance, EnvelopeError> {
    doorward_events::read(&envelope(event.to_string().as_bytes()), &openings(open))
}

#[track_caller]
fn batch(event: &Value, open: &[(&str, usize)]) -> RecordBatch {
    match try_read(event, open) {
        Ok(Entrance::Records(batch)) => batch,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn calls(event: &Value, open: &[(&str, usize)]) -> Vec<Inbound> {
    batch(event, open).records.into_iter().map(|record| record.unwrap()).collect()
}

#[track_caller]
fn call(event: &Value) -> Inbound {
    let mut calls = calls(event, &[]);
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}

#[track_caller]
fn event(inbound: &Inbound) -> &EventRecord {
    match &inbound.message {
        Message::Event(event) => event,
        Message::Http(_) => panic!("a request"),
    }
}

fn told(members: &std::collections::BTreeMap<String, Value>) -> Value {
    serde_json::to_value(members).unwrap()
}

fn records(records: &[Value]) -> Value {
    json!({ "Records": records })
}

/// "Example Amazon SQS message event (standard queue)", AWS Lambda guide.
fn message() -> Value {
    json!({
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": "{\"order\": \"1001\", \"amount\": 12}",
        "attributes": {
            "ApproximateReceiveCount": "2",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185"
        },
        "messageAttributes": {
            "myAttribute": {
                "stringValue": "myValue",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String"
            }
        },
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
        "awsRegion": "us-east-2"
    })
}

/// "Example SNS message event", AWS Lambda guide.
fn notification() -> Value {
    json!({
        "EventVersion": "1.0",
        "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:sns-lambda:21be56ed-a058-49f5-8c98-aedd2564c486",
        "EventSource": "aws:sns",
        "Sns": {
            "SignatureVersion": "1",
            "Timestamp": "2019-01-02T12:45:07.000Z",
            "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j",
            "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem",
            "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "Message": "Hello from SNS!",
            "MessageAttributes": {
                "Test": { "Type": "String", "Value": "TestString" },
                "TestBinary": { "Type": "Binary", "Value": "TestBinary" }
            },
            "Type": "Notification",
            "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:sns-lambda",
            "Subject": "TestInvoke"
        }
    })
}

/// "AWS service event metadata", EventBridge guide, put by an application.
fn bus_event() -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "OrderPlaced",
        "source": "shop.orders",
        "account": "111122223333",
        "time": "2017-12-22T18:43:48Z",
        "region": "us-west-1",
        "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
        "detail": { "order": "1001" }
    })
}

/// "Example event", "Using AWS Lambda with Amazon DynamoDB", AWS Lambda guide.
fn change() -> Value {
    json!({
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventVersion": "1.1",
        "dynamodb": {
            "Keys": { "Id": { "N": "101" } },
            "NewImage": { "Message": { "S": "New item!" }, "Id": { "N": "101" }, "Big": { "N": "123456789012345678901234567890" } },
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            "SequenceNumber": "111",
            "SizeBytes": 26,
            "ApproximateCreationDateTime": 1428537600.5
        },
        "awsRegion": "us-west-2",
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Example-Table/stream/2016-12-01T00:00:00.000",
        "eventSource": "aws:dynamodb"
    })
}

/// "Example event", "Using Lambda to process records from Amazon Kinesis Data Streams", AWS Lambda guide.
fn shard_record() -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "1",
            "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
            "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
            "approximateArrivalTimestamp": 1545084650.987
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
        "awsRegion": "us-east-2",
        "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"
    })
}
