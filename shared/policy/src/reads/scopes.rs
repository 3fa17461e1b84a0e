use cedar_policy::{
    ActionConstraint, EntityTypeName, EntityUid, Policy, PrincipalConstraint, ResourceConstraint,
};

use crate::schema::ProjectSchema;
use crate::schema::actions::Action;

/// What the scopes of policies have a place for, among the actions and entity types of a project.
pub(crate) struct Scopes<'p>(pub(crate) &'p ProjectSchema);

impl<'p> Scopes<'p> {
    /// The actions whose calls one of `policies` has a place for, in the order of their ids.
    pub(crate) fn actions(&self, policies: &[&Policy]) -> Vec<&'p Action> {
        let Self(project) = self;
        let met = |action: &&Action| policies.iter().any(|policy| self.take_action(policy, action));
        let mut actions: Vec<&Action> = project.actions.values().filter(met).collect();
        actions.sort_by_key(|action| action.uid.id().unescaped());
        actions
    }

    /// Whether the scope of `policy` has a place for callers of the type `ty`.
    pub(crate) fn take_principal(&self, policy: &Policy, ty: &EntityTypeName) -> bool {
        match policy.principal_constraint() {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Eq(entity) => entity.type_name() == ty,
            PrincipalConstraint::In(entity) => self.may_be_in(ty, &entity),
            PrincipalConstraint::Is(wanted) => wanted == *ty,
            PrincipalConstraint::IsIn(wanted, entity) => wanted == *ty && self.may_be_in(ty, &entity),
        }
    }

    fn take_action(&self, policy: &Policy, action: &Action) -> bool {
        let acts = match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == action.uid,
            ActionConstraint::In(listed) => {
                let (_, _, groups) = action.entity.clone().into_inner();
                listed.iter().any(|one| *one == action.uid || groups.contains(one))
            }
        };
        acts && self.take_resource(policy, &action.resource)
            && action.principals.iter().any(|principal| self.take_principal(policy, principal))
    }

    fn take_resource(&self, policy: &Policy, ty: &EntityTypeName) -> bool {
        match policy.resource_constraint() {
            ResourceConstraint::Any => true,
            ResourceConstraint::Eq(entity) => entity.type_name() == ty,
            ResourceConstraint::In(entity) => self.may_be_in(ty, &entity),
            ResourceConstraint::Is(wanted) => wanted == *ty,
            ResourceConstraint::IsIn(wanted, entity) => wanted == *ty && self.may_be_in(ty, &entity),
        }
    }

    fn may_be_in(&self, ty: &EntityTypeName, entity: &EntityUid) -> bool {
        let Self(project) = self;
        let above = entity.type_name();
        let known = project.entity_types.get(&ty.to_string());
        above == ty || known.is_some_and(|known| known.ancestors.contains(above))
    }
}
