//! Which names of a payload are the contract's own. Every other one is its sender's to choose, and may be a secret.

use std::borrow::Cow;
use std::collections::BTreeSet;

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

/// The words of a contract.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// The names that the schema declares, under `properties` or `required`, at any depth.
    names: BTreeSet<String>,
    patterns: Written,
}

impl Vocabulary {
    pub(crate) fn of(bundle: &Bundle, patterns: Written) -> Self {
        let mut names = BTreeSet::new();
        bundle.definitions().for_each(|(_, schema)| declare(schema, &mut names));
        Self { names, patterns }
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
        Violation { names, ..violation(part, place, rule::text(error.kind(), schema_path, &self.patterns)) }
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
                JsonStep::Name(name) if self.names.contains(&name) => {
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
