//! Calls that only look, one after the other, and where each of them went.

use doorward_aws::KeyKeeper;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::stage::{Ask, Stage};
use crate::explanation::{Explanation, Lines};
use crate::keys::{Terms, make};
use crate::output::Failure;

/// What some calls came to.
pub(super) struct Looks {
    pub(super) asked: String,
    pub(super) statuses: Vec<u16>,
    /// Where each went, as the door's lines say.
    pub(super) endpoints: Vec<String>,
    /// What is said of the last one.
    pub(super) why: Vec<String>,
}

impl Looks {
    /// Looks at `path` so often with the key that `file` holds.
    pub(super) async fn make(stage: &Stage, path: &str, file: &str, calls: usize) -> Result<Self, Failure> {
        let ask = Ask { base: &stage.function_url, method: Method::GET, path, token: Some(file), body: None };
        let mut looks =
            Self { asked: stage.curl(&ask), statuses: Vec::new(), endpoints: Vec::new(), why: Vec::new() };
        for _ in 0..calls {
            let answer = stage.send(&ask).await?;
            let id = answer.header("x-request-id").unwrap_or_default();
            let explanation =
                Explanation::read(&Lines::Own(stage.door.emulator.logs()), &stage.door.ledger, id).await?;
            let sent = explanation.last("sent").and_then(|sent| sent.get("endpoint")).and_then(Value::as_str);
            looks.endpoints.push(sent.unwrap_or_default().to_owned());
            looks.statuses.push(answer.status);
            looks.why = explanation.lines();
        }
        Ok(looks)
    }
}

/// The file of a new key of a caller in `groups` who may look often.
pub(super) async fn reader_key(stage: &Stage, name: &str, groups: &[&str]) -> Result<String, Failure> {
    let now = Timestamp::now();
    let terms = Terms {
        owner: name.to_owned(),
        plan: Some("reader".to_owned()),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        created: now,
        expires: now.checked_add(SignedDuration::from_hours(24)).ok(),
        note: Some("the demo's".to_owned()),
    };
    let keeper = KeyKeeper::new(&stage.door.clients, &stage.door.table);
    let made = make(&keeper, &stage.key_prefix, terms).await.map_err(Failure::new)?;
    stage.keep_key(name, &made.key)
}
