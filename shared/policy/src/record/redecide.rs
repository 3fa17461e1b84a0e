use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entity, EntityUid, Policy, PolicyId, Request, RestrictedExpression};
use doorward_model::entity_type::FUNCTION;
use doorward_model::{DenyReason, Facts, Reads};
use serde_json::Value;

use crate::compile::Policies;
use crate::decide::{Asked, close, refuse};
use crate::deep_stack::on_deep_stack;
use crate::engine::While;
use crate::entities::express::Unfit;
use crate::entities::loaded::Loaded;
use crate::entities::{self, Given};
use crate::question::Decision;
use crate::reads::policy_reads;
use crate::record::untold::Untold;
use crate::schema::actions::Action;

/// Policies that recorded decisions are made again by.
#[derive(Debug)]
pub struct Redecider<'p> {
    policies: &'p Policies,
    reads: HashMap<PolicyId, Reads>,
}

/// What came of making a recorded decision again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redecision {
    /// So would these policies have decided.
    Told(Decision),
    /// It cannot be told: a policy whose scope applies reads these parts of the call, which were not kept, since no
    /// policy of that time read them.
    Untold(Vec<String>),
    /// The record is none that can be read.
    Unreadable,
}

impl<'p> Redecider<'p> {
    /// Decides by `policies`.
    #[must_use]
    pub fn new(policies: &'p Policies) -> Self {
        let of = |policy: &Policy| (policy.id().clone(), policy_reads::reads(policy));
        // A policy of which nothing is told is taken to read everything.
        let reads = || policies.set.policies().map(of).collect();
        Self { policies, reads: on_deep_stack(reads).unwrap_or_default() }
    }

    /// Makes a recorded decision again. The question stands as it was asked: action, principal, resource, time, purpose,
    /// and what the request brought to them. Of entities, what `entities.json` gives is what the one beside these
    /// policies gives, whatever the one of that time gave.
    #[must_use]
    pub fn redecide(&self, facts: &Facts) -> Redecision {
        let Some(action) = self.policies.actions.get(&facts.action) else {
            return Redecision::Told(refuse(DenyReason::UnknownAction));
        };
        match self.ask(action, facts) {
            Ok(asked) => self.answer(action, &asked, facts),
            Err(Unasked::Unfit) => Redecision::Told(refuse(DenyReason::Unfit)),
            Err(Unasked::Unreadable) => Redecision::Unreadable,
        }
    }

    fn ask(&self, action: &Action, facts: &Facts) -> Result<Asked, Unasked> {
        let (principal_type, principal) = self.policies.entity(&facts.principal)?;
        let (resource_type, resource) = self.policies.entity(&facts.resource)?;
        if !action.principals.contains(principal.type_name()) || action.resource != *resource.type_name() {
            return Err(Unasked::Unfit);
        }
        let mut subjects: HashMap<EntityUid, Given> =
            [&principal, &resource].map(|uid| (uid.clone(), Given::default())).into();
        let mut item = None;
        for json in &facts.given {
            let entity = Entity::from_json_value(json.clone(), None).map_err(|_| Unasked::Unreadable)?;
            let (uid, attributes, parents) = entity.into_inner();
            let of = if uid == principal { principal_type } else { resource_type };
            if parents.iter().any(|parent| !of.ancestors.contains(parent.type_name())) {
                return Err(Unasked::Unfit);
            }
            let given = subjects.get_mut(&uid).ok_or(Unasked::Unreadable)?;
            let written = |parent: &EntityUid| parent.type_name().to_string() != FUNCTION;
            if uid != principal {
                given.by_path.extend(parents.iter().filter(|parent| written(parent)).cloned());
            }
            given.parents.extend(parents);
            if uid == principal {
                let from_tokens = |(name, _): &(String, _)| principal_type.from_tokens.contains_key(name);
                given.attributes.extend(attributes.into_iter().filter(from_tokens));
            } else if action.loads {
                item = Some(loaded(uid, attributes).ok_or(Unasked::Unreadable)?);
            }
        }
        let entities = self.policies.store.load(&action.entity, subjects, item.as_ref())?;
        let context = Context::from_json_value(Value::Object(facts.context.clone()), None);
        let context = context.map_err(|_| Unasked::Unreadable)?;
        // What was cut away is missing, so that the schema cannot check the context.
        let request = Request::new(principal, action.uid.clone(), resource, context, None);
        let unknown = facts.input_unknown && action.context.input.is_some();
        Ok(Asked {
            request: request.map_err(|_| Unasked::Unfit)?,
            entities,
            known: if unknown { While::Unknown } else { While::Known },
        })
    }

    /// The answer, if the policies whose conditions are asked read nothing that was not kept.
    fn answer(&self, action: &Action, asked: &Asked, facts: &Facts) -> Redecision {
        let Some(mut untold) = Untold::new(self.policies, action, asked, facts) else {
            return Redecision::Unreadable;
        };
        let engine = &self.policies.engine;
        for id in engine.evaluated(&asked.request, &asked.entities, asked.known) {
            match self.reads.get(id) {
                Some(reads) => untold.need(reads),
                None => untold.need(&Reads::everything()),
            }
        }
        let missing = untold.paths();
        if missing.is_empty() { Redecision::Told(close(engine, asked)) } else { Redecision::Untold(missing) }
    }
}

/// The resource as its item made it, as far as it was kept.
fn loaded(uid: EntityUid, attributes: HashMap<String, RestrictedExpression>) -> Option<Loaded> {
    let entity = Entity::new(uid, attributes, HashSet::new()).ok()?;
    let references = entities::references(&entity).ok()?;
    Some(Loaded { entity, references })
}

/// Why a recorded question cannot be asked.
enum Unasked {
    /// The other policies' schema has no place for it.
    Unfit,
    /// The record cannot be read.
    Unreadable,
}

impl From<Unfit> for Unasked {
    fn from(Unfit: Unfit) -> Self {
        Self::Unfit
    }
}
