use std::collections::{BTreeSet, HashMap};
use std::fmt;

use cedar_policy::{Effect, EntityUid, Policy, ResourceConstraint};
use doorward_model::entity_type::FUNCTION;
use doorward_model::{EntityName, Principal};

use crate::compile::Policies;
use crate::decide;
use crate::engine;
use crate::entities::Given;
use crate::schema::actions::Action;
use crate::text::conditions;

/// One way in which a principal may do something: a permit whose scope holds, and what may still forbid it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The action's id.
    pub action: String,
    /// What it may be done to.
    pub resource: Reach,
    /// The policy that permits it, where its conditions hold.
    pub permit: Grounds,
    /// The policies that forbid it, where their conditions hold. One without conditions that reaches all of `resource`
    /// leaves nothing of the grant.
    pub forbids: Vec<(Grounds, Reach)>,
}

/// A policy and its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    /// The policy's id.
    pub policy: String,
    /// Its `when` and `unless` clauses as written, on one line and without comments; `None` where it holds always.
    pub condition: Option<String>,
}

/// The resources that a policy speaks of, among those that an action can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every entity of a type.
    Any(String),
    /// One entity.
    One(EntityName),
    /// The entities of a type that are in another, or are it.
    Within(String, EntityName),
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(type_name) => write!(f, "any {type_name}"),
            Self::One(entity) => write!(f, "{entity}"),
            Self::Within(type_name, entity) => write!(f, "any {type_name} in {entity}"),
        }
    }
}

impl Grant {
    /// The forbid that leaves nothing of it, where there is one.
    #[must_use]
    pub fn void_by(&self) -> Option<&str> {
        let voids = |(grounds, reach): &&(Grounds, Reach)| {
            grounds.condition.is_none() && (matches!(reach, Reach::Any(_)) || *reach == self.resource)
        };
        self.forbids.iter().find(voids).map(|(grounds, _)| grounds.policy.as_str())
    }
}

impl Policies {
    /// What `principal` may do: every permit whose scope holds for it, by action and resource. `functions` gives the
    /// function that each action leads to.
    ///
    /// Conditions are not evaluated, they are listed: what they read is known only when a call comes.
    #[must_use]
    pub fn can(&self, principal: &Principal, functions: &HashMap<String, EntityName>) -> Vec<Grant> {
        let mut actions: Vec<(&String, &Action)> = self.actions.iter().collect();
        actions.sort_by_key(|(name, _)| *name);
        let granted = |(name, action): (&String, &Action)| {
            let function = functions.get(name)?;
            self.grants(principal, name, action, function)
        };
        actions.into_iter().filter_map(granted).flatten().collect()
    }

    /// The types of the principals that some action may have, in their alphabetical order.
    #[must_use]
    pub fn principal_types(&self) -> Vec<String> {
        let all = self.actions.values().flat_map(|action| &action.principals);
        all.map(ToString::to_string).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether an entity of the type `child` may be in one of the type `parent`.
    #[must_use]
    pub fn may_be_in(&self, child: &str, parent: &str) -> bool {
        let child = self.entity_types.get(child);
        child.is_some_and(|child| child.ancestors.iter().any(|ancestor| ancestor.to_string() == parent))
    }

    fn grants(
        &self,
        principal: &Principal,
        name: &str,
        action: &Action,
        function: &EntityName,
    ) -> Option<Vec<Grant>> {
        let (principal_type, uid) = self.entity(&principal.name).ok()?;
        if !action.principals.contains(uid.type_name()) {
            return None;
        }
        let parents = self.parents(principal_type, &principal.parents).ok()?;
        let given = Given { parents, ..Given::default() };
        let entities = self.store.load(&action.entity, HashMap::from([(uid.clone(), given)]), None).ok()?;
        let concerning: Vec<(&Policy, Reach)> = self
            .engine
            .concerning(&uid, &action.uid, &entities)
            .filter_map(|id| self.set.policy(id))
            .filter_map(|policy| Some((policy, self.reach(action, function, &policy.resource_constraint())?)))
            .collect();
        let of = |effect| concerning.iter().filter(move |(policy, _)| policy.effect() == effect);
        let unnamed =
            |policy: &Policy| decide::is_anonymous(uid.type_name()) && !engine::names_principal(policy);
        let permits = of(Effect::Permit).filter(|(policy, _)| !unnamed(policy));
        let grants = permits.map(|(policy, resource)| Grant {
            action: name.to_owned(),
            resource: resource.clone(),
            permit: self.grounds(policy),
            forbids: of(Effect::Forbid)
                .filter(|(_, reach)| may_meet(reach, resource))
                .map(|(policy, reach)| (self.grounds(policy), reach.clone()))
                .collect(),
        });
        let mut grants: Vec<Grant> = grants.collect();
        grants.sort_by(|one, other| one.permit.policy.cmp(&other.permit.policy));
        Some(grants)
    }

    /// The resources of `action` for which `constraint` can hold; `None` where there are none. An action on functions is
    /// an action on one: its own.
    fn reach(
        &self,
        action: &Action,
        function: &EntityName,
        constraint: &ResourceConstraint,
    ) -> Option<Reach> {
        let own_type = action.resource.to_string();
        let any =
            || if own_type == FUNCTION { Reach::One(function.clone()) } else { Reach::Any(own_type.clone()) };
        match constraint {
            ResourceConstraint::Any => Some(any()),
            ResourceConstraint::Is(name) => (*name == action.resource).then(any),
            ResourceConstraint::Eq(entity) => self.one(action, function, entity),
            ResourceConstraint::IsIn(name, _) if *name != action.resource => None,
            ResourceConstraint::In(entity) | ResourceConstraint::IsIn(_, entity) => {
                let named = name(entity);
                // What holds the function holds everything that is in it.
                if named == *function || self.holds(entity, function) {
                    return Some(any());
                }
                if own_type == FUNCTION {
                    return self.one(action, function, entity);
                }
                let holds_some = self.entity_types.get(&own_type).is_some_and(|own| {
                    own.ancestors.contains(entity.type_name()) || *entity.type_name() == action.resource
                });
                // What another function's entities are in is not what this action's are in.
                (holds_some && named.type_name != FUNCTION).then_some(Reach::Within(own_type, named))
            }
        }
    }

    /// Whether the file puts `function` into `entity`.
    fn holds(&self, entity: &EntityUid, function: &EntityName) -> bool {
        self.entity(function).is_ok_and(|(_, function)| self.store.is_ancestor_of(entity, &function))
    }

    fn one(&self, action: &Action, function: &EntityName, entity: &EntityUid) -> Option<Reach> {
        let named = name(entity);
        let own =
            *entity.type_name() == action.resource && (named.type_name != FUNCTION || named == *function);
        own.then_some(Reach::One(named))
    }

    fn grounds(&self, policy: &Policy) -> Grounds {
        let text = self.text(policy).unwrap_or_default();
        let condition = Some(conditions::one_line(conditions::of(&text))).filter(|text| !text.is_empty());
        Grounds { policy: policy.id().to_string(), condition }
    }
}

/// Whether some resource may be in both: a request may put an entity into any other.
fn may_meet(one: &Reach, other: &Reach) -> bool {
    match (one, other) {
        (Reach::One(one), Reach::One(other)) => one == other,
        _ => true,
    }
}

fn name(entity: &EntityUid) -> EntityName {
    EntityName::new(entity.type_name().to_string(), entity.id().unescaped())
}
