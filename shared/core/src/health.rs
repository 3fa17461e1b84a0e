use doorward_model::{Call, Inbound, Reply};
use serde_json::json;

use crate::door::Door;
use crate::own_answer;

/// The one path, exactly as it is sent.
pub(crate) const PATH: &str = "/.doorward/health";

/// The action under which it stands in the log; no route may have a name that begins so.
const ACTION: &str = "doorward.health";

impl Door {
    /// `GET /.doorward/health`: that the door runs, and with which bundle. It says nothing of stores or targets, touches
    /// none of them, and asks for no credentials; it leaves a line and no ledger item.
    pub(crate) fn health(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        self.asks_for(inbound, PATH)?;
        let config = self.rules.config();
        let body = json!({ "status": "ok", "door": config.door.name, "bundle": self.rules.digest() });
        Some(self.answer_itself(ACTION, Ok(own_answer::json(body.to_string())), call))
    }
}
