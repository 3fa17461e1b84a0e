use doorward_model::{EventKind, EventPayload, FrontKind, Pin, Trace, parse_json};
use serde_json::Value;

use crate::envelope::MAX_DEPTH;

use super::{Reading, ShapeFault, optional_text, text, told};

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
            .and_then(|arn| Pin::by_arn(FrontKind::Schedule, arn))
            .ok_or(ShapeFault::Member("/resources"))?
            .into(),
        _ => None,
    };
    let payload = match (source, event.get("detail")) {
        (SCHEDULER, Some(Value::String(detail))) => of_text(detail),
        _ => EventPayload::At("/detail"),
    };
    let by_aws = source.starts_with("aws.");
    let (Pin { front, arn }, kind, attributes, claims) = match schedule {
        Some(pin) => {
            let attributes = told([("schedule", Some(pin.front.id.as_str().into()))]);
            (pin, EventKind::Schedule, attributes, told([]))
        }
        None => {
            let claims = told([
                ("source", Some(source.into())),
                ("type", Some(detail_type.into())),
                ("resources", Some(resources.into())),
            ]);
            let pin = buses(region, account).ok_or(ShapeFault::Member("/account"))?;
            (pin, EventKind::EventBridge, told([("by_aws", Some(by_aws.into()))]), claims)
        }
    };
    Ok(Reading {
        front,
        arn,
        kind,
        event_type: detail_type.to_owned(),
        region: region.to_owned(),
        account: Some(account.to_owned()),
        happened: optional_text(event, "/time")?.and_then(|time| time.parse().ok()),
        attributes,
        claims,
        payload,
        item: None,
        identity: [account, region, id, replay].map(str::to_owned).into(),
        trace: Trace::default(),
    })
}

/// EventBridge Scheduler writes the detail of its own event as a text, `"{}"`, where rules write `{}`: it means the object.
fn of_text(detail: &str) -> EventPayload {
    match parse_json(detail.as_bytes(), MAX_DEPTH) {
        Ok(object @ Value::Object(_)) => EventPayload::Json(object),
        _ => EventPayload::At("/detail"),
    }
}

/// The buses of an account in a region. An event says neither the bus nor the partition, which follows from the region
/// ("AWS service endpoints", AWS General Reference).
fn buses(region: &str, account: &str) -> Option<Pin> {
    let partitions = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eusc-", "aws-eusc"),
    ];
    let partition = partitions.into_iter().find(|(start, _)| region.starts_with(start));
    let partition = partition.map_or("aws", |(_, partition)| partition);
    Pin::by_arn(FrontKind::Bus, &format!("arn:{partition}:events:{region}:{account}:event-bus/*"))
}
