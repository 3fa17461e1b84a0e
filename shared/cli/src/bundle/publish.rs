use std::path::PathBuf;
use std::time::Duration;

use doorward_aws::{AwsClients, DynamoPublications, Publisher};
use doorward_config::{Config, Updates};
use doorward_core::ports::Publications as _;
use doorward_core::{Archive, Publication};
use jiff::Timestamp;
use serde_json::json;

use super::away;
use crate::endpoint::{self, Dynamodb};
use crate::output::{Exit, Failure, Format, say};
use crate::policy::suite::Suite;
use crate::project::{self, Project};

/// Checks a project, runs its policy tests, and publishes its bundle: running doors with `updates = "table"` take it up within `refresh`.
#[derive(clap::Args)]
#[command(mut_arg("dynamodb_url", endpoint::earlier_name))]
#[command(after_help = "\
Examples:
  doorward bundle publish
  doorward bundle publish bundle.tar.gz
  doorward bundle publish --digest dd60cf27be04       roll back: publish an earlier bundle anew
  doorward bundle publish --dynamodb-url https://dynamodb.eu-central-1.amazonaws.com

A local door's DynamoDB is at http://127.0.0.1:3003, which is the default; the table is the configuration's, credentials
and region come from the environment.
Exit codes: 0 published, 1 could not run, 3 faults found, or a policy test fails, and nothing published")]
pub(crate) struct Arguments {
    /// The project's folder, its doorward.toml, or an archive.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Publish the bundle with this digest anew, which was published before: all of it, or its first digits from twelve
    /// on. Of the project, only the configuration is read.
    #[arg(long)]
    digest: Option<String>,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let clients = arguments.dynamodb.clients()?;
    let (published, config) = match &arguments.digest {
        None => {
            let project = Suite::open(&arguments.path)?.run()?.passed()?.project;
            (publish(&clients, &project).await?, project.rules.config().clone())
        }
        Some(digest) => {
            let config = project::configuration(&arguments.path)?;
            (publish_anew(&clients, &config.door.table, digest).await?, config)
        }
    };
    tell(&published, &config, format);
    Ok(Exit::Ok)
}

/// Packs the project as this version of the door does, and publishes it.
pub(crate) async fn publish(clients: &AwsClients, project: &Project) -> Result<Publication, Failure> {
    let Project { bundle, rules, .. } = project;
    let archive = Archive::pack(bundle, rules).map_err(Failure::new)?;
    let publisher = Publisher::new(clients, &rules.config().door.table);
    publisher.publish(rules.digest(), &archive, Timestamp::now()).await.map_err(away)
}

/// The shortest beginning of a digest that names a bundle, as lines and lists show it.
const SHORTEST: usize = 12;

/// Publishes what was published before anew, if it is whole and still opens.
pub(crate) async fn publish_anew(
    clients: &AwsClients,
    table: &str,
    digest: &str,
) -> Result<Publication, Failure> {
    if digest.len() < SHORTEST {
        return Err(Failure::new(format!("`{digest}` is too short to name a bundle"))
            .hint(format!("give at least its first {SHORTEST} digits")));
    }
    let publisher = Publisher::new(clients, table);
    let listed = publisher.list().await.map_err(away)?;
    let mut fitting = listed.iter().filter(|publication| publication.digest.starts_with(digest));
    let earlier = fitting.next().ok_or_else(|| {
        Failure::new(format!(
            "no bundle whose digest begins with `{digest}` was published to `{table}-state`"
        ))
        .hint("`doorward bundle list` lists what was")
    })?;
    if fitting.any(|other| other.digest != earlier.digest) {
        return Err(Failure::new(format!("the digests of several bundles begin with `{digest}`")));
    }
    let fetched = DynamoPublications::new(clients, table).fetch(earlier).await.map_err(away)?;
    let refused = |cause: &dyn std::fmt::Display| {
        Failure::new(format!("the bundle `{}` cannot be published anew: {cause}", earlier.digest))
            .hint("publish it from its files: `doorward bundle publish PATH`")
    };
    let archive = fetched.ok_or_else(|| refused(&"a part of its archive is missing"))?;
    earlier.open(&archive, |_| None).map_err(|fault| refused(&fault))?;
    publisher.publish_anew(earlier, Timestamp::now()).await.map_err(away)
}

fn tell(published: &Publication, config: &Config, format: Format) {
    let (table, refresh) = (&config.door.table, config.door.refresh);
    match format {
        Format::Json => say!(
            "{}",
            json!({
                "sequence": published.sequence,
                "bundle": published.digest,
                "archive": published.archive,
                "bytes": published.bytes,
                "at": published.at,
                "table": format!("{table}-state"),
                "refresh_ms": u64::try_from(refresh.as_millis()).unwrap_or(u64::MAX),
            })
        ),
        Format::Human => {
            let digest = published.digest.get(..SHORTEST).unwrap_or(&published.digest);
            say!("published the bundle {digest} to `{table}-state` under number {}", published.sequence);
            if config.door.updates == Updates::None {
                eprintln!("note: a door that is deployed with `updates = \"none\"` takes up no publication");
            } else {
                say!("running doors take it up within {}", seconds(refresh));
            }
        }
    }
}

fn seconds(refresh: Duration) -> String {
    format!("{} s", refresh.as_secs_f64())
}
