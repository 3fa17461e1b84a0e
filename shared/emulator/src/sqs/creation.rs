//! How queues come to be, and to be set otherwise.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::time::Instant;

use super::Sqs;
use super::fault::SqsFault;
use super::queue::Queue;
use super::settings::Settings;
use crate::error::EmulatorError;
use crate::options;

impl Sqs {
    /// Makes a queue, or finds the one there is, which must be set as asked.
    pub(crate) fn create(&self, name: &str, attributes: &BTreeMap<String, String>) -> Result<(), SqsFault> {
        let (base, is_fifo) = match name.strip_suffix(".fifo") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if base.is_empty() || name.len() > 80 || !base.bytes().all(is_named) {
            return Err(SqsFault::parameter(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            ));
        }
        if is_fifo && attributes.get("FifoQueue").is_none_or(|value| value != "true") {
            return Err(SqsFault::parameter(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end \
                 with .fifo suffix and be 1 to 80 in length, and its attribute FifoQueue must be true.",
            ));
        }
        let settings = Settings::new(is_fifo).with(attributes)?;
        if let Some(queue) = self.lock().get(name) {
            let current = queue.settings.attributes();
            let wanted = settings.attributes();
            let other = attributes.keys().find(|name| current.get(*name) != wanted.get(*name));
            return other.map_or(Ok(()), |name| Err(SqsFault::QueueNameExists(name.clone())));
        }
        self.check_redrive(&settings)?;
        let queue = Queue::new(name.to_owned(), settings, Instant::now(), self.clock);
        self.lock().entry(name.to_owned()).or_insert(queue);
        Ok(())
    }

    /// The queues that an emulator is started with, in their order.
    pub(crate) fn make(&self, queues: &[options::Queue]) -> Result<(), EmulatorError> {
        for queue in queues {
            let refused = |reason: String| EmulatorError::Queue { queue: queue.name.clone(), reason };
            if self.has(&queue.name) {
                return Err(refused("it is there twice".to_owned()));
            }
            self.create(&queue.name, &attributes(queue, |name| self.arn(name)))
                .map_err(|fault| refused(fault.to_string()))?;
        }
        Ok(())
    }

    pub(crate) fn set(&self, name: &str, attributes: &BTreeMap<String, String>) -> Result<(), SqsFault> {
        let settings = self.read(name, |queue, _| queue.settings.clone())?.with(attributes)?;
        self.check_redrive(&settings)?;
        self.with(name, |queue, now| {
            queue.settings = settings;
            queue.modified = self.clock.millis(now);
            Ok(())
        })
    }

    /// A dead-letter queue must be there, and of the same kind.
    fn check_redrive(&self, settings: &Settings) -> Result<(), SqsFault> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        let refused = |reason: &str| {
            Err(SqsFault::Parameter(format!(
                "Value {} for parameter RedrivePolicy is invalid. Reason: {reason}",
                redrive.target_arn
            )))
        };
        let target = self.named_by(&redrive.target_arn).and_then(|target| self.is_fifo(&target));
        match target {
            None => refused("Dead letter target does not exist."),
            Some(is_fifo) if is_fifo != settings.is_fifo => {
                refused("Dead-letter queue must be same type of queue as the source.")
            }
            Some(_) => Ok(()),
        }
    }
}

fn attributes(queue: &options::Queue, arn: impl Fn(&str) -> String) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
    put("VisibilityTimeout", queue.visibility_timeout.as_secs().to_string());
    if queue.is_fifo() {
        put("FifoQueue", "true".to_owned());
    }
    if queue.content_based_deduplication {
        put("ContentBasedDeduplication", "true".to_owned());
    }
    if let Some(options::DeadLetters { queue, maximum_receives }) = &queue.dead_letters {
        let policy = json!({ "deadLetterTargetArn": arn(queue), "maxReceiveCount": maximum_receives });
        put("RedrivePolicy", policy.to_string());
    }
    all
}
