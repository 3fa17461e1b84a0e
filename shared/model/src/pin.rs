use std::fmt;
use std::str::FromStr;

use crate::{Arn, Front, FrontKind};

/// A front as a deployment pins it: by name, `queue:orders`, which is that of any account and region; or by ARN,
/// `queue:arn:aws:sqs:eu-central-1:123456789012:orders`, which is that one only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The front.
    pub front: Front,
    /// The ARN, where it is pinned by that.
    pub arn: Option<String>,
}

/// A text that pins no front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParsePinError {
    /// It is no `KIND:NAME`.
    #[error(transparent)]
    Front(#[from] crate::ParseFrontError),
    /// Its ARN is of another form than that kind has.
    #[error("`{text}` is not the ARN of a {kind}: expected `{expected}`")]
    Arn {
        /// What was found.
        text: String,
        /// The word of the kind.
        kind: &'static str,
        /// The form.
        expected: &'static str,
    },
    /// A kind that is named by the id that its service made up, which no other account has.
    #[error("a {0} is pinned by its id, which is of one account and region already")]
    ById(&'static str),
}

impl FrontKind {
    /// The form of an ARN that pins a front of this kind; `None` for those that have ids of their service's making.
    #[must_use]
    pub fn arn_form(self) -> Option<&'static str> {
        match self {
            Self::RestApi | Self::HttpApi | Self::WebSocketApi | Self::FunctionUrl | Self::Alb => None,
            Self::Bucket => Some("arn:aws:s3:::NAME"),
            Self::Queue => Some("arn:aws:sqs:REGION:ACCOUNT:NAME"),
            Self::Topic => Some("arn:aws:sns:REGION:ACCOUNT:NAME"),
            // An event does not say by which bus it came.
            Self::Bus => Some("arn:aws:events:REGION:ACCOUNT:event-bus/*"),
            Self::Schedule => Some(
                "arn:aws:events:REGION:ACCOUNT:rule/NAME` or `arn:aws:scheduler:REGION:ACCOUNT:schedule/GROUP/NAME",
            ),
            Self::Table => Some("arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"),
            Self::Stream => Some("arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"),
        }
    }

    /// The id of the front of this kind that an ARN names.
    fn id_of(self, arn: &str) -> Option<&str> {
        match self {
            Self::RestApi | Self::HttpApi | Self::WebSocketApi | Self::FunctionUrl | Self::Alb => None,
            Self::Bucket => Arn::bucket(arn),
            Self::Queue => Some(Arn::of(arn, "sqs")?.resource),
            Self::Topic => Some(Arn::of(arn, "sns")?.resource),
            Self::Bus => {
                let bus = Arn::of(arn, "events")?;
                (bus.resource == "event-bus/*").then_some(bus.account)
            }
            Self::Schedule => schedule(arn),
            Self::Table => Arn::of(arn, "dynamodb")?.resource.strip_prefix("table/"),
            Self::Stream => Arn::of(arn, "kinesis")?.resource.strip_prefix("stream/"),
        }
    }
}

/// `rule/NAME`, of another bus `rule/BUS/NAME`: the rule's name; `schedule/GROUP/NAME`: group and name.
fn schedule(arn: &str) -> Option<&str> {
    match (Arn::of(arn, "events"), Arn::of(arn, "scheduler")) {
        (Some(rule), _) => rule.resource.strip_prefix("rule/")?.rsplit('/').next(),
        (None, Some(schedule)) => schedule.resource.strip_prefix("schedule/"),
        (None, None) => None,
    }
}

impl Pin {
    /// The front of this kind that an ARN names.
    #[must_use]
    pub fn by_arn(kind: FrontKind, arn: &str) -> Option<Self> {
        let front = format!("{}:{}", kind.word(), kind.id_of(arn)?).parse().ok()?;
        Some(Self { front, arn: Some(arn.to_owned()) })
    }
}

impl FromStr for Pin {
    type Err = ParsePinError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_arn =
            text.split_once(':').filter(|(_, arn)| arn.starts_with("arn:")).and_then(|(word, arn)| {
                Some((FrontKind::ALL.into_iter().find(|kind| kind.word() == word)?, arn))
            });
        let Some((kind, arn)) = of_arn else {
            return Ok(Self { front: text.parse()?, arn: None });
        };
        let expected = kind.arn_form().ok_or(ParsePinError::ById(kind.word()))?;
        let fault = || ParsePinError::Arn { text: arn.to_owned(), kind: kind.word(), expected };
        Self::by_arn(kind, arn).ok_or_else(fault)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.arn {
            Some(arn) => write!(f, "{}:{arn}", self.front.kind.word()),
            None => self.front.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_a_front_of_its_kind_and_no_other() {
        for (text, front) in [
            ("queue:orders", "queue:orders"),
            ("queue:arn:aws:sqs:us-east-1:123456789012:orders.fifo", "queue:orders.fifo"),
            ("topic:arn:aws-cn:sns:cn-north-1:123456789012:orders", "topic:orders"),
            ("bucket:arn:aws:s3:::receipts", "bucket:receipts"),
            ("bus:arn:aws:events:us-east-1:123456789012:event-bus/*", "bus:123456789012"),
            ("schedule:arn:aws:events:us-east-1:123456789012:rule/nightly", "schedule:nightly"),
            ("schedule:arn:aws:scheduler:us-east-1:123456789012:schedule/default/n", "schedule:default/n"),
            ("table:arn:aws:dynamodb:us-east-1:123456789012:table/orders", "table:orders"),
            ("stream:arn:aws:kinesis:us-east-1:123456789012:stream/clicks", "stream:clicks"),
        ] {
            let pin: Pin = text.parse().unwrap();
            assert_eq!((pin.front.to_string().as_str(), pin.to_string().as_str()), (front, text));
        }
        for text in [
            "queue:arn:aws:sns:us-east-1:123456789012:orders",
            "queue:arn:aws:sqs:us-east-1::orders",
            "queue:arn:aws:sqs::123456789012:orders",
            "queue:arn:aws:sqs:*:123456789012:orders",
            "queue:arn:aws:sqs:us-east-1:123456789012:*",
            "bucket:arn:aws:s3:us-east-1:123456789012:receipts",
            "bus:arn:aws:events:us-east-1:123456789012:event-bus/default",
            "table:arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
            "stream:arn:aws:kinesis:us-east-1:123456789012:stream/clicks/consumer/c:1",
            "http-api:arn:aws:apigateway:us-east-1::/apis/a1b2c3",
            "gopher:arn:aws:sqs:us-east-1:123456789012:orders",
        ] {
            assert!(text.parse::<Pin>().is_err(), "{text}");
        }
    }
}
