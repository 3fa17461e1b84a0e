use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::sample::partition;

/// What a made-up notification is about.
#[derive(Debug, Clone, Copy)]
pub struct S3Sample<'a> {
    /// The bucket's name.
    pub bucket: &'a str,
    /// The object's key, not encoded.
    pub key: &'a str,
    /// The object's size in bytes; removals have none.
    pub size: u64,
    /// The object's version, in versioned buckets.
    pub version: Option<&'a str>,
    /// Without `s3:`: `ObjectCreated:Put`.
    pub event: &'a str,
    /// Hexadecimal; a new one makes a new event, the same one a repetition.
    pub sequencer: &'a str,
    /// When it happened.
    pub time: Timestamp,
    /// The AWS region.
    pub region: &'a str,
    /// Twelve digits: the account whose root user caused it.
    pub account: &'a str,
}

/// A whole event with one record, as S3 sends it to a function. Everything in it follows from the sample.
#[must_use]
pub fn sample(sample: &S3Sample<'_>) -> Value {
    json!({ "Records": [record(sample)] })
}

/// The record itself.
pub(crate) fn record(sample: &S3Sample<'_>) -> Value {
    let seed = seed(sample);
    let hex = |range: std::ops::Range<usize>| -> String {
        seed.iter().skip(range.start).take(range.len()).map(|byte| format!("{byte:02x}")).collect()
    };
    json!({
        "eventVersion": "2.1",
        "eventSource": super::SOURCE,
        "awsRegion": sample.region,
        "eventTime": sample.time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        "eventName": sample.event,
        "userIdentity": { "principalId": format!("AWS:{}", sample.account) },
        "requestParameters": { "sourceIPAddress": "192.0.2.10" },
        "responseElements": {
            "x-amz-request-id": hex(0..8).to_uppercase(),
            "x-amz-id-2": STANDARD.encode(seed),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "doorward",
            "bucket": {
                "name": sample.bucket,
                "ownerIdentity": { "principalId": format!("A{}", hex(8..14).to_uppercase()) },
                "arn": format!("arn:{}:s3:::{}", partition(sample.region), sample.bucket),
            },
            "object": object(sample, hex(16..32)),
        },
    })
}

fn object(sample: &S3Sample<'_>, e_tag: String) -> Map<String, Value> {
    let is_removal = sample.event.starts_with("ObjectRemoved:");
    [
        ("key", Some(Value::from(encode_key(sample.key)))),
        ("size", (!is_removal).then(|| sample.size.into())),
        ("eTag", (!is_removal).then(|| e_tag.into())),
        ("versionId", sample.version.map(Value::from)),
        ("sequencer", Some(sample.sequencer.into())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn seed(sample: &S3Sample<'_>) -> [u8; 32] {
    let parts = [sample.bucket, sample.key, sample.event, sample.sequencer];
    parts
        .iter()
        .fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update([0]))
        .finalize()
        .into()
}

fn encode_key(key: &str) -> String {
    /// What form-encoding leaves (WHATWG URL), and the slash, which S3 leaves as well.
    const LEFT: AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/').remove(b' ');
    utf8_percent_encode(key, &LEFT).to_string().replace(' ', "+")
}
