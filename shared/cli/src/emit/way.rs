//! Messages in which events come: a notification of S3's in a message of a queue, and the like.

use std::str::FromStr;

use doorward_model::EventKind;
use jiff::Timestamp;

use super::draft::{Batch, Draft, Place};
use super::messages::Queued;
use crate::output::Failure;

/// In whose messages an event comes.
#[derive(clap::Args)]
pub(super) struct Way {
    /// In whose message it comes: `sns:TOPIC` or `sqs:QUEUE`; in both, in the order in which it goes, `--through sns:TOPIC
    /// --through sqs:QUEUE`. The door opens the messages of those that `through` of a rule names.
    #[arg(long, value_name = "SERVICE:NAME")]
    through: Vec<Hop>,
    #[command(flatten)]
    queued: Queued,
    #[command(flatten)]
    batch: Batch,
}

/// A queue or a topic, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hop {
    Topic(String),
    Queue(String),
}

impl FromStr for Hop {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':').filter(|(_, name)| !name.is_empty()) {
            // The words of configurations are understood as well.
            Some(("sns" | "topic", topic)) => Ok(Self::Topic(topic.to_owned())),
            Some(("sqs" | "queue", queue)) => Ok(Self::Queue(queue.to_owned())),
            _ => Err("write `sns:TOPIC` or `sqs:QUEUE`"),
        }
    }
}

/// A way that there is.
pub(super) struct Checked<'a> {
    topic: Option<&'a str>,
    queue: Option<&'a str>,
    way: &'a Way,
}

impl Way {
    /// That of an event of `source`, which is neither a queue nor a topic.
    pub(super) fn of(&self, source: EventKind) -> Result<Checked<'_>, Failure> {
        let way = self.checked()?;
        let is_fifo = |name: Option<&str>| name.is_some_and(|name| name.ends_with(".fifo"));
        if source == EventKind::S3 && (is_fifo(way.topic) || (way.topic.is_none() && is_fifo(way.queue))) {
            return Err(Failure::usage("S3 sends to no FIFO queue and no FIFO topic"));
        }
        if way.queue.is_none() && is_fifo(way.topic) {
            return Err(fifo_topic());
        }
        Ok(way)
    }

    /// That of a notification of `topic`.
    pub(super) fn of_topic(&self, topic: &str) -> Result<Checked<'_>, Failure> {
        let way = self.checked()?;
        if way.topic.is_some() {
            return Err(Failure::usage("no topic's notifications go to another topic")
                .hint("`--through sqs:QUEUE` is where they go"));
        }
        let is_fifo = topic.ends_with(".fifo");
        match way.queue {
            None if is_fifo => Err(fifo_topic()),
            Some(queue) if queue.ends_with(".fifo") && !is_fifo => Err(standard_topic()),
            _ => Ok(way),
        }
    }

    fn checked(&self) -> Result<Checked<'_>, Failure> {
        let (topic, queue) = match self.through.as_slice() {
            [] => (None, None),
            [Hop::Topic(topic)] => (Some(topic), None),
            [Hop::Queue(queue)] => (None, Some(queue)),
            [Hop::Topic(topic), Hop::Queue(queue)] => (Some(topic), Some(queue)),
            _ => {
                return Err(Failure::usage("no event takes that way")
                    .hint("a topic comes first and a queue last, and there is at most one of each"));
            }
        };
        let is_fifo = |name: &String| name.ends_with(".fifo");
        if queue.is_some_and(is_fifo) && topic.is_some_and(|topic| !is_fifo(topic)) {
            return Err(standard_topic());
        }
        if let Some(queue) = queue {
            self.queued.check(queue, self.batch.count())?;
        }
        if queue.is_none() && self.batch.is_asked_for() {
            return Err(Failure::usage("only queues and streams hand over several records, and only of them pipes read")
                .hint("`--through sqs:QUEUE` makes messages of a queue; every other event is an invocation of its own"));
        }
        if queue.is_none() && self.queued.is_asked_for() {
            return Err(Failure::usage("only messages of a queue have a sender, a group and the like")
                .hint("`--through sqs:QUEUE` makes one"));
        }
        Ok(Checked { topic: topic.map(String::as_str), queue: queue.map(String::as_str), way: self })
    }
}

fn standard_topic() -> Failure {
    Failure::usage("a standard topic sends to no FIFO queue")
        .hint("`.fifo` ends the name of a FIFO topic, too")
}

fn fifo_topic() -> Failure {
    Failure::usage("a FIFO topic sends to queues alone").hint("`--through sqs:QUEUE` is where it sends to")
}

impl Checked<'_> {
    /// How many events it takes.
    pub(super) fn count(&self) -> usize {
        self.way.batch.count()
    }

    /// The event that `draft` makes of each id, in the messages in which it comes.
    pub(super) fn event(
        &self,
        ids: &[String],
        place: &Place,
        now: Timestamp,
        draft: impl Fn(String) -> Draft,
    ) -> String {
        let in_topic = |id: &String| {
            let own = draft(id.clone());
            match self.topic {
                Some(topic) => notification(topic, id.clone(), place, &own, now),
                None => own,
            }
        };
        let Some(queue) = self.queue else {
            return ids.first().map(in_topic).map(|draft| draft.event(now)).unwrap_or_default();
        };
        let messages = ids.iter().map(|id| {
            let body = in_topic(id).message(now);
            self.way.queued.message(queue, id.clone(), place, body)
        });
        self.way.batch.event(&messages.collect::<Vec<_>>(), now)
    }
}

/// What a topic sends of an event that it was sent; S3 gives it a subject.
fn notification(topic: &str, id: String, place: &Place, of: &Draft, now: Timestamp) -> Draft {
    let subject = (of.kind == EventKind::S3).then(|| "Amazon S3 Notification".into());
    let told = [("topic", Some(topic.into())), ("subject", subject)];
    Draft::new(EventKind::Sns, id, place, told).with_payload(of.message(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_a_topic_or_a_queue() {
        let queue = Ok(Hop::Queue("uploads".to_owned()));
        assert_eq!(("sqs:uploads".parse(), "queue:uploads".parse()), (queue.clone(), queue));
        assert_eq!("sns:a".parse(), Ok(Hop::Topic("a".to_owned())));
        for odd in ["", "sqs", "sqs:", "s3:a", "uploads"] {
            assert!(odd.parse::<Hop>().is_err(), "{odd}");
        }
    }
}
