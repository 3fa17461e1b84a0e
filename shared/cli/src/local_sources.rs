//! Queues and streams of a local door: what the pinned fronts read from, mapped to the dispatcher.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward_config::Config;
use doorward_emulator::{DeadLetters, KinesisStream, Queue, QueueMapping, StreamMapping};
use doorward_model::{FrontKind, Pin};

use crate::local_door::{ACCOUNT, DISPATCHER, REGION};

/// How long a message that failed is away before it comes again: short, for who waits for it at a laptop.
const VISIBILITY: Duration = Duration::from_secs(5);
/// How often a message or a record is handed over before it is given up.
const ATTEMPTS: u32 = 3;

/// Further fronts of a dispatcher.
const FRONTS: &str = "DOORWARD_FRONTS";

/// What the emulator is started with.
pub(crate) struct LocalSources {
    pub(crate) queues: Vec<Queue>,
    pub(crate) queue_mappings: Vec<QueueMapping>,
    pub(crate) kinesis_streams: Vec<KinesisStream>,
    pub(crate) stream_mappings: Vec<StreamMapping>,
}

/// The names of the pinned fronts of a kind.
pub(crate) fn pinned(config: &Config, kind: FrontKind) -> impl Iterator<Item = &str> {
    config.fronts.iter().filter(move |front| front.kind == kind).map(|front| front.id.as_str())
}

/// For each pinned queue `NAME` a queue with the dead-letter queue `NAME-dlq`, for each pinned stream a Kinesis stream whose
/// records end in such a queue; and the queue that hears of the quarantine. FIFO queues are those whose names end in `.fifo`.
pub(crate) fn of(config: &Config) -> LocalSources {
    let queues: Vec<&str> = pinned(config, FrontKind::Queue).collect();
    let streams: Vec<&str> = pinned(config, FrontKind::Stream).collect();
    let mut named: BTreeMap<String, Queue> = BTreeMap::new();
    for dead in queues.iter().copied().chain(streams.iter().copied()).map(dead_letter_queue) {
        named.insert(dead.clone(), queue(&dead));
    }
    for name in &queues {
        let dead_letters = DeadLetters { queue: dead_letter_queue(name), maximum_receives: ATTEMPTS };
        named.insert((*name).to_owned(), Queue { dead_letters: Some(dead_letters), ..queue(name) });
    }
    // That of the quarantine has nobody who takes from it here.
    if let Some(name) = config.door.quarantine_queue.as_ref().and_then(|queue| queue.url.rsplit('/').next()) {
        named.entry(name.to_owned()).or_insert_with(|| queue(name));
    }
    let mut all: Vec<Queue> = named.into_values().collect();
    // A dead-letter queue stands before the queue that names it, and its name is longer.
    all.sort_by_key(|queue| std::cmp::Reverse(queue.name.len()));
    LocalSources {
        queues: all,
        queue_mappings: queues
            .iter()
            .map(|name| QueueMapping {
                report_batch_item_failures: true,
                ..QueueMapping::new(name, DISPATCHER)
            })
            .collect(),
        kinesis_streams: streams.iter().map(|name| KinesisStream::new(name)).collect(),
        stream_mappings: streams
            .iter()
            .map(|name| StreamMapping {
                report_batch_item_failures: true,
                bisect_batch_on_function_error: true,
                maximum_retry_attempts: Some(ATTEMPTS - 1),
                on_failure: Some(dead_letter_queue(name)),
                ..StreamMapping::kinesis(name, DISPATCHER)
            })
            .collect(),
    }
}

/// What has a local door admit its own queues, topics, streams and tables of the names that are pinned by ARN: `DOORWARD_FRONTS`
/// with their ARNs here.
pub(crate) fn stand_ins(config: &Config) -> Option<(String, String)> {
    let further = std::env::var(FRONTS).ok().filter(|text| !text.is_empty());
    let here = config.front_arns.iter().flat_map(|(front, arns)| {
        arns.iter().filter_map(|arn| {
            let arn = match arn.split(':').collect::<Vec<_>>().as_slice() {
                ["arn", partition, service, region, _, resource @ ..] if !region.is_empty() => {
                    format!("arn:{partition}:{service}:{REGION}:{ACCOUNT}:{}", resource.join(":"))
                }
                _ => return None,
            };
            Pin::by_arn(front.kind, &arn).filter(|pin| pin.front == *front).map(|pin| pin.to_string())
        })
    });
    let all: Vec<String> = further.into_iter().chain(here).collect();
    (!all.is_empty()).then(|| (FRONTS.to_owned(), all.join(",")))
}

fn queue(name: &str) -> Queue {
    let queue = Queue { visibility_timeout: VISIBILITY, ..Queue::new(name) };
    Queue { content_based_deduplication: queue.is_fifo(), ..queue }
}

/// `orders-dlq` of `orders`, `orders-dlq.fifo` of `orders.fifo`: it must be of the same kind.
fn dead_letter_queue(name: &str) -> String {
    match name.strip_suffix(".fifo") {
        Some(base) => format!("{base}-dlq.fifo"),
        None => format!("{name}-dlq"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &str = r#"
[door]
name = "shop"
table = "doorward"
fronts = ["queue:a", "queue:a-dlq", "queue:b.fifo", "stream:a", "bucket:c"]
"#;

    #[test]
    fn what_is_pinned_by_arn_has_a_stand_in_here() {
        let pins = r#""queue:arn:aws:sqs:eu-central-1:210987654321:a", "bus:arn:aws:events:eu-central-1:210987654321:event-bus/*""#;
        let door = DOOR.replace(r#""queue:a","#, &format!("{pins},"));
        let config = doorward_config::parse("doorward.toml", &door).unwrap();
        let (_, fronts) = stand_ins(&config).unwrap();
        assert_eq!(fronts, "queue:arn:aws:sqs:us-east-1:123456789012:a");
        assert_eq!(of(&config).queue_mappings[0].queue, "a");
    }

    #[test]
    fn each_has_a_place_for_what_is_given_up() {
        let config = doorward_config::parse("doorward.toml", DOOR).unwrap();
        let LocalSources { queues, queue_mappings, kinesis_streams, stream_mappings } = of(&config);
        let ends: Vec<(&str, Option<&str>)> = queues
            .iter()
            .map(|queue| (queue.name.as_str(), queue.dead_letters.as_ref().map(|dead| dead.queue.as_str())))
            .collect();
        let expected = [
            ("b-dlq.fifo", None),
            ("a-dlq-dlq", None),
            ("b.fifo", Some("b-dlq.fifo")),
            ("a-dlq", Some("a-dlq-dlq")),
            ("a", Some("a-dlq")),
        ];
        assert_eq!(ends, expected);
        assert!(queues.iter().all(|queue| queue.content_based_deduplication == queue.is_fifo()));
        let mapped: Vec<&str> = queue_mappings.iter().map(|mapping| mapping.queue.as_str()).collect();
        assert_eq!(mapped, ["a", "a-dlq", "b.fifo"]);
        assert_eq!(kinesis_streams, [KinesisStream::new("a")]);
        let [stream] = stream_mappings.as_slice() else { panic!("{stream_mappings:?}") };
        assert_eq!((stream.on_failure.as_deref(), stream.maximum_retry_attempts), (Some("a-dlq"), Some(2)));
    }
}
