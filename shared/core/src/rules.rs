use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZeroU64;
use std::sync::OnceLock;

use doorward_config::{
    Certificates, Config, Durability, EventRule, Iam, Issuer, JwksLocation, Plan, PurposeRule, Route, Scopes,
    Target, Webhook,
};
use doorward_contract::{Document, Operation, Schema};
use doorward_model::entity_type::{
    ANONYMOUS, AWS_ACCOUNT, AWS_ORGANIZATION, CERTIFICATE, CLIENT, EVENT_SOURCE, FUNCTION, ROLE, SENDER,
};
use doorward_model::{EntityName, Fault, Faults, Fields, Front, IamFault, Place, Principal};
use doorward_policy::{
    ActionSpec, CallShape, Candidate, Grant, HttpShape, Policies, SourceFile, Sources, Validated, Vocabulary,
};

use crate::authorizer_cache::{self, Reuse};
use crate::bundle::{Bundle, Source};
use crate::contracts::Contracts;
use crate::identify;
use crate::keys::KeySet;
use crate::load::{self, LoadRules};
use crate::merged_contract;
use crate::own_usage;
use crate::router::Router;
use crate::token_shape;
use crate::units::Units;

/// A bundle, checked and compiled: what the pipeline reads and never changes. Every name of the configuration is
/// resolved here, so that a call looks nothing up but its path.
#[derive(Debug)]
pub struct Rules {
    config: Config,
    policies: Policies,
    pub(crate) router: Router,
    pub(crate) routes: Vec<RouteRules>,
    /// How callers prove who they are when they ask for their own usage.
    pub(crate) own_usage: Option<RouteRules>,
    pub(crate) events: Vec<EventRules>,
    /// The rule of each CloudEvent, and what holds for a request that brings one: of its route, and of the rule.
    pub(crate) cloud_events: Vec<(EventRule, RouteRules)>,
    openings: BTreeMap<Front, usize>,
    pub(crate) key_sets: HashMap<String, KeySet>,
    /// Whether some route takes API keys, so that requests may hold one.
    pub(crate) takes_api_keys: bool,
    pub(crate) reuse: Reuse,
    /// The actions whose policies read the caller's address; found when it is first asked for.
    pub(crate) by_address: OnceLock<HashSet<String>>,
    /// What contracts stand in, and all of them as one text; written when it is first asked for.
    documents: HashMap<String, Document>,
    merged: OnceLock<Option<String>>,
    digest: String,
}

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

impl Rules {
    /// Checks and compiles `bundle`; `lookup` gives the environment's overrides.
    ///
    /// # Errors
    /// Every fault of the configuration, the contracts and the policies, together. What cannot be read hides no fault
    /// but those that depend on it: without the configuration, contracts and policies are held to their own form only.
    pub fn compile(bundle: &Bundle, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        Self::build(bundle, None, lookup)
    }

    /// As [`Rules::compile`], but what this version of the door validated when it packed an archive is not validated
    /// again: the archive's digest shows that it is the same, and that it was found to be so. What another version packed
    /// is validated again, and keeps its digest.
    ///
    /// # Errors
    /// As [`Rules::compile`].
    pub fn open(source: &Source, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        match source {
            Source::Files(bundle) => Self::build(bundle, None, lookup),
            Source::Archive(archive) => {
                let rules = Self::build(archive.bundle(), archive.validated(), lookup)?;
                Ok(Self { digest: archive.digest().to_owned(), ..rules })
            }
        }
    }

    fn build(
        bundle: &Bundle,
        validated: Option<&Validated>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Faults> {
        let (name, text) = &bundle.config;
        let config = doorward_config::parse(name, text).and_then(|config| config.with_environment(lookup));
        let config = match config {
            Ok(config) => config,
            Err(mut faults) => {
                faults.0.extend(form_faults(bundle, doorward_config::shadow_folder(text).as_deref()));
                return Err(distinct(faults));
            }
        };
        let mut faults = Faults::default();
        let contracts = Contracts::compile(bundle, &config, &mut faults);
        let key_sets = read_key_sets(bundle, &config, &mut faults);
        let vocabulary = vocabulary(&config, &contracts);
        let router = Router::new(&config.routes)
            .map_err(|path| faults.0.push(Fault::new(format!("the path `{path}` conflicts with another"))));
        let policies = compile_policies(bundle, &config, &vocabulary, validated, &mut faults);
        let policies = policies.map_err(|more| faults.0.extend(more.0));
        faults.0.extend(misplaced(bundle, &config));
        let units = compile_units(&config, &contracts, &mut faults);
        let (Ok(router), Ok(policies)) = (router, policies) else { return Err(distinct(faults)) };
        if config.authorizer.place.is_some() {
            // What was packed was looked at then.
            let reads = validated.is_none().then(|| policies.reads_by_action());
            faults.0.extend(authorizer_cache::faults(&config, reads.as_ref()));
        }
        let Contracts { operations, payloads, schemas, documents, .. } = contracts;
        let routes =
            resolve_routes(&config, operations.into_iter().zip(payloads), units, &policies, &mut faults);
        let (events, cloud_events) = resolve_events(&config, schemas, &routes, &mut faults);
        let digest = bundle.digest(policies.depth(), policies.schema());
        let takes_api_keys = config.routes.iter().any(Route::accepts_api_keys);
        let own_usage = resolve_own_usage(&config);
        let reuse = Reuse::of(&config.authorizer);
        let openings = config.openings();
        let (by_address, merged) = (OnceLock::new(), OnceLock::new());
        let rules = Self {
            reuse,
            by_address,
            documents,
            merged,
            router,
            policies,
            routes,
            own_usage,
            events,
            cloud_events,
            openings,
            key_sets,
            takes_api_keys,
            digest,
            config,
        };
        distinct(faults).or(rules)
    }

    /// The checked configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whose messages are opened to the events that they carry, and how many may be within each other.
    #[must_use]
    pub fn openings(&self) -> &BTreeMap<Front, usize> {
        &self.openings
    }

    /// The contracts of all routes as one OpenAPI 3.1 document, in JSON; `None` where `[door] openapi` is `"off"`.
    #[must_use]
    pub fn openapi(&self) -> Option<&str> {
        let write =
            || merged_contract::write(&self.config, &self.documents).map(|document| document.to_string());
        self.merged.get_or_init(write).as_deref()
    }

    /// The compiled policies.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// `principal` in the account that its id says, where it is a caller of IAM's; any other as it is.
    ///
    /// # Errors
    /// [`IamFault`] where no such caller of IAM's could come, or is let in.
    pub fn place(&self, principal: &Principal) -> Result<Principal, IamFault> {
        let placed = self.config.iam.as_ref().and_then(|iam| identify::iam::stated(principal, iam));
        placed.unwrap_or_else(|| Ok(principal.clone()))
    }

    /// What `principal` may do, whatever the call: every permit that may hold, and what may still forbid it.
    #[must_use]
    pub fn can(&self, principal: &Principal) -> Vec<Grant> {
        let cloud_events = self.cloud_events.iter().map(|(_, rules)| rules);
        let routes = self.routes.iter().filter(|rules| rules.route.cloudevents.is_none()).chain(cloud_events);
        let routes = routes.map(|rules| (rules.route.id.clone(), rules.function.clone()));
        let events = self.events.iter().map(|rules| (rules.rule.id.clone(), rules.function.clone()));
        let principal = self.place(principal).unwrap_or_else(|_| principal.clone());
        self.policies.can(&principal, &routes.chain(events).collect())
    }

    /// The bundle's digest: of its files and of what was found in them, or the one that its archive states.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The digest's first twelve digits, by which lines and rows name the bundle.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }
}

/// Parts that several operations share are looked at with each of them.
fn distinct(faults: Faults) -> Faults {
    let mut seen = HashSet::new();
    Faults(faults.0.into_iter().filter(|fault| seen.insert(fault.to_string())).collect())
}

fn form_faults(bundle: &Bundle, shadow: Option<&str>) -> Vec<Fault> {
    let policies = PolicyFiles::of(bundle, shadow);
    Contracts::check_form(bundle)
        .into_iter()
        .chain(doorward_policy::check_form(&policies.sources()))
        .collect()
}

fn read_key_sets(bundle: &Bundle, config: &Config, faults: &mut Faults) -> HashMap<String, KeySet> {
    let mut found = HashMap::new();
    for issuer in &config.issuers {
        let JwksLocation::File { path: file, place } = &issuer.jwks else { continue };
        let read = match bundle.files.get(file) {
            None => Err(Fault::new(format!("the key set `{file}` is not there"))
                .at(place.clone())
                .hint("key sets are looked for below the folder that holds the policies")),
            Some(text) => KeySet::parse(text.as_bytes()).map_err(|cause| {
                Fault::new(format!("the key set cannot be read: {cause}")).at(Place::new(file, text, 0..0))
            }),
        };
        match read {
            Ok(set) => drop(found.insert(issuer.name.clone(), set)),
            Err(fault) => faults.0.push(fault),
        }
    }
    found
}

fn compile_policies(
    bundle: &Bundle,
    config: &Config,
    vocabulary: &Vocabulary,
    validated: Option<&Validated>,
    faults: &mut Faults,
) -> Result<Policies, Faults> {
    let files = PolicyFiles::of(bundle, config.shadow.as_ref().map(|shadow| shadow.folder.as_str()));
    if let (Some(shadow), Some((candidates, _))) = (&config.shadow, &files.candidate)
        && candidates.is_empty()
    {
        let fault = Fault::new(format!("no policy is below `{}`", shadow.folder)).at(shadow.place.clone());
        let hint = "candidates are `.cedar` files, below the folder that holds the policies";
        faults.0.push(fault.hint(hint));
    }
    let recorded = config.door.record_decisions.is_some();
    Policies::compile_validated(&Sources { recorded, ..files.sources() }, vocabulary, validated)
}

/// The files of a bundle that make its policies.
struct PolicyFiles {
    policies: Vec<SourceFile>,
    links: Option<SourceFile>,
    /// Policies and links of the candidate set.
    candidate: Option<(Vec<SourceFile>, Option<SourceFile>)>,
    schemas: Vec<SourceFile>,
    entities: Option<SourceFile>,
}

impl PolicyFiles {
    /// `shadow` is the folder of the candidate set.
    fn of(bundle: &Bundle, shadow: Option<&str>) -> Self {
        let source = |(name, text): (&str, &str)| SourceFile { name: name.to_owned(), text: text.to_owned() };
        let named = |name: &str| bundle.files.get(name).map(|text| source((name, text)));
        // The generated schema may be kept beside the policies for editors; it declares what is generated again here.
        let schemas = bundle.ending(".cedarschema").filter(|(name, _)| *name != "doorward.cedarschema");
        let folder = shadow.map(|folder| format!("{folder}/"));
        let is_candidate = |name: &str| folder.as_deref().is_some_and(|folder| name.starts_with(folder));
        let (candidates, policies) =
            bundle.ending(".cedar").map(source).partition(|file: &SourceFile| is_candidate(&file.name));
        Self {
            policies,
            links: named("links.json"),
            candidate: folder.as_ref().map(|folder| (candidates, named(&format!("{folder}links.json")))),
            schemas: schemas.map(source).collect(),
            entities: named("entities.json"),
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            policies: &self.policies,
            links: self.links.as_ref(),
            candidate: self
                .candidate
                .as_ref()
                .map(|(policies, links)| Candidate { policies, links: links.as_ref() }),
            schemas: &self.schemas,
            entities: self.entities.as_ref(),
            recorded: false,
        }
    }
}

/// Links and entities that would go unread: each has one place, and a `forbid` that a link makes must not be lost with it.
fn misplaced(bundle: &Bundle, config: &Config) -> Vec<Fault> {
    let candidate = config.shadow.as_ref().map(|shadow| format!("{}/links.json", shadow.folder));
    let contracts = config.routes.iter().filter_map(|route| Some(&route.contract.as_ref()?.file));
    let payloads = config.routes.iter().filter_map(|route| Some(&route.payload_contract()?.file));
    let contracts = contracts
        .chain(payloads)
        .chain(config.events.iter().filter_map(|event| Some(&event.contract.as_ref()?.file)));
    let key_sets = config.issuers.iter().filter_map(|issuer| match &issuer.jwks {
        JwksLocation::File { path, .. } => Some(path),
        JwksLocation::Url(_) | JwksLocation::Discovery => None,
    });
    let read: HashSet<&String> = contracts.chain(key_sets).chain(&candidate).collect();
    let fault = |(name, text): (&String, &String)| {
        let (_, own) = name.rsplit_once('/')?;
        let hint = match own {
            "links.json" => {
                "links stand in `links.json` in the folder that holds the policies, those of candidates in `links.json` in theirs"
            }
            "entities.json" => "entities stand in `entities.json` in the folder that holds the policies",
            _ => return None,
        };
        let fault = Fault::new(format!("nothing reads `{own}` in a folder within the policies'"));
        (!read.contains(name)).then(|| fault.at(Place::new(name, text, 0..0)).hint(hint))
    };
    bundle.files.iter().filter_map(fault).collect()
}

/// What policies may talk about: one action a route and event.
fn vocabulary(config: &Config, contracts: &Contracts) -> Vocabulary {
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
                    input,
                    omissions,
                    claimed: event.claims(),
                    invocation: false,
                    connection: false,
                    token: token_shape::token(config, route),
                    headers: route.context.headers.iter().map(|name| name.as_str().to_owned()).collect(),
                    query: route.context.query.clone(),
                }),
                None => CallShape::Event {
                    kind: event.outermost(),
                    carried: (!event.through.is_empty()).then_some(event.source),
                    input,
                    omissions,
                },
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

/// What the calls of each route count for, in the order of the routes; `None` where that is a fault.
fn compile_units(config: &Config, contracts: &Contracts, faults: &mut Faults) -> Vec<Option<Units>> {
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

fn resolve_routes(
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
fn resolve_own_usage(config: &Config) -> Option<RouteRules> {
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
fn resolve_events(
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
