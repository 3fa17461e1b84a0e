use std::ops::Range;

use cedar_policy::ffi::DetailedError;
use doorward_model::{Fault, Place};

use crate::vocabulary::SourceFile;

/// What Cedar says of `file`, as a fault; at `whole` where Cedar names no place.
pub(crate) fn fault<E>(error: E, file: &SourceFile, whole: Range<usize>) -> Fault
where
    DetailedError: From<E>,
{
    let error = DetailedError::from(error);
    let label = error.source_locations.first();
    let span = label.map_or(whole, |label| label.loc.start..label.loc.end);
    let found = one_line(&error.message);
    let message = match label.and_then(|label| label.label.as_deref()).filter(|label| !found.contains(label))
    {
        Some(expected) => format!("{found}: {expected}"),
        None => found,
    };
    at(file, span, message, error.help.as_deref())
}

/// What Cedar says of the whole project, as a fault without place.
pub(crate) fn placeless<E>(error: E) -> Fault
where
    DetailedError: From<E>,
{
    let error = DetailedError::from(error);
    let fault = Fault::new(one_line(&error.message));
    match &error.help {
        Some(help) => fault.hint(one_line(help)),
        None => fault,
    }
}

/// A fault at `span` of `file`.
pub(crate) fn at(file: &SourceFile, span: Range<usize>, message: String, hint: Option<&str>) -> Fault {
    let fault = Fault::new(message).at(Place::new(&file.name, &file.text, span));
    match hint {
        Some(hint) => fault.hint(one_line(hint)),
        None => fault,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
