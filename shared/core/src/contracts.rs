use std::collections::HashMap;

use doorward_config::{Config, ContractRef, Route, RouteMatch};
use doorward_contract::{Document, Operation};
use doorward_model::{Fault, Faults, Place};

use crate::bundle::Bundle;

/// The contracts of all routes, in the order of the routes.
pub(crate) struct Contracts {
    operations: Vec<Option<Operation>>,
    faulty: bool,
}

/// Where contracts are by convention; one that a route names may be anywhere in the bundle.
const FOLDER: &str = "contracts/";

impl Contracts {
    /// Reads and compiles what the routes name.
    pub(crate) fn compile<'a>(bundle: &Bundle, config: &'a Config, faults: &mut Faults) -> Self {
        let before = faults.0.len();
        let mut documents: HashMap<&'a str, Option<Document>> = HashMap::new();
        let mut operation = |route: &'a Route| {
            let reference = route.contract.as_ref()?;
            let ContractRef { file, operation, place } = reference;
            let document =
                documents.entry(file).or_insert_with(|| read(bundle, reference, faults)).as_ref()?;
            match document.operation(operation) {
                Ok(found) => {
                    faults.0.extend(compare(route, &found, place));
                    Some(found)
                }
                Err(more) => {
                    faults.0.extend(more.0);
                    None
                }
            }
        };
        let operations = config.routes.iter().map(&mut operation).collect();
        Self { operations, faulty: faults.0.len() > before }
    }

    /// The faults that the contracts have whatever the routes are.
    pub(crate) fn check_form(bundle: &Bundle) -> Vec<Fault> {
        let files = bundle.files.iter().filter(|(name, _)| name.starts_with(FOLDER));
        files
            .filter_map(|(name, text)| Document::parse(name, text).err())
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

    /// One a route.
    pub(crate) fn into_operations(self) -> Vec<Option<Operation>> {
        self.operations
    }
}

fn read(bundle: &Bundle, reference: &ContractRef, faults: &mut Faults) -> Option<Document> {
    let file = &reference.file;
    let Some(text) = bundle.files.get(file) else {
        let fault = Fault::new(format!("the contract `{file}` is not there")).at(reference.place.clone());
        faults.0.push(fault.hint("contracts are looked for below the folder that holds the policies"));
        return None;
    };
    Document::parse(file, text).map_err(|more| faults.0.extend(more.0)).ok()
}

/// A contract that describes another request than the route matches checks nothing.
fn compare(route: &Route, operation: &Operation, place: &Place) -> Option<Fault> {
    let (method, path) = (operation.method(), operation.path_template());
    let is_same = matches!(&route.matched, RouteMatch::Http { method: own, path: template } if own == method && template == path);
    (!is_same).then(|| {
        Fault::new(format!(
            "the route `{}` matches `{}`, but its contract describes `{method} {path}`",
            route.id, route.matched,
        ))
        .at(place.clone())
    })
}
