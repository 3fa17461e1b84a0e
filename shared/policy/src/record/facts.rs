use std::collections::BTreeSet;

use doorward_model::{EntityName, Facts, ReadTree, Reads};
use serde_json::Value;

use crate::decide::Asked;
use crate::engine::While;
use crate::judge::Judgement;
use crate::question::Question;
use crate::record::pictures::{self, Picture, Pictures, Reached};

/// A value has no JSON form: a record with one of the members that Cedar reserves, such as `__entity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwritable;

impl Judgement<'_> {
    /// What the decision was made from, cut down to what the policies and the candidates for this action read. `None`
    /// where no policy saw the question, or where the policies were compiled without knowing what they read.
    ///
    /// # Errors
    /// [`Unwritable`] where a value has no JSON form.
    pub fn facts(&self) -> Result<Option<Facts>, Unwritable> {
        let reads = self.policies.reads.as_ref().and_then(|reads| reads.get(self.question.action));
        let Some((asked, reads)) = self.asked.as_ref().zip(reads) else { return Ok(None) };
        self.cut(asked, reads).map(Some).ok_or(Unwritable)
    }

    fn cut(&self, asked: &Asked, reads: &Reads) -> Option<Facts> {
        let Question { principal, action, resource, .. } = self.question;
        let context = asked.request.context()?.to_json_value().ok()?;
        let pictures = Pictures::of(&asked.entities)?;
        let mut reached = Reached::new();
        pictures.follow(&reads.principal, &principal.name, &mut reached);
        pictures.follow(&reads.resource, resource, &mut reached);
        pictures.follow_value(&reads.context, &context, &mut reached);
        let (mut given, mut found) = (Vec::new(), Vec::new());
        for (name, tree) in &reached {
            let Some(whole) = pictures.get(name) else { continue };
            let mut picture = Picture {
                attributes: pictures::cut_members(&whole.attributes, tree),
                tags: pictures::cut_tags(&whole.tags, tree),
            };
            let mut ancestors = self.ancestors(asked, name, tree);
            if let Some(parents) = self.parents(name) {
                let own = self.take_brought(name, &mut picture);
                ancestors.retain(|ancestor| !parents.contains(ancestor));
                given.push(pictures::entity(name, &own, &parents));
            }
            if !(picture.attributes.is_empty() && picture.tags.is_empty() && ancestors.is_empty()) {
                found.push(pictures::entity(name, &picture, &ancestors));
            }
        }
        let from_token = reached.get(&principal.name).map(|read| self.token_attributes(read));
        let from_token = from_token.into_iter().flatten().map(str::to_owned).collect();
        let Value::Object(context) = pictures::cut(&context, &reads.context) else { return None };
        Some(Facts {
            action: action.to_owned(),
            principal: principal.name.clone(),
            resource: resource.clone(),
            input_unknown: asked.known == While::Unknown,
            context,
            given,
            loaded: self.question.loaded.is_some(),
            from_token,
            found,
            reads: reads.clone(),
        })
    }

    /// What an entity is in, where that is read: of principal and resource, every scope reads it.
    fn ancestors(&self, asked: &Asked, name: &EntityName, tree: &ReadTree) -> Vec<EntityName> {
        let subject = *name == self.question.principal.name || name == self.question.resource;
        if !(subject || tree.ancestors || tree.everything) {
            return Vec::new();
        }
        let uid = self.policies.entity_types.get(&name.type_name).map(|entity_type| entity_type.uid(name));
        let ancestors = uid.as_ref().and_then(|uid| asked.entities.ancestors(uid)).into_iter().flatten();
        ancestors.map(pictures::name).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What the request puts the entity in; `None` where it is neither the principal nor the resource.
    fn parents(&self, name: &EntityName) -> Option<Vec<EntityName>> {
        let Question { principal, resource, resource_parents, .. } = self.question;
        let of_principal = (*name == principal.name).then_some(principal.parents.as_slice());
        let of_resource = (name == resource).then_some(resource_parents);
        let given = of_principal.is_some() || of_resource.is_some();
        given.then(|| of_principal.into_iter().chain(of_resource).flatten().cloned().collect())
    }

    /// Takes the attributes that the request brings out of the picture of an entity.
    fn take_brought(&self, name: &EntityName, picture: &mut Picture) -> Picture {
        if name == self.question.resource && self.question.loaded.is_some() {
            return std::mem::take(picture);
        }
        let mut own = Picture::default();
        if *name == self.question.principal.name
            && let Some(entity_type) = self.policies.entity_types.get(&name.type_name)
        {
            for attribute in entity_type.from_tokens.keys() {
                own.attributes.extend(picture.attributes.shift_remove_entry(attribute));
            }
        }
        own
    }

    /// Those attributes of the principal that tokens give and `read` has.
    fn token_attributes<'r>(&self, read: &'r ReadTree) -> impl Iterator<Item = &'r str> {
        let entity_type = self.policies.entity_types.get(&self.question.principal.name.type_name);
        let given = move |name: &&String| entity_type.is_some_and(|own| own.from_tokens.contains_key(*name));
        read.members.keys().filter(given).map(String::as_str)
    }
}
