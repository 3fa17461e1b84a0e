use std::path::PathBuf;
use std::time::Duration;

use doorward_aws::{DynamoPublications, Publisher};
use doorward_config::{Config, Door, Updates};
use doorward_core::ports::{Publications as _, StoreError};
use doorward_core::{Archive, Publication};
use jiff::Timestamp;
use serde_json::json;

use super::as_json;
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
  doorward bundle publish --digest 874c226b5e44       roll back: publish an earlier bundle anew
  doorward bundle publish --dynamodb-url https://dynamodb.eu-central-1.amazonaws.com

A local door's DynamoDB is at http://127.0.0.1:3003, which is the default; the table is the configuration's, credentials
and region come from the environment.
Exit codes: 0 published, or in force already, 1 could not run, or another door's table, 3 invalid input, or a policy test fails, and nothing published")]
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
    let (published, config) = match &arguments.digest {
        None => {
            let project = Suite::open(&arguments.path)?.run()?.passed()?.project;
            let config = project.rules.config().clone();
            (Store::of(&config.door, &arguments.dynamodb)?.publish(&project).await?, config)
        }
        Some(digest) => {
            let config = project::configuration(&arguments.path)?;
            (Store::of(&config.door, &arguments.dynamodb)?.publish_anew(digest).await?, config)
        }
    };
    tell(&published, &config, format);
    Ok(Exit::Ok)
}

/// What is in force after publishing.
pub(crate) struct Published {
    pub(crate) publication: Publication,
    /// Nothing was written: it was in force before.
    already: bool,
}

/// The shortest beginning of a digest that names a bundle, as lines and lists show it.
const SHORTEST: usize = 12;

/// The table that a door looks at.
pub(crate) struct Store<'s> {
    dynamodb: &'s Dynamodb,
    door: &'s Door,
    publisher: Publisher,
    publications: DynamoPublications,
}

impl<'s> Store<'s> {
    pub(crate) fn of(door: &'s Door, dynamodb: &'s Dynamodb) -> Result<Self, Failure> {
        let clients = dynamodb.clients()?;
        let publisher = Publisher::new(&clients, &door.table);
        Ok(Self { dynamodb, door, publisher, publications: DynamoPublications::new(&clients, &door.table) })
    }

    fn table(&self) -> String {
        format!("{}-state", self.door.table)
    }

    fn away(&self, error: StoreError) -> Failure {
        self.dynamodb.failed(&self.table(), &error)
    }

    /// Packs the project as this version of the door does, and publishes it unless that very archive is in force.
    pub(crate) async fn publish(&self, project: &Project) -> Result<Published, Failure> {
        let Project { bundle, rules, .. } = project;
        let archive = Archive::pack(bundle, rules).map_err(Failure::new)?;
        let current = self.current().await?;
        if let Some(publication) = current.filter(|current| current.digest == rules.digest()) {
            // One whose parts are missing is in force nowhere, and publishing it writes them.
            let stored = self.publications.fetch(&publication).await.map_err(|error| self.away(error))?;
            if stored.is_some_and(|stored| stored == archive) {
                return Ok(Published { publication, already: true });
            }
        }
        let published = self.publisher.publish(&self.door.name, rules.digest(), &archive, Timestamp::now());
        let publication = published.await.map_err(|error| self.away(error))?;
        Ok(Published { publication, already: false })
    }

    /// Publishes what was published before anew, if it is whole and still opens, unless it is in force.
    pub(crate) async fn publish_anew(&self, digest: &str) -> Result<Published, Failure> {
        if digest.len() < SHORTEST {
            return Err(Failure::usage(format!("`{digest}` is too short to name a bundle"))
                .hint(format!("give at least its first {SHORTEST} digits")));
        }
        let current = self.current().await?;
        let earlier = self.find(digest).await?;
        let fetched = self.publications.fetch(&earlier).await.map_err(|error| self.away(error))?;
        let refused = |cause: &dyn std::fmt::Display| {
            Failure::new(format!("the bundle `{}` cannot be published anew: {cause}", earlier.digest)).hint(
                format!("publish it from its files: `doorward bundle publish PATH{}`", self.dynamodb.again()),
            )
        };
        let archive = fetched.ok_or_else(|| refused(&"a part of its archive is missing"))?;
        let rules = earlier.open(&archive, |_| None).map_err(|fault| refused(&fault))?;
        let of = &rules.config().door.name;
        if *of != self.door.name {
            return Err(self.other_door(of));
        }
        if let Some(publication) = current.filter(|current| current.archive == earlier.archive) {
            return Ok(Published { publication, already: true });
        }
        let earlier = Publication { door: Some(of.clone()), ..earlier };
        let published = self.publisher.publish_anew(&earlier, Timestamp::now()).await;
        Ok(Published { publication: published.map_err(|error| self.away(error))?, already: false })
    }

    /// What is in force, which must be this door's.
    async fn current(&self) -> Result<Option<Publication>, Failure> {
        let current = self.publications.current().await.map_err(|error| self.away(error))?;
        match current.as_ref().and_then(|current| current.door.as_ref()) {
            Some(other) if *other != self.door.name => Err(self.other_door(other)),
            _ => Ok(current),
        }
    }

    /// The one bundle that was published with a digest that begins so.
    async fn find(&self, digest: &str) -> Result<Publication, Failure> {
        let listed = self.publisher.list().await.map_err(|error| self.away(error))?;
        let mut fitting = listed.into_iter().filter(|publication| publication.digest.starts_with(digest));
        let found = fitting.next().ok_or_else(|| {
            let table = self.table();
            Failure::new(format!("no bundle whose digest begins with `{digest}` was published to `{table}`"))
                .hint(format!("`doorward bundle list{}` lists what was", self.dynamodb.again()))
        })?;
        if fitting.any(|other| other.digest != found.digest) {
            return Err(Failure::new(format!("the digests of several bundles begin with `{digest}`")));
        }
        Ok(found)
    }

    /// Running doors would refuse it, and go on with what they have.
    fn other_door(&self, other: &str) -> Failure {
        let (own, table) = (&self.door.name, self.table());
        let message =
            format!("`{table}` is the table of the door `{other}`, and this project is the door `{own}`");
        Failure::new(message).hint(
            "give each door a `table` of its own in `[door]`; a door that changes its name is deployed over new tables",
        )
    }
}

fn tell(published: &Published, config: &Config, format: Format) {
    let Published { publication, already } = published;
    let (table, refresh) = (format!("{}-state", config.door.table), config.door.refresh);
    match format {
        Format::Json => say!(
            "{}",
            as_json(
                publication,
                [
                    ("already", json!(already)),
                    ("table", json!(table)),
                    ("refresh_ms", json!(u64::try_from(refresh.as_millis()).unwrap_or(u64::MAX))),
                ]
            )
        ),
        Format::Human => {
            let digest = publication.short_digest();
            let number = publication.sequence;
            if *already {
                say!("the bundle {digest} is already in force in `{table}`, under number {number}");
                return;
            }
            say!("published the bundle {digest} to `{table}` under number {number}");
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
