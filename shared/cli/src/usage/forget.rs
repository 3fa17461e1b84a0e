use std::path::PathBuf;

use aws_lc_rs::rand;
use doorward_aws::{Forget, Forgotten, Pseudonym};
use doorward_model::EntityName;
use jiff::Timestamp;

use super::archive_folder::{ArchiveFolder, Locked};
use super::archive_forget::{self, InArchive};
use super::caller;
use super::forget_told::{Told, tell};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format};
use crate::project;

/// Forgets a caller: a pseudonym stands wherever the tables and archives name the caller, and every sum and every invoice
/// is what it was. What would tell who called goes: API key, resource, cause, and recorded decisions as a whole.
///
/// It cannot be taken back. Where it is cut off, the same command goes on from there, to the same pseudonym.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward usage forget 'User::\"alice\"' --archive usage-archive --dry-run
  doorward plans switch off --caller 'User::\"alice\"'
  doorward usage forget 'User::\"alice\"' --archive usage-archive --yes

What stays and names the caller: limits until the table forgets them, so that who calls again gets no fresh quota; API
keys, kill switches and entities, which say who may call; and logs, which are out of reach.
Exit codes: 0 forgotten, 1 could not run, 2 nothing names the caller, or calls keep coming in, 3 invalid input")]
pub(crate) struct Arguments {
    /// Who: as policies write it.
    #[arg(value_parser = caller)]
    caller: EntityName,
    /// A folder that `doorward usage archive` has written; may be repeated.
    #[arg(long = "archive", value_name = "FOLDER")]
    archives: Vec<PathBuf>,
    /// The pseudonym that an earlier run gave, for an archive that was not at hand then.
    #[arg(long = "as", value_name = "PSEUDONYM")]
    pseudonym: Option<String>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do it: it cannot be taken back.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Arguments { caller, dynamodb, .. } = arguments;
    if !arguments.dry_run && !arguments.yes {
        return Err(Failure::usage(format!("to forget {caller} cannot be taken back"))
            .hint("`--dry-run` says what would change, and `--yes` does it"));
    }
    let table = project::configuration(&arguments.path)?.door.table;
    let asked = pseudonym(arguments)?;
    let mut forget = Forget::new(&dynamodb.clients()?, &table, asked.clone(), Timestamp::now());
    let tables = format!("{table}-ledger` or `{table}-state");
    let away = |error| dynamodb.failed(&tables, &error);
    let folders: Vec<ArchiveFolder> =
        arguments.archives.iter().map(|path| ArchiveFolder::new(path)).collect();

    let found = forget.survey().await.map_err(away)?;
    let mut archived = InArchive::default();
    for folder in &folders {
        archived += archive_forget::survey(folder, &asked)?;
    }
    let is_nowhere = found.counts.is_zero() && archived == InArchive::default() && found.begun.is_none();
    if is_nowhere || arguments.dry_run {
        let told = Told { caller, pseudonym: None, done: &found, archived, archives: folders.len() };
        tell(&told, format);
        whole(&found, &tables)?;
        return Ok(if is_nowhere { Exit::Different } else { Exit::Ok });
    }

    let locked: Vec<Locked<'_>> = folders.iter().map(ArchiveFolder::lock).collect::<Result<_, _>>()?;
    let name = forget.begin().await.map_err(away)?.clone();
    if arguments.pseudonym.is_some() && name != asked {
        let begun = name.name();
        return Err(Failure::usage(format!("{caller} is being forgotten as {begun} already"))
            .hint("leave `--as` out to go on with that"));
    }
    let done = forget.tables().await.map_err(away)?;
    let mut archived = InArchive::default();
    for (folder, locked) in folders.iter().zip(&locked) {
        archived += archive_forget::rename(folder, locked, &name)?;
    }
    tell(
        &Told { caller, pseudonym: Some(name.name()), done: &done, archived, archives: folders.len() },
        format,
    );
    whole(&done, &tables)?;
    if done.left {
        return Ok(Exit::Different);
    }
    forget.end().await.map_err(away)?;
    Ok(Exit::Ok)
}

/// That of `--as`, or one by chance.
fn pseudonym(arguments: &Arguments) -> Result<Pseudonym, Failure> {
    let caller = &arguments.caller;
    if let Some(text) = &arguments.pseudonym {
        return Pseudonym::read(caller, text).ok_or_else(|| {
            let form = format!("{}::\"forgotten-0123456789abcdef\"", caller.type_name);
            Failure::usage(format!("`{text}` is no pseudonym of {caller}"))
                .hint(format!("they are as `{form}`"))
        });
    }
    let mut random = [0; 8];
    rand::fill(&mut random).map_err(|_| Failure::new("this machine gives no randomness"))?;
    Ok(Pseudonym::new(caller, random))
}

/// What cannot be read may name the caller.
fn whole(done: &Forgotten, tables: &str) -> Result<(), Failure> {
    let Some(first) = done.unreadable.first() else { return Ok(()) };
    let others = done.unreadable.len() - 1;
    let more = if others > 0 { format!(" (and {others} more)") } else { String::new() };
    Err(Failure::new(format!("an item of `{tables}` cannot be read, and may name the caller: {first}{more}"))
        .hint("once it is set right or gone, the same command goes on"))
}
