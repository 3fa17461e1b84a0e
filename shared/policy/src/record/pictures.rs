use std::collections::BTreeMap;

use cedar_policy::{Entities, EntityUid};
use doorward_model::{EntityName, ReadTree};
use serde_json::{Map, Value, json};

/// Attributes and tags of an entity, in Cedar's JSON form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    pub(crate) attributes: Map<String, Value>,
    pub(crate) tags: Map<String, Value>,
}

/// Entities as JSON, in which what a tree reads is followed from entity to entity.
#[derive(Debug, Default)]
pub(crate) struct Pictures(BTreeMap<EntityName, Picture>);

/// What is read of each entity, by whatever path it is reached.
pub(crate) type Reached = BTreeMap<EntityName, ReadTree>;

impl Pictures {
    /// `None` where a value has no JSON form: a record with one of the members that Cedar reserves.
    pub(crate) fn of(entities: &Entities) -> Option<Self> {
        let all = entities.iter().map(|entity| {
            let json = entity.to_json_value().ok()?;
            Some((name(&entity.uid()), picture(&json)))
        });
        all.collect::<Option<_>>().map(Self)
    }

    /// The entities of a record; one may stand there twice, in parts.
    pub(crate) fn read<'v>(entities: impl IntoIterator<Item = &'v Value>) -> Option<Self> {
        let mut pictures = Self::default();
        for json in entities {
            let Picture { attributes, tags } = picture(json);
            let known = pictures.0.entry(named(json.get("uid")?)?).or_default();
            known.attributes.extend(attributes);
            known.tags.extend(tags);
        }
        Some(pictures)
    }

    pub(crate) fn get(&self, name: &EntityName) -> Option<&Picture> {
        self.0.get(name)
    }

    /// Follows `tree` from the entity `name`.
    pub(crate) fn follow(&self, tree: &ReadTree, name: &EntityName, reached: &mut Reached) {
        let node = reached.entry(name.clone()).or_default();
        // Only reading everything can lead in circles.
        if tree.everything && node.everything {
            return;
        }
        node.merge(tree);
        let Some(Picture { attributes, tags }) = self.get(name) else { return };
        if tree.everything {
            for value in attributes.values().chain(tags.values()) {
                self.follow_value(tree, value, reached);
            }
        }
        for (member, tree) in &tree.members {
            attributes.get(member).into_iter().for_each(|value| self.follow_value(tree, value, reached));
        }
        for (tag, tree) in &tree.tags {
            tags.get(tag).into_iter().for_each(|value| self.follow_value(tree, value, reached));
        }
        if let Some(tree) = &tree.any_tag {
            tags.values().for_each(|value| self.follow_value(tree, value, reached));
        }
    }

    /// Follows `tree` from a value, which may be or hold the names of entities.
    pub(crate) fn follow_value(&self, tree: &ReadTree, value: &Value, reached: &mut Reached) {
        if let Some(name) = reference(value) {
            return self.follow(tree, &name, reached);
        }
        match value {
            Value::Array(items) if tree.everything => {
                items.iter().for_each(|item| self.follow_value(tree, item, reached));
            }
            Value::Object(members) if tree.everything => {
                members.values().for_each(|member| self.follow_value(tree, member, reached));
            }
            Value::Object(members) => {
                for (name, tree) in &tree.members {
                    members.get(name).into_iter().for_each(|value| self.follow_value(tree, value, reached));
                }
            }
            _ => {}
        }
    }
}

/// What `tree` reads of `value`. Where only the presence is read, an empty record stands for it.
pub(crate) fn cut(value: &Value, tree: &ReadTree) -> Value {
    if tree.whole || tree.everything {
        return value.clone();
    }
    match value {
        Value::Object(_) if reference(value).is_some() && tree.follows() => value.clone(),
        Value::Object(members) if !is_escape(members) => Value::Object(cut_members(members, tree)),
        _ => Value::Object(Map::new()),
    }
}

/// What `tree` reads of the members of a record, or of the attributes of an entity.
pub(crate) fn cut_members(members: &Map<String, Value>, tree: &ReadTree) -> Map<String, Value> {
    if tree.everything {
        return members.clone();
    }
    let kept =
        tree.members.iter().filter_map(|(name, tree)| Some((name.clone(), cut(members.get(name)?, tree))));
    kept.collect()
}

/// What `tree` reads of the tags of an entity.
pub(crate) fn cut_tags(tags: &Map<String, Value>, tree: &ReadTree) -> Map<String, Value> {
    let kept = tags.iter().filter_map(|(name, value)| {
        let mut own = tree.tags.get(name).cloned();
        if let Some(any) = &tree.any_tag {
            own.get_or_insert_default().merge(any);
        }
        let own = if tree.everything { Some(tree.clone()) } else { own };
        Some((name.clone(), cut(value, &own?)))
    });
    kept.collect()
}

/// An entity in Cedar's JSON form.
pub(crate) fn entity(name: &EntityName, picture: &Picture, parents: &[EntityName]) -> Value {
    let uid = |name: &EntityName| json!({ "type": name.type_name, "id": name.id });
    let parents: Vec<Value> = parents.iter().map(uid).collect();
    let mut entity = json!({ "uid": uid(name), "attrs": picture.attributes, "parents": parents });
    if let (Value::Object(members), false) = (&mut entity, picture.tags.is_empty()) {
        members.insert("tags".to_owned(), Value::Object(picture.tags.clone()));
    }
    entity
}

/// `uid` in plain types.
pub(crate) fn name(uid: &EntityUid) -> EntityName {
    EntityName::new(uid.type_name().to_string(), uid.id().unescaped())
}

fn picture(json: &Value) -> Picture {
    let members = |name| json.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    Picture { attributes: members("attrs"), tags: members("tags") }
}

/// The entity that a value names.
pub(crate) fn reference(value: &Value) -> Option<EntityName> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    named(members.get("__entity")?)
}

fn named(uid: &Value) -> Option<EntityName> {
    Some(EntityName::new(uid.get("type")?.as_str()?, uid.get("id")?.as_str()?))
}

/// Whether an object is Cedar's way of writing an entity's name or a value of an extension type.
fn is_escape(members: &Map<String, Value>) -> bool {
    members.len() == 1 && (members.contains_key("__entity") || members.contains_key("__extn"))
}
