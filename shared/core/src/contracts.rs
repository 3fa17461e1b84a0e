use std::collections::HashMap;
use std::sync::Arc;

use doorward_config::{CheckAnswers, Config, ContractRef, Route, RouteMatch, SchemaRef, Target};
use doorward_contract::{Document, Library, Operation, Schema};
use doorward_model::{Fault, Faults, Place};

use crate::bundle::Bundle;

/// The contracts of all routes and events, in their order.
pub(crate) struct Contracts {
    /// One a route.
    pub(crate) operations: Vec<Option<Operation>>,
    /// Of the payloads of invocations and messages, one a route.
    pub(crate) payloads: Vec<Option<Schema>>,
    /// One an event.
    pub(crate) schemas: Vec<Option<Schema>>,
    /// The documents that routes name, by their files.
    pub(crate) documents: HashMap<String, Document>,
    /// What is hardly meant, and no fault.
    pub(crate) notes: Vec<Fault>,
    faulty: bool,
}

/// Where contracts are by convention; one that a route names may be anywhere in the bundle.
const FOLDER: &str = "contracts/";

impl Contracts {
    /// Reads and compiles what the routes and events name.
    pub(crate) fn compile<'a>(bundle: &Bundle, config: &'a Config, faults: &mut Faults) -> Self {
        let before = faults.0.len();
        let library = library(bundle);
        let mut documents: HashMap<&'a str, Option<Document>> = HashMap::new();
        let mut operation = |route: &'a Route| {
            let reference = route.contract.as_ref()?;
            let ContractRef { file, operation, place } = reference;
            let document = documents.entry(file).or_insert_with(|| read(&library, config, reference, faults));
            let document = document.as_ref()?;
            match document.operation(operation) {
                Ok(found) => {
                    faults.0.extend(compare(route, &found, place));
                    let target = config.target(&route.target);
                    faults.0.extend(target.and_then(|target| unanswered(route, &found, target, place)));
                    Some(found)
                }
                Err(more) => {
                    faults.0.extend(more.0);
                    None
                }
            }
        };
        let operations = config.routes.iter().map(&mut operation).collect();
        let mut schema = |reference: Option<&SchemaRef>| schema(&library, reference?, faults);
        let payloads = config.routes.iter().map(|route| schema(route.payload_contract())).collect();
        let schemas = config.events.iter().map(|event| schema(event.contract.as_ref())).collect();
        let documents =
            documents.into_iter().filter_map(|(file, document)| Some((file.to_owned(), document?)));
        let documents = documents.collect();
        Self {
            operations,
            payloads,
            schemas,
            documents,
            notes: library.notes(),
            faulty: faults.0.len() > before,
        }
    }

    /// The faults that the contracts have whatever the routes are.
    pub(crate) fn check_form(bundle: &Bundle) -> Vec<Fault> {
        let library = library(bundle);
        let files = library.names().filter(|name| name.starts_with(FOLDER));
        files
            .filter_map(|name| doorward_contract::check_form(&library, name).err())
            .flat_map(|faults| faults.0)
            .collect()
    }

    /// Whether a contract could not be compiled, so that the input of its action is not known.
    pub(crate) fn are_faulty(&self) -> bool {
        self.faulty
    }

    /// The contract of the route at `place`.
    pub(crate) fn operation(&self, place: usize) -> Option<&Operation> {
        self.operations.get(place)?.as_ref()
    }

    /// The schema of the payload of invocations or messages of the route at `place`.
    pub(crate) fn payload(&self, place: usize) -> Option<&Schema> {
        self.payloads.get(place)?.as_ref()
    }

    /// The schema of the payload of the event at `place`.
    pub(crate) fn schema(&self, place: usize) -> Option<&Schema> {
        self.schemas.get(place)?.as_ref()
    }
}

/// The files that contracts may be in, and refer to.
fn library(bundle: &Bundle) -> Arc<Library> {
    let is_contract = |name: &str| [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending));
    let files = bundle.files.iter().filter(|(name, _)| is_contract(name));
    Arc::new(Library::new(files.map(|(name, text)| (name.as_str(), text.as_str()))))
}

/// The document that `reference` names, with what the routes of `config` ask of it.
fn read(
    library: &Arc<Library>,
    config: &Config,
    reference: &ContractRef,
    faults: &mut Faults,
) -> Option<Document> {
    let ContractRef { file, place, .. } = reference;
    is_there(library, file, place, faults)?;
    let document = Document::open(library, file).map_err(|more| faults.0.extend(more.0)).ok()?;
    let named = config.routes.iter().filter_map(|route| route.contract.as_ref());
    document.prepare(named.filter(|other| other.file == *file).map(|other| other.operation.as_str()));
    Some(document)
}

fn schema(library: &Library, reference: &SchemaRef, faults: &mut Faults) -> Option<Schema> {
    let SchemaRef { file, schema, place } = reference;
    is_there(library, file, place, faults)?;
    Schema::compile(library, file, schema).map_err(|more| faults.0.extend(more.0)).ok()
}

fn is_there(library: &Library, file: &str, place: &Place, faults: &mut Faults) -> Option<()> {
    if library.names().any(|name| name == file) {
        return Some(());
    }
    let fault = Fault::new(format!("the contract `{file}` is not there")).at(place.clone());
    faults.0.push(fault.hint("contracts are looked for below the folder that holds the policies"));
    None
}

/// A contract that can keep no answer of the route's target: each call would be carried out, and its caller told that it failed.
fn unanswered(route: &Route, operation: &Operation, target: &Target, place: &Place) -> Option<Fault> {
    const RECEIPT: u16 = 202;
    let is_held = route.check_answers == CheckAnswers::Enforce && target.kind.only_takes_on();
    if !is_held || operation.has_response(RECEIPT) {
        return None;
    }
    let kind = target.kind.word();
    let fault = Fault::new(format!(
        "the contract has no answer {RECEIPT}, and the target `{}` of kind `{kind}` gives no other",
        target.name
    ));
    let hint = "describe the 202 that callers get, or set `check_answers = \"off\"`";
    Some(fault.at(place.clone()).hint(hint))
}

/// A contract that describes another request than the route matches checks nothing.
fn compare(route: &Route, operation: &Operation, place: &Place) -> Option<Fault> {
    let (method, path) = (operation.method(), operation.path_template());
    let is_same = matches!(&route.matched, RouteMatch::Http { method: own, path: template } if own.only() == Some(method) && operation.is_at(template));
    if let Some(name) = operation.matrix_parameter() {
        // The canonical path has one reading, and `;` has several.
        let message =
            format!("the path parameter `{name}` is written with `;`, which the door takes in no path");
        return Some(Fault::new(message).at(place.clone()).hint("use `style: simple` or `style: label`"));
    }
    (!is_same).then(|| {
        Fault::new(format!(
            "the route `{}` matches `{}`, but its contract describes `{method} {path}`",
            route.id, route.matched,
        ))
        .at(place.clone())
    })
}
