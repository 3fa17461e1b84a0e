//! A value's schemas, all of which hold: what `$ref` and `allOf` put together, side by side.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::number;
use super::types::Types;
use crate::bundle::Bundle;
use crate::decimal;
use crate::pointer;

/// A schema of a bundle, and where it stands there.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) schema: &'a Value,
    pub(crate) at: String,
}

/// The places of a conjunction's schemas, of the lists that were parted and the branches that do not hold, and the names of
/// members that are described elsewhere.
pub(crate) type Key = [Vec<String>; 4];

/// Schemas that all hold, none of them a mere reference.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conjunction<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    /// The lists of branches that were parted into cases.
    pub(crate) parted: Vec<String>,
    /// Branches of a `oneOf` that do not hold, since another one does.
    pub(crate) excluded: Vec<Node<'a>>,
    /// Members that only branches describe which need not hold.
    pub(crate) elsewhere: BTreeSet<&'a str>,
}

pub(crate) static NOTHING: Value = Value::Bool(false);

/// Keywords that are read where they stand and say nothing beside it.
const TRANSPARENT: [&str; 2] = ["$ref", "allOf"];
/// Keywords that let other schemas see members of the same value.
const IN_PLACE: [&str; 6] = ["$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"];

/// How often a bound is held to all steps.
const MOST_ROUNDS: usize = 16;

impl<'a> Node<'a> {
    pub(crate) fn keyword(&self, name: &str) -> Option<Node<'a>> {
        Some(Node { schema: self.schema.get(name)?, at: pointer::join(&self.at, name) })
    }

    pub(crate) fn members(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.schema.get(name)?.as_object()
    }

    pub(crate) fn items(&self, name: &str) -> Vec<Node<'a>> {
        let items = self.schema.get(name).and_then(Value::as_array).into_iter().flatten().enumerate();
        items.map(|(nth, schema)| Node { schema, at: format!("{}/{name}/{nth}", self.at) }).collect()
    }

    pub(crate) fn names(&self, keyword: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.schema.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// What stands for members that nothing else of this schema names. Where no other schema in place sees members,
    /// the unevaluated ones are the additional ones (JSON Schema 2020-12 section 11.3).
    pub(crate) fn additional(&self) -> Option<Node<'a>> {
        let unevaluated = || self.keyword("unevaluatedProperties").filter(|_| self.sees_all_members());
        self.keyword("additionalProperties").or_else(unevaluated)
    }

    /// Whether `unevaluatedProperties` and `unevaluatedItems` say something that is not read here.
    pub(crate) fn is_unevaluated(&self) -> bool {
        let members = self.schema.get("unevaluatedProperties").is_some()
            && self.schema.get("additionalProperties").is_none()
            && !self.sees_all_members();
        members || (self.schema.get("unevaluatedItems").is_some() && self.schema.get("items").is_none())
    }

    /// What holds of members that no schema in place describes, as far as `unevaluatedProperties` says so.
    pub(crate) fn unevaluated(&self) -> Option<Node<'a>> {
        self.keyword("unevaluatedProperties").filter(|_| self.schema.get("additionalProperties").is_none())
    }

    fn sees_all_members(&self) -> bool {
        !IN_PLACE.iter().any(|keyword| self.schema.get(keyword).is_some())
    }
}

impl<'a> Conjunction<'a> {
    /// Gathers what `nodes` say.
    pub(crate) fn of(bundle: &'a Bundle, nodes: &[Node<'a>]) -> Self {
        let mut gathered = Self::default();
        for node in nodes {
            gathered.add(bundle, node);
        }
        gathered
    }

    /// Holds `node`, too. Bundles have no references in circles that stay at one value, so that this ends.
    pub(crate) fn add(&mut self, bundle: &'a Bundle, node: &Node<'a>) {
        if self.nodes.iter().any(|other| other.at == node.at) {
            return;
        }
        let says_more = match node.schema {
            Value::Object(keywords) => keywords.keys().any(|name| !TRANSPARENT.contains(&name.as_str())),
            schema => schema == &NOTHING,
        };
        if says_more {
            self.nodes.push(node.clone());
        }
        if let Some(reference) = node.schema.get("$ref").and_then(Value::as_str)
            && let Some(schema) = bundle.definition(reference)
        {
            self.add(bundle, &Node { schema, at: reference.trim_start_matches('#').to_owned() });
        }
        for part in node.items("allOf") {
            self.add(bundle, &part);
        }
    }

    /// What tells it from others of its bundle.
    pub(crate) fn key(&self) -> Key {
        let mut key = [
            self.nodes.iter().map(|node| node.at.clone()).collect(),
            self.parted.clone(),
            self.excluded.iter().map(|node| node.at.clone()).collect(),
            self.elsewhere.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        ];
        key.iter_mut().for_each(|places| places.sort_unstable());
        key
    }

    /// The types that the value may have, as far as the schemas say so outright.
    pub(crate) fn types(&self) -> Types {
        let listed = |values: &[Value]| {
            values.iter().fold(Types::NULL.without(Types::NULL), |types, value| types.or(Types::of(value)))
        };
        self.nodes.iter().fold(Types::ALL, |types, node| {
            let stated = Types::stated(node.schema).unwrap_or(Types::ALL);
            let of_enum =
                node.schema.get("enum").and_then(Value::as_array).map_or(Types::ALL, |values| listed(values));
            let of_const = node.schema.get("const").map_or(Types::ALL, Types::of);
            let of_step = match node.schema.get("multipleOf") {
                Some(Value::Number(step)) if number::is_whole(step) => Types::ALL.without(Types::BROKEN),
                _ => Types::ALL,
            };
            types.and(stated).and(of_enum).and(of_const).and(of_step)
        })
    }

    /// Whether no value fits, as far as that is plain.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.iter().any(|node| node.schema == &NOTHING) || self.types().is_empty()
    }

    /// The first list of branches that is not parted into cases yet.
    pub(crate) fn branches(&self) -> Option<(&'static str, Vec<Node<'a>>, String)> {
        let lists = self.nodes.iter().flat_map(|node| ["anyOf", "oneOf"].map(|name| (node, name)));
        lists
            .map(|(node, name)| (name, node.items(name), format!("{}/{name}", node.at)))
            .find(|(_, branches, at)| !branches.is_empty() && !self.parted.contains(at))
    }

    /// The case in which the branch at `chosen` holds.
    pub(crate) fn part(
        &self,
        bundle: &'a Bundle,
        (kind, branches, at): &(&'static str, Vec<Node<'a>>, String),
        chosen: usize,
    ) -> Self {
        let mut case = self.clone();
        case.parted.push(at.clone());
        for (nth, branch) in branches.iter().enumerate() {
            if nth == chosen {
                case.add(bundle, branch);
            } else {
                describe(bundle, branch, &mut case.elsewhere, 0);
                if *kind == "oneOf" {
                    case.excluded.push(branch.clone());
                }
            }
        }
        case
    }

    /// The greatest of the keyword's whole numbers where `most`, else the least.
    pub(crate) fn count(&self, keyword: &str, most: bool) -> Option<u64> {
        let counts = self.nodes.iter().filter_map(|node| whole(node.schema.get(keyword)?));
        if most { counts.max() } else { counts.min() }
    }

    pub(crate) fn requires(&self, member: &str) -> bool {
        self.nodes.iter().any(|node| node.names("required").any(|name| name == member))
    }

    /// The sharpest lower or upper bound, and whether it is itself left out; of whole numbers it never is.
    pub(crate) fn bound(&self, lower: bool, is_whole: bool) -> Option<(serde_json::Number, bool)> {
        let (plain, exclusive) =
            if lower { ("minimum", "exclusiveMinimum") } else { ("maximum", "exclusiveMaximum") };
        let mut sharpest: Option<(serde_json::Number, bool)> = None;
        for node in &self.nodes {
            for (keyword, left_out) in [(plain, false), (exclusive, true)] {
                let Some(Value::Number(limit)) = node.schema.get(keyword) else { continue };
                let next = match is_whole {
                    true if left_out => number::next(limit, lower).or_else(|| number::inside(limit, lower)),
                    true => number::inside(limit, lower),
                    false => None,
                };
                let bound = next.map_or((limit.clone(), left_out), |next| (next, false));
                if sharpest.as_ref().is_none_or(|held| is_tighter(&bound, held, lower)) {
                    sharpest = Some(bound);
                }
            }
        }
        sharpest
    }

    /// The bound that the formats of whole numbers are, of which nothing is said of others.
    fn bound_of_formats(&self, lower: bool) -> Option<(serde_json::Number, bool)> {
        let formats = self.nodes.iter().filter_map(|node| node.schema.get("format")?.as_str());
        let limits = formats.filter_map(|name| {
            let [least, most] = number::range(name)?;
            Some(if lower { least } else { most })
        });
        let ordered = |a: &serde_json::Number, b: &serde_json::Number| number::compare(a, b);
        let sharpest = if lower { limits.max_by(ordered) } else { limits.min_by(ordered) };
        sharpest.map(|limit| (limit, false))
    }

    /// The sharpest bound with formats of whole numbers, and with what the steps of `multipleOf` leave of it, and whole
    /// numbers: the last multiple that is within, of each step after the other. Where their common multiples are rare, the
    /// bound stays wider than it is.
    pub(crate) fn bound_on_steps(&self, lower: bool, is_whole: bool) -> Option<(serde_json::Number, bool)> {
        let of_formats = self.bound_of_formats(lower).filter(|_| is_whole);
        let mut bound = match (self.bound(lower, is_whole), of_formats) {
            (Some(bound), Some(other)) if is_tighter(&other, &bound, lower) => other,
            (bound, other) => bound.or(other)?,
        };
        let steps = self.nodes.iter().filter_map(|node| node.schema.get("multipleOf")?.as_number());
        let mut steps: Vec<serde_json::Number> = steps.cloned().collect();
        steps.extend(is_whole.then(|| 1.into()));
        for _ in 0..MOST_ROUNDS {
            let before = bound.clone();
            for step in &steps {
                if let Some(last) = decimal::nearest_multiple(&bound.0, step, lower, bound.1) {
                    bound = (last, false);
                }
            }
            if bound == before {
                break;
            }
        }
        Some(bound)
    }
}

/// Gathers the members that `node` describes, in whichever case.
fn describe<'a>(bundle: &'a Bundle, node: &Node<'a>, names: &mut BTreeSet<&'a str>, depth: usize) {
    if depth > crate::links::MAX_CHAIN {
        return;
    }
    names.extend(node.members("properties").into_iter().flat_map(|all| all.keys().map(String::as_str)));
    names.extend(node.names("required"));
    let referred = node.schema.get("$ref").and_then(Value::as_str);
    let referred =
        referred.and_then(|name| Some(Node { schema: bundle.definition(name)?, at: name.to_owned() }));
    let listed = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|keyword| node.items(keyword));
    let single = ["then", "else"].into_iter().filter_map(|keyword| node.keyword(keyword));
    for part in referred.into_iter().chain(listed).chain(single) {
        describe(bundle, &part, names, depth + 1);
    }
}

/// Whether `bound` leaves out values that `other` lets in.
pub(crate) fn is_tighter(
    bound: &(serde_json::Number, bool),
    other: &(serde_json::Number, bool),
    lower: bool,
) -> bool {
    let order = number::compare(&bound.0, &other.0);
    let order = if lower { order } else { order.reverse() };
    order.is_gt() || (order.is_eq() && bound.1 && !other.1)
}

/// `minLength: 2.0` is a whole number, too (JSON Schema 2020-12 core, section 4.2.2).
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let float = || value.as_f64().filter(|float| float.fract() == 0.0 && (0.0..1e15).contains(float));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and in the range"
    )]
    value.as_u64().or_else(|| float().map(|float| float as u64))
}
