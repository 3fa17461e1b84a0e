use bytes::Bytes;
use doorward_aws::{LedgerItem, LedgerReader};
use doorward_emulator::Logs;
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::calling::Caller;
use crate::output::Failure;

/// Where the lines of functions and fronts are read.
pub(crate) enum Lines<'l> {
    /// In this process, which is the door.
    Own(&'l Logs),
    /// At a local door, by its Lambda endpoint.
    Of(&'l str),
    /// Nowhere that can be asked.
    None,
}

/// A line of a function or a front.
struct Line {
    source: String,
    text: String,
}

impl Lines<'_> {
    /// The lines that concern `id`, oldest first; `None` where they cannot be had.
    async fn find(&self, id: &str) -> Option<Vec<Line>> {
        match self {
            Self::Own(logs) => {
                let own = logs.find(id).into_iter();
                Some(own.map(|line| Line { source: line.source, text: line.text }).collect())
            }
            Self::Of(endpoint) => ask(endpoint, id).await,
            Self::None => Some(Vec::new()),
        }
    }
}

/// The request to a local door for the lines that concern `id`, whatever stands in it.
pub(crate) fn asking_for_lines(endpoint: &str, id: &str) -> http::Result<http::Request<Full<Bytes>>> {
    let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
    http::Request::get(format!("{endpoint}/_doorward/logs?id={id}")).body(Full::default())
}

async fn ask(endpoint: &str, id: &str) -> Option<Vec<Line>> {
    let request = asking_for_lines(endpoint, id).ok()?;
    let answer = Caller::new().call(request).await.ok().filter(|answer| answer.status == 200)?;
    let lines: Vec<Value> = serde_json::from_slice(&answer.body).ok()?;
    let text = |line: &Value, name: &str| Some(line.get(name)?.as_str()?.to_owned());
    Some(
        lines
            .iter()
            .filter_map(|line| Some(Line { source: text(line, "source")?, text: text(line, "text")? }))
            .collect(),
    )
}

/// Why a call was answered as it was, read back from the running system by the id that its caller was given.
#[derive(Debug, Default)]
pub(crate) struct Explanation {
    /// The gateway's own line, where a gateway answered.
    pub(crate) gateway: Option<Value>,
    /// The line of each function of the door that had a part in it: its name, and what it knew of the call.
    pub(crate) calls: Vec<(String, Value)>,
    /// What the ledger keeps.
    pub(crate) row: Option<LedgerItem>,
    /// Whether there are lines that could not be read.
    pub(crate) unread: bool,
}

impl Explanation {
    /// Everything that the logs and the ledger say of `id`; of the ledger, its calls' own rows.
    pub(crate) async fn read(lines: &Lines<'_>, ledger: &LedgerReader, id: &str) -> Result<Self, Failure> {
        let first = lines.find(id).await;
        let unread = first.is_none();
        let gateway = first.iter().flatten().filter_map(access_line).next_back();
        let invoked = |name: &str| gateway.as_ref()?.get(name)?.as_str().map(str::to_owned);
        // In the order in which they had their say; without a gateway, the id is the invocation's own.
        let mut ids: Vec<String> =
            ["authorizerRequestId", "integrationRequestId"].into_iter().filter_map(invoked).collect();
        ids.push(id.to_owned());
        let mut found = Self { gateway, unread, ..Self::default() };
        for id in &ids {
            let Some(lines) = lines.find(id).await else {
                found.unread = true;
                continue;
            };
            for line in lines {
                if let Some(call) = call_line(&line, id)
                    && !found.calls.iter().any(|(_, known)| *known == call)
                {
                    found.calls.push((line.source, call));
                }
            }
        }
        for id in found.ids(id) {
            if let Some(row) = ledger.get(&id).await.map_err(Failure::new)? {
                found.row = Some(row);
                break;
            }
        }
        Ok(found)
    }

    /// Looks for what has no row of its own in the blocks of the ledger, all of which are read.
    pub(crate) async fn read_blocks(&mut self, ledger: &LedgerReader, id: &str) -> Result<(), Failure> {
        if self.row.is_none() {
            self.row = ledger.find_in_blocks(&self.ids(id)).await.map_err(Failure::new)?;
        }
        Ok(())
    }

    /// What the call may be called in the ledger: as its lines say, or by the id that was given.
    fn ids(&self, id: &str) -> Vec<String> {
        let known = self.calls.iter().rev().filter_map(|(_, call)| call.get("call_id")?.as_str());
        known.chain([id]).map(str::to_owned).collect()
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

fn access_line(line: &Line) -> Option<Value> {
    let is_front = matches!(line.source.as_str(), "http-api" | "function-url" | "websocket-api");
    is_front.then(|| serde_json::from_str(&line.text).ok())?
}

/// What a function says of the call `id`; a line that only mentions it is another call's.
fn call_line(line: &Line, id: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(&line.text).ok()?;
    let is_call = value.get("event").and_then(Value::as_str) == Some("call");
    let ids = ["call_id", "request_id", "gateway_request_id"];
    let is_its = ids.iter().any(|name| value.get(name).and_then(Value::as_str) == Some(id));
    (is_call && is_its).then_some(value)
}

/// What the gateway itself decided; nothing where it only passed the call on.
fn gateway_words(access: &Value) -> Option<String> {
    let text = |name: &str| access.get(name).and_then(Value::as_str);
    if let (None, Some(fault)) = (text("authorizer"), text("authorizerError")) {
        return Some(format!("gateway: refused, since {fault}"));
    }
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

/// `allow by a, b; not evaluated: c`.
pub(crate) fn decision_words(note: &Value) -> String {
    let ids = |name: &str| -> Vec<&str> {
        let ids = note.get(name).and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let mut words = note.get("effect").and_then(Value::as_str).unwrap_or("?").to_owned();
    for (word, ids) in [(" by ", ids("policies")), ("; not evaluated: ", ids("errors"))] {
        if !ids.is_empty() {
            words += &format!("{word}{}", ids.join(", "));
        }
    }
    words
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
    if let Some(first) = text("repeats") {
        words.push(format!("its idempotency key is that of `{first}`"));
    }
    if let Some(id) = text("key_id") {
        words.push(format!("with the API key {id}"));
    }
    let note = |name: &str| call.get(name).filter(|note| !note.is_null());
    words.extend(note("decision").map(decision_words));
    words.extend(note("shadow").map(|shadow| format!("in shadow {}", decision_words(shadow))));
    words.extend(note("sent").and_then(|sent| sent_words(sent, text("target").unwrap_or_default())));
    if let Some(bound) = text("bound") {
        words.push(format!("limit {bound}"));
    }
    for violation in call.get("violations").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| violation.get(name).and_then(Value::as_str).unwrap_or("");
        words.push(format!("{} {}: {}", part("in"), part("pointer"), part("rule")));
    }
    words.join("; ")
}

/// Where a call went and how often it was tried, where that says more than its target's name.
fn sent_words(sent: &Value, target: &str) -> Option<String> {
    let tries = sent.get("tries").and_then(Value::as_u64).unwrap_or_default();
    let endpoint = sent.get("endpoint").and_then(Value::as_str).unwrap_or_default();
    let why = sent.get("not_retried").and_then(Value::as_str);
    if tries == 0 || (tries == 1 && why.is_none() && endpoint == target) {
        return None;
    }
    let mut words = format!("to {endpoint}");
    if tries > 1 {
        words.push_str(&format!(", at try {tries}"));
    }
    match why {
        Some("budget") => words.push_str(", and not again: the budget of retries is spent"),
        Some("not-idempotent") => words.push_str(", and not again: it may have been carried out"),
        Some("attempts") => words.push_str(", and not again: that was the last try"),
        Some("retry-after") => words.push_str(", and not again: it asked for a longer pause"),
        Some("time") => words.push_str(", and not again: no time is left"),
        Some(_) | None => {}
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_parameter_whatever_stands_in_it() {
        let asked = |id: &str| asking_for_lines("http://127.0.0.1:3002", id).unwrap().uri().to_string();
        assert_eq!(asked("a b&c#d"), "http://127.0.0.1:3002/_doorward/logs?id=a%20b%26c%23d");
    }
}
