use doorward_aws::LedgerItem;
use serde_json::{Value, json};

use crate::explanation::{Explanation, decision_words};

/// What is kept of a call, from the ledger, or from its line where the ledger has no row.
pub(crate) struct Recorded(Value);

impl Recorded {
    /// `None` where neither knows the call.
    pub(crate) fn of(found: &Explanation) -> Option<Self> {
        let line = found.calls.last().map(|(_, line)| line);
        match (&found.row, line) {
            (Some(row), line) => Some(Self(of_row(row, line))),
            (None, Some(line)) => Some(Self(of_line(line))),
            (None, None) => None,
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(crate) fn ids(&self, name: &str) -> Vec<&str> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn as_json(&self) -> &Value {
        &self.0
    }

    /// One line a fact, in the order of a call's way.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = |name| self.text(name).unwrap_or("-");
        let mut outcome = format!("outcome   {}", text("outcome"));
        outcome.extend(self.text("stage").map(|stage| format!(" at {stage}")));
        let status = self.0.get("status").and_then(Value::as_u64).map(|status| status.to_string());
        let answered: Vec<&str> = status.as_deref().into_iter().chain(self.text("code")).collect();
        if !answered.is_empty() {
            outcome.push_str(&format!(", answered {}", answered.join(" ")));
        }
        let mut lines = vec![outcome];
        lines.extend(self.text("cause").map(|cause| format!("because   {cause}")));
        let trust = self.text("trust").map(|level| format!(" ({level})")).unwrap_or_default();
        lines.push(format!("caller    {}{trust}", text("caller")));
        lines.push(format!("action    {} on {}", text("action"), text("resource")));
        for (name, label) in
            [("at", "when"), ("purpose", "purpose"), ("bound", "limit"), ("effect", "decision")]
        {
            lines.extend(self.text(name).map(|value| format!("{label:<9} {value}")));
        }
        let shadow = self.0.get("shadow").filter(|note| !note.is_null());
        lines.extend(shadow.map(|note| format!("in shadow {}", decision_words(note))));
        for violation in self.0.get("violations").and_then(Value::as_array).into_iter().flatten() {
            let part = |name: &str| violation.get(name).and_then(Value::as_str).unwrap_or_default();
            lines.push(format!("contract  {} {}: {}", part("in"), part("pointer"), part("rule")));
        }
        lines
    }
}

/// The row is written before the answer: what only the answer shows is in the line.
fn of_row(row: &LedgerItem, line: Option<&Value>) -> Value {
    let from_line = |name: &str| line.and_then(|line| line.get(name)).cloned().unwrap_or_default();
    let status = row.status.map_or_else(|| from_line("status"), Value::from);
    json!({
        "call": row.call, "at": row.at, "caller": row.caller, "trust": row.trust, "action": row.action,
        "resource": row.resource, "purpose": row.purpose, "outcome": row.outcome, "stage": row.stage, "code": row.code, "status": status,
        "cause": row.cause, "bound": row.bound, "violations": row.violations, "effect": row.effect,
        "policies": row.policies, "errors": row.errors, "shadow": row.shadow, "bundle": row.bundle,
    })
}

fn of_line(line: &Value) -> Value {
    let own = |name: &str| line.get(name).cloned().unwrap_or_default();
    let said = |name: &str| line.pointer(&format!("/decision/{name}")).cloned().unwrap_or_default();
    json!({
        "call": own("call_id"), "at": own("at"), "caller": own("caller"), "trust": own("trust"), "action": own("action"),
        "resource": own("resource"), "purpose": own("purpose"), "outcome": own("outcome"),
        "stage": own("refused_at"), "code": own("code"), "status": own("status"), "cause": own("cause"),
        "bound": own("bound"), "violations": own("violations"), "effect": said("effect"),
        "policies": said("policies"), "errors": said("errors"), "shadow": own("shadow"), "bundle": own("bundle"),
    })
}
