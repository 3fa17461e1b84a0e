use std::ops::Range;

use doorward_model::{Fault, JsonFault, Place, parse_json};
use serde_json::Value;

use crate::files::diagnostics;
use crate::vocabulary::SourceFile;

/// How deep values may be nested.
const DEEPEST: usize = 64;

/// The elements of a file that is a JSON list of `what`, and where each stands; `form` is the hint where it is none.
pub(crate) fn read(file: &SourceFile, what: &str, form: &str) -> Result<Vec<(Value, Range<usize>)>, Fault> {
    match parse_json(file.text.as_bytes(), DEEPEST) {
        Ok(Value::Array(values)) => Ok(values.into_iter().zip(elements(&file.text)).collect()),
        Ok(_) => {
            let message = format!("expected a list of {what}");
            Err(diagnostics::at(file, 0..file.text.len(), message, Some(form)))
        }
        Err(fault) => Err(Fault::new(fault.to_string()).at(place(file, &fault)).hint(form)),
    }
}

/// Where the syntax ends, else the first element that has the fault.
fn place(file: &SourceFile, fault: &JsonFault) -> Place {
    let span = match fault {
        JsonFault::Syntax { line, column } => {
            let above: usize =
                file.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
            let offset = above + column.saturating_sub(1);
            offset..offset
        }
        JsonFault::DuplicateKey | JsonFault::TooDeep(_) | JsonFault::Inexact => {
            let faulty = |span: &Range<usize>| {
                let element = file.text.get(span.clone()).unwrap_or_default();
                // In the list it stood a level deeper.
                parse_json(element.as_bytes(), DEEPEST - 1).is_err()
            };
            elements(&file.text).into_iter().find(faulty).unwrap_or(0..0)
        }
    };
    Place::new(&file.name, &file.text, span)
}

/// Where the elements of a JSON list stand, in a text that is one.
fn elements(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut after = text.find('[').map_or(text.len(), |open| open + 1);
    loop {
        let rest = text.get(after..).unwrap_or_default();
        let element = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        let start = after + rest.len() - element.len();
        let mut values = serde_json::Deserializer::from_str(element).into_iter::<Value>();
        let Some(Ok(_)) = values.next() else { return found };
        after = start + values.byte_offset();
        found.push(start..after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = elements(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn elements_are_found_in_their_places() {
        check("[]", &[]);
        check(" [ {\"a\": [1, \"]\"]} ,\n{} ] ", &["{\"a\": [1, \"]\"]}", "{}"]);
        check("[1,2]", &["1", "2"]);
    }
}
