//! The object that a form is, whether it is written as pairs (`application/x-www-form-urlencoded`) or as parts
//! (`multipart/form-data`), and the schema of that.
//!
//! A form has texts where its schema has types. What stands under a name is read as the schemas of that name say, wherever
//! they stand: under `properties`, under patterns, among alternatives and conditions. Where they leave several ways, the
//! first one counts whose value those schemas take that hold in any case. If alternatives or conditions speak of the name
//! as well, every such way is tried, and the form is good if the whole is in one of them. What of that is too much is a
//! fault of the contract.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{Fault, Omission, Shape, Violation};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::bundle::Bundle;
use crate::checker::{Checker, MAX_VIOLATIONS, validator, violation};
use crate::documents::Documents;
use crate::field_encoding::{Encodings, FieldEncoding};
use crate::reading::{self, Item, JSON, Kind, Reading, Sent};
use crate::said::{self, Said};
use crate::serialization::Rule;
use crate::{pointer, shape};

/// Ways to read one form.
const MAX_READINGS: usize = 64;
/// Patterns of names: each set of them is read in its own way.
const MAX_PATTERNS: usize = 4;
/// Fields of one form: names with their values.
pub(crate) const MAX_FIELDS: usize = 1_000;

const BRACKETS: Rule = "must not write members in brackets behind a name that the contract has";

/// How a form becomes an object, and the schema of that.
#[derive(Debug)]
pub(crate) struct FormObject {
    pub(crate) named: BTreeMap<String, Member>,
    patterns: Vec<Validator>,
    /// What has another name, by the patterns that it matches: a bit for each.
    others: Vec<Member>,
    checker: Checker,
    /// The type tree of what can be handed over, and what that leaves out; `None` where a field has several readings, for
    /// policies would read one and the target another.
    pub(crate) tree: Option<Tree>,
    /// Whether what is read is handed over: the tree is that of the whole body.
    pub(crate) is_handed_over: bool,
}

/// A type tree, and what it leaves out.
pub(crate) type Tree = (Shape, Vec<Omission>);

/// What stands under a name.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) encoding: FieldEncoding,
    /// The ways to read it, in the order in which they are tried.
    pub(crate) readings: Vec<Reading>,
    /// The schemas that hold in any case, where there are several ways.
    sure: Option<Validator>,
    /// Whether which of them is meant is known from the whole form only.
    is_open: bool,
}

/// Which member of a form a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'n> {
    Named(&'n str),
    /// By the patterns that it matches.
    Other(usize),
}

/// The values that the names of a place have, in each way to read them.
type Open<'n> = BTreeMap<Place<'n>, Vec<(String, Vec<Value>)>>;

impl FormObject {
    /// Of the schema of the Media Type Object at `at`, which `bundle` is, with its `encodings`; `None` when that added to
    /// `faults`.
    pub(crate) fn compile(
        documents: &Documents<'_>,
        bundle: &Bundle,
        at: &str,
        mut encodings: Encodings,
        kind: Kind,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let checker = Checker::compile(documents, bundle).map_err(|fault| faults.push(fault)).ok()?;
        let schema = pointer::join(at, "schema");
        let all = Said::whole(bundle).of_same_value(bundle);
        let types = said::types(&all);
        if !types.is_empty() && !types.contains("object") {
            let fault = documents.fault(&schema, "a form is an object, which the schema does not take");
            faults.push(fault.hint("describe its fields with `type: object` and `properties`"));
            return None;
        }
        let patterns: Vec<&str> = said::patterns(&all).into_iter().collect();
        if patterns.len() > MAX_PATTERNS {
            let message = format!("the fields of a form have more than {MAX_PATTERNS} patterns of names");
            faults.push(documents.fault(&schema, message).hint("name the fields under `properties`"));
            return None;
        }
        let of_pattern = |pattern: &&str| validator(&json!({ "pattern": pattern })).ok();
        let validators: Vec<Validator> = patterns.iter().filter_map(of_pattern).collect();
        let matching = |set: usize| -> BTreeSet<&str> {
            let is_in = |(nth, _): &(usize, &&str)| set & 1 << nth != 0;
            patterns.iter().enumerate().filter(is_in).map(|(_, pattern)| *pattern).collect()
        };
        let mut member = |schemas: &[Said<'_>], encoding| {
            Member::compile(documents, bundle, schemas, encoding, kind)
                .map_err(|fault| {
                    faults.push(fault.unwrap_or_else(|| documents.fault(&schema, "it cannot be read")))
                })
                .ok()
        };
        let mut named = BTreeMap::new();
        let mut unknown = Vec::new();
        let stated: Vec<String> = encodings.keys().cloned().collect();
        let names: BTreeSet<String> =
            said::names(&all).into_iter().map(str::to_owned).chain(stated).collect();
        for name in names {
            let schemas = said::of_member(&all, Some(&name), &matching(set_of(&validators, &name)));
            if schemas.is_empty() {
                unknown.push(name);
                continue;
            }
            let encoding = encodings.remove(&name).unwrap_or_default();
            named.extend(member(&schemas, encoding).map(|member| (name, member)));
        }
        let sets = 0..1_usize << patterns.len();
        let of_set = |set| said::of_member(&all, None, &matching(set));
        let others: Vec<Member> =
            sets.filter_map(|set| member(&of_set(set), FieldEncoding::default())).collect();
        for name in unknown {
            let message = format!("the schema has no member `{}`", pointer::shown(&name));
            let place = pointer::join(&pointer::join(at, "encoding"), &name);
            faults.push(documents.fault(&place, message));
        }
        let open = named.values().chain(&others).filter(|member| member.is_open);
        if open.fold(1_usize, |ways, member| ways.saturating_mul(member.readings.len())) > MAX_READINGS {
            let message = format!("such a form could be read in more than {MAX_READINGS} ways");
            let hint = "give a field that alternatives or conditions describe the same type in each of them";
            faults.push(documents.fault(&schema, message).hint(hint));
        }
        let tree = tree(bundle, &named);
        let form = Self { named, patterns: validators, others, checker, tree, is_handed_over: false };
        (faults.len() == before).then_some(form)
    }

    /// Whether members of `name` are written in brackets.
    pub(crate) fn is_deep(&self, name: &str) -> bool {
        let is_deep = |reading: &Reading| matches!(reading, Reading::Deep(_));
        self.named.get(name).is_some_and(|member| member.readings.iter().any(is_deep))
    }

    /// What is handed over of a form with these fields: the members that the contract names, without files.
    ///
    /// # Errors
    /// Where it breaks its schema.
    pub(crate) fn read(&self, fields: Vec<(String, Sent<'_>)>) -> Result<Option<Value>, Vec<Violation>> {
        let mut by_name: BTreeMap<String, Vec<Sent<'_>>> = BTreeMap::new();
        for (name, sent) in fields {
            by_name.entry(name).or_default().push(sent);
        }
        let mut broken = Vec::new();
        let mut object = Map::new();
        let mut open = Open::new();
        for (name, sent) in by_name {
            let (place, member) = self.member(&name);
            let read = self
                .check_name(&name, place)
                .and_then(|()| member.map_or(Ok(Vec::new()), |m| m.values(&sent)));
            match read {
                Ok(values) => {
                    object.extend(values.first().map(|first| (name.clone(), first.clone())));
                    if values.iter().skip(1).any(|value| Some(value) != values.first()) {
                        open.entry(place).or_default().push((name, values));
                    }
                }
                // A name that the contract does not have is its sender's.
                Err(rule) => {
                    let is_known = matches!(place, Place::Named(_));
                    let at = if is_known { pointer::join("", &name) } else { String::new() };
                    broken.push(violation("body", at, rule));
                }
            }
        }
        if !broken.is_empty() {
            broken.truncate(MAX_VIOLATIONS);
            return Err(broken);
        }
        let object = Value::Object(object);
        if self.checker.is_valid(&object) || self.is_valid_otherwise(&object, &open) {
            return Ok(self.handed_over(object));
        }
        match self.checker.violations("body", "", &object) {
            none if none.is_empty() => Ok(self.handed_over(object)),
            violations => Err(violations),
        }
    }

    fn handed_over(&self, object: Value) -> Option<Value> {
        let Value::Object(mut members) = object else { return None };
        members.retain(|name, _| self.named.get(name).is_some_and(|member| !member.is_file()));
        self.is_handed_over.then_some(Value::Object(members))
    }

    /// Whether the whole is good in a way but the first. Ways are counted with the first place as the lowest digit.
    fn is_valid_otherwise(&self, object: &Value, open: &Open<'_>) -> bool {
        let digits =
            open.values().map(|names| names.iter().map(|(_, values)| values.len()).max().unwrap_or(1));
        let ways = digits.clone().fold(1_usize, usize::saturating_mul).min(MAX_READINGS);
        let mut object = object.clone();
        (1..ways).any(|way| {
            let mut left = way;
            for (names, base) in open.values().zip(digits.clone()) {
                let Some(members) = object.as_object_mut() else { return false };
                for (name, values) in names {
                    members.extend(values.get(left % base).map(|value| (name.clone(), value.clone())));
                }
                left /= base;
            }
            self.checker.is_valid(&object)
        })
    }

    fn member(&self, name: &str) -> (Place<'_>, Option<&Member>) {
        if let Some((name, member)) = self.named.get_key_value(name) {
            return (Place::Named(name), Some(member));
        }
        let set = set_of(&self.patterns, name);
        (Place::Other(set), self.others.get(set))
    }

    /// There are servers to which `a[]` and `a[b]` are, or are of, what is called `a`: it would be held to nothing.
    fn check_name(&self, name: &str, place: Place<'_>) -> Result<(), Rule> {
        let is_inner = |(before, _): (&str, &str)| self.named.contains_key(before);
        let is_known = matches!(place, Place::Named(_));
        if !is_known && name.split_once('[').is_some_and(is_inner) { Err(BRACKETS) } else { Ok(()) }
    }
}

fn tree(bundle: &Bundle, named: &BTreeMap<String, Member>) -> Option<Tree> {
    let (Shape::Record(mut fields), mut left_out) = shape::of(bundle) else { return None };
    if named.values().any(|member| member.readings.len() > 1) {
        return None;
    }
    for (name, _) in named.iter().filter(|(_, member)| member.is_file()) {
        if fields.remove(name).is_some() {
            left_out.push(Omission { place: format!(".{name}"), reason: "a file".to_owned() });
        }
    }
    (!fields.is_empty()).then_some((Shape::Record(fields), left_out))
}

/// Which of `patterns` the name matches: a bit for each.
fn set_of(patterns: &[Validator], name: &str) -> usize {
    let name = Value::String(name.to_owned());
    let bits = patterns.iter().enumerate().filter(|(_, pattern)| pattern.is_valid(&name));
    bits.fold(0, |set, (nth, _)| set | 1 << nth)
}

impl Member {
    /// Of the `schemas` that speak of it.
    fn compile(
        documents: &Documents<'_>,
        bundle: &Bundle,
        schemas: &[Said<'_>],
        mut encoding: FieldEncoding,
        kind: Kind,
    ) -> Result<Self, Option<Fault>> {
        let readings =
            reading::of(documents, bundle, schemas, &encoding, kind).map_err(|(message, hint)| {
                let at = schemas.first().map(|schema| bundle.origin(&schema.at));
                at.map(|at| documents.fault(&at, message).hint(hint))
            })?;
        if kind == Kind::Multipart {
            reading::imply_type(documents, bundle, schemas, &readings, &mut encoding);
        }
        let sure: Vec<&Value> =
            schemas.iter().filter(|schema| schema.sure).map(|schema| schema.schema).collect();
        let is_open = readings.len() > 1 && sure.len() < schemas.len();
        let sure = (readings.len() > 1 && !sure.is_empty()).then(|| {
            let schema = json!({ "allOf": sure, "$defs": bundle.definitions_of(&sure) });
            validator(&schema).map_err(|_| None)
        });
        Ok(Self { encoding, readings, sure: sure.transpose()?, is_open })
    }

    /// Whether it is bytes, of which nothing but their number is read.
    fn is_file(&self) -> bool {
        let is_file = |reading: &Reading| {
            matches!(reading, Reading::One(Item::Octets(_)) | Reading::List(Item::Octets(_)))
        };
        self.readings.iter().any(is_file)
    }

    /// What `sent` is in each way to read it, where that depends on the whole form; else in the one that counts.
    fn values(&self, sent: &[Sent<'_>]) -> Result<Vec<Value>, Rule> {
        let mut fitting: Vec<Option<Value>> = Vec::new();
        let (mut unfit, mut fault) = (None, None);
        let is_claimed = self.readings.iter().any(|reading| reading.claims(sent));
        for reading in &self.readings {
            let value = match reading.read(sent, &self.encoding) {
                _ if is_claimed && !reading.claims(sent) => None,
                Err(rule) => {
                    fault.get_or_insert(rule);
                    None
                }
                Ok(value) if self.sure.as_ref().is_none_or(|sure| sure.is_valid(&value)) => Some(value),
                Ok(value) => {
                    unfit.get_or_insert(value);
                    None
                }
            };
            fitting.push(value);
        }
        match fitting.iter().flatten().next().cloned() {
            Some(first) if self.is_open => {
                Ok(fitting.into_iter().map(|value| value.unwrap_or_else(|| first.clone())).collect())
            }
            Some(first) => Ok(vec![first]),
            None => unfit.map(|value| vec![value]).ok_or(fault.unwrap_or(JSON)),
        }
    }
}
