use doorward_model::{EventKind, EventPayload, Front, FrontKind, Trace};
use serde_json::Value;

use super::{Reading, ShapeFault, optional_text, text, told};
use crate::arn::Arn;

/// What a rule with a schedule sends, and EventBridge Scheduler where no input of its own is set
/// ("Creating a rule that runs on a schedule", EventBridge guide; "Templated targets", EventBridge Scheduler guide).
const RULES: &str = "aws.events";
const SCHEDULER: &str = "aws.scheduler";
const SCHEDULED: &str = "Scheduled Event";

/// An event of a bus ("AWS service event metadata", EventBridge guide). The service attests account, region, id and time, and
/// that a source that begins with `aws.` is one of AWS's own services; what kind of event it is, and everything in it, says
/// whoever put it on the bus.
pub(super) fn read(event: &Value) -> Result<Reading, ShapeFault> {
    let account = text(event, "/account")?;
    let region = text(event, "/region")?;
    let source = text(event, "/source")?;
    let detail_type = text(event, "/detail-type")?;
    let id = text(event, "/id")?;
    let resources = match event.get("resources") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(resources)) if resources.iter().all(Value::is_string) => resources.clone(),
        Some(_) => return Err(ShapeFault::Member("/resources")),
    };
    // A replay is meant to be handled again ("Archiving and replaying events", EventBridge guide).
    let replay = optional_text(event, "/replay-name")?.unwrap_or_default();
    let schedule = match (source, detail_type) {
        (RULES | SCHEDULER, SCHEDULED) => resources
            .first()
            .and_then(Value::as_str)
            .and_then(schedule)
            .ok_or(ShapeFault::Member("/resources"))?
            .into(),
        _ => None,
    };
    let by_aws = source.starts_with("aws.");
    let (front, kind, attributes, claims) = match schedule {
        Some(front) => {
            let attributes = told([("schedule", Some(front.id.as_str().into()))]);
            (front, EventKind::Schedule, attributes, told([]))
        }
        None => {
            let bus = format!("{}:{account}", FrontKind::Bus.word());
            let claims = told([
                ("source", Some(source.into())),
                ("type", Some(detail_type.into())),
                ("resources", Some(resources.into())),
            ]);
            let front = bus.parse().map_err(|_| ShapeFault::Member("/account"))?;
            (front, EventKind::EventBridge, told([("by_aws", Some(by_aws.into()))]), claims)
        }
    };
    Ok(Reading {
        front,
        kind,
        event_type: detail_type.to_owned(),
        region: region.to_owned(),
        account: Some(account.to_owned()),
        happened: optional_text(event, "/time")?.and_then(|time| time.parse().ok()),
        attributes,
        claims,
        payload: EventPayload::At("/detail"),
        item: None,
        identity: [account, region, id, replay].map(str::to_owned).into(),
        trace: Trace::default(),
    })
}

/// `arn:aws:events:eu-central-1:123456789012:rule/NAME`, of another bus `rule/BUS/NAME`;
/// `arn:aws:scheduler:eu-central-1:123456789012:schedule/GROUP/NAME`.
fn schedule(arn: &str) -> Option<Front> {
    let id = match (Arn::of(arn, "events"), Arn::of(arn, "scheduler")) {
        (Some(rule), _) => rule.resource.strip_prefix("rule/")?.rsplit('/').next()?,
        (None, Some(schedule)) => schedule.resource.strip_prefix("schedule/")?,
        (None, None) => return None,
    };
    format!("{}:{id}", FrontKind::Schedule.word()).parse().ok()
}
