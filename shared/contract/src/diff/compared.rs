//! Two documents, whatever they are.

use doorward_model::{Fault, Faults};
use serde_json::Value;

use super::change::Change;
use super::schemas::{self, Schema};
use crate::bundle::{Bundle, Direction, Version};
use crate::checker::Checker;
use crate::document::Document;
use crate::source::Source;

/// Which way the values of a schema travel that stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Travels {
    /// To the door, as requests and events do.
    In,
    /// From it, as answers do.
    Out,
}

/// Every change from the document `old` to `new`, each given as file and text, the worst first: of two OpenAPI
/// documents, or of two JSON Schemas, whose values travel as `travels` says.
///
/// # Errors
/// A document is not sound, or they are not of one kind.
pub fn changes(old: (&str, &str), new: (&str, &str), travels: Travels) -> Result<Vec<Change>, Faults> {
    let (of_old, of_new) = (Source::read(old.0, old.1)?, Source::read(new.0, new.1)?);
    if is_schema(&of_old) && is_schema(&of_new) {
        return of_schemas(&of_old, &of_new, travels);
    }
    for (one, other) in [(&of_old, &of_new), (&of_new, &of_old)] {
        if is_schema(one) && !is_schema(other) {
            let fault = one.fault("", "the document says no OpenAPI version, and the other one does");
            return Err(fault.hint("compare two OpenAPI documents, or two JSON Schemas").into());
        }
    }
    Document::parse(old.0, old.1)?.changes(&Document::parse(new.0, new.1)?)
}

/// Whether the document is a schema rather than an OpenAPI document, of whichever version.
fn is_schema(source: &Source) -> bool {
    let is_api = |name: &&str| source.value.get(name).is_some();
    match &source.value {
        Value::Object(_) => !["openapi", "swagger", "paths"].iter().any(|name| is_api(&name)),
        value => value.is_boolean(),
    }
}

fn of_schemas(old: &Source, new: &Source, travels: Travels) -> Result<Vec<Change>, Faults> {
    let direction = match travels {
        Travels::In => Direction::Request,
        Travels::Out => Direction::Response,
    };
    let (mut faults, mut bundles) = (Vec::new(), Vec::new());
    for source in [old, new] {
        bundles.push(sound(source, direction, &mut faults));
    }
    if let [Some(of_old), Some(of_new)] = bundles.as_slice() {
        let (old, new) = (Schema { source: old, bundle: of_old }, Schema { source: new, bundle: of_new });
        let mut changes = schemas::compare(direction, old, new);
        changes.sort_by_key(|change| change.severity);
        return Ok(changes);
    }
    Err(Faults(faults))
}

fn sound(source: &Source, direction: Direction, faults: &mut Vec<Fault>) -> Option<Bundle> {
    let bundle = Bundle::gather(source, Version::V31, direction, "", faults)?;
    Checker::compile(source, &bundle).map_err(|fault| faults.push(fault)).ok()?;
    Some(bundle)
}
