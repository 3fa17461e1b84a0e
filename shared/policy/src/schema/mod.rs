//! The schema of a project: what the configuration and the contracts state, and what the user's files add.

pub(crate) mod actions;
pub(crate) mod declared_attributes;
pub(crate) mod schema_text;
pub(crate) mod token_attributes;
pub(crate) mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, Schema, SchemaFragment};
use doorward_model::entity_type::{FUNCTION, GROUP, OF_CEDAR};
use doorward_model::{Claims, EntityName, Fault, Place};
use serde_json::{Map, Value};

use crate::files::diagnostics;
use crate::files::nesting;
use crate::schema::actions::{Action, ContextType, action_uid};
use crate::schema::declared_attributes::Declarations;
use crate::schema::schema_text::SchemaText;
use crate::schema::types::{Member, Members};
use crate::vocabulary::{self, ActionSpec, EVENTS, HTTP, SourceFile, Vocabulary};

/// The schema of a project: what the door states, and what the user's files add.
pub(crate) struct ProjectSchema {
    /// All of it: the part that the door states, then the user's files.
    pub(crate) text: String,
    pub(crate) schema: Schema,
    pub(crate) actions: HashMap<String, Action>,
    pub(crate) entity_types: HashMap<String, EntityType>,
    pub(crate) unstated: Vec<String>,
    /// What the user's files add.
    pub(crate) fragments: Vec<SchemaFragment>,
}

/// A declared entity type.
#[derive(Debug)]
pub(crate) struct EntityType {
    name: EntityTypeName,
    /// The types that its entities may be in, at any distance.
    pub(crate) ancestors: HashSet<EntityTypeName>,
    /// The attributes that tokens give to its entities.
    pub(crate) from_tokens: Members,
}

impl EntityType {
    pub(crate) fn uid(&self, name: &EntityName) -> EntityUid {
        EntityUid::from_type_name_and_id(self.name.clone(), EntityId::new(&name.id))
    }
}

impl ProjectSchema {
    /// States the schema and joins it with the user's `files`, which may declare entity types and common types.
    pub(crate) fn build(files: &[SourceFile], vocabulary: &Vocabulary) -> Result<Self, Vec<Fault>> {
        let mut declared = Declared::read(files);
        let mut wanted = wanted_types(vocabulary);
        declared.check_names(&wanted, &vocabulary.actions);
        if !declared.faults.is_empty() {
            return Err(declared.faults);
        }
        let missing = wanted.iter().filter(|(name, _)| !declared.types.contains_key(*name));
        let entity_types = missing.map(|(name, wanted)| (name.clone(), wanted.clone())).collect();
        let mut unstated = Vec::new();
        let purposes = &vocabulary.purposes;
        let contexts: Vec<(&ActionSpec, ContextType)> = vocabulary
            .actions
            .iter()
            .map(|action| (action, ContextType::new(action, purposes, &mut unstated)))
            .collect();
        let text = SchemaText { entity_types: &entity_types, actions: &contexts }.to_string();
        let schema = join(&text, &declared.fragments, files).map_err(|fault| vec![fault])?;
        declared.check_parents(&schema, &wanted);
        declared.check_attributes(&schema, &vocabulary.attributes).map_err(|fault| vec![fault])?;
        if !declared.faults.is_empty() {
            return Err(declared.faults);
        }
        let actions = actions(&schema, contexts).map_err(|fault| vec![fault])?;
        let mut from_tokens =
            |name: &str| wanted.remove(name).map(|wanted| wanted.attributes).unwrap_or_default();
        let entity_types = schema.entity_types().map(|name| {
            let full = name.to_string();
            let ancestors = ancestors(&schema, name);
            let from_tokens = from_tokens(&full);
            (full, EntityType { name: name.clone(), ancestors, from_tokens })
        });
        let entity_types = entity_types.collect();
        let text = schema_text::whole(&text, files);
        Ok(Self { text, actions, entity_types, unstated, schema, fragments: declared.fragments })
    }
}

fn join(text: &str, fragments: &[SchemaFragment], files: &[SourceFile]) -> Result<Schema, Fault> {
    let (stated, _) =
        SchemaFragment::from_cedarschema_str(text).map_err(|error| diagnostics::placeless(&error))?;
    let all = fragments.iter().cloned().chain([stated]);
    Schema::from_schema_fragments(all).map_err(|error| {
        let error = DetailedError::from(&error);
        let place = error.source_locations.first().map(|label| label.loc.start..label.loc.end);
        // Cedar says where, but not in which file: in the one that has there a word of what Cedar says.
        let said = |file: &&SourceFile| {
            let word = place.clone().and_then(|place| file.text.get(place)).unwrap_or_default();
            !word.is_empty() && error.message.contains(word)
        };
        match files.iter().find(said) {
            Some(file) => diagnostics::fault(error, file, 0..0),
            None => diagnostics::placeless(error),
        }
    })
}

/// What requests need of an entity type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The types that its entities must be able to be in.
    pub(crate) parents: BTreeSet<String>,
    /// The attributes that tokens give to its entities; all optional, since no token makes the entities of the file.
    pub(crate) attributes: Members,
}

/// The entity types that the vocabulary speaks of.
fn wanted_types(vocabulary: &Vocabulary) -> BTreeMap<String, Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for name in [GROUP, FUNCTION] {
        wanted.entry(name.to_owned()).or_default();
    }
    let principals: BTreeSet<&str> =
        vocabulary.actions.iter().flat_map(|action| &action.principals).map(String::as_str).collect();
    for action in &vocabulary.actions {
        for principal in &action.principals {
            let principal_type = wanted.entry(principal.clone()).or_default();
            principal_type.parents.extend(vocabulary::principal_parent(principal).map(str::to_owned));
        }
        let resource_type = wanted.entry(action.resource.clone()).or_default();
        resource_type.parents.extend(vocabulary::resource_parent(&action.resource).map(str::to_owned));
        resource_type.parents.extend(action.resource_parents.iter().cloned());
        for parent in &action.resource_parents {
            wanted.entry(parent.clone()).or_default();
        }
    }
    wanted.entry(GROUP.to_owned()).or_default().parents.insert(GROUP.to_owned());
    let of_principals = vocabulary.parents.iter().filter(|(name, _)| principals.contains(name.as_str()));
    let reached: BTreeSet<&String> = of_principals.flat_map(|(_, parents)| parents).collect();
    for (name, parents) in &vocabulary.parents {
        if principals.contains(name.as_str()) || reached.contains(name) {
            wanted.entry(name.clone()).or_default().parents.extend(parents.iter().cloned());
        }
    }
    for parent in reached {
        wanted.entry(parent.clone()).or_default();
    }
    for (name, claims) in &vocabulary.attributes {
        if let Some(principal_type) = wanted.get_mut(name) {
            let optional = |(name, member): (String, Member)| (name, Member::optional(member.ty));
            principal_type.attributes = types::claims(claims).into_iter().map(optional).collect();
        }
    }
    wanted
}

fn ancestors(schema: &Schema, name: &EntityTypeName) -> HashSet<EntityTypeName> {
    schema.ancestors(name).into_iter().flatten().cloned().collect()
}

fn actions(
    schema: &Schema,
    contexts: Vec<(&ActionSpec, ContextType)>,
) -> Result<HashMap<String, Action>, Fault> {
    let entities = schema.action_entities().map_err(|error| diagnostics::placeless(&error))?;
    let mut actions = HashMap::new();
    for (spec, context) in contexts {
        let not_declared = || Fault::new(format!("the action `{}` cannot be declared", spec.name));
        let uid = action_uid(&spec.name).ok_or_else(not_declared)?;
        let entity: Entity = entities.get(&uid).cloned().ok_or_else(not_declared)?;
        let named = |name: &String| name.parse::<EntityTypeName>().ok();
        let principals: Option<HashSet<EntityTypeName>> = spec.principals.iter().map(named).collect();
        let principals = principals.ok_or_else(not_declared)?;
        let resource = named(&spec.resource).ok_or_else(not_declared)?;
        actions.insert(
            spec.name.clone(),
            Action { uid, entity, principals, resource, loads: spec.load.is_some(), context },
        );
    }
    Ok(actions)
}

/// What the user's schema files declare.
#[derive(Default)]
struct Declared<'a> {
    /// Entity types by their full names.
    types: BTreeMap<String, &'a SourceFile>,
    namespaces: BTreeMap<String, &'a SourceFile>,
    fragments: Vec<SchemaFragment>,
    faults: Vec<Fault>,
}

impl<'a> Declared<'a> {
    fn read(files: &'a [SourceFile]) -> Self {
        let mut declared = Self::default();
        for file in files {
            if let Some(fault) = nesting::fault(file, true) {
                declared.faults.push(fault);
                continue;
            }
            match SchemaFragment::from_cedarschema_str(&file.text) {
                Ok((fragment, _)) => declared.take(file, fragment),
                Err(error) => {
                    let mut error = DetailedError::from(&error);
                    let more = std::mem::take(&mut error.related);
                    let all = std::iter::once(error).chain(more);
                    declared.faults.extend(all.map(|error| diagnostics::fault(error, file, 0..0)));
                }
            }
        }
        declared
    }

    fn take(&mut self, file: &'a SourceFile, fragment: SchemaFragment) {
        let json = match fragment.clone().to_json_value() {
            Ok(json) => json,
            Err(error) => {
                return self.faults.push(diagnostics::fault(&error, file, 0..0));
            }
        };
        for (namespace, definitions) in json.as_object().into_iter().flatten() {
            if !namespace.is_empty() {
                self.check_namespace(file, namespace);
            }
            for name in names(definitions, "actions") {
                let message = format!("the action `{name}` is declared by hand");
                let hint =
                    "actions come from the routes and events of `doorward.toml`; declare entity types here";
                self.faults.push(diagnostics::at(file, mention(file, name), message, Some(hint)));
            }
            for name in names(definitions, "commonTypes").filter(|_| namespace.is_empty()) {
                self.check_built_in(file, name);
            }
            for name in names(definitions, "entityTypes") {
                self.take_type(file, namespace, name);
            }
        }
        self.fragments.push(fragment);
    }

    fn take_type(&mut self, file: &'a SourceFile, namespace: &str, name: &str) {
        let full = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") };
        self.check_built_in(file, &full);
        match self.types.get(&full) {
            Some(first) => {
                let message = format!("the entity type `{full}` is declared twice");
                let fault = diagnostics::at(file, declaration(file, name), message, Some("declare it once"));
                self.faults.push(fault.see(Place::new(&first.name, &first.text, declaration(first, name))));
            }
            None => {
                self.types.insert(full, file);
            }
        }
    }

    fn check_built_in(&mut self, file: &SourceFile, name: &str) {
        if OF_CEDAR.contains(&name) {
            let message = format!("`{name}` is a type of Cedar's own");
            self.faults.push(diagnostics::at(
                file,
                mention(file, name),
                message,
                Some("choose another name"),
            ));
        }
    }

    fn check_names(&mut self, wanted: &BTreeMap<String, Wanted>, actions: &[ActionSpec]) {
        for action in actions.iter().filter(|action| [HTTP, EVENTS].contains(&action.name.as_str())) {
            let message =
                format!("`{}` is an action group, so no route or event may have this id", action.name);
            self.faults.push(Fault::new(message).hint("rename the route or event"));
        }
        for name in wanted.keys().filter(|name| !self.types.contains_key(*name)) {
            if name.parse::<EntityTypeName>().is_err() {
                let fault = Fault::new(format!("`{name}` is not the name of an entity type"));
                self.faults
                    .push(fault.hint("entity types are named by letters, digits and `_`, as in `User`"));
            } else if OF_CEDAR.contains(&name.as_str()) {
                let fault = Fault::new(format!("`{name}` is a type of Cedar's own, so no entity type"));
                self.faults.push(fault.hint("choose another name"));
            } else if name.contains("::") {
                let fault = Fault::new(format!("the entity type `{name}` is not declared"));
                self.faults.push(fault.hint("declare it in a `.cedarschema` file, in its namespace"));
            }
        }
    }

    /// A type that a file declares must let requests give its entities the parents that they have.
    fn check_parents(&mut self, schema: &Schema, wanted: &BTreeMap<String, Wanted>) {
        for (name, Wanted { parents, .. }) in wanted.iter().filter(|(name, _)| *name != GROUP) {
            let Some(file) = self.types.get(name) else { continue };
            let Ok(type_name) = name.parse() else { continue };
            let allowed = ancestors(schema, &type_name);
            for parent in
                parents.iter().filter(|parent| allowed.iter().all(|name| name.to_string() != **parent))
            {
                let message = format!(
                    "entities of type `{name}` cannot be in a `{parent}`, but requests put them there"
                );
                let base = type_name.basename();
                let all: Vec<&str> = parents.iter().map(String::as_str).collect();
                let hint = format!("write `entity {base} in [{}]`", all.join(", "));
                self.faults.push(diagnostics::at(file, declaration(file, base), message, Some(&hint)));
            }
        }
    }

    /// A type that a file declares must have the attributes that tokens give to its entities.
    fn check_attributes(&mut self, schema: &Schema, given: &BTreeMap<String, Claims>) -> Result<(), Fault> {
        let declarations = Declarations::read(&self.fragments, schema)?;
        for (name, claims) in given {
            let Some(file) = self.types.get(name) else { continue };
            let Ok(type_name) = name.parse::<EntityTypeName>() else { continue };
            let declared = declarations.attributes(&type_name)?;
            let of_type = declaration(file, type_name.basename());
            for (attribute, claim) in claims {
                let Some(misfit) = token_attributes::misfit(name, &declared, attribute, *claim) else {
                    continue;
                };
                let own = mentions(file, attribute).find(|place| place.start >= of_type.end);
                let place = own.filter(|_| misfit.is_declared).unwrap_or_else(|| of_type.clone());
                let hint =
                    format!("write `{}` in `{name}`", token_attributes::declaration(attribute, claim.ty));
                self.faults.push(diagnostics::at(file, place, misfit.message, Some(&hint)));
            }
        }
        Ok(())
    }

    /// Cedar's own tools read the files as one text, in which a namespace stands once.
    fn check_namespace(&mut self, file: &'a SourceFile, namespace: &str) {
        let Some(first) = self.namespaces.insert(namespace.to_owned(), file) else { return };
        let message = format!("the namespace `{namespace}` is opened in two files");
        let hint = format!("it is first opened in {}: keep what is in it in one file", first.name);
        let place = mention(file, namespace);
        self.faults.push(diagnostics::at(file, place, message, Some(&hint)));
    }
}

fn names<'v>(definitions: &'v Value, kind: &str) -> impl Iterator<Item = &'v str> {
    definitions.get(kind).and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str)
}

/// Where an entity type is declared; Cedar's declarations carry no place.
fn declaration(file: &SourceFile, name: &str) -> Range<usize> {
    let declares = |at: &Range<usize>| {
        let before = file.text.get(..at.start).unwrap_or_default();
        let statement = before.rsplit([';', '{', '}']).next().unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        statement.contains("entity") && !statement.contains(['[', ':', '=']) && !line.contains("//")
    };
    mentions(file, name).find(declares).unwrap_or_else(|| mention(file, name))
}

/// Where a name first stands as a word of its own.
fn mention(file: &SourceFile, name: &str) -> Range<usize> {
    mentions(file, name).next().unwrap_or(0..0)
}

fn mentions<'f>(file: &'f SourceFile, name: &str) -> impl Iterator<Item = Range<usize>> + use<'f> {
    let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
    let length = name.len();
    let alone = move |at: &usize| {
        let before = file.text.get(..*at).and_then(|text| text.chars().next_back());
        let after = file.text.get(at + length..).and_then(|text| text.chars().next());
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    };
    let places: Vec<usize> = file.text.match_indices(name).map(|(at, _)| at).collect();
    places.into_iter().filter(alone).map(move |at| at..at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word() {
        let file = SourceFile { name: "x".to_owned(), text: "entity Users, MyUser; entity User;".to_owned() };
        assert_eq!(mention(&file, "User"), 29..33);
        assert_eq!(mention(&file, "Order"), 0..0);
    }

    #[track_caller]
    fn check(text: &str, line: usize) {
        let file = SourceFile { name: "x".to_owned(), text: text.to_owned() };
        let at = declaration(&file, "User");
        assert_eq!(text[..at.start].matches('\n').count() + 1, line, "{text}");
        assert_eq!(&text[at], "User");
    }

    #[test]
    fn a_type_is_found_where_it_is_declared() {
        check("entity User;", 1);
        check("entity Order { owner: User };\nentity User;", 2);
        check("entity Order in [User];\nentity Clerk,\n  User in [Group];", 3);
        check("// entity User is below\n@doc(\"a\") entity User;", 2);
        check("namespace Shop {\n entity User = {};\n}", 2);
        check("type User = Long;", 1);
    }
}
