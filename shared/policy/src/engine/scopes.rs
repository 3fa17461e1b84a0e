use std::collections::HashMap;

use cedar_policy::{
    ActionConstraint, Entities, EntityTypeName, EntityUid, Policy, PrincipalConstraint, Request,
    ResourceConstraint,
};
use foldhash::fast::RandomState;

/// Which policies have a scope that holds: every combination of a principal, an action and a resource constraint that
/// some policy has leads to the policies that have it.
///
/// A request meets few of the constraints — those of its principal, of what the principal is in, of its type — and only
/// combinations of these are looked up, so the cost does not grow with policies about others.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    principals: Slot,
    actions: Slot,
    resources: Slot,
    /// By the key of the principal constraint.
    by_principal: Vec<Pairs>,
    /// Whether a policy lists several actions: it then stands in several places, and may be met more than once.
    listed: bool,
}

/// The policies of one principal constraint, by the keys of their action and resource constraints.
type Pairs = HashMap<(Key, Key), Vec<usize>, RandomState>;

/// A constraint of a slot.
type Key = u32;

/// The constraints that policies put on one of the three.
#[derive(Debug, Default)]
struct Slot {
    any: Option<Key>,
    entities: HashMap<EntityUid, Named, RandomState>,
    types: HashMap<EntityTypeName, Type, RandomState>,
    /// How many keys there are.
    count: Key,
}

/// The constraints that name an entity.
#[derive(Debug, Default)]
struct Named {
    equal: Option<Key>,
    within: Option<Key>,
    /// `is T in E`, by the number of `T`.
    of_type: HashMap<usize, Key, RandomState>,
}

/// A type that constraints name.
#[derive(Debug)]
struct Type {
    number: usize,
    is: Option<Key>,
}

/// A constraint, whichever of the three it is on.
enum Constraint<'p> {
    Any,
    Equal(&'p EntityUid),
    In(&'p EntityUid),
    Is(&'p EntityTypeName),
    IsIn(&'p EntityTypeName, &'p EntityUid),
}

impl Scopes {
    /// Notes that the policy with number `nth` is `policy`.
    pub(super) fn insert(&mut self, nth: usize, policy: &Policy) {
        let principal = self.principals.key(&match &policy.principal_constraint() {
            PrincipalConstraint::Any => Constraint::Any,
            PrincipalConstraint::Eq(entity) => Constraint::Equal(entity),
            PrincipalConstraint::In(entity) => Constraint::In(entity),
            PrincipalConstraint::Is(name) => Constraint::Is(name),
            PrincipalConstraint::IsIn(name, entity) => Constraint::IsIn(name, entity),
        });
        let resource = self.resources.key(&match &policy.resource_constraint() {
            ResourceConstraint::Any => Constraint::Any,
            ResourceConstraint::Eq(entity) => Constraint::Equal(entity),
            ResourceConstraint::In(entity) => Constraint::In(entity),
            ResourceConstraint::Is(name) => Constraint::Is(name),
            ResourceConstraint::IsIn(name, entity) => Constraint::IsIn(name, entity),
        });
        match policy.action_constraint() {
            ActionConstraint::Any => self.put(nth, principal, &Constraint::Any, resource),
            ActionConstraint::Eq(action) => self.put(nth, principal, &Constraint::Equal(&action), resource),
            ActionConstraint::In(actions) => {
                self.listed |= actions.len() > 1;
                for action in &actions {
                    self.put(nth, principal, &Constraint::In(action), resource);
                }
            }
        }
    }

    fn put(&mut self, nth: usize, principal: Key, action: &Constraint<'_>, resource: Key) {
        let action = self.actions.key(action);
        let place = principal as usize;
        if self.by_principal.len() <= place {
            self.by_principal.resize_with(place + 1, Pairs::default);
        }
        if let Some(pairs) = self.by_principal.get_mut(place) {
            pairs.entry((action, resource)).or_default().push(nth);
        }
    }

    /// Gives back what was allocated ahead.
    pub(super) fn shrink(&mut self) {
        for pairs in &mut self.by_principal {
            pairs.values_mut().for_each(Vec::shrink_to_fit);
            pairs.shrink_to_fit();
        }
        self.by_principal.shrink_to_fit();
    }

    /// The numbers of the policies whose scope holds for `request`, each once.
    pub(super) fn find(&self, request: &Request, entities: &Entities) -> Vec<usize> {
        let (principals, actions, resources) = (
            self.principals.holding(request.principal(), entities),
            self.actions.holding(request.action(), entities),
            self.resources.holding(request.resource(), entities),
        );
        let combinations = actions.len() * resources.len();
        let mut found = Vec::new();
        for pairs in principals.iter().filter_map(|key| self.by_principal.get(*key as usize)) {
            if pairs.len() <= combinations {
                let met = |(action, resource): &(Key, Key)| {
                    actions.binary_search(action).is_ok() && resources.binary_search(resource).is_ok()
                };
                found.extend(pairs.iter().filter(|(pair, _)| met(pair)).flat_map(|(_, numbers)| numbers));
            } else {
                for action in &actions {
                    let of = |resource: &Key| pairs.get(&(*action, *resource));
                    found.extend(resources.iter().filter_map(of).flatten());
                }
            }
        }
        if self.listed {
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    /// The numbers of the policies whose scope holds for some resource, in their order.
    pub(super) fn find_any_resource(
        &self,
        principal: &EntityUid,
        action: &EntityUid,
        entities: &Entities,
    ) -> Vec<usize> {
        let principals = self.principals.holding(Some(principal), entities);
        let actions = self.actions.holding(Some(action), entities);
        let pairs = principals.iter().filter_map(|key| self.by_principal.get(*key as usize)).flatten();
        let met = pairs.filter(|((action, _), _)| actions.binary_search(action).is_ok());
        let mut found: Vec<usize> = met.flat_map(|(_, numbers)| numbers).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Slot {
    /// The key of `constraint`, a new one where no policy had it yet.
    fn key(&mut self, constraint: &Constraint<'_>) -> Key {
        let next = self.count;
        let key = match constraint {
            Constraint::Any => *self.any.get_or_insert(next),
            Constraint::Equal(entity) => *self.named(entity).equal.get_or_insert(next),
            Constraint::In(entity) => *self.named(entity).within.get_or_insert(next),
            Constraint::Is(name) => *self.typed(name).is.get_or_insert(next),
            Constraint::IsIn(name, entity) => {
                let number = self.typed(name).number;
                *self.named(entity).of_type.entry(number).or_insert(next)
            }
        };
        self.count = next.max(key + 1);
        key
    }

    fn named(&mut self, entity: &EntityUid) -> &mut Named {
        self.entities.entry(entity.clone()).or_default()
    }

    fn typed(&mut self, name: &EntityTypeName) -> &mut Type {
        let number = self.types.len();
        self.types.entry(name.clone()).or_insert(Type { number, is: None })
    }

    /// The keys of the constraints that hold for `entity`, in their order.
    fn holding(&self, entity: Option<&EntityUid>, entities: &Entities) -> Vec<Key> {
        let mut keys: Vec<Key> = self.any.into_iter().collect();
        let Some(entity) = entity else { return keys };
        let of_type = self.types.get(entity.type_name());
        keys.extend(of_type.and_then(|named| named.is));
        let own = self.entities.get(entity);
        keys.extend(own.and_then(|named| named.equal));
        let ancestors = entities.ancestors(entity).into_iter().flatten();
        for named in own.into_iter().chain(ancestors.filter_map(|ancestor| self.entities.get(ancestor))) {
            keys.extend(named.within);
            keys.extend(of_type.and_then(|of_type| named.of_type.get(&of_type.number)));
        }
        keys.sort_unstable();
        keys
    }
}
