use doorward_model::scalar;
use serde_json::Value;

use crate::compile::Policies;
use crate::schema::types::{Member, Members, Type};

/// A part of a stated context that is not what policies can read there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// JSON Pointer (RFC 6901) into the stated value.
    pub pointer: String,
    /// What is wrong, lowercase.
    pub message: String,
    /// The names of which one was probably meant; empty where nothing was misnamed.
    pub known: Vec<String>,
}

impl Policies {
    /// Holds `value`, stated for `context.<member>` of a question about `action`, against what its schema states:
    /// every unknown name, missing member and wrong type. Nothing where the action is unknown.
    #[must_use]
    pub fn misfits(&self, action: &str, member: &str, value: &Value) -> Vec<Misfit> {
        let Some(action) = self.actions.get(action) else { return Vec::new() };
        let members = action.context.members();
        let mut found = Vec::new();
        match members.get(member) {
            Some(Member { ty, .. }) => hold(ty, value, String::new(), &mut found),
            None => found.push(Misfit {
                pointer: String::new(),
                message: format!("the action's context has no `{member}`"),
                known: members.into_keys().collect(),
            }),
        }
        found
    }

    /// The ids of the actions, in their alphabetical order.
    #[must_use]
    pub fn actions(&self) -> Vec<&str> {
        sorted(self.actions.keys())
    }

    /// The names of the entity types, in their alphabetical order.
    #[must_use]
    pub fn entity_types(&self) -> Vec<&str> {
        sorted(self.entity_types.keys())
    }
}

fn sorted<'n>(names: impl Iterator<Item = &'n String>) -> Vec<&'n str> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn hold(ty: &Type, value: &Value, pointer: String, found: &mut Vec<Misfit>) {
    let expected = match (ty, value) {
        (Type::Bool, Value::Bool(_)) | (Type::Text, Value::String(_)) => return,
        (Type::Decimal, Value::Number(number)) if scalar::decimal(number).is_some() => return,
        (Type::Long, Value::Number(number)) if scalar::long(number).is_some() => return,
        (Type::Choice(values), Value::String(text)) => {
            if !values.contains(text) {
                let message = "it never has this value".to_owned();
                found.push(Misfit { pointer, message, known: values.clone() });
            }
            return;
        }
        (Type::Instant, value) if scalar::instant(value).is_some() => return,
        (Type::Address, Value::String(text)) if scalar::address(text).is_some() => return,
        (Type::Set(element), Value::Array(items)) => {
            for (nth, item) in items.iter().enumerate() {
                hold(element, item, format!("{pointer}/{nth}"), found);
            }
            return;
        }
        (Type::Record(members), Value::Object(values)) => {
            return hold_members(members, values, &pointer, found);
        }
        (Type::Bool, _) => "true or false",
        (Type::Long, _) => "an integer",
        (Type::Decimal, _) => "a number",
        (Type::Text | Type::Choice(_), _) => "a string",
        (Type::Instant, _) => "a point in time",
        (Type::Address, _) => "an IP address",
        (Type::Set(_), _) => "an array",
        (Type::Record(_), _) => "a table",
        // No contract and no event has these, only entities.
        (Type::Span | Type::Entity(_), _) => "what only an entity has",
    };
    found.push(Misfit { pointer, message: format!("expected {expected}"), known: Vec::new() });
}

fn hold_members(
    members: &Members,
    values: &serde_json::Map<String, Value>,
    pointer: &str,
    found: &mut Vec<Misfit>,
) {
    for (name, value) in values {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match members.get(name) {
            Some(member) if value.is_null() && !member.required => {}
            Some(member) => hold(&member.ty, value, pointer, found),
            None => found.push(Misfit {
                pointer,
                message: format!("policies know no `{name}` here"),
                known: members.keys().cloned().collect(),
            }),
        }
    }
    for (name, member) in members {
        if member.required && !values.contains_key(name) {
            let message = format!("missing `{name}`");
            found.push(Misfit { pointer: pointer.to_owned(), message, known: Vec::new() });
        }
    }
}
