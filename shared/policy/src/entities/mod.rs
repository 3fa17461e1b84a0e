//! Entities and values as Cedar takes them: from `entities.json`, from requests, from items of tables.

pub(crate) mod express;
pub(crate) mod item_number;
pub(crate) mod item_value;
pub(crate) mod loaded;
pub(crate) mod partial;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use cedar_policy::{Entities, Entity, EntityUid, EvalResult, RestrictedExpression, Schema};
use doorward_model::Fault;

use crate::entities::express::Unfit;
use crate::entities::loaded::{Loaded, LoadedTypes};
use crate::files::diagnostics;
use crate::files::json_list;
use crate::schema::EntityType;
use crate::schema::types::Members;
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
    /// The types whose entities only items describe.
    from_items: HashSet<String>,
}

/// What a request gives to an entity, beside what the file does.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) parents: Vec<EntityUid>,
    /// Those of the parents that the caller wrote: they say something of this entity, and prove nothing of others.
    pub(crate) by_path: Vec<EntityUid>,
    pub(crate) attributes: Vec<(String, RestrictedExpression)>,
}

impl Store {
    pub(crate) fn new(entities: Entities, depth: u32, loaded: &LoadedTypes) -> Result<Self, Fault> {
        let mut tags = HashMap::new();
        let mut references = HashMap::new();
        for entity in entities.iter() {
            let own_tags: Result<Vec<_>, Fault> =
                entity.tags().map(|(name, value)| tag(name, value)).collect();
            tags.insert(entity.uid(), own_tags?);
            references.insert(entity.uid(), self::references(entity)?);
        }
        tags.retain(|_, tags| !tags.is_empty());
        references.retain(|_, named| !named.is_empty());
        Ok(Self { entities, tags, references, depth, from_items: loaded.keys().cloned().collect() })
    }

    /// What policies can reach from `subjects`, entities with what the request gives them, and `action`. One of them may
    /// be `own`, which has its attributes from an item.
    pub(crate) fn load(
        &self,
        action: &Entity,
        subjects: HashMap<EntityUid, Given>,
        own: Option<&Loaded>,
    ) -> Result<Entities, Unfit> {
        let unknown = |(uid, given): &(&EntityUid, &Given)| {
            given.by_path.iter().any(|parent| !self.entities.is_ancestor_of(parent, uid))
        };
        let by_path: Vec<EntityUid> = subjects.iter().filter(unknown).map(|(uid, _)| uid.clone()).collect();
        let mut loaded = HashMap::new();
        let mut newest: Vec<EntityUid> = subjects.keys().cloned().collect();
        for (uid, given) in subjects {
            loaded.insert(uid.clone(), self.subject(uid, given, own)?);
        }
        let mut named: &[EntityUid] = own.map_or(&[], |own| &own.references);
        for _ in 1..self.depth {
            let mut found = Vec::new();
            let references = newest.iter().filter_map(|uid| self.references.get(uid)).flatten();
            for uid in references.chain(std::mem::take(&mut named)) {
                // Nothing describes it here, and to policies it would look like one without its optional attributes.
                let unread = self.from_items.contains(&uid.type_name().to_string());
                if unread && !loaded.contains_key(uid) {
                    return Err(Unfit);
                }
                if let Some(entity) = self.entities.get(uid).filter(|_| !loaded.contains_key(uid)) {
                    loaded.insert(uid.clone(), entity.clone());
                    found.push(uid.clone());
                }
            }
            newest = found;
        }
        let uids: Vec<EntityUid> = loaded.keys().cloned().collect();
        let all = loaded.into_values().chain([action.clone()]);
        let all = Entities::from_entities(all, None).map_err(|_| Unfit)?;
        // Who is in the resource would be in whatever the path puts the resource in.
        let proves = |below: &EntityUid| by_path.iter().any(|written| all.is_ancestor_of(written, below));
        if uids.iter().any(proves) { Err(Unfit) } else { Ok(all) }
    }

    /// Whether the file puts `below` into `above`.
    pub(crate) fn is_ancestor_of(&self, above: &EntityUid, below: &EntityUid) -> bool {
        self.entities.is_ancestor_of(above, below)
    }

    fn subject(&self, uid: EntityUid, given: Given, own: Option<&Loaded>) -> Result<Entity, Unfit> {
        let Given { mut parents, attributes, .. } = given;
        parents.retain(|parent| !self.entities.is_ancestor_of(parent, &uid));
        let mut ancestors: HashSet<EntityUid> =
            parents.iter().filter_map(|parent| self.entities.ancestors(parent)).flatten().cloned().collect();
        ancestors.extend(parents);
        // A path can name a parent that the file puts below the entity.
        if ancestors.contains(&uid) {
            return Err(Unfit);
        }
        let own = own.map(|own| &own.entity).filter(|own| own.uid() == uid);
        match own.or_else(|| self.entities.get(&uid)) {
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

/// The entities that the attributes and tags of `entity` name.
pub(crate) fn references(entity: &Entity) -> Result<Vec<EntityUid>, Fault> {
    let mut named = Vec::new();
    for (_, value) in entity.attrs().chain(entity.tags()) {
        name_entities(&value.map_err(|error| Fault::new(error.to_string()))?, &mut named);
    }
    Ok(named)
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

/// Reads `entities.json`: Cedar's JSON form of entities, checked against the schema. No attribute may come from two
/// places: none may be of a type in `loaded`, and none may have what tokens give to its type.
pub(crate) fn read(
    file: &SourceFile,
    schema: &Schema,
    loaded: &LoadedTypes,
    types: &HashMap<String, EntityType>,
) -> Result<Entities, Vec<Fault>> {
    let spans = json_list::read(file, "entities", FORM).map_err(|fault| vec![fault])?;
    let mut read: Vec<(Entity, Range<usize>)> = Vec::new();
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for (_, span) in spans {
        let text = file.text.get(span.clone()).unwrap_or_default();
        match Entity::from_json_str(text, Some(schema)) {
            Ok(entity) if loaded.contains_key(&entity.uid().type_name().to_string()) => {
                let uid = entity.uid();
                let message =
                    format!("`{uid}` is given here, but every `{}` is read from a table", uid.type_name());
                let hint = "leave the entity out here, or `load` out of the routes";
                faults.push(diagnostics::at(file, span, message, Some(hint)));
            }
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
        .map(move |name| format!("`{uid}` is given the attribute `{name}` by credentials and here"))
}

const FORM: &str =
    "write `[{\"uid\": {\"type\": \"User\", \"id\": \"ann\"}, \"attrs\": {}, \"parents\": []}]`";

/// Cedar's message without the words that only say where it noticed, and without a place in the one entity's text.
fn plain(message: &str) -> &str {
    let message = ["error during entity deserialization: ", "entity does not conform to the schema: "]
        .iter()
        .find_map(|opening| message.strip_prefix(opening))
        .unwrap_or(message);
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
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
