use std::collections::{HashMap, HashSet};
use std::ops::Range;

use cedar_policy::{Entities, Entity, EntityUid, EvalResult, RestrictedExpression, Schema};
use doorward_model::{Fault, JsonFault, Place, parse_json};
use serde_json::Value;

use crate::diagnostics;
use crate::express::Unfit;
use crate::schema::EntityType;
use crate::types::Members;
use crate::vocabulary::SourceFile;

/// The entities of `entities.json`, ready to be looked up one by one.
#[derive(Debug)]
pub(crate) struct Store {
    entities: Entities,
    /// Tags, for those that have any: Cedar gives them up when an entity is rebuilt with more parents.
    tags: HashMap<EntityUid, Vec<(String, RestrictedExpression)>>,
    /// The entities that an entity's attributes and tags name.
    references: HashMap<EntityUid, Vec<EntityUid>>,
    /// How many entities deep policies read: 1 where they read the principal's and the resource's own attributes.
    depth: u32,
}

/// What a request gives to an entity, beside what the file does.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) parents: Vec<EntityUid>,
    pub(crate) attributes: Vec<(String, RestrictedExpression)>,
}

impl Store {
    pub(crate) fn new(entities: Entities, depth: u32) -> Result<Self, Fault> {
        let mut tags = HashMap::new();
        let mut references = HashMap::new();
        for entity in entities.iter() {
            let mut named = Vec::new();
            for (_, value) in entity.attrs().chain(entity.tags()) {
                name_entities(&value.map_err(|error| Fault::new(error.to_string()))?, &mut named);
            }
            let own_tags: Result<Vec<_>, Fault> =
                entity.tags().map(|(name, value)| tag(name, value)).collect();
            tags.insert(entity.uid(), own_tags?);
            references.insert(entity.uid(), named);
        }
        tags.retain(|_, tags| !tags.is_empty());
        references.retain(|_, named| !named.is_empty());
        Ok(Self { entities, tags, references, depth })
    }

    /// What policies can reach from `subjects`, entities with what the request gives them, and `action`.
    pub(crate) fn load(
        &self,
        action: &Entity,
        subjects: HashMap<EntityUid, Given>,
    ) -> Result<Entities, Unfit> {
        let mut loaded = HashMap::new();
        let mut newest: Vec<EntityUid> = subjects.keys().cloned().collect();
        for (uid, given) in subjects {
            loaded.insert(uid.clone(), self.subject(uid, given)?);
        }
        for _ in 1..self.depth {
            let mut found = Vec::new();
            for uid in newest.iter().filter_map(|uid| self.references.get(uid)).flatten() {
                if let Some(entity) = self.entities.get(uid).filter(|_| !loaded.contains_key(uid)) {
                    loaded.insert(uid.clone(), entity.clone());
                    found.push(uid.clone());
                }
            }
            newest = found;
        }
        let all = loaded.into_values().chain([action.clone()]);
        Entities::from_entities(all, None).map_err(|_| Unfit)
    }

    fn subject(&self, uid: EntityUid, given: Given) -> Result<Entity, Unfit> {
        let Given { mut parents, attributes } = given;
        parents.retain(|parent| !self.entities.is_ancestor_of(parent, &uid));
        let mut ancestors: HashSet<EntityUid> =
            parents.iter().filter_map(|parent| self.entities.ancestors(parent)).flatten().cloned().collect();
        ancestors.extend(parents);
        // A path can name a parent that the file puts below the entity.
        if ancestors.contains(&uid) {
            return Err(Unfit);
        }
        match self.entities.get(&uid) {
            None if attributes.is_empty() => Ok(Entity::new_no_attrs(uid, ancestors)),
            None => Entity::new(uid, attributes.into_iter().collect(), ancestors).map_err(|_| Unfit),
            Some(known) if ancestors.is_empty() && attributes.is_empty() => Ok(known.clone()),
            Some(known) => {
                let (uid, mut all, own) = known.clone().into_inner();
                for (name, value) in attributes {
                    // `read` lets no file give what tokens give.
                    if all.insert(name, value).is_some() {
                        return Err(Unfit);
                    }
                }
                ancestors.extend(own);
                let tags = self.tags.get(&uid).cloned().unwrap_or_default();
                Entity::new_with_tags(uid, all, ancestors, tags).map_err(|_| Unfit)
            }
        }
    }
}

fn tag<E: ToString>(
    name: &str,
    value: Result<EvalResult, E>,
) -> Result<(String, RestrictedExpression), Fault> {
    let value = value.map_err(|error| Fault::new(error.to_string()))?;
    let value = value.to_string().parse();
    value.map(|value| (name.to_owned(), value)).map_err(|error| diagnostics::placeless(&error))
}

fn name_entities(value: &EvalResult, named: &mut Vec<EntityUid>) {
    match value {
        EvalResult::EntityUid(uid) => named.push(uid.clone()),
        EvalResult::Set(items) => items.iter().for_each(|item| name_entities(item, named)),
        EvalResult::Record(members) => members.iter().for_each(|(_, member)| name_entities(member, named)),
        EvalResult::Bool(_) | EvalResult::Long(_) | EvalResult::String(_) | EvalResult::ExtensionValue(_) => {
        }
    }
}

/// Reads `entities.json`: Cedar's JSON form of entities, checked against the schema. No entity may be given an attribute
/// that tokens give to its type: which of the two counts could not be told.
pub(crate) fn read(
    file: &SourceFile,
    schema: &Schema,
    types: &HashMap<String, EntityType>,
) -> Result<Entities, Vec<Fault>> {
    match parse_json(file.text.as_bytes(), DEEPEST) {
        Ok(Value::Array(_)) => {}
        Ok(_) => {
            let message = "expected a list of entities".to_owned();
            let hint =
                "write `[{\"uid\": {\"type\": \"User\", \"id\": \"ann\"}, \"attrs\": {}, \"parents\": []}]`";
            return Err(vec![diagnostics::at(file, 0..file.text.len(), message, Some(hint))]);
        }
        Err(fault) => return Err(vec![Fault::new(fault.to_string()).at(json_place(file, &fault))]),
    }
    let mut read: Vec<(Entity, Range<usize>)> = Vec::new();
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for span in elements(&file.text) {
        let text = file.text.get(span.clone()).unwrap_or_default();
        match Entity::from_json_str(text, Some(schema)) {
            Ok(entity) if seen.insert(entity.uid()) => {
                faults.extend(given_twice(&entity, types).map(|message| {
                    let hint = "leave it out here, or out of `attributes` in `[[issuers]]`";
                    diagnostics::at(file, span.clone(), message, Some(hint))
                }));
                read.push((entity, span));
            }
            Ok(entity) => {
                let message = format!("the entity `{}` is given twice", entity.uid());
                faults.push(diagnostics::at(file, span, message, None));
            }
            Err(error) => {
                let mut fault = diagnostics::fault(&error, file, span);
                fault.message = plain(&fault.message).to_owned();
                faults.push(fault);
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Entities::from_entities(read.iter().map(|(entity, _)| entity.clone()), None).map_err(|error| {
        let circles = circles(file, &read);
        if circles.is_empty() { vec![diagnostics::placeless(&error)] } else { circles }
    })
}

/// What is wrong with attributes of `entity` that tokens give too.
fn given_twice(entity: &Entity, types: &HashMap<String, EntityType>) -> impl Iterator<Item = String> {
    let uid = entity.uid();
    let from_tokens = types.get(&uid.type_name().to_string()).map(|ty| &ty.from_tokens);
    let names = from_tokens.into_iter().flat_map(Members::keys);
    names
        .filter(|name| entity.attr(name).is_some())
        .map(move |name| format!("`{uid}` is given the attribute `{name}` by tokens and here"))
}

/// How deep values in `entities.json` may be nested.
const DEEPEST: usize = 64;

fn json_place(file: &SourceFile, fault: &JsonFault) -> Place {
    let offset = match fault {
        JsonFault::Syntax { line, column } => {
            let above: usize =
                file.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
            above + column.saturating_sub(1)
        }
        JsonFault::DuplicateKey | JsonFault::TooDeep(_) | JsonFault::Inexact => 0,
    };
    Place::new(&file.name, &file.text, offset..offset)
}

/// Cedar's message without the words that only say where it noticed, and without a place in the one entity's text.
fn plain(message: &str) -> &str {
    let message = ["error during entity deserialization: ", "entity does not conform to the schema: "]
        .iter()
        .find_map(|opening| message.strip_prefix(opening))
        .unwrap_or(message);
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

/// Where the elements of a JSON list stand, in a text that is one.
fn elements(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut after = text.find('[').map_or(text.len(), |open| open + 1);
    loop {
        let rest = text.get(after..).unwrap_or_default();
        let element = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        let start = after + rest.len() - element.len();
        let mut values = serde_json::Deserializer::from_str(element).into_iter::<Value>();
        let Some(Ok(_)) = values.next() else { return found };
        after = start + values.byte_offset();
        found.push(start..after);
    }
}

/// A fault for every entity that is its own ancestor.
fn circles(file: &SourceFile, entities: &[(Entity, Range<usize>)]) -> Vec<Fault> {
    let parents: HashMap<EntityUid, HashSet<EntityUid>> = entities
        .iter()
        .map(|(entity, _)| {
            let (uid, _, parents) = entity.clone().into_inner();
            (uid, parents)
        })
        .collect();
    let mut faults = Vec::new();
    for (entity, span) in entities {
        let uid = entity.uid();
        let mut reached = HashSet::new();
        let mut next = vec![&uid];
        while let Some(at) = next.pop() {
            next.extend(parents.get(at).into_iter().flatten().filter(|parent| reached.insert(*parent)));
        }
        if reached.contains(&uid) {
            let message = format!("the entity `{uid}` is its own ancestor");
            let hint = "parents may not lead back to the entity";
            faults.push(diagnostics::at(file, span.clone(), message, Some(hint)));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = elements(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn elements_are_found_in_their_places() {
        check("[]", &[]);
        check(" [ {\"a\": [1, \"]\"]} ,\n{} ] ", &["{\"a\": [1, \"]\"]}", "{}"]);
        check("[1,2]", &["1", "2"]);
    }
}
