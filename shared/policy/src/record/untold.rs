use std::collections::BTreeSet;

use doorward_model::{EntityName, Facts, ReadTree, Reads};
use serde_json::{Map, Value};

use crate::compile::Policies;
use crate::decide::Asked;
use crate::record::pictures::{self, Pictures, Reached};
use crate::schema::actions::Action;
use crate::schema::types::Members;

/// The member of the context that says whose word it is that the call is its caller's.
const TRUST: &str = "trust";

/// What a recorded question is asked again with, beside what was kept of it. What `entities.json` gives is always known:
/// only what the request brought can be missing.
pub(crate) struct Untold<'f> {
    facts: &'f Facts,
    /// Whether the resource is read from a table, now.
    loads: bool,
    /// The attributes of the principal that tokens give, now.
    from_tokens: Option<&'f Members>,
    entities: Pictures,
    given: Pictures,
    /// What was kept of each entity.
    kept: Reached,
    missing: BTreeSet<String>,
}

impl<'f> Untold<'f> {
    /// `None` where the record cannot be read.
    pub(crate) fn new(
        policies: &'f Policies,
        action: &Action,
        asked: &Asked,
        facts: &'f Facts,
    ) -> Option<Self> {
        let then = Pictures::read(facts.given.iter().chain(&facts.found))?;
        let mut kept = Reached::new();
        then.follow(&facts.reads.principal, &facts.principal, &mut kept);
        then.follow(&facts.reads.resource, &facts.resource, &mut kept);
        let (entities, given) = (Pictures::of(&asked.entities)?, Pictures::read(&facts.given)?);
        Some(Self {
            facts,
            loads: action.loads,
            from_tokens: policies.entity_types.get(&facts.principal.type_name).map(|own| &own.from_tokens),
            entities,
            given,
            kept,
            missing: BTreeSet::new(),
        })
    }

    /// Notes what `needed` reads and was not kept.
    pub(crate) fn need(&mut self, needed: &Reads) {
        let facts = self.facts;
        // Every record holds it since there is such a thing, and what holds a whole context of before does not.
        let ReadTree { whole, everything, ref members, .. } = needed.context;
        if (whole || everything || members.contains_key(TRUST)) && !facts.context.contains_key(TRUST) {
            self.missing.insert(member_path("context", TRUST));
        }
        compare_members(
            &needed.context,
            &facts.reads.context,
            Some(&facts.context),
            "context",
            &mut self.missing,
        );
        self.need_of_entity(&needed.principal, &facts.principal, "principal");
        self.need_of_entity(&needed.resource, &facts.resource, "resource");
    }

    /// The paths of all that is missing, as Cedar writes them.
    pub(crate) fn paths(self) -> Vec<String> {
        self.missing.into_iter().collect()
    }

    fn need_of_entity(&mut self, needed: &ReadTree, name: &EntityName, path: &str) {
        let kept = self.kept.get(name).cloned().unwrap_or_default();
        let subject = *name == self.facts.principal || *name == self.facts.resource;
        if needed.everything && subject && !kept.everything {
            self.missing.insert(path.to_owned());
            return;
        }
        let given = self.given.get(name).cloned().unwrap_or_default();
        for (member, tree) in &needed.members {
            if self.brings(name, member) && !kept.everything {
                let kept = kept.members.get(member).filter(|_| self.brought(name, member));
                let value = given.attributes.get(member);
                compare(tree, kept, value, &member_path(path, member), &mut self.missing);
            }
        }
        let Some(own) = self.entities.get(name).cloned() else { return };
        for (member, tree) in &needed.members {
            if let Some(value) = own.attributes.get(member) {
                self.need_of_value(tree, value, &member_path(path, member));
            }
        }
        for (tag, value) in &own.tags {
            for tree in needed.tags.get(tag).into_iter().chain(needed.any_tag.as_deref()) {
                self.need_of_value(tree, value, &format!("{path}.getTag({tag:?})"));
            }
        }
    }

    /// Of the entities that a value leads to.
    fn need_of_value(&mut self, needed: &ReadTree, value: &Value, path: &str) {
        if let Some(name) = pictures::reference(value) {
            return self.need_of_entity(needed, &name, path);
        }
        for (member, tree) in &needed.members {
            if let Some(value) = value.get(member) {
                self.need_of_value(tree, value, &member_path(path, member));
            }
        }
    }

    /// Whether the entity's attribute is a request's to bring.
    fn brings(&self, name: &EntityName, attribute: &str) -> bool {
        let by_token = || self.from_tokens.is_some_and(|members| members.contains_key(attribute));
        *name == self.facts.resource && self.loads || *name == self.facts.principal && by_token()
    }

    /// Whether it was, when the call came in.
    fn brought(&self, name: &EntityName, attribute: &str) -> bool {
        let by_token = || self.facts.from_token.iter().any(|name| name == attribute);
        *name == self.facts.resource && self.facts.loaded || *name == self.facts.principal && by_token()
    }
}

/// Adds what `needed` reads of a value and `kept` does not have; `value` is what was kept of it, `None` where it was not
/// there.
fn compare(
    needed: &ReadTree,
    kept: Option<&ReadTree>,
    value: Option<&Value>,
    path: &str,
    missing: &mut BTreeSet<String>,
) {
    match (kept, value) {
        (None, _) => drop(missing.insert(path.to_owned())),
        // That it was not there is known, and with it all that would be below.
        (Some(_), None) => {}
        // Of an entity, its name; what is read of the entity itself is looked for there.
        (Some(kept), Some(value)) if kept.follows() && pictures::reference(value).is_some() => {}
        (Some(kept), Some(value)) => compare_members(needed, kept, value.as_object(), path, missing),
    }
}

fn compare_members(
    needed: &ReadTree,
    kept: &ReadTree,
    members: Option<&Map<String, Value>>,
    path: &str,
    missing: &mut BTreeSet<String>,
) {
    if kept.whole || kept.everything {
        return;
    }
    if needed.whole || needed.everything {
        missing.insert(path.to_owned());
        return;
    }
    for (name, needed) in &needed.members {
        let value = members.and_then(|members| members.get(name));
        compare(needed, kept.members.get(name), value, &member_path(path, name), missing);
    }
}

fn member_path(path: &str, name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let identifier = name.chars().all(plain) && !name.starts_with(|first: char| first.is_ascii_digit());
    if identifier && !name.is_empty() { format!("{path}.{name}") } else { format!("{path}[{name:?}]") }
}
