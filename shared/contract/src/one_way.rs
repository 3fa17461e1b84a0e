//! Members that travel one way: `readOnly` in answers, `writeOnly` in requests.
//!
//! OpenAPI 3.0.3 (Schema Object) has `required` hold for the one way only. In 3.1 the words are those of JSON Schema 2020-12
//! (validation, section 9.4), annotations that leave their handling to the application; what is written in them goes on
//! meaning what it did in 3.0, so that both versions are read alike. Of a `writeOnly` member both say that it should not be
//! sent in an answer: it is refused there, since it is a password more often than not. A `readOnly` one should not be sent
//! in a request, which is let pass: callers send back what they got. JSON Schemas by themselves know no ways. How alternatives
//! are kept from letting a member pass that another of them describes, is said where schemas are made for the validator.
//!
//! What is not sent is not required either in any part of the schema that describes the same object, wherever the word stands and
//! wherever the member is required: a part that others refer to as well has a definition of its own for each set of members that
//! are not sent where it is met. Only under `not`, `if` and `oneOf` is what is written there left as it is: there, less
//! required is not less asked for.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::bundle::Direction;
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::links::MAX_CHAIN;
use crate::{pointer, reference};

/// References and parts of parts that are followed one after another. More references are refused where they are read.
const MAX_DEPTH: usize = 4 * MAX_CHAIN;

/// A set of members that are not sent, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Unsent(usize);

impl Unsent {
    /// All members are sent.
    pub(crate) const NONE: Self = Self(0);
}

type Names = BTreeSet<String>;

/// What is known of a bundle's schemas, each of which is looked at once.
pub(crate) struct OneWay {
    word: &'static str,
    sets: Vec<Rc<Names>>,
    numbers: HashMap<Rc<Names>, Unsent>,
    marked: HashMap<String, bool>,
    unsent: HashMap<String, Unsent>,
    demanded: HashMap<String, Rc<Names>>,
}

impl OneWay {
    pub(crate) fn new(direction: Direction) -> Self {
        let word = match direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let none = Rc::new(Names::new());
        Self {
            word,
            sets: vec![Rc::clone(&none)],
            numbers: HashMap::from([(none, Unsent::NONE)]),
            marked: HashMap::new(),
            unsent: HashMap::new(),
            demanded: HashMap::new(),
        }
    }

    /// The members that are not sent of an object that the schema at `at` describes, and others of which `outer` knows.
    pub(crate) fn within(&mut self, documents: &Documents<'_>, at: &str, outer: Unsent) -> Unsent {
        let own = self.of(documents, at, 0);
        if own == outer || outer == Unsent::NONE {
            return own;
        }
        let all = self.names(own).union(&self.names(outer)).cloned().collect();
        self.number(all)
    }

    /// Those of `outer` that matter to the schema at `at`, which they stand outside of.
    pub(crate) fn for_part(&mut self, documents: &Documents<'_>, at: &str, outer: Unsent) -> Unsent {
        if outer == Unsent::NONE {
            return outer;
        }
        let (demanded, own) = (self.demanded_by(documents, at, 0), self.of(documents, at, 0));
        let own = self.names(own);
        let matter = |name: &&String| demanded.contains(*name) && !own.contains(*name);
        let all = self.names(outer).iter().filter(matter).cloned().collect();
        self.number(all)
    }

    /// Takes the members `unsent` out of what `schema` itself requires.
    pub(crate) fn relax(&self, schema: &mut Map<String, Value>, unsent: Unsent) {
        let unsent = self.names(unsent);
        if unsent.is_empty() {
            return;
        }
        let is_sent = |name: &Value| name.as_str().is_none_or(|name| !unsent.contains(name));
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(is_sent);
        }
        let dependent = schema.get_mut("dependentRequired").and_then(Value::as_object_mut);
        for required in dependent.into_iter().flat_map(Map::values_mut).filter_map(Value::as_array_mut) {
            required.retain(is_sent);
        }
    }

    /// Whether the schema at `at` says of its value that it is not sent: itself, by `$ref` or by `allOf`. In OpenAPI 3.0 nothing
    /// beside a `$ref` counts. A broken reference is reported where the schema is read.
    pub(crate) fn is_unsent(&mut self, documents: &Documents<'_>, at: &str) -> bool {
        self.is_marked(documents, at, 0)
    }

    fn is_marked(&mut self, documents: &Documents<'_>, at: &str, depth: usize) -> bool {
        if let Some(known) = self.marked.get(at) {
            return *known;
        }
        let Some(schema) = documents.value(at).filter(|_| depth <= MAX_DEPTH) else { return false };
        // Of a circle, which is refused where it is read.
        self.marked.insert(at.to_owned(), false);
        let found = counts_beside_reference(documents, at, schema)
            && schema.get(self.word) == Some(&Value::Bool(true))
            || parts(documents, at, schema, &["allOf"])
                .iter()
                .any(|part| self.is_marked(documents, part, depth + 1));
        self.marked.insert(at.to_owned(), found);
        found
    }

    /// Those that the schema at `at` describes: its own, those of what it refers to and of its `allOf`.
    fn of(&mut self, documents: &Documents<'_>, at: &str, depth: usize) -> Unsent {
        if let Some(known) = self.unsent.get(at) {
            return *known;
        }
        let Some(schema) = documents.value(at).filter(|_| depth <= MAX_DEPTH) else { return Unsent::NONE };
        self.unsent.insert(at.to_owned(), Unsent::NONE);
        let mut all = Names::new();
        if counts_beside_reference(documents, at, schema) {
            let members = pointer::join(at, "properties");
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            let unsent = properties
                .map(|(name, _)| name)
                .filter(|name| self.is_marked(documents, &pointer::join(&members, name), 0));
            all.extend(unsent.cloned());
        }
        for part in parts(documents, at, schema, &["allOf"]) {
            let more = self.of(documents, &part, depth + 1);
            all.extend(self.names(more).iter().cloned());
        }
        let number = self.number(all);
        self.unsent.insert(at.to_owned(), number);
        number
    }

    /// The names that the schema at `at` requires of its own object, whatever else they depend on.
    fn demanded_by(&mut self, documents: &Documents<'_>, at: &str, depth: usize) -> Rc<Names> {
        if let Some(known) = self.demanded.get(at) {
            return Rc::clone(known);
        }
        let none = Rc::new(Names::new());
        let Some(schema) = documents.value(at).filter(|_| depth <= MAX_DEPTH) else { return none };
        self.demanded.insert(at.to_owned(), none);
        let mut all = Names::new();
        if counts_beside_reference(documents, at, schema) {
            let dependent = schema.get("dependentRequired").and_then(Value::as_object);
            let lists = schema.get("required").into_iter().chain(dependent.into_iter().flat_map(Map::values));
            let names = lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
            all.extend(names.map(str::to_owned));
        }
        for part in parts(documents, at, schema, &["allOf", "anyOf"]) {
            all.extend(self.demanded_by(documents, &part, depth + 1).iter().cloned());
        }
        let all = Rc::new(all);
        self.demanded.insert(at.to_owned(), Rc::clone(&all));
        all
    }

    fn names(&self, unsent: Unsent) -> Rc<Names> {
        self.sets.get(unsent.0).cloned().unwrap_or_default()
    }

    fn number(&mut self, names: Names) -> Unsent {
        let names = Rc::new(names);
        let next = Unsent(self.sets.len());
        let number = *self.numbers.entry(Rc::clone(&names)).or_insert(next);
        if number == next {
            self.sets.push(names);
        }
        number
    }
}

/// Whether what stands in the schema beside its `$ref` counts, if it has one.
fn counts_beside_reference(documents: &Documents<'_>, at: &str, schema: &Value) -> bool {
    schema.get("$ref").is_none() || dialect(documents, at) == Dialect::Draft202012
}

fn dialect(documents: &Documents<'_>, at: &str) -> Dialect {
    documents.dialect_at(at, documents.dialect).unwrap_or(documents.dialect)
}

/// Where the schemas are that describe the same value as the one at `at`: what it refers to, and its parts under the `lists`;
/// with `anyOf` among these, what else is met on some condition.
fn parts(documents: &Documents<'_>, at: &str, schema: &Value, lists: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(reference) = schema.get("$ref") {
        let target = reference::target(documents, dialect(documents, at), at, "$ref", reference);
        found.extend(target.ok().map(|target| target.at));
    }
    if !counts_beside_reference(documents, at, schema) {
        return found;
    }
    for list in lists {
        let parts = schema.get(list).and_then(Value::as_array).map_or(0, Vec::len);
        found.extend((0..parts).map(|nth| format!("{at}/{list}/{nth}")));
    }
    if lists.contains(&"anyOf") {
        let branches = ["then", "else"].into_iter().filter(|name| schema.get(name).is_some());
        found.extend(branches.map(|name| format!("{at}/{name}")));
        let members = pointer::join(at, "dependentSchemas");
        let dependent = schema.get("dependentSchemas").and_then(Value::as_object).into_iter().flatten();
        found.extend(dependent.map(|(name, _)| pointer::join(&members, name)));
    }
    found
}
