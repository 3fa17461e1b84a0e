use doorward_model::{Fault, Faults};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use serde_json::{Value, json};

use crate::output::is_terminal;
use crate::project::Sources;

/// Shows every fault where it stands, then how many there are.
pub(crate) fn render(faults: &Faults, sources: &Sources) {
    for fault in &faults.0 {
        eprintln!("{}", show(fault, sources));
    }
    let count = faults.0.len();
    eprintln!("{count} fault{} found", if count == 1 { "" } else { "s" });
}

/// The same fault, its file as a path from here.
pub(crate) fn from_here(fault: &Fault, sources: &Sources) -> Fault {
    let mut fault = fault.clone();
    for place in fault.place.as_mut().into_iter().chain(fault.see.as_deref_mut()) {
        place.file = sources.path(&place.file);
    }
    fault
}

/// A picture of the place on a terminal; `file:line:column: message` where a program may read it.
fn show(named: &Fault, sources: &Sources) -> String {
    let fault = from_here(named, sources);
    let places = fault.place.as_ref().zip(named.place.as_ref());
    let Some((place, named)) = places.filter(|_| is_terminal()) else { return format!("error: {fault}") };
    let mut diagnostic = MietteDiagnostic::new(fault.message.clone())
        .with_label(LabeledSpan::new_with_span(None, place.span.start..place.span.end));
    let see = fault.see.as_ref().map(|see| format!("see {}:{}:{}", see.file, see.line, see.column));
    let help: Vec<String> = fault.hint.iter().cloned().chain(see).collect();
    if !help.is_empty() {
        diagnostic = diagnostic.with_help(help.join("; "));
    }
    let text = sources.text(&named.file).unwrap_or_default().to_owned();
    let report = Report::new(diagnostic).with_source_code(NamedSource::new(&place.file, text));
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode());
    let mut shown = String::new();
    match handler.render_report(&mut shown, report.as_ref()) {
        Ok(()) => shown,
        Err(_) => format!("error: {fault}"),
    }
}

/// `{"faults": [{file, line, column, message, hint, see: {file, line, column}}]}`.
pub(crate) fn as_json(faults: &Faults, sources: &Sources) -> Value {
    let fault = |fault: &Fault| {
        let fault = from_here(fault, sources);
        json!({
            "file": fault.place.as_ref().map(|place| &place.file),
            "line": fault.place.as_ref().map(|place| place.line),
            "column": fault.place.as_ref().map(|place| place.column),
            "message": fault.message,
            "hint": fault.hint,
            "see": fault.see.as_ref().map(|see| json!({ "file": see.file, "line": see.line, "column": see.column })),
        })
    };
    json!({ "faults": faults.0.iter().map(fault).collect::<Vec<_>>() })
}
