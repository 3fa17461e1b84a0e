//! Two documents, whatever they are.

use std::sync::Arc;

use doorward_model::Faults;
use serde_json::Value;

use super::change::{Change, Severity};
use super::defaults;
use super::schemas::{self, Schema};
use crate::bundle::{Bundle, Direction};
use crate::checker::Checker;
use crate::document::Document;
use crate::documents::Documents;
use crate::library::Library;

/// Which way the values of a schema travel that stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Travels {
    /// To the door, as requests and events do.
    In,
    /// From it, as answers do.
    Out,
}

/// Every change from the document `old` to `new`, each given as its file in a library, the worst first: of two OpenAPI
/// documents, or of two JSON Schemas, whose values travel as `travels` says.
///
/// # Errors
/// A document is not sound, or they are not of one kind.
pub fn changes(
    old: (&Arc<Library>, &str),
    new: (&Arc<Library>, &str),
    travels: Travels,
) -> Result<Vec<Change>, Faults> {
    let (of_old, of_new) = (Documents::open(old.0, old.1)?, Documents::open(new.0, new.1)?);
    if is_schema(&of_old) && is_schema(&of_new) {
        return of_schemas(of_old, of_new, travels);
    }
    for (one, other) in [(&of_old, &of_new), (&of_new, &of_old)] {
        if is_schema(one) && !is_schema(other) {
            let fault = one.fault("", "the document says no OpenAPI version, and the other one does");
            return Err(fault.hint("compare two OpenAPI documents, or two JSON Schemas").into());
        }
    }
    Document::open(old.0, old.1)?.changes(&Document::open(new.0, new.1)?)
}

/// Whether the document is a schema rather than an OpenAPI document, of whichever version.
fn is_schema(documents: &Documents<'_>) -> bool {
    match documents.value("") {
        Some(Value::Object(root)) => {
            !["openapi", "swagger", "paths"].iter().any(|name| root.contains_key(*name))
        }
        value => value.is_some_and(Value::is_boolean),
    }
}

fn of_schemas(old: Documents<'_>, new: Documents<'_>, travels: Travels) -> Result<Vec<Change>, Faults> {
    let direction = match travels {
        Travels::In => Direction::Request,
        Travels::Out => Direction::Response,
    };
    let (of_old, of_new) = (sound(&old, direction)?, sound(&new, direction)?);
    let (old, new) = (Schema { documents: old, bundle: &of_old }, Schema { documents: new, bundle: &of_new });
    let mut changes = schemas::compare(direction, old, new);
    if direction == Direction::Request {
        changes.extend(defaults::compare(Severity::Unknown, true, old, new));
    }
    changes.sort_by_key(|change| change.severity);
    Ok(changes)
}

fn sound(documents: &Documents<'_>, direction: Direction) -> Result<Bundle, Faults> {
    let mut faults = Vec::new();
    let bundle = Bundle::gather(documents, direction, "", &mut faults).ok_or(Faults(faults))?;
    Checker::compile(documents, &bundle)?;
    Ok(bundle)
}
