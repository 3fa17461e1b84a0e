use std::collections::HashSet;

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid};

use crate::types::{self, Member, Members, Type};
use crate::vocabulary::{ActionSpec, CallShape};

/// What an action's context holds, as far as a schema can state it.
#[derive(Debug, Clone)]
pub(crate) struct ContextType {
    pub(crate) call: CallType,
    pub(crate) input: Option<Type>,
    pub(crate) has_purpose: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum CallType {
    Http,
    Event { word: &'static str, attributes: Members },
}

impl ContextType {
    pub(crate) fn new(action: &ActionSpec, has_purpose: bool, unstated: &mut Vec<String>) -> Self {
        let name = &action.name;
        let (call, input) = match &action.call {
            CallShape::Http { input } => (CallType::Http, input),
            CallShape::Event { kind, input } => {
                let attributes = types::event_attributes(*kind, &format!("{name}: event"), unstated);
                (CallType::Event { word: kind.word(), attributes }, input)
            }
        };
        let state = |shape| types::state(shape, &format!("{name}: input"), unstated);
        Self { call, input: input.as_ref().and_then(state), has_purpose }
    }

    /// The whole context, as the schema states it.
    pub(crate) fn members(&self) -> Members {
        let mut members = Members::from([("now".to_owned(), Member::required(Type::Instant))]);
        if self.has_purpose {
            members.insert("purpose".to_owned(), Member::optional(Type::Text));
        }
        let (name, ty) = self.call.member();
        members.insert(name.to_owned(), Member::required(ty));
        if let Some(input) = &self.input {
            members.insert("input".to_owned(), Member::required(input.clone()));
        }
        members
    }
}

impl CallType {
    /// The member of the context that tells of the call itself.
    pub(crate) fn member(&self) -> (&'static str, Type) {
        match self {
            Self::Http => ("request", request()),
            Self::Event { attributes, .. } => ("event", event(attributes)),
        }
    }
}

fn request() -> Type {
    Type::Record(Members::from([
        ("method".to_owned(), Member::required(Type::Text)),
        ("path".to_owned(), Member::required(Type::Text)),
        ("source_ip".to_owned(), Member::optional(Type::Address)),
    ]))
}

fn event(attributes: &Members) -> Type {
    let mut members = attributes.clone();
    for name in ["source", "type", "region"] {
        members.insert(name.to_owned(), Member::required(Type::Text));
    }
    members.insert("account".to_owned(), Member::optional(Type::Text));
    Type::Record(members)
}

/// An action, ready to be asked about.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) uid: EntityUid,
    /// With its group as parent.
    pub(crate) entity: Entity,
    pub(crate) principals: HashSet<EntityTypeName>,
    pub(crate) resource: EntityTypeName,
    /// Whether the resource is read from a table.
    pub(crate) loads: bool,
    pub(crate) context: ContextType,
}

/// `Action::"name"`; `None` never happens, as `Action` is a type name.
pub(crate) fn action_uid(name: &str) -> Option<EntityUid> {
    let action: EntityTypeName = "Action".parse().ok()?;
    Some(EntityUid::from_type_name_and_id(action, EntityId::new(name)))
}
