use std::collections::BTreeMap;

use crate::{Field, FrontKind, Shape};

/// The event sources that the door reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// S3 event notifications, sent by the bucket itself.
    S3,
    /// Messages of an SQS queue, as an event source mapping hands them over.
    Sqs,
    /// Notifications of an SNS topic.
    Sns,
    /// Events of an EventBridge bus.
    EventBridge,
    /// A schedule of EventBridge, or of EventBridge Scheduler with its own event.
    Schedule,
    /// Changes of a DynamoDB table, as its stream has them.
    DynamoDb,
    /// Records of a Kinesis stream.
    Kinesis,
    /// CloudEvents, which come as requests to a route that takes them.
    CloudEvents,
}

/// Names and types of what policies read, by name.
pub type Fields = BTreeMap<String, Field>;

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::S3,
        Self::Sqs,
        Self::Sns,
        Self::EventBridge,
        Self::Schedule,
        Self::DynamoDb,
        Self::Kinesis,
        Self::CloudEvents,
    ];

    /// The word in `source = "s3"`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::EventBridge => "eventbridge",
            Self::Schedule => "schedule",
            Self::DynamoDb => "dynamodb",
            Self::Kinesis => "kinesis",
            Self::CloudEvents => "cloudevents",
        }
    }

    /// The front that its events come in by; `None` for what comes in by any front of requests.
    #[must_use]
    pub fn front(self) -> Option<FrontKind> {
        match self {
            Self::S3 => Some(FrontKind::Bucket),
            Self::Sqs => Some(FrontKind::Queue),
            Self::Sns => Some(FrontKind::Topic),
            Self::EventBridge => Some(FrontKind::Bus),
            Self::Schedule => Some(FrontKind::Schedule),
            Self::DynamoDb => Some(FrontKind::Table),
            Self::Kinesis => Some(FrontKind::Stream),
            Self::CloudEvents => None,
        }
    }

    /// The kind whose events come in by such a front; `None` for fronts of requests.
    #[must_use]
    pub fn of_front(front: FrontKind) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.front() == Some(front))
    }

    /// Whether its service says itself what type an event is of. Who puts an event on a bus, or sends one in a request, says
    /// that of it.
    #[must_use]
    pub fn attests_type(self) -> bool {
        ![Self::EventBridge, Self::CloudEvents].contains(&self)
    }

    /// Every type that its events may have; empty where there may be any.
    #[must_use]
    pub fn types(self) -> &'static [&'static str] {
        match self {
            Self::Sqs => &["Message"],
            Self::Sns => &["Notification"],
            Self::DynamoDb => &["INSERT", "MODIFY", "REMOVE"],
            Self::S3 | Self::EventBridge | Self::Schedule | Self::Kinesis | Self::CloudEvents => &[],
        }
    }

    /// The attribute that holds the id of its front, or of the route that it comes by.
    #[must_use]
    pub fn front_attribute(self) -> &'static str {
        match self {
            Self::S3 => "bucket",
            Self::Sqs => "queue",
            Self::Sns => "topic",
            Self::EventBridge => "account",
            Self::Schedule => "schedule",
            Self::DynamoDb => "table",
            Self::Kinesis => "stream",
            Self::CloudEvents => "route",
        }
    }

    /// What its service attests of an event: what `match` may test, and what policies read as `context.event` beside
    /// `source`, `type`, `region` and `account`.
    #[must_use]
    pub fn attributes(self) -> Fields {
        match self {
            Self::S3 => fields([
                ("bucket", TEXT, true),
                ("key", TEXT, true),
                ("size", Shape::Long, false),
                ("version", TEXT, false),
                // Canonical user id of the bucket's owner.
                ("owner", TEXT, false),
                ("user", TEXT, false),
            ]),
            Self::Sqs => fields([
                ("queue", TEXT, true),
                // Whose credentials sent it: the unique id of a user or role, or an account.
                ("sender", TEXT, false),
                ("receives", Shape::Long, false),
            ]),
            Self::Sns => fields([("topic", TEXT, true)]),
            // Nobody but AWS's own services puts events whose source begins with `aws.`.
            Self::EventBridge => fields([("by_aws", Shape::Bool, true)]),
            Self::Schedule => fields([("schedule", TEXT, true)]),
            // A service that made the change: the table itself, where an item's time to live was over.
            Self::DynamoDb => fields([("table", TEXT, true), ("user", TEXT, false)]),
            Self::Kinesis => fields([("stream", TEXT, true), ("shard", TEXT, false)]),
            // Of a request, its front and its credentials say what is attested.
            Self::CloudEvents => Fields::new(),
        }
    }

    /// Whether its messages have attributes that their senders write.
    #[must_use]
    pub fn has_message_attributes(self) -> bool {
        matches!(self, Self::Sqs | Self::Sns)
    }

    /// What policies read as `context.claimed` of a message beside its other claims, where a rule names some of its attributes: these,
    /// as texts, whatever their type; and the names of all.
    #[must_use]
    pub fn message_attributes(named: &[String]) -> Fields {
        let texts_by_name =
            named.iter().map(|name| (name.clone(), Field { shape: TEXT, required: false })).collect();
        fields([("attributes", Shape::Record(texts_by_name), true), ("attribute_names", texts(), true)])
    }

    /// What whoever sent the event says of it beside its payload: what `match` may test as well, and what policies read as
    /// `context.claimed`.
    #[must_use]
    pub fn claims(self) -> Fields {
        match self {
            Self::S3 | Self::Schedule | Self::DynamoDb => Fields::new(),
            Self::Sqs => fields([("group", TEXT, false), ("deduplication", TEXT, false)]),
            Self::Sns => fields([("subject", TEXT, false)]),
            Self::EventBridge => {
                fields([("source", TEXT, true), ("type", TEXT, true), ("resources", texts(), true)])
            }
            Self::Kinesis => fields([("partition_key", TEXT, true)]),
            // The context attributes of CloudEvents 1.0.2.
            Self::CloudEvents => fields([
                ("id", TEXT, true),
                ("source", TEXT, true),
                ("type", TEXT, true),
                ("subject", TEXT, false),
                ("time", TEXT, false),
                ("datacontenttype", TEXT, false),
                ("dataschema", TEXT, false),
            ]),
        }
    }

    /// What policies read as `context.claimed` of an event of this kind that came within a message: whoever may send such a
    /// message may say all of it.
    #[must_use]
    pub fn carried(self) -> Fields {
        let mut all = self.attributes();
        // A claim to be AWS's is none.
        all.remove("by_aws");
        all.extend(fields([("type", TEXT, true), ("region", TEXT, true), ("account", TEXT, false)]));
        all.extend(self.claims());
        all
    }
}

const TEXT: Shape = Shape::Text { values: Vec::new() };

fn texts() -> Shape {
    Shape::List(Box::new(TEXT))
}

fn fields<const N: usize>(of: [(&str, Shape, bool); N]) -> Fields {
    of.into_iter().map(|(name, shape, required)| (name.to_owned(), Field { shape, required })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_front_of_its_own() {
        for kind in EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::CloudEvents) {
            assert_eq!(kind.front().and_then(EventKind::of_front), Some(kind));
        }
        assert_eq!(EventKind::CloudEvents.front(), None);
        assert_eq!(EventKind::of_front(FrontKind::HttpApi), None);
    }

    #[test]
    fn what_is_attested_and_what_is_claimed_have_no_name_in_common() {
        for kind in EventKind::ALL {
            let (attested, claimed) = (kind.attributes(), kind.claims());
            assert!(claimed.keys().all(|name| !attested.contains_key(name)), "{kind:?}");
            assert!(
                attested.keys().all(|name| !["source", "type", "region", "account"].contains(&name.as_str()))
            );
        }
    }
}
