//! What a queue is set to.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::SqsFault;

/// Most bytes of a message, and of all messages of a batch together: 1 MiB.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub(super) const LARGEST_MESSAGE: usize = 1_048_576;
/// Longest visibility timeout, in seconds: 12 hours.
pub(crate) const LONGEST_VISIBILITY: u64 = 43_200;
/// Longest delay, in seconds.
pub(super) const LONGEST_DELAY: u64 = 900;
/// Longest wait of one request for messages, in seconds.
pub(super) const LONGEST_WAIT: u64 = 20;

/// What is kept as it is and means nothing here.
const KEPT: [&str; 5] = [
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) is_fifo: bool,
    pub(super) visibility: Duration,
    pub(super) delay: Duration,
    pub(super) retention: Duration,
    pub(super) maximum_size: usize,
    pub(super) wait: Duration,
    pub(super) content_based_deduplication: bool,
    /// A message is a repetition of one of its own group only.
    pub(super) deduplicates_in_group: bool,
    pub(super) redrive: Option<Redrive>,
    throughput_limit: Option<String>,
    kept: BTreeMap<String, String>,
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) target_arn: String,
    pub(super) maximum_receives: u32,
}

impl Settings {
    pub(super) fn new(is_fifo: bool) -> Self {
        Self {
            is_fifo,
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_secs(345_600),
            maximum_size: LARGEST_MESSAGE,
            wait: Duration::ZERO,
            content_based_deduplication: false,
            deduplicates_in_group: false,
            redrive: None,
            throughput_limit: None,
            kept: BTreeMap::new(),
        }
    }

    /// With `attributes` as well.
    pub(super) fn with(mut self, attributes: &BTreeMap<String, String>) -> Result<Self, SqsFault> {
        for (name, value) in attributes {
            self.set(name, value)?;
        }
        Ok(self)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsFault> {
        match name {
            "VisibilityTimeout" => self.visibility = seconds(name, value, 0..=LONGEST_VISIBILITY)?,
            "DelaySeconds" => self.delay = seconds(name, value, 0..=LONGEST_DELAY)?,
            "MessageRetentionPeriod" => self.retention = seconds(name, value, 60..=1_209_600)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = seconds(name, value, 0..=LONGEST_WAIT)?,
            "MaximumMessageSize" => self.maximum_size = number(name, value, 1024..=LARGEST_MESSAGE)?,
            "RedrivePolicy" => self.redrive = redrive(value)?,
            // What it is stands in its name.
            "FifoQueue" if self.is_fifo && value == "true" => {}
            "ContentBasedDeduplication" if self.is_fifo => {
                self.content_based_deduplication = flag(name, value)?;
            }
            "DeduplicationScope" if self.is_fifo => {
                self.deduplicates_in_group = match value {
                    "queue" => false,
                    "messageGroup" => true,
                    _ => return Err(SqsFault::AttributeValue(name.to_owned())),
                };
            }
            "FifoThroughputLimit" if self.is_fifo => match value {
                "perQueue" | "perMessageGroupId" => self.throughput_limit = Some(value.to_owned()),
                _ => return Err(SqsFault::AttributeValue(name.to_owned())),
            },
            _ if KEPT.contains(&name) => {
                self.kept.insert(name.to_owned(), value.to_owned());
            }
            _ => return Err(SqsFault::AttributeName(name.to_owned())),
        }
        Ok(())
    }

    /// By the names that they have in AWS.
    pub(super) fn attributes(&self) -> BTreeMap<String, String> {
        let mut all = self.kept.clone();
        all.retain(|_, value| !value.is_empty());
        let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
        put("VisibilityTimeout", self.visibility.as_secs().to_string());
        put("DelaySeconds", self.delay.as_secs().to_string());
        put("MessageRetentionPeriod", self.retention.as_secs().to_string());
        put("ReceiveMessageWaitTimeSeconds", self.wait.as_secs().to_string());
        put("MaximumMessageSize", self.maximum_size.to_string());
        if let Some(Redrive { target_arn, maximum_receives }) = &self.redrive {
            let policy = json!({ "deadLetterTargetArn": target_arn, "maxReceiveCount": maximum_receives });
            put("RedrivePolicy", policy.to_string());
        }
        if self.is_fifo {
            put("FifoQueue", "true".to_owned());
            put("ContentBasedDeduplication", self.content_based_deduplication.to_string());
            let scope = if self.deduplicates_in_group { "messageGroup" } else { "queue" };
            put("DeduplicationScope", scope.to_owned());
            let limit = self.throughput_limit.clone().unwrap_or_else(|| "perQueue".to_owned());
            put("FifoThroughputLimit", limit);
        }
        all
    }
}

fn number<T: FromStr + PartialOrd>(name: &str, value: &str, range: RangeInclusive<T>) -> Result<T, SqsFault> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| SqsFault::AttributeValue(name.to_owned()))
}

fn seconds(name: &str, value: &str, range: RangeInclusive<u64>) -> Result<Duration, SqsFault> {
    number(name, value, range).map(Duration::from_secs)
}

fn flag(name: &str, value: &str) -> Result<bool, SqsFault> {
    value.parse().map_err(|_| SqsFault::AttributeValue(name.to_owned()))
}

/// `{"deadLetterTargetArn":"arn:…","maxReceiveCount":3}`, the number as text or not; none for an empty text.
fn redrive(policy: &str) -> Result<Option<Redrive>, SqsFault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Raw {
        dead_letter_target_arn: String,
        max_receive_count: Value,
    }
    if policy.is_empty() {
        return Ok(None);
    }
    let raw: Raw =
        serde_json::from_str(policy).map_err(|_| SqsFault::AttributeValue("RedrivePolicy".to_owned()))?;
    let count = match &raw.max_receive_count {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    let refused = || {
        let reason = "Reason: Invalid value for maxReceiveCount: it must be between 1 and 1000.";
        SqsFault::Parameter(format!("Value {policy} for parameter RedrivePolicy is invalid. {reason}"))
    };
    let count = count.filter(|count| (1..=1000).contains(count)).ok_or_else(refused)?;
    let maximum_receives = u32::try_from(count).map_err(|_| refused())?;
    Ok(Some(Redrive { target_arn: raw.dead_letter_target_arn, maximum_receives }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn set(is_fifo: bool, name: &str, value: &str) -> Result<Settings, SqsFault> {
        Settings::new(is_fifo).with(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn come_back_as_they_were_set() {
        for (name, value) in [
            ("VisibilityTimeout", "0"),
            ("DelaySeconds", "900"),
            ("MessageRetentionPeriod", "60"),
            ("ReceiveMessageWaitTimeSeconds", "20"),
            ("MaximumMessageSize", "1024"),
            ("Policy", "{}"),
            ("RedrivePolicy", r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:d","maxReceiveCount":3}"#),
            ("ContentBasedDeduplication", "true"),
            ("DeduplicationScope", "messageGroup"),
            ("FifoThroughputLimit", "perMessageGroupId"),
        ] {
            let settings = set(true, name, value).unwrap();
            assert_eq!(settings.attributes()[name], value, "{name}");
            assert_ne!(Settings::new(true).attributes().get(name).map(String::as_str), Some(value), "{name}");
        }
        let text = r#"{"deadLetterTargetArn":"a","maxReceiveCount":"7"}"#;
        assert_eq!(set(false, "RedrivePolicy", text).unwrap().redrive.unwrap().maximum_receives, 7);
        assert_eq!(set(false, "RedrivePolicy", "").unwrap().redrive, None);
    }

    #[test]
    fn are_refused_out_of_their_range() {
        for (name, value) in [
            ("VisibilityTimeout", "43201"),
            ("VisibilityTimeout", "-1"),
            ("DelaySeconds", "901"),
            ("MessageRetentionPeriod", "59"),
            ("ReceiveMessageWaitTimeSeconds", "21"),
            ("MaximumMessageSize", "1048577"),
            ("ContentBasedDeduplication", "yes"),
            ("DeduplicationScope", "world"),
            ("RedrivePolicy", "[]"),
        ] {
            assert_eq!(set(true, name, value), Err(SqsFault::AttributeValue(name.to_owned())), "{value}");
        }
        for (name, value) in [("FifoQueue", "true"), ("ContentBasedDeduplication", "true"), ("Colour", "red")]
        {
            assert_eq!(set(false, name, value), Err(SqsFault::AttributeName(name.to_owned())));
        }
        for count in ["0", "1001", "\"x\""] {
            let policy = format!(r#"{{"deadLetterTargetArn":"a","maxReceiveCount":{count}}}"#);
            assert!(matches!(set(false, "RedrivePolicy", &policy), Err(SqsFault::Parameter(_))), "{count}");
        }
    }
}
