use doorward_model::{Fault, Front, FrontKind};

use crate::fronts;
use crate::reader::Value;
use crate::report::{Reported, quote};

/// How many messages may be within each other: a notification of a bucket, in one of a topic, in a message of a queue.
const DEEPEST: usize = 2;

/// Reads `["queue:uploads", "topic:uploads"]`: in whose messages an event comes, the outermost first. The outermost must be
/// pinned, since it alone is attested.
pub(super) fn read(value: Value<'_>, pinned: Option<&[Front]>) -> Result<Vec<Front>, Reported> {
    let through = value.set(|item| {
        item.parse(|text| {
            let front = fronts::parse(text)?;
            if ![FrontKind::Queue, FrontKind::Topic].contains(&front.kind) {
                let fault = Fault::new(format!("{} carries no events of others", quote(text)));
                return Err(fault.hint("what carries them is a `queue:NAME` or a `topic:NAME`"));
            }
            Ok(front)
        })
    })?;
    if through.len() > DEEPEST {
        return Err(value.fault(Fault::new(format!("at most {DEEPEST} messages are within each other"))));
    }
    if let [_, Front { kind: FrontKind::Queue, .. }] = through.as_slice() {
        let fault = Fault::new("a queue hands its messages over to nobody but a function");
        return Err(value.fault(fault.hint("write the outermost first: `[\"queue:NAME\", \"topic:NAME\"]`")));
    }
    if let (Some(outermost), Some(pinned)) = (through.first(), pinned)
        && !pinned.contains(outermost)
    {
        let fault = Fault::new(format!(
            "the {} {} may not send anything",
            outermost.kind.word(),
            quote(&outermost.id)
        ));
        return Err(value.fault(fault.hint(format!("add {} to `fronts`", quote(&outermost.to_string())))));
    }
    Ok(through)
}
