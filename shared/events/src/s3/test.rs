use doorward_model::{Front, FrontKind};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What S3 sends when notifications of a bucket are configured: there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestEvent {
    /// The bucket that it names.
    pub bucket: Front,
    /// In whose message it came; `None` where it was handed over itself.
    pub through: Option<Front>,
}

/// All members that it has, each of them a text ("Using Amazon SQS, Amazon SNS, and Lambda": the message that Amazon S3 sends
/// to test a destination, S3 guide).
const MEMBERS: [&str; 6] = ["Service", "Event", "Time", "Bucket", "RequestId", "HostId"];
const EVENT: &str = "s3:TestEvent";

/// Whether a document calls itself one.
pub(crate) fn is_called_test(document: &Map<String, Value>) -> bool {
    document.get("Event").is_some_and(|event| event == EVENT)
}

/// Reads a document as one; `None` of anything else, be it only by a member more or less.
pub(crate) fn read(document: &Map<String, Value>, through: Option<&Front>) -> Option<TestEvent> {
    let text = |name: &str| document.get(name)?.as_str().filter(|text| !text.is_empty());
    let is_whole = document.len() == MEMBERS.len() && MEMBERS.iter().all(|name| text(name).is_some());
    let is_one = is_whole && text("Service")? == "Amazon S3" && text("Event")? == EVENT;
    let bucket = text("Bucket").filter(|_| is_one)?;
    text("Time")?.parse::<Timestamp>().ok()?;
    let bucket = format!("{}:{bucket}", FrontKind::Bucket.word()).parse().ok()?;
    Some(TestEvent { bucket, through: through.cloned() })
}
