//! Queues and streams of a local door: what the pinned fronts read from, mapped to the dispatcher, and what it sends to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use doorward_config::{Config, MappingKind, QueueRule, StartingPosition, StreamRule};
use doorward_emulator::{DeadLetters, KinesisStream, Queue, QueueMapping, StreamMapping};
use doorward_model::{Front, FrontKind, Pin};

use crate::local_door::{ACCOUNT, DISPATCHER, REGION};

/// How long a message that failed is away before it comes again where nothing is said: short, for who waits for it at a laptop.
const VISIBILITY: Duration = Duration::from_secs(5);
/// How often a message or a record is handed over before it is given up where nothing is said.
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

/// For each pinned queue `NAME` a queue with the dead-letter queue `NAME-dlq`, for each pinned stream a Kinesis stream, and a
/// mapping of each and of each pinned table's stream, whose records end in such a queue; and the queues that are `sent_to`, which
/// nobody takes from here unless they are pinned. FIFO queues are those whose names end in `.fifo`.
pub(crate) fn of(config: &Config, sent_to: BTreeSet<String>) -> LocalSources {
    let pinned = |kind| config.fronts.iter().filter(move |front| front.kind == kind);
    let queues = || pinned(FrontKind::Queue);
    let streams = || pinned(FrontKind::Stream).chain(pinned(FrontKind::Table));
    let mut named: BTreeMap<String, Queue> = BTreeMap::new();
    let dead_letters = queues().map(|front| dead_letter_queue(&front.id));
    for name in dead_letters.chain(streams().map(|front| given_up_queue(&front.id))).chain(sent_to) {
        named.insert(name.clone(), queue(&name));
    }
    for front in queues() {
        named.insert(front.id.clone(), pinned_queue(config, front));
    }
    LocalSources {
        queues: in_order(named),
        queue_mappings: queues().map(|front| queue_mapping(config, front)).collect(),
        kinesis_streams: pinned(FrontKind::Stream).map(|front| KinesisStream::new(&front.id)).collect(),
        stream_mappings: streams().map(|front| stream_mapping(config, front)).collect(),
    }
}

/// Each behind its dead-letter queue, as the emulator makes them.
fn in_order(mut named: BTreeMap<String, Queue>) -> Vec<Queue> {
    let mut all = Vec::new();
    while let Some((_, first)) = named.pop_first() {
        let mut chain = vec![first];
        while let Some(next) =
            chain.last().and_then(|queue| named.remove(&queue.dead_letters.as_ref()?.queue))
        {
            chain.push(next);
        }
        all.extend(chain.into_iter().rev());
    }
    all
}

/// What the configuration says of a queue.
fn queue_rule(config: &Config, front: &Front) -> QueueRule {
    match config.mapping(front).map(|mapping| &mapping.kind) {
        Some(MappingKind::Queue(rule)) => rule.clone(),
        Some(MappingKind::Stream(_)) | None => QueueRule::default(),
    }
}

/// What the configuration says of a stream.
fn stream_rule(config: &Config, front: &Front) -> StreamRule {
    match config.mapping(front).map(|mapping| &mapping.kind) {
        Some(MappingKind::Stream(rule)) => rule.clone(),
        Some(MappingKind::Queue(_)) | None => StreamRule::default(),
    }
}

fn pinned_queue(config: &Config, front: &Front) -> Queue {
    let rule = queue_rule(config, front);
    let maximum_receives = rule.maximum_receives.unwrap_or(ATTEMPTS);
    let end = Some(dead_letter_queue(&front.id)).filter(|end| *end != front.id);
    Queue {
        visibility_timeout: rule.visibility_timeout.unwrap_or(VISIBILITY),
        dead_letters: end.map(|queue| DeadLetters { queue, maximum_receives }),
        ..queue(&front.id)
    }
}

fn queue_mapping(config: &Config, front: &Front) -> QueueMapping {
    let usual = QueueMapping::new(&front.id, DISPATCHER);
    let mapping = config.mapping(front);
    QueueMapping {
        batch_size: mapping.map_or(usual.batch_size, |mapping| mapping.batch_size),
        batching_window: mapping.map_or(usual.batching_window, |mapping| mapping.batching_window),
        maximum_concurrency: queue_rule(config, front).maximum_concurrency,
        report_batch_item_failures: true,
        ..usual
    }
}

fn stream_mapping(config: &Config, front: &Front) -> StreamMapping {
    let usual = match front.kind {
        FrontKind::Table => StreamMapping::new(&front.id, DISPATCHER),
        _ => StreamMapping::kinesis(&front.id, DISPATCHER),
    };
    let mapping = config.mapping(front);
    let rule = stream_rule(config, front);
    StreamMapping {
        batch_size: mapping.map_or(usual.batch_size, |mapping| mapping.batch_size),
        batching_window: mapping.map_or(usual.batching_window, |mapping| mapping.batching_window),
        starting_position: match rule.starting_position {
            StartingPosition::TrimHorizon => doorward_emulator::StartingPosition::TrimHorizon,
            StartingPosition::Latest => doorward_emulator::StartingPosition::Latest,
        },
        maximum_retry_attempts: Some(rule.maximum_retry_attempts.unwrap_or(ATTEMPTS - 1)),
        bisect_batch_on_function_error: rule.bisect_batch_on_function_error,
        report_batch_item_failures: true,
        on_failure: Some(given_up_queue(&front.id)),
        ..usual
    }
}

/// What has a local door admit its own queues, topics, streams and tables of the names that are pinned by ARN: `DOORWARD_FRONTS`
/// with their ARNs here.
pub(crate) fn stand_ins(config: &Config) -> Option<(String, String)> {
    let further = std::env::var(FRONTS).ok().filter(|text| !text.is_empty());
    let here = config.front_arns.iter().flat_map(|(front, arns)| {
        arns.iter().filter_map(|arn| {
            let arn = match arn.split(':').collect::<Vec<_>>().as_slice() {
                // There is one partition here, as there is one region.
                ["arn", _, service, region, _, resource @ ..] if !region.is_empty() => {
                    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{}", resource.join(":"))
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

/// The longest name of a queue.
const LONGEST: usize = 80;

/// `orders-dlq` of `orders`, `orders-dlq.fifo` of `orders.fifo`: it must be of the same kind. Of a name that is too long for that,
/// the beginning.
fn dead_letter_queue(name: &str) -> String {
    match name.strip_suffix(".fifo") {
        Some(base) => cut(base, "-dlq.fifo"),
        None => cut(name, "-dlq"),
    }
}

/// The queue that hears of what of a stream is given up: `shop-orders-dlq` of the table `shop.orders`. It is a standard one, and
/// its name has letters, digits, `-` and `_`, 80 at the most.
fn given_up_queue(stream: &str) -> String {
    cut(&stream.replace('.', "-"), "-dlq")
}

fn cut(base: &str, end: &str) -> String {
    let base: String = base.chars().take(LONGEST - end.len()).collect();
    format!("{base}{end}")
}

#[cfg(test)]
mod tests {
    use doorward_emulator::StreamSource;

    use super::*;

    const DOOR: &str = r#"
[door]
name = "shop"
table = "doorward"
fronts = ["queue:a", "queue:a-dlq", "queue:b.fifo", "stream:a", "bucket:c", "table:shop.orders"]
"#;

    fn config(text: &str) -> Config {
        doorward_config::parse("doorward.toml", text).unwrap()
    }

    #[test]
    fn what_is_pinned_by_arn_has_a_stand_in_here() {
        let pins = r#""queue:arn:aws:sqs:eu-central-1:210987654321:a", "bus:arn:aws:events:eu-central-1:210987654321:event-bus/*""#;
        let door = DOOR.replace(r#""queue:a","#, &format!("{pins},"));
        let config = config(&door);
        let (_, fronts) = stand_ins(&config).unwrap();
        assert_eq!(fronts, "queue:arn:aws:sqs:us-east-1:123456789012:a");
        let (_, fronts) =
            stand_ins(&self::config(&door.replace(":aws:sqs:eu-central-1", ":aws-cn:sqs:cn-north-1")))
                .unwrap();
        assert_eq!(fronts, "queue:arn:aws:sqs:us-east-1:123456789012:a");
        assert_eq!(of(&config, BTreeSet::new()).queue_mappings[0].queue, "a");
    }

    /// Each queue with its dead-letter queue.
    fn ends(queues: &[Queue]) -> Vec<(&str, Option<&str>)> {
        queues
            .iter()
            .map(|Queue { name, dead_letters, .. }| {
                (name.as_str(), dead_letters.as_ref().map(|dead| dead.queue.as_str()))
            })
            .collect()
    }

    #[test]
    fn each_has_a_place_for_what_is_given_up() {
        let LocalSources { queues, queue_mappings, kinesis_streams, stream_mappings } =
            of(&config(DOOR), BTreeSet::new());
        let expected = [
            ("a-dlq-dlq", None),
            ("a-dlq", Some("a-dlq-dlq")),
            ("a", Some("a-dlq")),
            ("b-dlq.fifo", None),
            ("b.fifo", Some("b-dlq.fifo")),
            ("shop-orders-dlq", None),
        ];
        assert_eq!(ends(&queues), expected);
        assert!(queues.iter().all(|queue| queue.content_based_deduplication == queue.is_fifo()));
        let mapped: Vec<&str> = queue_mappings.iter().map(|mapping| mapping.queue.as_str()).collect();
        assert_eq!(mapped, ["a", "a-dlq", "b.fifo"]);
        assert_eq!(kinesis_streams, [KinesisStream::new("a")]);
        let [stream, table] = stream_mappings.as_slice() else { panic!("{stream_mappings:?}") };
        assert_eq!((stream.on_failure.as_deref(), stream.maximum_retry_attempts), (Some("a-dlq"), Some(2)));
        assert_eq!(table.source, StreamSource::Table("shop.orders".to_owned()));
        assert_eq!(table.on_failure.as_deref(), Some("shop-orders-dlq"));
        assert_eq!(given_up_queue(&"x".repeat(255)).len(), 80);
    }

    #[test]
    fn a_long_name_leaves_room_for_its_dead_letters() {
        let (long, own) = ("q".repeat(80), format!("{}-dlq", "q".repeat(76)));
        let fifo = format!("{}.fifo", "q".repeat(75));
        let fronts = format!(r#""queue:{long}", "queue:{own}", "queue:{fifo}""#);
        let config = config(&DOOR.replace(r#""queue:a", "queue:a-dlq""#, &fronts));
        let queues = of(&config, BTreeSet::new()).queues;
        let place = |name: &str| queues.iter().position(|queue| queue.name == name).unwrap();
        let dead = |name: &str| queues[place(name)].dead_letters.as_ref().map(|dead| dead.queue.as_str());
        assert_eq!(
            (dead(&long), dead(&own)),
            (Some(own.as_str()), None),
            "no queue is its own dead-letter queue"
        );
        assert_eq!(dead(&fifo), Some(format!("{}-dlq.fifo", "q".repeat(71)).as_str()));
        for queue in &queues {
            assert!(queue.name.len() <= 80);
            let dead = queue.dead_letters.as_ref();
            assert!(dead.is_none_or(|dead| place(&dead.queue) < place(&queue.name)), "{queue:?}");
        }
    }

    #[test]
    fn a_queue_that_is_sent_to_and_pinned_is_one() {
        let sent_to = ["a", "b.fifo", "elsewhere"].map(str::to_owned).into();
        let LocalSources { queues, queue_mappings, .. } = of(&config(DOOR), sent_to);
        let ends = ends(&queues);
        assert_eq!(ends.iter().filter(|(name, _)| ["a", "elsewhere"].contains(name)).count(), 2);
        assert!(ends.contains(&("a", Some("a-dlq"))) && ends.contains(&("elsewhere", None)));
        assert_eq!(queue_mappings.len(), 3, "nobody takes from `elsewhere`");
    }

    #[test]
    fn what_is_said_of_a_mapping_holds() {
        let mappings = r#"
[[mappings]]
front = "queue:a"
batch_size = 100
batching_window = "2s"
maximum_concurrency = 3
visibility_timeout = "1m"
maximum_receives = 7
[[mappings]]
front = "stream:a"
batch_size = 5
maximum_retry_attempts = 0
bisect_batch_on_function_error = false
starting_position = "latest"
"#;
        let LocalSources { queues, queue_mappings, stream_mappings, .. } =
            of(&config(&format!("{DOOR}{mappings}")), BTreeSet::new());
        let set = |name: &str| {
            let queue = queues.iter().find(|queue| queue.name == name).unwrap();
            let receives = queue.dead_letters.as_ref().map(|dead| dead.maximum_receives);
            (queue.visibility_timeout.as_secs(), receives)
        };
        assert_eq!((set("a"), set("b.fifo")), ((60, Some(7)), (5, Some(3))));
        let [a, dead, _] = queue_mappings.as_slice() else { panic!("{queue_mappings:?}") };
        assert_eq!((a.batch_size, a.batching_window.as_secs(), a.maximum_concurrency), (100, 2, Some(3)));
        assert_eq!(
            (dead.batch_size, dead.batching_window.as_secs(), dead.maximum_concurrency),
            (10, 0, None)
        );
        let [stream, table] = stream_mappings.as_slice() else { panic!("{stream_mappings:?}") };
        assert_eq!((stream.batch_size, stream.maximum_retry_attempts), (5, Some(0)));
        assert_eq!(stream.starting_position, doorward_emulator::StartingPosition::Latest);
        assert!(!stream.bisect_batch_on_function_error && table.bisect_batch_on_function_error);
        assert!(stream.report_batch_item_failures && table.report_batch_item_failures);
        assert_eq!((table.batch_size, table.maximum_retry_attempts), (100, Some(2)));
    }
}
