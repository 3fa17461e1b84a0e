//! What the user's schema files declare of an entity type's attributes. Cedar keeps that to itself once a schema is
//! built; so it is read from the declarations, by Cedar's own rules of which declaration a name means.

use std::cell::Cell;

use cedar_policy::{EntityTypeName, Schema, SchemaFragment};
use doorward_model::Fault;
use serde_json::Value;

use crate::files::diagnostics;
use crate::schema::types::{Member, Members, Type};

/// The declarations of all files, in Cedar's JSON form of schemas, beside the schema that they make.
pub(crate) struct Declarations<'s> {
    schema: &'s Schema,
    fragments: Vec<Value>,
    /// How many types may still be resolved: a few common types that name each other twice stand for millions.
    left: Cell<usize>,
}

/// The most types that the attributes of one entity type are made of.
const MOST_TYPES: usize = 2_000;

impl<'s> Declarations<'s> {
    pub(crate) fn read(fragments: &[SchemaFragment], schema: &'s Schema) -> Result<Self, Fault> {
        let json = |fragment: &SchemaFragment| {
            fragment.clone().to_json_value().map_err(|error| diagnostics::placeless(&error))
        };
        let fragments = fragments.iter().map(json).collect::<Result<_, _>>()?;
        Ok(Self { schema, fragments, left: Cell::default() })
    }

    /// Whether a file declares the entity type `name`.
    pub(crate) fn declares(&self, name: &EntityTypeName) -> bool {
        self.declared(&name.namespace(), "entityTypes", name.basename()).is_some()
    }

    /// The attributes of the entity type `name`; none where no file declares it.
    pub(crate) fn attributes(&self, name: &EntityTypeName) -> Result<Members, Fault> {
        let (namespace, base) = (name.namespace(), name.basename());
        let Some(shape) = self.declared(&namespace, "entityTypes", base).and_then(|ty| ty.get("shape"))
        else {
            return Ok(Members::new());
        };
        self.left.set(MOST_TYPES);
        match self.resolve(&namespace, shape) {
            Some(Type::Record(members)) => Ok(members),
            _ => Err(Fault::new(format!("the attributes of `{name}` cannot be read from the schema"))
                .hint(format!("they are made of at most {MOST_TYPES} types"))),
        }
    }

    /// Whether entities of this type may have tags.
    pub(crate) fn has_tags(&self, name: &EntityTypeName) -> bool {
        let declared = self.declared(&name.namespace(), "entityTypes", name.basename());
        declared.is_some_and(|declared| declared.get("tags").is_some())
    }

    fn declared(&self, namespace: &str, kind: &str, name: &str) -> Option<&Value> {
        self.fragments.iter().find_map(|fragment| fragment.get(namespace)?.get(kind)?.get(name))
    }

    /// The type that `json` states where it stands in `namespace`. Files that made a schema name no type that is not
    /// there, and no common type by way of itself.
    fn resolve(&self, namespace: &str, json: &Value) -> Option<Type> {
        let text = |member: &str| json.get(member).and_then(Value::as_str);
        self.left.set(self.left.get().checked_sub(1)?);
        match text("type")? {
            "Record" => {
                let members = json.get("attributes")?.as_object()?;
                let member = |(name, json): (&String, &Value)| {
                    let required = json.get("required").and_then(Value::as_bool).unwrap_or(true);
                    Some((name.clone(), Member { ty: self.resolve(namespace, json)?, required }))
                };
                Some(Type::Record(members.iter().map(member).collect::<Option<_>>()?))
            }
            "Set" => Some(Type::Set(Box::new(self.resolve(namespace, json.get("element")?)?))),
            "Entity" | "EntityOrCommon" | "Extension" => self.named(namespace, text("name")?),
            name => self.named(namespace, name),
        }
    }

    /// A name without a namespace means its own namespace's type before the empty one's, a common type before an entity
    /// type, and what is built in last.
    fn named(&self, namespace: &str, name: &str) -> Option<Type> {
        if let Some(name) = name.strip_prefix("__cedar::") {
            return built_in(name);
        }
        let (within, base) = name.rsplit_once("::").unwrap_or(("", name));
        let own = (within.is_empty() && !namespace.is_empty()).then_some(namespace);
        own.into_iter()
            .chain([within])
            .find_map(|within| self.type_in(within, base))
            .or_else(|| built_in(name))
    }

    fn type_in(&self, namespace: &str, base: &str) -> Option<Type> {
        if let Some(common) = self.declared(namespace, "commonTypes", base) {
            return self.resolve(namespace, common);
        }
        let full = if namespace.is_empty() { base.to_owned() } else { format!("{namespace}::{base}") };
        let full: EntityTypeName = full.parse().ok()?;
        self.schema.entity_types().any(|declared| *declared == full).then_some(Type::Entity(full))
    }
}

fn built_in(name: &str) -> Option<Type> {
    match name {
        "Bool" | "Boolean" => Some(Type::Bool),
        "Long" => Some(Type::Long),
        "String" => Some(Type::Text),
        "decimal" => Some(Type::Decimal),
        "datetime" => Some(Type::Instant),
        "duration" => Some(Type::Span),
        "ipaddr" => Some(Type::Address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attributes of `name`, one a line.
    fn read(files: &[&str], name: &str) -> Vec<String> {
        let fragment = |text: &&str| SchemaFragment::from_cedarschema_str(text).unwrap().0;
        let fragments: Vec<SchemaFragment> = files.iter().map(fragment).collect();
        let schema = Schema::from_schema_fragments(fragments.clone()).unwrap();
        let declarations = Declarations::read(&fragments, &schema).unwrap();
        let members = declarations.attributes(&name.parse().unwrap()).unwrap();
        let line = |(name, Member { ty, required }): (String, Member)| {
            format!("{name}{}: {ty:?}", if required { "" } else { "?" })
        };
        members.into_iter().map(line).collect()
    }

    #[track_caller]
    fn check(files: &[&str], name: &str, expected: &[&str]) {
        assert_eq!(read(files, name), expected);
    }

    #[test]
    fn every_type_is_read() {
        let order = "entity User, Function; entity Order in [Function] = {
            a: Bool, b?: Long, c: String, d: decimal, e: datetime, f: duration, g: ipaddr, h: Set<Set<Long>>,
            i?: { x: Bool, y?: String }, j: __cedar::Long, k: {}
        };";
        check(
            &[order],
            "Order",
            &[
                "a: Bool",
                "b?: Long",
                "c: Text",
                "d: Decimal",
                "e: Instant",
                "f: Span",
                "g: Address",
                "h: Set(Set(Long))",
                "i?: Record({\"x\": Member { ty: Bool, required: true }, \"y\": Member { ty: Text, required: false }})",
                "j: Long",
                "k: Record({})",
            ],
        );
        check(&[order], "User", &[]);
        let references = read(&["entity User; entity Order = { owner: User, seen: Set<User> };"], "Order");
        assert!(
            references.iter().all(|line| line.contains("Entity(") && line.contains("User")),
            "{references:?}"
        );
    }

    #[test]
    fn names_mean_what_they_mean_to_cedar() {
        let common =
            "type Total = Long; type Lines = Set<{ total: Total }>; entity Order = { lines: Lines };";
        let lines = "lines: Set(Record({\"total\": Member { ty: Long, required: true }}))";
        check(&[common], "Order", &[lines]);
        check(&["type Total = Long;", "entity Order = { total: Total };"], "Order", &["total: Long"]);
        let spaces = "namespace Shop { type Amount = decimal; entity Order = { amount: Amount, other: Bank::Amount }; }
            namespace Bank { type Amount = Long; }";
        check(&[spaces], "Shop::Order", &["amount: Decimal", "other: Long"]);
        let nested = "namespace A { type T = Long; entity E = { t: T, u: A::B::T, s: String }; }
            namespace A::B { type T = String; }";
        check(&[nested], "A::E", &["s: Text", "t: Long", "u: Text"]);
        let word = "type decimal = Long; entity Order = { a: decimal, b: __cedar::decimal };";
        check(&[word], "Order", &["a: Long", "b: Decimal"]);
        let reference = read(
            &["namespace Shop { entity User, Order; entity Basket = { owner: User }; }"],
            "Shop::Basket",
        );
        assert!(reference[0].contains("Shop"), "{reference:?}");
    }
}
