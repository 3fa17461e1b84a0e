//! The operations of two documents, matched by method and path.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{Fault, Faults};
use http::Method;
use serde_json::Value;

use super::change::{Change, Severity, Site};
use super::{answers, parameters, requests, security, servers, unchecked};
use crate::bundle::{Bundle, Direction};
use crate::compile;
use crate::document::{Document, Entry, METHODS};
use crate::documents::Documents;
use crate::pointer;
use crate::reference::follow;

/// The operations of a document.
pub(super) struct Operations<'a> {
    document: &'a Document,
    documents: Documents<'a>,
    /// By method and path, whatever the path's parameters are called.
    by_route: BTreeMap<(String, String), Entry>,
    /// Why an operation cannot be checked, where it cannot.
    unchecked: BTreeMap<(String, String), Fault>,
}

/// One document's side of an operation.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) document: &'a Document,
    pub(super) documents: Documents<'a>,
    pub(super) entry: &'a Entry,
}

/// Both sides of an operation, and what was found of it.
pub(super) struct Pair<'a> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) changes: Vec<Change>,
}

impl<'a> Operations<'a> {
    pub(super) fn read(document: &'a Document) -> Result<Self, Faults> {
        let documents = Documents::open(&document.library, &document.file)?;
        let (mut faults, mut by_route) = (Vec::new(), BTreeMap::new());
        let paths =
            documents.value("/paths").and_then(Value::as_object).into_iter().flat_map(|paths| paths.keys());
        for path in paths.filter(|path| path.starts_with('/')) {
            let (item, value) = match follow(&documents, &pointer::join("/paths", path)) {
                Ok(found) => found,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            for (name, method) in METHODS.iter().filter(|(name, _)| value.get(name).is_some()) {
                let (at, item) = (pointer::join(&item, name), item.clone());
                let entry = Entry { method: method.clone(), path: path.clone(), item, at };
                let route = (shape(path), method.to_string());
                by_route.insert(route, entry);
            }
        }
        faults.dedup();
        document.share(by_route.values());
        let faulty =
            by_route.iter().map(|(route, entry)| Some((route.clone(), fault(document, documents, entry)?)));
        let unchecked = faulty.flatten().collect();
        Faults(faults).or(Self { document, documents, by_route, unchecked })
    }

    fn side<'s>(&'s self, entry: &'s Entry) -> Side<'s> {
        Side { document: self.document, documents: self.documents, entry }
    }

    pub(super) fn changes(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut is_first = true;
        for (route, entry) in &self.by_route {
            let old = self.side(entry);
            match newer.by_route.get(route) {
                Some(entry) => {
                    let fault = self.unchecked.get(route).or_else(|| newer.unchecked.get(route));
                    let found = Pair::changes(old, newer.side(entry), is_first, fault);
                    is_first &= found.iter().all(|change| change.operation.is_some());
                    changes.extend(found);
                }
                None => changes.push(self.removed(old, newer)),
            }
        }
        for (route, entry) in &newer.by_route {
            if !self.by_route.contains_key(route) {
                let side = newer.side(entry);
                let what = "the operation is new".to_owned();
                let site = (None, Some(side.site(&entry.at)));
                changes.push(side.change(Severity::Compatible, "operation-added", "", what, site));
            }
        }
        changes
    }

    fn removed(&self, old: Side<'_>, newer: &Self) -> Change {
        let path = shape(&old.entry.path);
        let methods: BTreeSet<&str> = newer
            .by_route
            .keys()
            .filter(|(other, _)| *other == path)
            .map(|(_, method)| method.as_str())
            .collect();
        let moved =
            old.id().and_then(|id| newer.by_route.values().find(|entry| newer.side(entry).id() == Some(id)));
        let now = moved.map(|entry| {
            format!(
                "; `{}` is now {} {}",
                pointer::shown(old.id().unwrap_or("")),
                entry.method,
                pointer::shown(&entry.path)
            )
        });
        let (code, what) = if methods.is_empty() {
            ("path-removed", "the path is gone".to_owned())
        } else {
            let left = methods.into_iter().collect::<Vec<_>>().join(", ");
            ("method-removed", format!("the path no longer takes {}, only {left}", old.entry.method))
        };
        let what = what + &now.unwrap_or_default();
        old.change(Severity::Breaking, code, "", what, (Some(old.site(&old.entry.at)), None))
    }
}

impl<'a> Pair<'a> {
    /// `is_first` says that nothing was told yet of the servers of the whole documents; `fault`, why one of the two
    /// cannot be checked.
    fn changes(old: Side<'a>, new: Side<'a>, is_first: bool, fault: Option<&Fault>) -> Vec<Change> {
        let mut pair = Self { old, new, changes: Vec::new() };
        pair.id();
        servers::compare(&mut pair, is_first);
        security::compare(&mut pair);
        if let Some(fault) = fault {
            unchecked::compare(&mut pair, fault);
            return pair.changes;
        }
        parameters::compare(&mut pair);
        requests::compare(&mut pair);
        answers::compare(&mut pair);
        pair.changes
    }

    /// The id is the name of the Cedar action: policies that name the older one no longer speak of this operation.
    fn id(&mut self) {
        let (old, new) = (self.old.id(), self.new.id());
        if old == new {
            return;
        }
        let shown = |id: Option<&str>| id.map_or("none".to_owned(), |id| format!("`{}`", pointer::shown(id)));
        let what = format!(
            "the `operationId`, which is the Cedar action of policies, was {} and is {}",
            shown(old),
            shown(new)
        );
        let severity = if old.is_some() { Severity::Breaking } else { Severity::Compatible };
        self.push(
            severity,
            "operation-id-changed",
            "",
            what,
            &self.old.entry.at.clone(),
            &self.new.entry.at.clone(),
        );
    }

    /// Adds a change that stands at `old` and `new`; empty pointers are left out.
    pub(super) fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        part: &str,
        what: String,
        old: &str,
        new: &str,
    ) {
        let site = |side: Side<'_>, at: &str| (!at.is_empty()).then(|| side.site(at));
        let sites = (site(self.old, old), site(self.new, new));
        self.changes.push(self.new.change(severity, code, part, what, sites));
    }
}

impl<'a> Side<'a> {
    pub(super) fn value(&self, at: &str) -> Option<&'a Value> {
        self.document.value(at)
    }

    /// The object at `at` after references, and where it is.
    pub(super) fn object(&self, at: &str) -> Option<(String, &'a Value)> {
        self.document.follow(at)
    }

    /// The schema at `at`, normalised.
    pub(super) fn schema(&self, direction: Direction, at: &str) -> Option<Bundle> {
        self.document.bundle(direction, at)
    }

    pub(super) fn id(&self) -> Option<&'a str> {
        self.value(&self.entry.at)?.get("operationId")?.as_str()
    }

    pub(super) fn site(&self, at: &str) -> Site {
        Site { pointer: at.to_owned(), place: self.documents.place(at) }
    }

    /// The operation as people say it: `POST /orders createOrder`.
    pub(super) fn name(&self) -> String {
        let Entry { method, path, .. } = self.entry;
        let id = self.id().map(|id| format!(" {}", pointer::shown(id))).unwrap_or_default();
        format!("{method} {}{id}", pointer::shown(path))
    }

    fn change(
        &self,
        severity: Severity,
        code: &'static str,
        part: &str,
        what: String,
        (old, new): (Option<Site>, Option<Site>),
    ) -> Change {
        Change {
            severity,
            code,
            operation: Some(self.name()),
            part: part.to_owned(),
            value: String::new(),
            what,
            old,
            new,
        }
    }
}

/// What keeps an operation from being checked.
fn fault(document: &Document, documents: Documents<'_>, entry: &Entry) -> Option<Fault> {
    compile::operation(documents, entry, document.shared.get()).err()?.0.into_iter().next()
}

/// The path without the names of its parameters; one that takes all that is left of a path (`{path+}`) stays one.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    for (nth, piece) in path.split('{').enumerate() {
        let piece = if nth == 0 {
            Some(("", piece))
        } else {
            let piece = piece.split_once('}');
            shape.push_str(if piece.is_some_and(|(name, _)| name.ends_with('+')) { "{+}" } else { "{}" });
            piece
        };
        shape.push_str(piece.map_or("", |(_, rest)| rest));
    }
    shape
}

/// Whether callers of `method` know its answers by their bodies at all.
pub(super) fn has_bodies(method: &Method) -> bool {
    method != Method::HEAD
}
