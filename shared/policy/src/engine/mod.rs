//! The engine: stock Cedar's answer over a whole set of policies, at the cost of the few that the request concerns.
//!
//! A policy holds where its scope holds and its conditions do. Scopes are decided by an index, which is exact, so that
//! only the conditions of policies whose scope holds are evaluated, each by Cedar's own evaluator. A scope never errs,
//! hence decision, determining and erring policies are those of `Authorizer::is_authorized`; a test holds both
//! against each other over generated sets. This folder names nothing of the crate around it, so that test and bench
//! compile it by themselves.

mod scopes;

use cedar_policy::{
    Effect, Entities, EntityUid, EvalResult, Expression, Policy, PolicyId, PolicySet, PrincipalConstraint,
    Request, eval_expression,
};

use self::scopes::Scopes;

/// Policies, indexed by their scopes.
#[derive(Debug)]
pub(crate) struct Engine {
    rules: Vec<Rule>,
    scopes: Scopes,
}

/// A policy without its scope.
#[derive(Debug)]
struct Rule {
    id: PolicyId,
    effect: Effect,
    /// `None` where the scope is all of it.
    condition: Option<Expression>,
    /// Whether the scope names the principal it holds for: see [`names_principal`].
    names_principal: bool,
    /// Whether it is left undecided when the decision is made [`While::Unknown`].
    undecided: bool,
}

/// What the decision may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum While {
    /// Everything that policies read is there.
    Known,
    /// What the undecided policies read is not there: such a `permit` counts as satisfied, such a `forbid` as not.
    Unknown,
}

/// The answer, as Cedar gives it.
#[derive(Debug)]
pub(crate) struct Answer<'e> {
    pub(crate) allow: bool,
    /// The policies that determine it: the satisfied forbids, else the satisfied permits.
    pub(crate) reason: Vec<&'e PolicyId>,
    /// Whether the scope of a satisfied permit names the principal: see [`names_principal`].
    pub(crate) named: bool,
    pub(crate) errors: Vec<Erring<'e>>,
}

/// A policy that could not be evaluated.
#[derive(Debug)]
pub(crate) struct Erring<'e> {
    pub(crate) id: &'e PolicyId,
    pub(crate) effect: Effect,
    /// Whether it reads an entity that is not there, or an attribute that the entity does not have.
    pub(crate) missing_entity: bool,
}

impl Engine {
    /// Indexes `policies`; those for which `undecided` holds are left open when what they read is unknown.
    pub(crate) fn new(policies: &PolicySet, undecided: impl Fn(&PolicyId) -> bool) -> Self {
        let mut scopes = Scopes::default();
        let mut rules = Vec::new();
        for policy in policies.policies() {
            scopes.insert(rules.len(), policy);
            let condition = policy.as_ref().non_scope_constraints().cloned().map(Expression::from);
            let undecided = undecided(policy.id());
            rules.push(Rule {
                id: policy.id().clone(),
                effect: policy.effect(),
                condition,
                names_principal: names_principal(policy),
                undecided,
            });
        }
        scopes.shrink();
        Self { rules, scopes }
    }

    /// How many policies there are.
    pub(crate) fn count(&self) -> usize {
        self.rules.len()
    }

    /// Decides `request`.
    pub(crate) fn decide(&self, request: &Request, entities: &Entities, known: While) -> Answer<'_> {
        let (mut permits, mut forbids, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut named = false;
        for rule in self.applicable(request, entities) {
            let satisfied = match &rule.condition {
                _ if rule.undecided && known == While::Unknown => Ok(rule.effect == Effect::Permit),
                None => Ok(true),
                Some(condition) => holds(request, entities, condition),
            };
            match (satisfied, rule.effect) {
                (Ok(true), Effect::Permit) => {
                    named |= rule.names_principal;
                    permits.push(&rule.id);
                }
                (Ok(true), Effect::Forbid) => forbids.push(&rule.id),
                (Ok(false), _) => {}
                (Err(Unevaluated { missing_entity }), effect) => {
                    errors.push(Erring { id: &rule.id, effect, missing_entity });
                }
            }
        }
        let allow = forbids.is_empty() && !permits.is_empty();
        Answer { allow, reason: if forbids.is_empty() { permits } else { forbids }, named, errors }
    }

    /// The policies whose scope holds for `principal` and `action`, whatever the resource.
    pub(crate) fn concerning(
        &self,
        principal: &EntityUid,
        action: &EntityUid,
        entities: &Entities,
    ) -> impl Iterator<Item = &PolicyId> {
        let found = self.scopes.find_any_resource(principal, action, entities);
        found.into_iter().filter_map(|nth| self.rules.get(nth)).map(|rule| &rule.id)
    }

    /// The policies whose conditions are evaluated to decide `request`.
    pub(crate) fn evaluated(
        &self,
        request: &Request,
        entities: &Entities,
        known: While,
    ) -> impl Iterator<Item = &PolicyId> {
        let open = move |rule: &Rule| rule.undecided && known == While::Unknown;
        let evaluated = move |rule: &&Rule| rule.condition.is_some() && !open(rule);
        self.applicable(request, entities).filter(evaluated).map(|rule| &rule.id)
    }

    /// The ids of the policies whose scope holds for `request`.
    pub(crate) fn meeting(&self, request: &Request, entities: &Entities) -> impl Iterator<Item = &PolicyId> {
        self.applicable(request, entities).map(|rule| &rule.id)
    }

    /// The policies whose scope holds for `request`.
    fn applicable(&self, request: &Request, entities: &Entities) -> impl Iterator<Item = &Rule> {
        self.scopes.find(request, entities).into_iter().filter_map(|nth| self.rules.get(nth))
    }
}

/// Whether the scope of `policy` names an entity, or a type, that the principal must be: `principal in …` and `principal`
/// alone hold for principals that nobody thought of.
pub(crate) fn names_principal(policy: &Policy) -> bool {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(_) | PrincipalConstraint::Is(_) | PrincipalConstraint::IsIn(..) => true,
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => false,
    }
}

/// A condition that cannot be evaluated, or is no truth value.
struct Unevaluated {
    missing_entity: bool,
}

fn holds(request: &Request, entities: &Entities, condition: &Expression) -> Result<bool, Unevaluated> {
    match eval_expression(request, entities, condition) {
        Ok(EvalResult::Bool(holds)) => Ok(holds),
        Ok(_) => Err(Unevaluated { missing_entity: false }),
        Err(error) => {
            use cedar_policy::EvaluationError::{EntityAttrDoesNotExist, EntityDoesNotExist};
            let missing_entity = matches!(error, EntityDoesNotExist(_) | EntityAttrDoesNotExist(_));
            Err(Unevaluated { missing_entity })
        }
    }
}
