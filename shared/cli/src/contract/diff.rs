use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use doorward_contract::{Change, Library, NOT_COMPARED, Severity, Site, Travels, changes};
use serde_json::{Value, json};

use crate::output::{Exit, Failure, Format, say};
use crate::project::Sources;

/// Says which changes from one version of a contract to the next break those who call by the older one.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward contract diff released.yaml policies/contracts/shop.yaml
  git show v1:policies/contracts/shop.yaml > old.yaml && doorward contract diff old.yaml policies/contracts/shop.yaml
  doorward contract diff old.yaml new.yaml --all
  doorward contract diff event-1.json event-2.json --values in --format json

Both files are OpenAPI 3.0 or 3.1 documents, or both are JSON Schemas. Of requests, what takes less breaks; of answers, what
may be more. What cannot be compared, such as one pattern with another, is `unknown` and counts as breaking unless
`--allow-unknown` says otherwise. Callers are taken to send no members that the older contract does not describe.
Credentials (`security`) and the base paths of `servers` are compared as what the documents promise; whom the door lets in,
and by which paths, is what `doorward.toml` says. A changed default breaks of a parameter, and is `unknown` of a body's member.
Never compared: callbacks, webhooks, links, deprecated, discriminator, xml, externalDocs, tags, titles and descriptions,
examples, the headers of encodings, contentEncoding and contentMediaType, x- members.
Exit codes: 0 nothing breaks, 1 could not run, 2 something breaks, 3 invalid input")]
pub(crate) struct Arguments {
    /// The version that callers know.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The version that comes after it.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Tells of compatible changes, too; `--format json` always does.
    #[arg(long)]
    all: bool,
    /// What cannot be compared was looked at by somebody, and is fine.
    #[arg(long)]
    allow_unknown: bool,
    /// Which way the values of a JSON Schema travel.
    #[arg(long, value_enum, value_name = "WAY", default_value = "in")]
    values: Way,
}

/// Which way values travel.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Way {
    /// To the door, as bodies of requests and events do.
    In,
    /// From the door, as bodies of answers do.
    Out,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let travels = match arguments.values {
        Way::In => Travels::In,
        Way::Out => Travels::Out,
    };
    let (of_old, of_new) = (library(&old), library(&new));
    let found = changes((&of_old, &old.0), (&of_new, &new.0), travels).map_err(|faults| {
        Failure::Invalid { faults, sources: Box::new(Sources::of_files(vec![old.clone(), new.clone()])) }
    })?;
    let count = |severity| found.iter().filter(|change| change.severity == severity).count();
    let (breaking, unknown, compatible) =
        (count(Severity::Breaking), count(Severity::Unknown), count(Severity::Compatible));
    match format {
        Format::Json => {
            let changes: Vec<Value> = found.iter().map(as_json).collect();
            say!(
                "{}",
                json!({
                    "breaking": breaking, "unknown": unknown, "compatible": compatible, "changes": changes,
                    "not_compared": NOT_COMPARED,
                })
            );
        }
        Format::Human => {
            for change in
                found.iter().filter(|change| arguments.all || change.severity != Severity::Compatible)
            {
                tell(change);
            }
            say!("{breaking} breaking, {unknown} unknown, {compatible} compatible");
            if arguments.all {
                say!("not compared: {}", NOT_COMPARED.join(", "));
            }
        }
    }
    let breaks = breaking > 0 || (unknown > 0 && !arguments.allow_unknown);
    Ok(if breaks { Exit::Different } else { Exit::Ok })
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?;
    Ok((path.display().to_string(), text))
}

/// Files that are looked at for what a document refers to.
const MOST_FILES: usize = 500;

/// The document, and where it refers to other files, those that lie beside it and below.
fn library((file, text): &(String, String)) -> Arc<Library> {
    let mut files = vec![(file.clone(), text.clone())];
    let refers = |behind: &str| !behind.trim_start_matches(['"', '\'', ':', ' ']).starts_with('#');
    if ["$ref", "$dynamicRef"].iter().any(|keyword| {
        text.match_indices(keyword).any(|(at, name)| text.get(at + name.len()..).is_some_and(refers))
    }) {
        let folder = Path::new(file).parent().unwrap_or(Path::new(""));
        gather(folder, 0, &mut files);
    }
    Arc::new(Library::new(files))
}

/// Adds the contracts in `folder`; one that cannot be read is missed where it is referred to.
fn gather(folder: &Path, depth: usize, files: &mut Vec<(String, String)>) {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in std::fs::read_dir(here).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        let name = path.display().to_string();
        let is_contract = [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending));
        if path.is_dir() && depth < 3 {
            gather(&path, depth + 1, files);
        } else if is_contract && files.len() < MOST_FILES && !files.iter().any(|(known, _)| *known == name) {
            files.extend(std::fs::read_to_string(&path).ok().map(|text| (name, text)));
        }
    }
}

fn tell(Change { severity, code, operation, part, value, what, old, new }: &Change) {
    let about = [operation.as_deref().unwrap_or(""), part, value].into_iter().filter(|text| !text.is_empty());
    let about = about.collect::<Vec<_>>().join(", ");
    let about = if about.is_empty() { String::new() } else { format!("{about}: ") };
    say!("{severity} {code}: {about}{what}");
    let site = |site: &Site| format!("{}:{}", site.place.file, site.place.line);
    let sites: Vec<String> = old.iter().chain(new).map(site).collect();
    say!("  {}", sites.join(" -> "));
}

fn as_json(Change { severity, code, operation, part, value, what, old, new }: &Change) -> Value {
    let site = |site: &Option<Site>| {
        site.as_ref().map(|site| {
            let place = &site.place;
            json!({ "pointer": site.pointer, "file": place.file, "line": place.line, "column": place.column })
        })
    };
    json!({
        "severity": severity.word(), "code": code, "operation": operation, "part": part, "value": value, "what": what,
        "old": site(old), "new": site(new),
    })
}
