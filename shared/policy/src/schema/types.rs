use std::collections::BTreeMap;

use cedar_policy::EntityTypeName;
use doorward_model::{ClaimType, Claims, Field, Shape};

/// A type that a policy schema can state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Long,
    Decimal,
    Text,
    /// A text that is one of these, which a schema cannot hold it to.
    Choice(Vec<String>),
    Instant,
    Span,
    Address,
    Entity(EntityTypeName),
    Set(Box<Type>),
    Record(Members),
}

/// The members of a record, by name.
pub(crate) type Members = BTreeMap<String, Member>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) ty: Type,
    pub(crate) required: bool,
}

impl Type {
    /// A text that is one of `words`; any text where there are none.
    pub(crate) fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut found: Vec<String> = Vec::new();
        for word in words {
            if !found.iter().any(|other| other == word) {
                found.push(word.to_owned());
            }
        }
        if found.is_empty() { Self::Text } else { Self::Choice(found) }
    }
}

impl Member {
    pub(crate) fn required(ty: Type) -> Self {
        Self { ty, required: true }
    }

    pub(crate) fn optional(ty: Type) -> Self {
        Self { ty, required: false }
    }
}

/// What a schema can state of `shape`, which stands at `path`; what it cannot is added to `unstated`.
pub(crate) fn state(shape: &Shape, path: &str, unstated: &mut Vec<String>) -> Option<Type> {
    match shape {
        Shape::Bool => Some(Type::Bool),
        Shape::Long => Some(Type::Long),
        Shape::Decimal => Some(Type::Decimal),
        Shape::Text { values } => Some(Type::one_of(values.iter().map(String::as_str))),
        Shape::List(element) => {
            state(element, &format!("{path}[]"), unstated).map(|element| Type::Set(Box::new(element)))
        }
        Shape::Record(fields) => Some(Type::Record(state_fields(fields, path, unstated))),
        Shape::Opaque { reason } => {
            unstated.push(format!("{path}: {reason}"));
            None
        }
    }
}

/// Claims as members of a record.
pub(crate) fn claims(claims: &Claims) -> Members {
    let member = |ty: ClaimType, required| Member { ty: claim(ty), required };
    claims.iter().map(|(name, claim)| (name.clone(), member(claim.ty, claim.required))).collect()
}

pub(crate) fn claim(ty: ClaimType) -> Type {
    match ty {
        ClaimType::Text => Type::Text,
        ClaimType::Long => Type::Long,
        ClaimType::Bool => Type::Bool,
        ClaimType::Decimal => Type::Decimal,
        ClaimType::Instant => Type::Instant,
        ClaimType::Address => Type::Address,
        ClaimType::Texts => Type::Set(Box::new(Type::Text)),
        ClaimType::Longs => Type::Set(Box::new(Type::Long)),
    }
}

/// What a schema can state of `fields`, as members of the record at `path`.
pub(crate) fn state_fields(
    fields: &BTreeMap<String, Field>,
    path: &str,
    unstated: &mut Vec<String>,
) -> Members {
    let mut members = Members::new();
    for (name, Field { shape, required }) in fields {
        if let Some(ty) = state(shape, &format!("{path}.{name}"), unstated) {
            members.insert(name.clone(), Member { ty, required: *required });
        }
    }
    members
}
