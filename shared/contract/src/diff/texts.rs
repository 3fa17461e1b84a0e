//! What is sent as text whatever its type: members of forms, and items and members of lists and objects in parameters.
//!
//! The text of a number or of a truth value is a text like any other. Where a schema takes any text in such a place, it takes
//! what is a number or a truth value to another schema, so that the two are compared as if it said so. An object in a form is
//! a JSON text, in which a number is no text: its members stay what they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::conjunction::{Conjunction, Node};
use super::types::Types;
use crate::bundle::Bundle;
use crate::pointer;

/// What a schema of a list may say for its items to be any texts: nothing that some lists of texts are refused by for what
/// their items look like.
const OF_LISTS: [&str; 5] = ["type", "items", "minItems", "maxItems", "uniqueItems"];
/// The same of an object and its members.
const OF_OBJECTS: [&str; 8] = [
    "type",
    "properties",
    "additionalProperties",
    "required",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependentRequired",
];

/// What puts schemas together.
const TOGETHER: [&str; 3] = ["$ref", "allOf", "$defs"];

/// How members of a form are written, by their names.
#[derive(Default)]
pub(super) struct Written {
    /// Those of which a media type is stated: what they are is not told here.
    pub(super) typed: BTreeSet<String>,
    /// Objects whose members are texts by themselves: `name[member]=value`.
    pub(super) deep: BTreeSet<String>,
}

/// The schema of a list or an object in a parameter, with what is any text in it taking all that texts may be; `None` where
/// nothing is.
pub(super) fn of_parameter(bundle: &Bundle) -> Option<Bundle> {
    let mut widening = Widening { bundle, added: Vec::new() };
    let whole = [root(bundle)];
    let widened =
        widening.list(&whole).or_else(|| widening.object(&whole, &mut |own, _, node| own.text(node)));
    widening.done(widened?)
}

/// The same of a form.
pub(super) fn of_form(bundle: &Bundle, written: &Written) -> Option<Bundle> {
    let mut widening = Widening { bundle, added: Vec::new() };
    let whole = [root(bundle)];
    let named = Conjunction::of(bundle, &whole).named();
    let others_are_typed = written.typed.iter().any(|name| !named.contains(name.as_str()));
    let widened = widening.object(&whole, &mut |own, name, nodes| match name {
        Some(name) if written.typed.contains(name) => None,
        None if others_are_typed => None,
        Some(name) if written.deep.contains(name) => own.object(nodes, &mut |own, _, node| own.text(node)),
        _ => own.text(nodes).or_else(|| own.list(nodes)),
    });
    widening.done(widened?)
}

fn root(bundle: &Bundle) -> Node<'_> {
    Node { schema: &bundle.schema, at: String::new() }
}

/// What texts are read as where a schema asks for it. No text is `null`.
fn of_texts() -> Value {
    json!({"type": ["string", "number", "boolean", "null"]})
}

/// Schemas by the places that they are put into.
type Replaced = BTreeMap<String, Value>;

/// What stands for some of an object's members: the name, or `None` for those that are not named.
type OfMember<'f, 'a> = dyn FnMut(&mut Widening<'a>, Option<&'a str>, &[Node<'a>]) -> Option<Replaced> + 'f;

/// A copy of a bundle in the making. Definitions that change are copied, as others may refer to them from elsewhere.
struct Widening<'a> {
    bundle: &'a Bundle,
    /// Copies, with the places of what they are copies of.
    added: Vec<(String, Value)>,
}

impl<'a> Widening<'a> {
    /// In the place of `nodes`, which all speak of one value, where that is any text.
    fn text(&self, nodes: &[Node<'a>]) -> Option<Replaced> {
        let whole = Conjunction::of(self.bundle, nodes);
        let is_any = |node: &Node<'_>| node.schema == &json!({"type": "string"});
        let is_text = !whole.nodes.is_empty() && whole.nodes.iter().all(is_any);
        is_text.then(|| nodes.iter().map(|node| (node.at.clone(), of_texts())).collect())
    }

    /// The same where it is a list of these.
    fn list(&mut self, nodes: &[Node<'a>]) -> Option<Replaced> {
        let whole = Conjunction::of(self.bundle, nodes);
        if !says_only(&whole, &OF_LISTS) || !whole.types().within(Types::ARRAY.or(Types::NULL)) {
            return None;
        }
        let items: Vec<Node<'a>> = whole.nodes.iter().filter_map(|node| node.keyword("items")).collect();
        let replaced = self.text(&items)?;
        Some(self.rebuilt(nodes, &replaced))
    }

    /// The same where it is an object; `of_member` says what to put in the place of the schemas of a member.
    fn object(&mut self, nodes: &[Node<'a>], of_member: &mut OfMember<'_, 'a>) -> Option<Replaced> {
        let whole = Conjunction::of(self.bundle, nodes);
        if !says_only(&whole, &OF_OBJECTS) {
            return None;
        }
        let said_of = |name: &'a str| whole.nodes.iter().flat_map(|node| node.said_of(name)).collect();
        let mut members: Vec<(Option<&'a str>, Vec<Node<'a>>)> =
            whole.named().into_iter().map(|name| (Some(name), said_of(name))).collect();
        members.push((None, whole.nodes.iter().filter_map(Node::additional).collect()));
        let (mut replaced, mut kept) = (Replaced::new(), BTreeSet::new());
        for (name, nodes) in &members {
            match of_member(self, *name, nodes) {
                Some(more) => replaced.extend(more),
                None => kept.extend(nodes.iter().map(|node| node.at.clone())),
            }
        }
        // What stands for several members is replaced for all of them or for none, and so is what stands beside it.
        let mut before = usize::MAX;
        while before != kept.len() {
            before = kept.len();
            for (_, nodes) in &members {
                if nodes.iter().any(|node| kept.contains(&node.at)) {
                    kept.extend(nodes.iter().map(|node| node.at.clone()));
                }
            }
        }
        replaced.retain(|at, _| !kept.contains(at));
        (!replaced.is_empty()).then(|| self.rebuilt(nodes, &replaced))
    }

    /// `nodes` with `replaced` within.
    fn rebuilt(&mut self, nodes: &[Node<'a>], replaced: &Replaced) -> Replaced {
        let mut copies = HashMap::new();
        nodes.iter().map(|node| (node.at.clone(), self.copy(node, replaced, &mut copies))).collect()
    }

    /// `copies` are the references to definitions that were copied, by those to what they are copies of.
    fn copy(&mut self, node: &Node<'a>, replaced: &Replaced, copies: &mut HashMap<String, Value>) -> Value {
        let Value::Object(keywords) = node.schema else { return node.schema.clone() };
        let mut out = keywords.clone();
        for name in ["items", "additionalProperties"] {
            let own = node.keyword(name).and_then(|inner| replaced.get(&inner.at));
            out.extend(own.map(|own| (name.to_owned(), own.clone())));
        }
        if let Some(Value::Object(members)) = out.get_mut("properties") {
            let at = pointer::join(&node.at, "properties");
            for (name, schema) in members {
                *schema = replaced.get(&pointer::join(&at, name)).unwrap_or(schema).clone();
            }
        }
        if let Some(Value::Array(parts)) = out.get_mut("allOf") {
            for (part, node) in parts.iter_mut().zip(node.items("allOf")) {
                *part = self.copy(&node, replaced, copies);
            }
        }
        if let Some(Value::String(reference)) = keywords.get("$ref")
            && let Some(schema) = self.bundle.definition(reference)
        {
            if !copies.contains_key(reference) {
                let at = reference.trim_start_matches('#').to_owned();
                let copied = self.copy(&Node { schema, at: at.clone() }, replaced, copies);
                let name = self.bundle.definitions().count() + self.added.len();
                self.added.push((at, copied));
                copies.insert(reference.clone(), format!("#/$defs/{name}").into());
            }
            out.extend(copies.get(reference).map(|copy| ("$ref".to_owned(), copy.clone())));
        }
        Value::Object(out)
    }

    fn done(self, mut widened: Replaced) -> Option<Bundle> {
        let reference = widened.remove("")?.get("$ref")?.clone();
        Some(self.bundle.with_copies(reference, self.added))
    }
}

fn says_only(whole: &Conjunction<'_>, keywords: &[&str]) -> bool {
    let is_said = |name: &String| TOGETHER.iter().chain(keywords).any(|said| said == name);
    let is_plain = |node: &Node<'_>| node.schema.as_object().is_some_and(|own| own.keys().all(is_said));
    !whole.nodes.is_empty() && whole.nodes.iter().all(is_plain)
}
