use doorward_aws::{LedgerItem, LedgerReader};
use doorward_emulator::{LogLine, Logs};
use serde_json::Value;

use crate::output::Failure;

/// Why a call was answered as it was, read back from the running system by the id that its caller was given.
#[derive(Debug, Default)]
pub(crate) struct Explanation {
    /// The gateway's own line, where a gateway answered.
    pub(crate) gateway: Option<Value>,
    /// The line of each function of the door that had a part in it: its name, and what it knew of the call.
    pub(crate) calls: Vec<(String, Value)>,
    /// What the ledger keeps.
    pub(crate) row: Option<LedgerItem>,
}

impl Explanation {
    /// Everything that the logs and the ledger say of `id`.
    pub(crate) async fn read(logs: &Logs, ledger: &LedgerReader, id: &str) -> Result<Self, Failure> {
        let gateway = logs.find(id).iter().filter_map(access_line).next_back();
        let invoked = |name: &str| gateway.as_ref()?.get(name)?.as_str().map(str::to_owned);
        // In the order in which they had their say; without a gateway, the id is the invocation's own.
        let mut ids: Vec<String> =
            ["authorizerRequestId", "integrationRequestId"].into_iter().filter_map(invoked).collect();
        ids.push(id.to_owned());
        let mut found = Self { gateway, ..Self::default() };
        for id in &ids {
            for line in logs.find(id) {
                if let Some(call) = call_line(&line)
                    && !found.calls.iter().any(|(_, known)| *known == call)
                {
                    found.calls.push((line.source.clone(), call));
                }
            }
        }
        for (_, call) in found.calls.iter().rev() {
            if let Some(id) = call.get("call_id").and_then(Value::as_str)
                && let Some(row) = ledger.get(id).await.map_err(Failure::new)?
            {
                found.row = Some(row);
                break;
            }
        }
        Ok(found)
    }

    /// A member of the last call line, which knows most.
    pub(crate) fn last(&self, member: &str) -> Option<&Value> {
        self.calls.last()?.1.get(member).filter(|value| !value.is_null())
    }

    /// How it ended, in the ledger's word; `gateway` where nothing of ours ran.
    pub(crate) fn outcome(&self) -> &str {
        self.last("outcome").and_then(Value::as_str).unwrap_or("gateway")
    }

    /// One line per component that had a say, in the order in which they had it.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(access) = &self.gateway {
            lines.extend(gateway_words(access));
        }
        lines.extend(self.calls.iter().map(|(function, call)| format!("{function}: {}", call_words(call))));
        if let Some(row) = &self.row {
            lines.push(format!("ledger: `{}` has {} of {} unit(s)", row.call, row.outcome, row.units));
        }
        lines
    }
}

fn access_line(line: &LogLine) -> Option<Value> {
    let is_front = matches!(line.source.as_str(), "http-api" | "function-url");
    is_front.then(|| serde_json::from_str(&line.text).ok())?
}

fn call_line(line: &LogLine) -> Option<Value> {
    let value: Value = serde_json::from_str(&line.text).ok()?;
    (value.get("event").and_then(Value::as_str) == Some("call")).then_some(value)
}

/// What the gateway itself decided; nothing where it only passed the call on.
fn gateway_words(access: &Value) -> Option<String> {
    let text = |name: &str| access.get(name).and_then(Value::as_str);
    let words = match (text("authorizer"), text("routeKey")) {
        (Some("missing-identity-source"), _) => {
            "an identity source is missing, so nothing behind it was asked"
        }
        (Some("cache-hit"), _) => "decided by the authorizer's cached answer",
        (Some("error"), _) => "the authorizer's answer is an error",
        (Some("deny"), _) => "refused, as the authorizer says",
        (None, None) if text("front") == Some("http-api") => "no route has this method and path",
        _ => return None,
    };
    Some(format!("gateway: {words}"))
}

fn call_words(call: &Value) -> String {
    let text = |name: &str| call.get(name).and_then(Value::as_str);
    let mut words = vec![text("outcome").unwrap_or("?").to_owned()];
    if let Some(stage) = text("refused_at") {
        words.push(format!("at {stage}"));
    }
    if let Some(cause) = text("cause") {
        words.push(format!("because {cause}"));
    }
    let decision = call.get("decision").filter(|decision| !decision.is_null());
    if let Some(decision) = decision {
        let ids = |name: &str| -> Vec<&str> {
            decision
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect()
        };
        let effect = decision.get("effect").and_then(Value::as_str).unwrap_or("?");
        let policies = ids("policies");
        words.push(if policies.is_empty() {
            effect.to_owned()
        } else {
            format!("{effect} by {}", policies.join(", "))
        });
        let errors = ids("errors");
        if !errors.is_empty() {
            words.push(format!("not evaluated: {}", errors.join(", ")));
        }
    }
    if let Some(bound) = text("bound") {
        words.push(format!("limit {bound}"));
    }
    for violation in call.get("violations").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| violation.get(name).and_then(Value::as_str).unwrap_or("");
        words.push(format!("{} {}: {}", part("in"), part("pointer"), part("rule")));
    }
    words.join("; ")
}
