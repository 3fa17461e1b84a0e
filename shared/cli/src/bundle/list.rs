use std::path::PathBuf;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::{DynamoPublications, Publisher};
use doorward_core::Publication;
use doorward_core::ports::Publications as _;
use serde_json::json;

use super::as_json;
use crate::endpoint::{self, Dynamodb};
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Lists what was published, the newest first, and which of it is in force.
#[derive(clap::Args)]
#[command(mut_arg("dynamodb_url", endpoint::earlier_name))]
#[command(
    after_help = "Examples:\n  doorward bundle list\n  doorward bundle list --format json\n\nExit codes: 0 listed, 1 could not run, 3 invalid input"
)]
pub(crate) struct Arguments {
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let table = project::configuration(&arguments.path)?.door.table;
    let clients = arguments.dynamodb.clients()?;
    let state = format!("{table}-state");
    let away = |error| arguments.dynamodb.failed(&state, &error);
    let listed = Publisher::new(&clients, &table).list().await.map_err(away)?;
    let current = DynamoPublications::new(&clients, &table).current().await.map_err(away)?;
    let is_current = |publication: &Publication| current.as_ref() == Some(publication);
    match format {
        Format::Json => {
            let listed = listed
                .iter()
                .map(|publication| as_json(publication, [("current", json!(is_current(publication)))]));
            say!("{}", json!({ "publications": listed.collect::<Vec<_>>() }));
        }
        Format::Human if listed.is_empty() => say!("nothing was published to `{state}`"),
        Format::Human => {
            let mut drawn = Table::new();
            drawn.load_style(UTF8_HORIZONTAL_ONLY).set_header(["number", "bundle", "published", "bytes", ""]);
            for publication in &listed {
                drawn.add_row([
                    publication.sequence.to_string(),
                    publication.short_digest().to_owned(),
                    publication.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
                    publication.bytes.to_string(),
                    if is_current(publication) { "in force".to_owned() } else { String::new() },
                ]);
            }
            say!("{drawn}");
        }
    }
    Ok(Exit::Ok)
}
