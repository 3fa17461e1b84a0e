//! Routes and events with all that their configuration names.

use std::num::NonZeroU64;

use doorward_config::{
    Certificates, Config, Durability, EventRule, Iam, Issuer, Plan, PurposeRule, Route, Scopes, Target,
    Webhook,
};
use doorward_contract::{Operation, Schema};
use doorward_model::entity_type::FUNCTION;
use doorward_model::{EntityName, Fault, Faults};
use doorward_policy::Policies;

use crate::contracts::Contracts;
use crate::load::{self, LoadRules};
use crate::own_usage;
use crate::units::Units;

/// A route with all that its configuration names.
#[derive(Debug)]
pub(crate) struct RouteRules {
    pub(crate) route: Route,
    /// As configured: `POST /orders/{id}`.
    pub(crate) key: String,
    pub(crate) operation: Option<Operation>,
    /// The schema of the payload of an invocation or a message.
    pub(crate) schema: Option<Schema>,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) webhooks: Vec<Webhook>,
    /// What holds for IAM callers, where it accepts them.
    pub(crate) iam: Option<Iam>,
    /// What holds for client certificates, where it accepts them.
    pub(crate) certificates: Option<Certificates>,
    pub(crate) target: Target,
    /// The target as a Cedar entity.
    pub(crate) function: EntityName,
    pub(crate) load: Option<LoadRules>,
    /// What its calls count for.
    pub(crate) units: Units,
    pub(crate) plan: Option<Plan>,
}

/// An event rule with all that its configuration names.
#[derive(Debug)]
pub(crate) struct EventRules {
    pub(crate) rule: EventRule,
    pub(crate) target: Target,
    /// The target as a Cedar entity.
    pub(crate) function: EntityName,
    pub(crate) plan: Option<Plan>,
    /// The schema of its payload.
    pub(crate) contract: Option<Schema>,
}

/// The plan of every caller of a route whose credentials name no other.
const DEFAULT_PLAN: &str = "default";

/// What the calls of each route count for, in the order of the routes; `None` where that is a fault.
pub(super) fn compile_units(
    config: &Config,
    contracts: &Contracts,
    faults: &mut Faults,
) -> Vec<Option<Units>> {
    let compile = |(place, route): (usize, &Route)| {
        let (operation, payload) = (contracts.operation(place), contracts.payload(place));
        // Where a contract cannot be read, that is the fault.
        let states_none = route.contract.is_none() && route.payload_contract().is_none();
        let is_known = operation.is_some() || payload.is_some() || states_none;
        let input = operation.and_then(Operation::input).or(payload.map(Schema::input));
        let units = Units::compile(&route.units, input);
        units.map_err(|fault| faults.0.extend(is_known.then_some(fault))).ok()
    };
    config.routes.iter().enumerate().map(compile).collect()
}

pub(super) fn resolve_routes(
    config: &Config,
    contracts: impl Iterator<Item = (Option<Operation>, Option<Schema>)>,
    units: Vec<Option<Units>>,
    policies: &Policies,
    faults: &mut Faults,
) -> Vec<RouteRules> {
    let plan = plan(config, Some(DEFAULT_PLAN));
    let mut loads = load::rules(config, policies);
    let of_contracts = contracts.zip(units);
    let resolved =
        config.routes.iter().zip(of_contracts).filter_map(|(route, ((operation, schema), units))| {
            let target = target(config, &route.target, faults)?;
            Some(RouteRules {
                units: units?,
                key: route.matched.to_string(),
                operation,
                schema,
                issuers: route.issuers().filter_map(|name| config.issuer(name)).cloned().collect(),
                webhooks: route.webhooks().filter_map(|name| config.webhook(name)).cloned().collect(),
                iam: config.iam.clone().filter(|_| route.accepts_iam()),
                certificates: config.certificates.clone().filter(|_| route.accepts_certificates()),
                function: EntityName::new(FUNCTION, &target.name),
                target,
                load: loads.remove(&route.id),
                plan: plan.clone(),
                route: route.clone(),
            })
        });
    resolved.collect()
}

/// What stands for a route where callers ask for their own usage: it takes every kind of credentials that some route
/// takes. `None` where none proves anybody.
pub(super) fn resolve_own_usage(config: &Config) -> Option<RouteRules> {
    let first = config.routes.first()?;
    let auth = own_usage::credentials(config.routes.iter().map(|route| route.auth.as_slice()));
    if auth.is_empty() {
        return None;
    }
    let route = Route {
        id: own_usage::ACTION.to_owned(),
        auth,
        scopes: Scopes::default(),
        contract: None,
        ..first.clone()
    };
    Some(RouteRules {
        units: Units::Fixed(NonZeroU64::MIN),
        key: own_usage::ACTION.to_owned(),
        operation: None,
        schema: None,
        issuers: route.issuers().filter_map(|name| config.issuer(name)).cloned().collect(),
        webhooks: Vec::new(),
        iam: config.iam.clone(),
        certificates: config.certificates.clone(),
        target: config.target(&first.target)?.clone(),
        function: EntityName::new(FUNCTION, own_usage::ACTION),
        load: None,
        plan: plan(config, Some(DEFAULT_PLAN)),
        route,
    })
}

/// The events of sources, and those of requests.
pub(super) fn resolve_events(
    config: &Config,
    schemas: Vec<Option<Schema>>,
    routes: &[RouteRules],
    faults: &mut Faults,
) -> (Vec<EventRules>, Vec<(EventRule, RouteRules)>) {
    let (mut of_sources, mut of_requests) = (Vec::new(), Vec::new());
    for (rule, contract) in config.events.iter().zip(schemas) {
        let Some(target) = target(config, &rule.target, faults) else { continue };
        let function = EntityName::new(FUNCTION, &target.name);
        let own = plan(config, rule.plan.as_deref());
        let Some(of) = &rule.route else {
            of_sources.push(EventRules { function, target, plan: own, contract, rule: rule.clone() });
            continue;
        };
        if let Some(route) = routes.iter().find(|rules| rules.route.id == of.id) {
            of_requests.push((rule.clone(), of_request(rule, route, (target, function), contract, own)));
        }
    }
    (of_sources, of_requests)
}

/// What holds for a request that brings one event: what its route says of requests and callers, and its rule of the rest.
fn of_request(
    rule: &EventRule,
    route: &RouteRules,
    (target, function): (Target, EntityName),
    schema: Option<Schema>,
    plan: Option<Plan>,
) -> RouteRules {
    RouteRules {
        route: Route {
            id: rule.id.clone(),
            target: rule.target.clone(),
            purpose: rule.purpose.clone().map(PurposeRule::Fixed),
            // It is claimed by its own id before its target is called.
            durability: Durability::Intent,
            ..route.route.clone()
        },
        key: route.key.clone(),
        operation: None,
        schema,
        issuers: route.issuers.clone(),
        webhooks: route.webhooks.clone(),
        iam: route.iam.clone(),
        certificates: route.certificates.clone(),
        target,
        function,
        load: None,
        units: Units::Fixed(NonZeroU64::MIN),
        plan: plan.or_else(|| route.plan.clone()),
    }
}

/// A checked configuration declares every target that it names; one that did not must not open.
fn target(config: &Config, name: &str, faults: &mut Faults) -> Option<Target> {
    let found = config.targets.iter().find(|target| target.name == name);
    if found.is_none() {
        faults.0.push(Fault::new(format!("no target is named `{name}`")));
    }
    found.cloned()
}

fn plan(config: &Config, name: Option<&str>) -> Option<Plan> {
    config.plan(name?).cloned()
}
