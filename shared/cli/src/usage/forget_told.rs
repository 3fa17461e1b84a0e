//! What `usage forget` says.

use doorward_aws::{Counts, Forgotten, Stays};
use doorward_model::EntityName;
use jiff::Timestamp;
use serde_json::json;

use super::archive_forget::InArchive;
use crate::output::{Format, say};

/// What is told.
pub(super) struct Told<'a> {
    pub(super) caller: &'a EntityName,
    /// What stands in the caller's place; `None` where nothing was changed.
    pub(super) pseudonym: Option<&'a EntityName>,
    pub(super) done: &'a Forgotten,
    pub(super) archived: InArchive,
    /// How many archives were given.
    pub(super) archives: usize,
}

pub(super) fn tell(told: &Told<'_>, format: Format) {
    match format {
        Format::Json => say!("{}", as_json(told)),
        Format::Human => in_words(told),
    }
}

fn as_json(told: &Told<'_>) -> serde_json::Value {
    let Forgotten { counts, stays, unreadable, left, begun } = told.done;
    let Counts { calls, blocks, markers, aggregates, decisions, mentions, quarantined, keys, assignments } =
        counts;
    let Stays { limits, limits_expire, plan, api_keys, switched_off, entity } = stays;
    json!({
        "caller": told.caller, "pseudonym": told.pseudonym, "begun": begun,
        "calls": calls, "blocks": blocks, "markers": markers, "aggregates": aggregates, "decisions": decisions,
        "mentions": mentions, "quarantined": quarantined, "idempotency_keys": keys, "assignments": assignments,
        "archive": { "calls": told.archived.calls, "files": told.archived.files },
        "left": left, "unreadable": unreadable,
        "stays": {
            "limits": limits, "limits_expire": limits_expire.and_then(time), "plan": plan, "api_keys": api_keys,
            "switched_off": switched_off, "entity": entity,
        },
    })
}

fn in_words(told: &Told<'_>) {
    let Told { caller, pseudonym, done, archived, archives } = told;
    let is_nowhere = done.counts.is_zero() && *archived == InArchive::default();
    match (pseudonym, &done.begun) {
        (Some(name), _) => say!("{caller} is forgotten: {name} stands in the caller's place"),
        (None, Some(name)) => say!("{caller} is being forgotten as {name}; what is left names the caller:"),
        (None, None) if is_nowhere => say!("nothing that can be forgotten names {caller}"),
        (None, None) => say!("this names {caller} and would be changed:"),
    }
    for line in counted(&done.counts, *archived) {
        say!("  {line}");
    }
    let kept = kept(caller, &done.stays);
    if !kept.is_empty() {
        say!("this stays, and names the caller:");
    }
    for line in kept {
        say!("  {line}");
    }
    if done.left {
        say!("calls of the caller came in again and again meanwhile: switch the caller off and run it again");
    }
    let Some(name) = pseudonym else { return };
    say!(
        "out of reach: the logs of functions and gateways, from which an import brings calls back, and what was exported"
    );
    if *archives == 0 {
        say!(
            "hint: a rebuild from an archive would bring the caller back; if there is one: `--archive FOLDER --as '{name}'`"
        );
    }
}

/// A line for each kind of which there is something.
fn counted(counts: &Counts, archived: InArchive) -> Vec<String> {
    let Counts { calls, blocks, markers, aggregates, decisions, mentions, quarantined, keys, assignments } =
        *counts;
    let InArchive { calls: kept, files } = archived;
    let lines = [
        (calls, format!("{calls} calls in the ledger, some of them in {blocks} blocks")),
        (aggregates, format!("{aggregates} items of aggregates")),
        (markers, format!("{markers} markers of the roll-up")),
        (decisions, format!("{decisions} recorded decisions about the caller's calls, which go")),
        (mentions, format!("{mentions} recorded decisions about others' calls")),
        (quarantined, format!("{quarantined} events in quarantine, whose records go")),
        (keys, format!("{keys} idempotency keys, whose answers go")),
        (assignments, format!("{assignments} changes of the caller's plan, without who made them")),
        (kept + files, format!("{kept} calls in {files} files of archives")),
    ];
    lines.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line).collect()
}

fn kept(caller: &EntityName, stays: &Stays) -> Vec<String> {
    let Stays { limits, limits_expire, plan, api_keys, switched_off, entity } = stays;
    let mut lines = Vec::new();
    if *limits > 0 {
        let until =
            limits_expire.and_then(time).map(|at| format!(" until about {at:.0}")).unwrap_or_default();
        lines.push(format!("{limits} items of limits{until}: who calls again gets no fresh quota"));
    }
    if let Some(plan) = plan {
        lines.push(format!("the plan `{plan}`, for as long"));
    }
    for id in api_keys {
        lines.push(format!("the API key `{id}`: `doorward keys revoke {id}` refuses it"));
    }
    if *switched_off {
        lines.push(format!("the kill switch: `doorward plans switch on --caller '{caller}'` takes it back"));
    }
    if *entity {
        lines.push("the caller's attributes in the state table, which are the project's own".to_owned());
    }
    lines
}

fn time(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}
