use doorward_core::usage::{Anomalies, Surge};
use serde_json::{Value, json};

/// What stands out, a line each, for people.
pub(super) fn lines(found: &Anomalies) -> Vec<String> {
    let Anomalies { new_pairs, surges, unresolved } = found;
    let new = new_pairs.iter().map(|(caller, action)| {
        format!("new         {caller} had not called {action} in the 30 days before")
    });
    let surges = surges.iter().map(|Surge { action, outcome, now, before }| {
        format!(
            "surge       {action}: {} of {} calls were {outcome}, {} of {} in the period before",
            now.0, now.1, before.0, before.1
        )
    });
    let unresolved = unresolved.iter().map(|(caller, action, calls)| {
        let action = action.as_deref().unwrap_or("-");
        format!("unresolved  {calls} calls of {caller} to {action} have no known end")
    });
    new.chain(surges).chain(unresolved).collect()
}

/// What stands out, for programs.
pub(super) fn as_json(found: &Anomalies) -> Value {
    let Anomalies { new_pairs, surges, unresolved } = found;
    let new = new_pairs.iter().map(|(caller, action)| json!({ "caller": caller, "action": action }));
    let surges = surges.iter().map(|Surge { action, outcome, now, before }| {
        let counts = |(calls, of): (i64, i64)| json!({ "calls": calls, "of": of });
        json!({ "action": action, "outcome": outcome, "now": counts(*now), "before": counts(*before) })
    });
    let unresolved = unresolved
        .iter()
        .map(|(caller, action, calls)| json!({ "caller": caller, "action": action, "calls": calls }));
    json!({
        "new_pairs": new.collect::<Vec<_>>(),
        "surges": surges.collect::<Vec<_>>(),
        "unresolved": unresolved.collect::<Vec<_>>(),
    })
}
