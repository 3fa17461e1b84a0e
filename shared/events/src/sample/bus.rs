use serde_json::{Value, json};

use super::{Sample, seconds};

impl Sample<'_> {
    pub(super) fn bus_event(&self) -> Value {
        json!({
            "version": "0",
            "id": self.uuid(),
            "detail-type": self.text("type").or(self.event_type).unwrap_or("Sample"),
            "source": self.text("source").unwrap_or("sample"),
            "account": self.account,
            "time": seconds(self.time),
            "region": self.region,
            "resources": self.told.get("resources").cloned().unwrap_or_else(|| json!([])),
            "detail": self.payload.cloned().unwrap_or_else(|| json!({})),
        })
    }

    /// What a rule with a schedule sends, or EventBridge Scheduler where a schedule has no input of its own. Schedules of the
    /// Scheduler are in groups, rules are in none. The Scheduler writes its detail as a text, rules theirs as an object.
    pub(super) fn schedule(&self) -> Value {
        let (source, arn, detail) = match self.front() {
            name if name.contains('/') => {
                let arn = self.arn("scheduler", &format!("schedule/{name}"));
                ("aws.scheduler", arn, self.payload_text().into())
            }
            name => {
                let detail = self.payload.cloned().unwrap_or_else(|| json!({}));
                ("aws.events", self.arn("events", &format!("rule/{name}")), detail)
            }
        };
        json!({
            "version": "0",
            "id": self.uuid(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": self.account,
            "time": seconds(self.time),
            "region": self.region,
            "resources": [arn],
            "detail": detail,
        })
    }
}
