use std::collections::BTreeMap;

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid, Schema, SchemaFragment};
use doorward_model::{DenyReason, EntityName, Fault, Item, Place};

use crate::compile::Policies;
use crate::entities;
use crate::entities::item_value;
use crate::schema::declared_attributes::Declarations;
use crate::schema::types::Members;
use crate::vocabulary::ActionSpec;

/// An entity that an item of a table makes: good for the policies that made it, and for no others.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Without parents, which the request gives.
    pub(crate) entity: Entity,
    /// The entities that its attributes name.
    pub(crate) references: Vec<EntityUid>,
}

/// The entity types that actions have read from a table, with the attributes that the schema declares of them.
pub(crate) type LoadedTypes = BTreeMap<String, Members>;

impl Policies {
    /// The names of the attributes that an item of `type_name` is read for: all that the schema declares. `None` where
    /// no action's resource of this type is read from a table.
    #[must_use]
    pub fn attributes(&self, type_name: &str) -> Option<Vec<String>> {
        self.loaded.get(type_name).map(|declared| declared.keys().cloned().collect())
    }

    /// The entity `name` as `item` makes it. Attributes that the schema does not declare are not looked at, and nothing
    /// is rounded.
    ///
    /// # Errors
    /// [`DenyReason::EntityUnfit`] names the first attribute that is not what the schema says, never its value;
    /// [`DenyReason::Unfit`] where no action reads this type from a table.
    pub fn load(&self, name: &EntityName, item: &Item) -> Result<Loaded, DenyReason> {
        let declared = self.loaded.get(&name.type_name).ok_or(DenyReason::Unfit)?;
        let uid = self.entity_types.get(&name.type_name).ok_or(DenyReason::Unfit)?.uid(name);
        let attributes = item_value::attributes(declared, item)
            .map_err(|misfit| DenyReason::EntityUnfit(misfit.to_string()))?;
        let unfit = || DenyReason::EntityUnfit(format!("no `{}` can be made of it", name.type_name));
        let entity = Entity::new(uid, attributes.into_iter().collect(), [].into()).map_err(|_| unfit())?;
        // The schema itself has the last word.
        Entities::from_entities([entity.clone()], Some(&self.schema)).map_err(|_| unfit())?;
        let references = entities::references(&entity).map_err(|_| unfit())?;
        Ok(Loaded { entity, references })
    }
}

/// The most attributes that are read of an item: a read names each, in an expression of at most 4 KB (Amazon DynamoDB
/// Developer Guide, "Quotas").
const MOST_ATTRIBUTES: usize = 300;

/// The types that the actions load. One of which nothing could be read is a fault where the configuration loads it.
pub(crate) fn types(
    actions: &[ActionSpec],
    fragments: &[SchemaFragment],
    schema: &Schema,
    faults: &mut Vec<Fault>,
) -> LoadedTypes {
    let mut types = LoadedTypes::new();
    let loads: Vec<(&str, &Place)> =
        actions.iter().filter_map(|action| Some((action.resource.as_str(), action.load.as_ref()?))).collect();
    if loads.is_empty() {
        return types;
    }
    let declarations = match Declarations::read(fragments, schema) {
        Ok(declarations) => declarations,
        Err(fault) => {
            faults.push(fault);
            return types;
        }
    };
    for (type_name, place) in loads {
        match read(type_name, &declarations) {
            Ok(members) => drop(types.insert(type_name.to_owned(), members)),
            Err(fault) => faults.push(fault.at(place.clone())),
        }
    }
    types
}

fn read(type_name: &str, declarations: &Declarations<'_>) -> Result<Members, Fault> {
    let name: EntityTypeName = type_name
        .parse()
        .map_err(|_| Fault::new(format!("`{type_name}` is not the name of an entity type")))?;
    if declarations.has_tags(&name) {
        let message = format!("the schema declares tags of `{type_name}`, but an item gives none");
        return Err(Fault::new(message).hint("declare an attribute: a set, or a record"));
    }
    let members = declarations.attributes(&name)?;
    match members.len() {
        0 => {
            let message =
                format!("the schema declares no attributes of `{type_name}`, so there is nothing to read");
            let declaration = format!("entity {} in [Function] = {{ owner: User }};", name.basename());
            let hint = format!("declare what policies read in a `.cedarschema` file: `{declaration}`");
            Err(Fault::new(message).hint(hint))
        }
        1..=MOST_ATTRIBUTES => Ok(members),
        many => {
            let message = format!("the schema declares {many} attributes of `{type_name}`");
            Err(Fault::new(message).hint(format!("at most {MOST_ATTRIBUTES} are read of an item")))
        }
    }
}
