//! Dynamic scopes (JSON Schema Core 2020-12 sections 7.1 and 8.2.3.2): the schema resources that an evaluation has
//! entered, the outermost first.
//!
//! A bundle has one definition for each scope in which a schema is met. Within it, every `$dynamicRef` leads to one place
//! and is an ordinary reference.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::dialect::Dialect;
use crate::documents::Documents;

/// What the scopes of one bundle may take, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A scope of a bundle's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScopeId(usize);

/// A place, and what its file is read in.
type Found = (String, Dialect);

/// Where the outermost dynamic anchors stand, by name: all that a scope says.
type Anchors = BTreeMap<String, Found>;

/// The scopes of one bundle.
pub(crate) struct Scopes {
    all: Vec<Rc<Anchors>>,
    known: HashMap<Rc<Anchors>, ScopeId>,
    /// What a scope becomes where the resource is entered that begins at a place.
    entered: HashMap<(ScopeId, Found), ScopeId>,
    bytes: usize,
}

impl Scopes {
    pub(crate) const EMPTY: ScopeId = ScopeId(0);

    pub(crate) fn new() -> Self {
        let empty = Rc::new(Anchors::new());
        let known = HashMap::from([(Rc::clone(&empty), Self::EMPTY)]);
        Self { all: vec![empty], known, entered: HashMap::new(), bytes: 0 }
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
        let key = (scope, (root.to_owned(), dialect));
        if let Some(known) = self.entered.get(&key) {
            return *known;
        }
        let Some(around) = self.all.get(scope.0) else { return scope };
        let new =
            resource.anchors.iter().filter(|(name, anchor)| anchor.dynamic && !around.contains_key(*name));
        let mut new = new.peekable();
        if self.are_too_many() {
            return scope;
        }
        self.bytes += key.1.0.len() + size_of_val(&key);
        if new.peek().is_none() {
            self.entered.insert(key, scope);
            return scope;
        }
        let mut anchors = Anchors::clone(around);
        anchors.extend(new.filter_map(|(name, _)| {
            let (at, _) = documents.anchored(root, dialect, name)?;
            Some((name.clone(), (at, dialect)))
        }));
        let anchors = Rc::new(anchors);
        let next = ScopeId(self.all.len());
        let id = *self.known.entry(Rc::clone(&anchors)).or_insert(next);
        if id == next {
            self.bytes += anchors.iter().map(|(name, (at, _))| name.len() + at.len()).sum::<usize>();
            self.all.push(anchors);
        }
        self.entered.insert(key, id);
        id
    }

    /// Whether they take more than is kept.
    pub(crate) fn are_too_many(&self) -> bool {
        self.bytes > MAX_BYTES
    }

    /// Where the dynamic anchor `name` of the outermost resource that has it stands.
    pub(crate) fn outermost(&self, scope: ScopeId, name: &str) -> Option<Found> {
        self.all.get(scope.0)?.get(name).cloned()
    }
}
