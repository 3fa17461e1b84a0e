//! What policies may talk about.

use std::collections::{BTreeMap, BTreeSet};

use doorward_config::{Config, PurposeRule, Route, RouteMethod};
use doorward_contract::{Operation, Schema};
use doorward_model::Fields;
use doorward_model::entity_type::{
    ANONYMOUS, AWS_ACCOUNT, AWS_ORGANIZATION, CERTIFICATE, CLIENT, EVENT_SOURCE, FUNCTION, ROLE, SENDER,
};
use doorward_policy::{ActionSpec, CallShape, HttpShape, Vocabulary};

use crate::contracts::Contracts;
use crate::token_shape;

/// One action a route and event.
pub(super) fn vocabulary(config: &Config, contracts: &Contracts) -> Vocabulary {
    let decided = config.routes.iter().enumerate().filter(|(_, route)| route.cloudevents.is_none());
    let routes = decided.map(|(place, route)| {
        let parents = route.resource.iter().flat_map(|rule| &rule.parents);
        ActionSpec {
            name: route.id.clone(),
            principals: principals(config, route),
            resource: route.resource.as_ref().map_or(FUNCTION, |rule| &rule.type_name).to_owned(),
            resource_parents: parents.map(|parent| parent.type_name.clone()).collect(),
            load: route.resource.as_ref().and_then(|rule| rule.load.as_ref()).map(|load| load.place.clone()),
            has_purpose: route.purpose.as_ref().is_some_and(PurposeRule::is_always_there),
            call: CallShape::Http(request_shape(config, route, contracts, place)),
        }
    });
    let events = config.events.iter().enumerate().map(|(place, event)| {
        let route =
            config.routes.iter().find(|route| event.route.as_ref().is_some_and(|of| of.id == route.id));
        let input = contracts.schema(place).map(Schema::input).cloned();
        let omissions = contracts.schema(place).map(Schema::omissions).unwrap_or_default().to_vec();
        ActionSpec {
            name: event.id.clone(),
            principals: match route {
                Some(route) => principals(config, route),
                None => vec![EVENT_SOURCE.to_owned()],
            },
            resource: FUNCTION.to_owned(),
            resource_parents: Vec::new(),
            load: None,
            has_purpose: event.purpose.is_some(),
            call: match route {
                Some(route) => CallShape::Http(HttpShape {
                    methods: methods(),
                    input,
                    omissions,
                    claimed: event.claims(),
                    invocation: false,
                    connection: false,
                    token: token_shape::token(config, route),
                    headers: route.context.headers.iter().map(|name| name.as_str().to_owned()).collect(),
                    query: route.context.query.clone(),
                }),
                None => {
                    CallShape::Event { kind: event.outermost(), claimed: event.claims(), input, omissions }
                }
            },
        }
    });
    Vocabulary {
        actions: routes.chain(events).collect(),
        purposes: config.door.purposes.clone(),
        attributes: token_shape::attributes_by_type(config),
        parents: parents_by_type(config),
        inputs_unknown: contracts.are_faulty(),
    }
}

/// The types of those whom the credentials that a route takes prove.
fn principals(config: &Config, route: &Route) -> Vec<String> {
    let issuers = route.issuers().filter_map(|name| config.issuer(name));
    let mut principals: Vec<String> = issuers.map(|issuer| issuer.principal.type_name.clone()).collect();
    if route.is_anonymous() {
        principals.push(ANONYMOUS.to_owned());
    }
    if route.accepts_api_keys() {
        principals.push(CLIENT.to_owned());
    }
    if route.takes_webhooks() {
        principals.push(SENDER.to_owned());
    }
    if let Some(iam) = config.iam.as_ref().filter(|_| route.accepts_iam()) {
        principals.extend([ROLE.to_owned(), iam.user_type.clone()]);
    }
    if route.accepts_certificates() {
        principals.push(CERTIFICATE.to_owned());
    }
    principals.sort();
    principals.dedup();
    principals
}

/// What credentials put callers in, beside groups, by the callers' type.
fn parents_by_type(config: &Config) -> BTreeMap<String, BTreeSet<String>> {
    let Some(iam) = &config.iam else { return BTreeMap::new() };
    let of = |child: &str, parents: &[&str]| {
        (child.to_owned(), parents.iter().map(|parent| (*parent).to_owned()).collect())
    };
    let both = [AWS_ACCOUNT, AWS_ORGANIZATION];
    // Where no front knows the organisation of a caller, `entities.json` may know that of an account.
    [of(ROLE, &both), of(&iam.user_type, &both), of(AWS_ACCOUNT, &[AWS_ORGANIZATION])].into()
}

/// What policies read of the requests of a route.
fn request_shape(config: &Config, route: &Route, contracts: &Contracts, place: usize) -> HttpShape {
    let (operation, payload) = (contracts.operation(place), contracts.payload(place));
    let omissions = operation.map(Operation::omissions).or(payload.map(Schema::omissions));
    HttpShape {
        methods: methods(),
        input: operation.and_then(Operation::input).or(payload.map(Schema::input)).cloned(),
        omissions: omissions.unwrap_or_default().to_vec(),
        invocation: route.invoke().is_some(),
        connection: route.socket().is_some(),
        token: token_shape::token(config, route),
        headers: route.context.headers.iter().map(|name| name.as_str().to_owned()).collect(),
        query: route.context.query.clone(),
        claimed: Fields::new(),
    }
}

/// Of every route: what is said of all requests at once names methods that no route takes today.
fn methods() -> Vec<String> {
    RouteMethod::ALL.iter().map(|method| method.as_str().to_owned()).collect()
}
