//! Server Objects: where callers find the operations.
//!
//! What counts is the path that a server puts before those of the operations, with each value that its variables may
//! have: of several, callers may have taken any. Another host is told, and breaks nobody who is led there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{Change, Severity};
use super::operations::{Pair, Side};
use crate::pointer;
use crate::servers::{base_path, expanded, expansions};

/// What servers are there for an operation, and where they stand; nothing where the document says nothing of any.
struct Servers {
    at: String,
    /// Whether they are those of the whole document.
    shared: bool,
    urls: BTreeSet<String>,
    paths: BTreeSet<String>,
    /// Server Objects whose variables have too many values to be read.
    unread: Vec<Value>,
}

/// Compares the servers of an operation. Those of the whole document are told of once: `is_first` says that nothing was
/// told of them yet.
pub(super) fn compare(pair: &mut Pair<'_>, is_first: bool) {
    let (old, new) = (read(pair.old), read(pair.new));
    let shared = old.shared && new.shared;
    if (old.urls == new.urls && old.unread == new.unread) || (shared && !is_first) {
        return;
    }
    let gone: BTreeSet<String> = old.paths.difference(&new.paths).cloned().collect();
    let (severity, code, what) = if old.unread != new.unread {
        let what = "the variables of a server have too many values to be compared: review".to_owned();
        (Severity::Unknown, "not-comparable", what)
    } else if !gone.is_empty() {
        let what = format!("paths begin with {} now, and no longer with {}", list(&new.paths), list(&gone));
        (Severity::Breaking, "base-path-changed", what)
    } else {
        let what = format!("the servers are {} now, and were {}", list(&new.urls), list(&old.urls));
        (Severity::Compatible, "servers-changed", what)
    };
    let before = pair.changes.len();
    pair.push(severity, code, "servers", what, &old.at, &new.at);
    if shared && let Some(change) = pair.changes.get_mut(before) {
        *change = Change { operation: None, ..change.clone() };
    }
}

fn list(texts: &BTreeSet<String>) -> String {
    let shown = |text: &String| format!("`{}`", pointer::shown(if text.is_empty() { "/" } else { text }));
    texts.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The nearest ones count (OpenAPI 3.1, Operation Object and Path Item Object); where there are none, `/` is.
fn read(side: Side<'_>) -> Servers {
    let places = [&side.entry.at, &side.entry.item, ""].map(|at| pointer::join(at, "servers"));
    let [_, _, root] = &places;
    let is_stated =
        |at: &&String| side.value(at).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let stated = places.iter().find(is_stated);
    let at = stated.unwrap_or(root);
    let (mut urls, mut unread) = (BTreeSet::new(), Vec::new());
    for server in side.value(at).and_then(Value::as_array).into_iter().flatten() {
        match expansions(server) {
            Some(all) => urls.extend(all),
            None => {
                urls.insert(expanded(server));
                unread.push(server.clone());
            }
        }
    }
    if urls.is_empty() {
        urls.insert("/".to_owned());
    }
    let paths = urls.iter().map(|url| base_path(url)).collect();
    let at_shown = if stated.is_some() { at.clone() } else { String::new() };
    Servers { at: at_shown, shared: at == root, urls, paths, unread }
}
