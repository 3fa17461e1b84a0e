use std::collections::HashMap;

use doorward_config::{Config, ContractRef, EventRule, Route, Target};
use doorward_contract::{Document, Operation};
use doorward_model::{Fault, Faults, Principal};
use doorward_policy::{ActionSpec, CallShape, Policies, SourceFile, Vocabulary};

use crate::bundle::Bundle;
use crate::router::Router;

/// A bundle, checked and compiled: what the pipeline reads and never changes.
#[derive(Debug)]
pub struct Rules {
    pub(crate) config: Config,
    pub(crate) router: Router,
    pub(crate) policies: Policies,
    /// One a route, where it has a contract.
    operations: Vec<Option<Operation>>,
    /// Targets of routes and events, by name.
    targets: HashMap<String, Target>,
    pub(crate) jwks_files: HashMap<String, String>,
    digest: String,
}

impl Rules {
    /// Checks and compiles `bundle`; `lookup` gives the environment's overrides.
    ///
    /// # Errors
    /// Every fault of the configuration, the contracts and the policies, together. Contracts and policies can only be
    /// looked at where the configuration can be read.
    pub fn compile(bundle: &Bundle, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let (name, text) = &bundle.config;
        let config = doorward_config::parse(name, text)?.with_environment(lookup)?;
        let mut faults = Faults::default();
        let operations = compile_contracts(bundle, &config, &mut faults);
        // Shared parts of a contract are looked at with each operation that uses them.
        faults.0.dedup_by(|later, earlier| later == earlier);
        let jwks_files = find_jwks_files(bundle, &config, &mut faults);
        let router =
            Router::new(&config.routes).map_err(|path| Fault::new(format!("the path `{path}` conflicts")))?;
        let policies = match compile_policies(bundle, &config, &operations) {
            Ok(policies) => Some(policies),
            Err(more) => {
                faults.0.extend(more.0);
                None
            }
        };
        let targets = config.targets.iter().map(|target| (target.name.clone(), target.clone())).collect();
        match policies {
            Some(policies) => faults.or(Self {
                router,
                policies,
                operations,
                targets,
                jwks_files,
                digest: bundle.digest(),
                config,
            }),
            None => Err(faults),
        }
    }

    /// The checked configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The compiled policies.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The bundle's digest.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn route(&self, place: usize) -> Option<(&Route, Option<&Operation>)> {
        let route = self.config.routes.get(place)?;
        Some((route, self.operations.get(place).and_then(Option::as_ref)))
    }

    pub(crate) fn event(&self, place: usize) -> Option<&EventRule> {
        self.config.events.get(place)
    }

    pub(crate) fn target(&self, name: &str) -> Option<&Target> {
        self.targets.get(name)
    }
}

fn compile_contracts(bundle: &Bundle, config: &Config, faults: &mut Faults) -> Vec<Option<Operation>> {
    let mut documents: HashMap<&str, Option<Document>> = HashMap::new();
    let mut operations = Vec::with_capacity(config.routes.len());
    for route in &config.routes {
        let Some(ContractRef { file, operation }) = &route.contract else {
            operations.push(None);
            continue;
        };
        let document = documents.entry(file).or_insert_with(|| read_document(bundle, file, faults));
        let found = document.as_ref().map(|document| document.operation(operation));
        match found {
            Some(Ok(found)) => {
                faults.0.extend(compare(route, &found));
                operations.push(Some(found));
            }
            Some(Err(more)) => {
                faults.0.extend(more.0);
                operations.push(None);
            }
            None => operations.push(None),
        }
    }
    operations
}

fn read_document(bundle: &Bundle, file: &str, faults: &mut Faults) -> Option<Document> {
    let Some(text) = bundle.files.get(file) else {
        let fault = Fault::new(format!("the contract `{file}` is not there"))
            .hint("contracts are looked for below the folder that holds the policies");
        faults.0.push(fault);
        return None;
    };
    match Document::parse(file, text) {
        Ok(document) => Some(document),
        Err(more) => {
            faults.0.extend(more.0);
            None
        }
    }
}

/// A contract that describes another request than the route matches checks nothing.
fn compare(route: &Route, operation: &Operation) -> Option<Fault> {
    let same = route.method == *operation.method() && route.path == operation.path_template();
    (!same).then(|| {
        Fault::new(format!(
            "the route `{}` matches `{} {}`, but its contract describes `{} {}`",
            route.id,
            route.method,
            route.path,
            operation.method(),
            operation.path_template()
        ))
    })
}

fn find_jwks_files(bundle: &Bundle, config: &Config, faults: &mut Faults) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for issuer in &config.issuers {
        if let doorward_config::JwksLocation::File(file) = &issuer.jwks {
            match bundle.files.get(file) {
                Some(text) => {
                    found.insert(issuer.name.clone(), text.clone());
                }
                None => faults.0.push(Fault::new(format!(
                    "the key set `{file}` of the issuer `{}` is not there",
                    issuer.name
                ))),
            }
        }
    }
    found
}

fn compile_policies(
    bundle: &Bundle,
    config: &Config,
    operations: &[Option<Operation>],
) -> Result<Policies, Faults> {
    let source = |(name, text): (&str, &str)| SourceFile { name: name.to_owned(), text: text.to_owned() };
    let policies: Vec<SourceFile> = bundle.ending(".cedar").map(source).collect();
    // The generated schema may be kept beside the policies for editors; it declares what is generated again here.
    let written = |(name, _): &(&str, &str)| *name != "doorward.cedarschema";
    let schemas: Vec<SourceFile> = bundle.ending(".cedarschema").filter(written).map(source).collect();
    let entities = bundle.files.get("entities.json").map(|text| source(("entities.json", text)));
    Policies::compile(&policies, &schemas, entities.as_ref(), &vocabulary(config, operations))
}

/// What policies may talk about: one action a route and event.
fn vocabulary(config: &Config, operations: &[Option<Operation>]) -> Vocabulary {
    let routes = config.routes.iter().zip(operations).map(|(route, operation)| {
        let issuers = route.auth.iter().filter_map(|name| config.issuer(name));
        let mut principals: Vec<String> = issuers.map(|issuer| issuer.principal.type_name.clone()).collect();
        if route.anonymous {
            principals.push(Principal::ANONYMOUS.to_owned());
        }
        principals.sort();
        principals.dedup();
        ActionSpec {
            name: route.id.clone(),
            principals,
            resource: route.resource.as_ref().map_or(FUNCTION, |rule| &rule.type_name).to_owned(),
            call: CallShape::Http {
                input: operation.as_ref().and_then(|operation| operation.input().cloned()),
            },
        }
    });
    let events = config.events.iter().map(|event| ActionSpec {
        name: event.id.clone(),
        principals: vec![EVENT_SOURCE.to_owned()],
        resource: FUNCTION.to_owned(),
        call: CallShape::Event { kind: event.source, input: None },
    });
    Vocabulary { actions: routes.chain(events).collect(), purposes: config.door.purposes.clone() }
}

/// Cedar entity type of targets.
pub(crate) const FUNCTION: &str = "Function";

/// Cedar entity type of what sends events.
pub(crate) const EVENT_SOURCE: &str = "EventSource";
