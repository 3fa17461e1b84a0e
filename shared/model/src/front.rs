use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The kinds of service through which calls enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrontKind {
    /// An API Gateway REST API, named by its API id.
    RestApi,
    /// An API Gateway HTTP API, named by its API id.
    HttpApi,
    /// An API Gateway WebSocket API, named by its API id.
    WebSocketApi,
    /// A Lambda function URL, named by its URL id.
    FunctionUrl,
    /// A target group of an Application Load Balancer, named as its ARN ends: `orders/49e9d65c45c6791a`.
    Alb,
    /// An S3 bucket that notifies, named by the bucket.
    Bucket,
    /// An SQS queue, named by the queue.
    Queue,
    /// An SNS topic, named by the topic.
    Topic,
    /// The event buses of an account, named by the account: an event of EventBridge says where it comes from, not by
    /// which bus.
    Bus,
    /// A schedule of EventBridge: the name of a rule, or group and name of a schedule of EventBridge Scheduler.
    Schedule,
    /// The stream of a DynamoDB table, named by the table.
    Table,
    /// A Kinesis stream, named by the stream.
    Stream,
}

impl FrontKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::RestApi,
        Self::HttpApi,
        Self::WebSocketApi,
        Self::FunctionUrl,
        Self::Alb,
        Self::Bucket,
        Self::Queue,
        Self::Topic,
        Self::Bus,
        Self::Schedule,
        Self::Table,
        Self::Stream,
    ];

    /// The word before the colon in `fronts = ["http-api:a1b2c3"]`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RestApi => "rest-api",
            Self::HttpApi => "http-api",
            Self::WebSocketApi => "websocket-api",
            Self::FunctionUrl => "function-url",
            Self::Alb => "alb",
            Self::Bucket => "bucket",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Bus => "bus",
            Self::Schedule => "schedule",
            Self::Table => "table",
            Self::Stream => "stream",
        }
    }
}

/// One front, as a deployment pins it: `http-api:a1b2c3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Front {
    /// The kind of service.
    pub kind: FrontKind,
    /// The service's own id: API id, URL id, target group; the name of a bucket, queue, topic, table, stream or schedule; an
    /// account.
    pub id: String,
}

/// A text that names no front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`"
)]
pub struct ParseFrontError(pub String);

impl FromStr for Front {
    type Err = ParseFrontError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || ParseFrontError(text.to_owned());
        let (word, id) = text.split_once(':').ok_or_else(fault)?;
        let kind = FrontKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(fault)?;
        let plain = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        };
        let is_id = match kind {
            FrontKind::Alb => id.split_once('/').is_some_and(|(name, hash)| plain(name) && plain(hash)),
            FrontKind::Schedule => {
                id.split_once('/').map_or(plain(id), |(group, name)| plain(group) && plain(name))
            }
            FrontKind::Bus => id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()),
            _ => plain(id),
        };
        if !is_id {
            return Err(fault());
        }
        Ok(Self { kind, id: id.to_owned() })
    }
}

impl fmt::Display for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.id)
    }
}

impl Serialize for Front {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_reads_back_as_it_is_written() {
        for text in [
            "rest-api:a1b2c3",
            "http-api:a1b2c3",
            "websocket-api:a1b2c3",
            "function-url:abc",
            "alb:orders/49e9d65c45c6791a",
            "bucket:my.receipts-1",
            "queue:payments.fifo",
            "topic:orders",
            "bus:123456789012",
            "schedule:nightly",
            "schedule:default/nightly",
            "table:shop-orders",
            "stream:clicks",
        ] {
            assert_eq!(text.parse::<Front>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "http-api",
            "http-api:",
            "gopher:x",
            "bucket:a b",
            "bucket:*",
            "alb:orders",
            "alb:a/b/c",
            "http-api:a/b",
            "queue:a/b",
            "bus:default",
            "bus:1234567890123",
            "schedule:a/b/c",
            "schedule:/b",
        ] {
            assert!(text.parse::<Front>().is_err(), "{text}");
        }
    }
}
