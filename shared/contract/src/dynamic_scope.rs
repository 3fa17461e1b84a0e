//! Dynamic scopes (JSON Schema Core 2020-12 sections 7.1 and 8.2.3.2): the schema resources that an evaluation has
//! entered, the outermost first.
//!
//! A bundle has one definition for each scope in which a schema is met. Within it, every `$dynamicRef` leads to one place
//! and is an ordinary reference.

use std::collections::HashMap;

use crate::dialect::Dialect;
use crate::documents::Documents;

/// Resources with dynamic anchors of their own that one scope may hold.
const MAX_RESOURCES: usize = 64;
/// Scopes of one bundle.
const MAX_SCOPES: usize = 20_000;

/// A scope of a bundle's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScopeId(usize);

/// Where a resource begins, and what its file is read in.
pub(crate) type Entered = (String, Dialect);

/// The scopes of one bundle. Of the resources in a scope only those are kept that can be where a reference leads: those
/// with a dynamic anchor that none before has.
pub(crate) struct Scopes {
    /// Each is the one it is in, with one more resource, and the number of all; the first is empty.
    all: Vec<(ScopeId, Option<Entered>, usize)>,
    known: HashMap<(ScopeId, Entered), ScopeId>,
    too_many: bool,
}

impl Scopes {
    pub(crate) const EMPTY: ScopeId = ScopeId(0);

    pub(crate) fn new() -> Self {
        Self { all: vec![(Self::EMPTY, None, 0)], known: HashMap::new(), too_many: false }
    }

    /// `scope` with the resource that `at` is in.
    pub(crate) fn enter(
        &mut self,
        documents: &Documents<'_>,
        scope: ScopeId,
        at: &str,
        dialect: Dialect,
    ) -> ScopeId {
        let Some((root, resource)) = documents.resource(at, dialect) else { return scope };
        let dynamic = resource.anchors.iter().filter(|(_, anchor)| anchor.dynamic);
        let mut names = dynamic.map(|(name, _)| name);
        if names.all(|name| self.outermost(documents, scope, name).is_some()) {
            return scope;
        }
        let key = (scope, (root.to_owned(), dialect));
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let count = self.all.get(scope.0).map_or(0, |(_, _, count)| count + 1);
        if count > MAX_RESOURCES || self.all.len() >= MAX_SCOPES {
            self.too_many = true;
            return scope;
        }
        let id = ScopeId(self.all.len());
        self.all.push((scope, Some(key.1.clone()), count));
        self.known.insert(key, id);
        id
    }

    /// Whether there are more than are followed.
    pub(crate) fn are_too_many(&self) -> bool {
        self.too_many
    }

    /// Where the dynamic anchor `name` of the outermost resource that has it stands.
    pub(crate) fn outermost(&self, documents: &Documents<'_>, scope: ScopeId, name: &str) -> Option<Entered> {
        let mut found = None;
        let mut here = scope;
        while let Some((around, Some((root, dialect)), _)) = self.all.get(here.0) {
            let anchor = documents.anchored(root, *dialect, name).filter(|(_, anchor)| anchor.dynamic);
            found = anchor.map(|(at, _)| (at, *dialect)).or(found);
            here = *around;
        }
        found
    }
}
