//! What is said of an import: its files, its routes, and all that it could not carry over.

use std::collections::BTreeMap;
use std::path::Path;

use doorward_contract::RawDocument;
use doorward_model::Place;
use serde_json::json;

use super::{Imported, Leftover};
use crate::output::{Format, say};

/// Says it; `out` is the folder that the files were written to, if to any.
pub(super) fn tell(
    imported: &Imported,
    files: &BTreeMap<String, String>,
    document: &RawDocument,
    out: Option<&Path>,
    format: Format,
) {
    let place = |leftover: &Leftover| -> Place { document.place(&leftover.pointer) };
    match format {
        Format::Json => {
            let leftover = |leftover: &Leftover| {
                let place = place(leftover);
                json!({ "pointer": leftover.pointer, "file": place.file, "line": place.line, "column": place.column, "what": leftover.what })
            };
            let routes = imported.routes.iter().map(|route| json!({ "id": route.id, "match": format!("{} {}", route.method, route.path), "contract": route.contract }));
            say!(
                "{}",
                json!({
                    "files": if out.is_none() { json!(files) } else { files.keys().cloned().collect() },
                    "routes": routes.collect::<Vec<_>>(),
                    "left_over": imported.leftovers.iter().map(leftover).collect::<Vec<_>>(),
                })
            );
        }
        Format::Human => {
            for (name, text) in files {
                match out {
                    None => say!("# {name}\n{text}"),
                    Some(folder) => say!("wrote `{}`", folder.join(name).display()),
                }
            }
            let count = imported.routes.len();
            let told = format!(
                "{count} route{}; nothing is permitted until a policy says so",
                if count == 1 { "" } else { "s" }
            );
            // Standard output may be a file that holds what was imported.
            let tell = |line: String| if out.is_none() { eprintln!("{line}") } else { say!("{line}") };
            tell(told);
            if !imported.leftovers.is_empty() {
                tell("not carried over:".to_owned());
            }
            for leftover in &imported.leftovers {
                let place = place(leftover);
                tell(format!("  {}:{}:{}: {}", place.file, place.line, place.column, leftover.what));
            }
        }
    }
}
