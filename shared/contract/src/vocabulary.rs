//! Which names of a payload are the contract's own. Every other one is its sender's to choose, and may be a secret.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::{JsonStep, LocatedJsonFault, MalformedJson, Violation};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::bundle::Bundle;
use crate::checker::violation;
use crate::locating::same_and_inner;
use crate::pattern::Written;
use crate::{pointer, rule};

/// Names that one violation tells its sender.
const MAX_NAMES: usize = 20;
/// What stands in a pointer for a name that the contract does not declare.
const UNDECLARED: &str = "*";

/// The words of a definition.
#[derive(Debug, Default)]
struct Declared {
    /// The names that it declares, under `properties` or `required`, at any depth.
    names: BTreeSet<String>,
    patterns: Written,
}

/// The words of the definitions of a bundle, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Arc<[Declared]>);

/// The words of a schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    words: Words,
    /// The definitions that it refers to, itself among them, in the order in which they are met.
    reached: Arc<[usize]>,
}

impl Words {
    /// Those of `bundle`, whose definitions have these `patterns`.
    pub(crate) fn of(bundle: &Bundle, patterns: Vec<Written>) -> Self {
        let mut patterns = patterns.into_iter();
        let declared = bundle.definitions().map(|(_, schema)| {
            let mut declared =
                Declared { patterns: patterns.next().unwrap_or_default(), ..Declared::default() };
            declare(schema, &mut declared.names);
            declared
        });
        Self(declared.collect())
    }

    /// Those of all definitions.
    pub(crate) fn all(&self) -> Vocabulary {
        self.vocabulary((0..self.0.len()).collect())
    }

    /// Those of the definitions `reached`.
    pub(crate) fn vocabulary(&self, reached: Vec<usize>) -> Vocabulary {
        Vocabulary { words: self.clone(), reached: reached.into() }
    }
}

impl Vocabulary {
    fn declared(&self) -> impl DoubleEndedIterator<Item = &Declared> {
        self.reached.iter().filter_map(|number| self.words.0.get(*number))
    }

    /// What the patterns are in the contract's words. Of several ways to write the one that `kind` speaks of, the last one counts.
    fn written(&self, kind: &ValidationErrorKind) -> &Written {
        static NONE: Written = Written::none();
        let ValidationErrorKind::Pattern { pattern } = kind else { return &NONE };
        let mut written = self.declared().rev().map(|declared| &declared.patterns);
        written.find(|written| written.has(pattern)).unwrap_or(&NONE)
    }

    /// Whether the schema declares `name`.
    fn has(&self, name: &str) -> bool {
        self.declared().any(|declared| declared.names.contains(name))
    }

    /// The violation that `error`, found in `value`, is. Its names are those that its pointer leaves out, then those
    /// that break the rule.
    pub(crate) fn locate(
        &self,
        part: &str,
        prefix: &str,
        value: &Value,
        error: &ValidationError<'_>,
    ) -> Violation {
        let (mut place, mut names) = self.place(prefix, steps(value, error.instance_path().as_str()));
        let schema_path = error.schema_path().as_str();
        match error.kind() {
            // A missing member has a place of its own: where it should be.
            ValidationErrorKind::Required { property: Value::String(name) } => {
                pointer::push(&mut place, &pointer::shown(name));
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                names.extend(unexpected.iter().take(MAX_NAMES).map(|name| pointer::shown(name)));
            }
            ValidationErrorKind::PropertyNames { error } => {
                names.extend(error.instance().as_str().map(pointer::shown));
            }
            ValidationErrorKind::FalseSchema if rule::closes_object(schema_path) => {
                let object = value.pointer(error.instance_path().as_str()).and_then(Value::as_object);
                let unexpected = object.into_iter().flat_map(|members| members.keys());
                names.extend(unexpected.take(MAX_NAMES).map(|name| pointer::shown(name)));
            }
            _ => {}
        }
        names.truncate(MAX_NAMES);
        Violation {
            names,
            ..violation(part, place, rule::text(error.kind(), schema_path, self.written(error.kind())))
        }
    }

    /// What is told of a JSON text in `part` that has no one reading.
    pub(crate) fn malformed(&self, part: &str, located: LocatedJsonFault) -> MalformedJson {
        let LocatedJsonFault { fault, steps } = located;
        let violations = steps.map(|steps| {
            let (place, names) = self.place("", steps);
            Violation { names, ..violation(part, place, rule::of_json(&fault)) }
        });
        MalformedJson { fault, violations: violations.into_iter().collect() }
    }

    /// The pointer to show for what `steps` lead to, and the names that are left out of it.
    fn place(&self, prefix: &str, steps: impl IntoIterator<Item = JsonStep>) -> (String, Vec<String>) {
        let mut place = prefix.to_owned();
        let mut names = Vec::new();
        for step in steps {
            match step {
                JsonStep::Name(name) if self.has(&name) => {
                    pointer::push(&mut place, &pointer::shown(&name));
                }
                JsonStep::Name(name) => {
                    pointer::push(&mut place, UNDECLARED);
                    names.push(pointer::shown(&name));
                }
                JsonStep::Index(nth) => pointer::push(&mut place, &nth.to_string()),
            }
        }
        (place, names)
    }
}

/// The steps that `pointer` takes in `value`. A token is an index where it stands for an item of a list, and else a name,
/// digits and the empty one among them (RFC 6901 section 4).
fn steps(value: &Value, pointer: &str) -> Vec<JsonStep> {
    let mut value = Some(value);
    let step = |token: Cow<'_, str>| {
        let nth = value.filter(|value| value.is_array()).and_then(|_| token.parse().ok());
        value = value.and_then(|value| match nth {
            Some(nth) => value.get::<usize>(nth),
            None => value.get(token.as_ref()),
        });
        nth.map_or_else(|| JsonStep::Name(token.into_owned()), JsonStep::Index)
    };
    pointer::tokens(pointer).map(step).collect()
}

fn declare(schema: &Value, names: &mut BTreeSet<String>) {
    let members = schema.get("properties").and_then(Value::as_object);
    names.extend(members.into_iter().flat_map(|members| members.keys().cloned()));
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    names.extend(required.filter_map(Value::as_str).map(str::to_owned));
    same_and_inner(schema).for_each(|schema| declare(schema, names));
}
