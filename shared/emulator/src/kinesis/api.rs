//! The Kinesis API in AWS JSON 1.1: `POST` with the operation in `X-Amz-Target`.
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html>

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fault::KinesisFault;
use super::{Kinesis, NewRecord, hash_range};

/// Most bytes of a request: 10 MiB of records, in Base64.
const LIMIT: usize = 16 * 1024 * 1024;
/// Most records of a request, and most bytes of them.
const MOST_RECORDS: usize = 500;
const MOST_BYTES: usize = 10 * 1024 * 1024;

pub(crate) fn router(kinesis: Arc<Kinesis>) -> axum::Router {
    axum::Router::new().route("/", post(handle)).with_state(kinesis)
}

async fn handle(State(kinesis): State<Arc<Kinesis>>, headers: HeaderMap, body: Body) -> Response {
    let answer = match to_bytes(body, LIMIT).await {
        Ok(body) => answer(&kinesis, &headers, &body),
        Err(_) => Err(KinesisFault::Serialization(format!("the request is larger than {LIMIT} bytes"))),
    };
    let id = ("x-amzn-requestid", Uuid::new_v4().to_string());
    match answer {
        Ok(answer) => {
            let kind = ("content-type", "application/x-amz-json-1.1".to_owned());
            ([id, kind], answer.to_string()).into_response()
        }
        Err(fault) => ([id], fault).into_response(),
    }
}

fn answer(kinesis: &Kinesis, headers: &HeaderMap, body: &[u8]) -> Result<Value, KinesisFault> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    match target.strip_prefix("Kinesis_20131202.").unwrap_or_default() {
        "PutRecord" => put_record(kinesis, input(body)?),
        "PutRecords" => put_records(kinesis, input(body)?),
        "DescribeStreamSummary" => describe(kinesis, &input(body)?),
        "ListShards" => list_shards(kinesis, &input(body)?),
        "ListStreams" => {
            let names: Vec<&String> = kinesis.streams.keys().collect();
            Ok(json!({ "StreamNames": names, "HasMoreStreams": false }))
        }
        _ => Err(KinesisFault::Operation(target.to_owned())),
    }
}

fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, KinesisFault> {
    serde_json::from_slice(body).map_err(|error| KinesisFault::Serialization(error.to_string()))
}

/// A stream by its name or its ARN.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "StreamName")]
    name: Option<String>,
    #[serde(rename = "StreamARN")]
    arn: Option<String>,
}

impl Named {
    fn stream(&self, kinesis: &Kinesis) -> Result<&str, KinesisFault> {
        let by_arn = self.arn.as_deref().map(|arn| {
            let name = arn.rsplit('/').next().filter(|name| kinesis.arn(name) == arn);
            name.ok_or_else(|| kinesis.not_found(arn))
        });
        let name = match (self.name.as_deref(), by_arn.transpose()?) {
            (Some(name), None) => name,
            (None, Some(name)) => name,
            (Some(name), Some(by_arn)) if name == by_arn => name,
            _ => {
                return Err(KinesisFault::Argument(
                    "Either StreamName or StreamARN is needed, for one stream.".to_owned(),
                ));
            }
        };
        if kinesis.streams.contains_key(name) { Ok(name) } else { Err(kinesis.not_found(name)) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawRecord {
    data: String,
    partition_key: String,
    explicit_hash_key: Option<String>,
}

impl RawRecord {
    fn read(self) -> Result<NewRecord, KinesisFault> {
        let data = STANDARD.decode(self.data);
        let data = data.map_err(|_| KinesisFault::Serialization("Data is not in Base64.".to_owned()))?;
        Ok(NewRecord { data, partition_key: self.partition_key, explicit_hash_key: self.explicit_hash_key })
    }
}

#[derive(Deserialize)]
struct PutRecord {
    #[serde(flatten)]
    stream: Named,
    #[serde(flatten)]
    record: RawRecord,
}

fn put_record(kinesis: &Kinesis, input: PutRecord) -> Result<Value, KinesisFault> {
    let (shard, sequence) = kinesis.put(input.stream.stream(kinesis)?, input.record.read()?)?;
    Ok(json!({ "ShardId": shard, "SequenceNumber": sequence }))
}

#[derive(Deserialize)]
struct PutRecords {
    #[serde(flatten)]
    stream: Named,
    #[serde(rename = "Records")]
    records: Vec<RawRecord>,
}

/// All of them, or none where one of them is malformed.
fn put_records(kinesis: &Kinesis, input: PutRecords) -> Result<Value, KinesisFault> {
    let stream = input.stream.stream(kinesis)?;
    if !(1..=MOST_RECORDS).contains(&input.records.len()) {
        return Err(KinesisFault::Validation(format!(
            "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length between \
             1 and {MOST_RECORDS}"
        )));
    }
    let records: Vec<NewRecord> = input.records.into_iter().map(RawRecord::read).collect::<Result<_, _>>()?;
    let bytes: usize = records.iter().map(|record| record.data.len() + record.partition_key.len()).sum();
    if bytes > MOST_BYTES {
        return Err(KinesisFault::Argument(format!("Records size exceeds {MOST_BYTES} bytes")));
    }
    kinesis.put_all(stream, records).map(|put| {
        let records: Vec<Value> = put
            .into_iter()
            .map(|(shard, sequence)| json!({ "ShardId": shard, "SequenceNumber": sequence }))
            .collect();
        json!({ "FailedRecordCount": 0, "Records": records })
    })
}

fn describe(kinesis: &Kinesis, input: &Named) -> Result<Value, KinesisFault> {
    let stream = input.stream(kinesis)?;
    let shards = kinesis.streams.get(stream).map_or(0, Vec::len);
    Ok(json!({
        "StreamDescriptionSummary": {
            "StreamName": stream,
            "StreamARN": kinesis.arn(stream),
            "StreamStatus": "ACTIVE",
            "StreamModeDetails": { "StreamMode": "PROVISIONED" },
            "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": kinesis.created / 1000,
            "EnhancedMonitoring": [{ "ShardLevelMetrics": [] }],
            "EncryptionType": "NONE",
            "OpenShardCount": shards,
            "ConsumerCount": 0,
        },
    }))
}

fn list_shards(kinesis: &Kinesis, input: &Named) -> Result<Value, KinesisFault> {
    let shards = kinesis.streams.get(input.stream(kinesis)?).map(Vec::as_slice).unwrap_or_default();
    let listed: Vec<Value> = shards
        .iter()
        .enumerate()
        .map(|(index, shard)| {
            json!({
                "ShardId": shard.id(),
                "HashKeyRange": {
                    "StartingHashKey": hash_range::start(index, shards.len()).to_string(),
                    "EndingHashKey": hash_range::end(index, shards.len()).to_string(),
                },
                "SequenceNumberRange": { "StartingSequenceNumber": shard.first_sequence() },
            })
        })
        .collect();
    Ok(json!({ "Shards": listed }))
}
