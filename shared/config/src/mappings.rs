use std::time::Duration;

use doorward_model::{Fault, Front, FrontKind};

use crate::checked::{Mapping, MappingKind, QueueRule, StartingPosition, StreamRule};
use crate::fronts;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

/// `MaximumBatchingWindowInSeconds`: 0 to 300
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>).
const LONGEST_WINDOW: Duration = Duration::from_secs(300);
/// Most messages of a FIFO queue's batch, and of one that is not gathered: what one poll brings
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>).
const MOST_OF_ONE_POLL: u64 = 10;
/// `BatchSize` at the most.
const MOST_IN_BATCH: u64 = 10_000;
/// `BatchSize` where nothing is said, of queues and of streams.
const USUAL_BATCHES: (u64, u64) = (10, 100);
/// `MaximumRetryAttempts` at the most, where it has an end.
const MOST_RETRIES: u64 = 10_000;
/// `VisibilityTimeout` at the most: 12 hours
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>). Lambda refuses one
/// that is shorter than its function's time, so none is zero.
const VISIBILITY: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(12 * 60 * 60);

const POSITIONS: &[(&str, StartingPosition)] =
    &[("trim-horizon", StartingPosition::TrimHorizon), ("latest", StartingPosition::Latest)];

/// Whose mapping it is, as far as that could be read.
type Source<'s> = Option<&'s Front>;

/// Reads `[[mappings]]`; `pinned` are absent while they are faulty.
pub(crate) fn read(document: &mut Section<'_>, pinned: Option<&[Front]>) -> Result<Vec<Mapping>, Reported> {
    let mut earlier: Vec<(Front, usize)> = Vec::new();
    document.sections("mappings", "`[[mappings]]`", |section| {
        let front = section.required("front", |value| {
            let front = read_front(value, pinned)?;
            if let Some((_, line)) = earlier.iter().find(|(other, _)| *other == front) {
                let fault = Fault::new(format!("{} has two mappings", quote(&front.to_string())));
                return Err(value.fault(fault.hint(format!("the first one is on line {line}"))));
            }
            earlier.push((front.clone(), value.line()));
            Ok(front)
        });
        let source = front.as_ref().ok();
        let batching_window =
            section.or("batching_window", Duration::ZERO, |value| read_window(value, source));
        // While the window is faulty, the size is held to nothing that depends on it.
        let window = batching_window.as_ref().ok().copied().unwrap_or(LONGEST_WINDOW);
        let batch_size = section.optional("batch_size", |value| read_batch_size(value, source, window));
        let of_queue = read_queue(section, source);
        let of_stream = read_stream(section, source);

        let (of_queue, of_stream) = (of_queue?, of_stream?);
        let front = front?;
        let (kind, usual) = match is_queue(&front) {
            true => (MappingKind::Queue(of_queue), USUAL_BATCHES.0),
            false => (MappingKind::Stream(of_stream), USUAL_BATCHES.1),
        };
        let batch_size = usize::try_from(batch_size?.unwrap_or(usual)).unwrap_or(usize::MAX);
        Ok(Mapping { front, batch_size, batching_window: batching_window?, kind })
    })
}

fn is_queue(front: &Front) -> bool {
    front.kind == FrontKind::Queue
}

fn is_fifo(front: &Front) -> bool {
    is_queue(front) && front.id.ends_with(".fifo")
}

/// Reads a pinned front of those that are polled.
fn read_front(value: Value<'_>, pinned: Option<&[Front]>) -> Result<Front, Reported> {
    let front = value.parse(fronts::parse)?;
    let name = quote(&front.to_string());
    if !matches!(front.kind, FrontKind::Queue | FrontKind::Stream | FrontKind::Table) {
        let fault = Fault::new(format!("{name} has no event source mapping"));
        return Err(
            value.fault(fault.hint("queues, streams and tables are polled; all else invokes by itself"))
        );
    }
    if pinned.is_some_and(|pinned| !pinned.contains(&front)) {
        let fault = Fault::new(format!("{name} may not send anything"));
        return Err(value.fault(fault.hint(format!("add {name} to `fronts`"))));
    }
    Ok(front)
}

fn read_window(value: Value<'_>, source: Source<'_>) -> Result<Duration, Reported> {
    let window = seconds(value, Duration::ZERO..=LONGEST_WINDOW)?;
    if source.is_some_and(is_fifo) && !window.is_zero() {
        let fault = Fault::new("messages of a FIFO queue are not gathered");
        return Err(value.fault(fault.hint("leave `batching_window` out")));
    }
    Ok(window)
}

/// A duration of whole seconds, as AWS takes it.
fn seconds(value: Value<'_>, bounds: std::ops::RangeInclusive<Duration>) -> Result<Duration, Reported> {
    let read = value.duration(bounds)?;
    if read.subsec_nanos() == 0 {
        return Ok(read);
    }
    Err(value.fault(Fault::new(format!("{} is no whole number of seconds", quote(value.text()?)))))
}

fn read_batch_size(value: Value<'_>, source: Source<'_>, window: Duration) -> Result<u64, Reported> {
    let most = if source.is_some_and(is_fifo) { MOST_OF_ONE_POLL } else { MOST_IN_BATCH };
    let size = value.integer(1..=most)?;
    if source.is_some_and(is_queue) && size > MOST_OF_ONE_POLL && window < Duration::from_secs(1) {
        let fault = Fault::new(format!("{size} messages are not gathered at once"));
        return Err(
            value.fault(fault.hint("set `batching_window` to `1s` or more, or `batch_size` to 10 or less"))
        );
    }
    Ok(size)
}

fn read_queue(section: &mut Section<'_>, source: Source<'_>) -> Result<QueueRule, Reported> {
    let only = |value: Value<'_>| match source {
        Some(front) if !is_queue(front) => {
            let fault = Fault::new(format!("{} is no queue", quote(&front.to_string())));
            Err(value.fault(fault.hint("records of streams have `maximum_retry_attempts`")))
        }
        _ => Ok(()),
    };
    let maximum_concurrency = section.optional("maximum_concurrency", |value| {
        only(value)?;
        value.integer(2..=1000)
    });
    let visibility_timeout = section.optional("visibility_timeout", |value| {
        only(value)?;
        seconds(value, VISIBILITY)
    });
    let maximum_receives = section.optional("maximum_receives", |value| {
        only(value)?;
        value.integer(1..=1000)
    });
    Ok(QueueRule {
        maximum_concurrency: maximum_concurrency?.and_then(|most| usize::try_from(most).ok()),
        visibility_timeout: visibility_timeout?,
        maximum_receives: maximum_receives?.and_then(|most| u32::try_from(most).ok()),
    })
}

fn read_stream(section: &mut Section<'_>, source: Source<'_>) -> Result<StreamRule, Reported> {
    let only = |value: Value<'_>| match source {
        Some(front) if is_queue(front) => {
            let fault = Fault::new(format!("{} is no stream", quote(&front.to_string())));
            Err(value
                .fault(fault.hint("messages of queues have `visibility_timeout` and `maximum_receives`")))
        }
        _ => Ok(()),
    };
    let usual = StreamRule::default();
    let retries = section.optional("maximum_retry_attempts", |value| {
        only(value)?;
        value.integer(0..=MOST_RETRIES)
    });
    let bisect =
        section.or("bisect_batch_on_function_error", usual.bisect_batch_on_function_error, |value| {
            only(value)?;
            value.flag()
        });
    let starting_position = section.or("starting_position", usual.starting_position, |value| {
        only(value)?;
        value.choice(POSITIONS)
    });
    Ok(StreamRule {
        maximum_retry_attempts: retries?.and_then(|most| u32::try_from(most).ok()),
        bisect_batch_on_function_error: bisect?,
        starting_position: starting_position?,
    })
}
