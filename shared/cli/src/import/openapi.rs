//! `doorward import openapi`: a document, and the project that it becomes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use doorward_contract::{Document, RawDocument};
use doorward_core::{Bundle, Rules};
use doorward_model::Faults;
use serde_json::{Value, json};

use super::integration::Leads;
use super::operations::Operations;
use super::schemes::Schemes;
use super::{
    Imported, Reading, Rewrite, Route, closed, configuration, contract, cors, files, names, render, servers,
    told, unread, yaml,
};
use crate::output::{Exit, Failure, Format};
use crate::project::Sources;

/// Makes a project of an OpenAPI document, which may be API Gateway's export of a REST or an HTTP API.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward import openapi shop.yaml --out shop
  doorward import openapi shop.yaml --target orders --stdout
  doorward import openapi export.json --out shop --stage-variable function=orders
  aws apigateway get-export --rest-api-id ID --stage-name prod --export-type oas30 \\
      --parameters extensions=apigateway export.json && doorward import openapi export.json
  aws apigatewayv2 export-api --api-id ID --specification OAS30 --output-type JSON export.json

Written are doorward.toml, contracts/NAME.yaml, which is the document without API Gateway's extensions, and NAME.cedar, which
permits nothing: who may call what is yours to say. Whatever could not be carried over is listed with its place; what would let
in more callers then lets in nobody (`auth = [\"nobody\"]`, an issuer without keys, which nobody.jwks.json says).
Exit codes: 0 written, 1 could not run, 2 nothing became a route, 3 invalid input")]
pub(crate) struct Arguments {
    /// The document: OpenAPI 3.0 or 3.1, YAML or JSON.
    file: PathBuf,
    /// The project's folder.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Writes everything to standard output and no file.
    #[arg(long, conflicts_with = "out")]
    stdout: bool,
    /// Writes over files that are there.
    #[arg(long)]
    force: bool,
    /// What answers operations that do not say it: a Lambda function or a URL.
    #[arg(long, value_name = "FUNCTION-OR-URL")]
    target: Option<String>,
    /// The value of a stage variable, as NAME=VALUE; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    stage_variable: Vec<(String, String)>,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let shown = arguments.file.display().to_string();
    let text = std::fs::read_to_string(&arguments.file)
        .map_err(|error| Failure::new(format!("cannot read `{shown}`: {error}")))?;
    let invalid = |faults: Faults| Failure::Invalid {
        faults,
        sources: Box::new(Sources::of_files(vec![(shown.clone(), text.clone())])),
    };
    let document = RawDocument::read(&shown, &text).map_err(&invalid)?;
    Document::parse(&shown, &text).map_err(&invalid)?;
    let name = names::shown(&arguments.file.file_name().unwrap_or_default().to_string_lossy());
    let (imported, written) = import(&document, &name, arguments)?;
    let out = (!arguments.stdout).then_some(arguments.out.as_path());
    if imported.routes.is_empty() {
        told::tell(&imported, &BTreeMap::new(), &document, out, format);
        eprintln!("nothing was written: no operation of `{shown}` became a route");
        return Ok(Exit::Different);
    }
    if let Some(folder) = out {
        files::write(folder, &written, arguments.force)?;
    }
    told::tell(&imported, &written, &document, out, format);
    Ok(Exit::Ok)
}

/// The project, and its files by their names.
fn import(
    document: &RawDocument,
    file: &str,
    arguments: &Arguments,
) -> Result<(Imported, BTreeMap<String, String>), Failure> {
    let mut reading =
        Reading { document, variables: &arguments.stage_variable, leftovers: Vec::new(), read: Vec::new() };
    let title = reading.text("/info", "title").unwrap_or_default();
    let name = names::slug(&title);
    let mut imported = Imported { door: name.clone(), ..Imported::default() };
    imported.cors = cors::read(&mut reading);
    let schemes = Schemes::read(&mut reading);
    let operations = Operations::read(&mut reading, &schemes, arguments.target.as_deref().map(named));
    let (targets, routes, paths, lost) =
        (operations.targets, operations.routes, operations.paths, operations.lost);
    let mut contract = contract::without_extensions(document.value());
    if let Some(root) = contract.as_object_mut() {
        root.insert("paths".to_owned(), Value::Object(paths));
    }
    let contract_text = as_yaml(&contract);
    let contract_file = format!("contracts/{name}.yaml");
    let routes = checked(&mut reading, &contract_file, &contract_text, routes);
    imported.key_header = schemes.key_header.filter(|header| header != "x-api-key");
    imported.issuers = schemes.issuers;
    let files_said = configuration::Files { contract: &contract_file, source: file };
    let config = configuration::write(&mut reading, &mut imported, targets, routes, lost, &files_said);
    if imported.cors.is_some() {
        cors::tell_methods(&mut reading, &imported.routes);
    }
    unread::list(&mut reading);
    imported.leftovers = reading.leftovers;
    let mut files = BTreeMap::from([
        ("doorward.toml".to_owned(), config),
        (contract_file, contract_text),
        (format!("{name}.cedar"), render::policies(&imported.routes, file)),
    ]);
    if imported.routes.iter().any(Route::admits_nobody) {
        files.insert(closed::KEYS_FILE.to_owned(), closed::KEYS.to_owned());
    }
    hold(&files)?;
    Ok((imported, files))
}

/// What is written must be what a door takes: a fault here is one of the import.
fn hold(files: &BTreeMap<String, String>) -> Result<(), Failure> {
    let name = "doorward.toml";
    let mut others = files.clone();
    let config = (name.to_owned(), others.remove(name).unwrap_or_default());
    let bundle = Bundle { config, files: others };
    match Rules::compile(&bundle, |_| None) {
        Ok(_) => Ok(()),
        Err(faults) => {
            let hint =
                "nothing was written: this is a fault of the import, please report it with the document";
            Err(Failure::new(format!("what would be written is not sound: {faults}")).hint(hint))
        }
    }
}

fn as_yaml(value: &Value) -> String {
    let text = yaml::write(value);
    match RawDocument::read("contract", &text) {
        Ok(read) if read.value() == value => text,
        // JSON is YAML, too.
        _ => format!("{value:#}\n"),
    }
}

/// A target as it is said by `--target`.
fn named(target: &str) -> Leads {
    match servers::split(target) {
        Some((base, path)) => {
            let url = format!("{base}{}", path.trim_end_matches('/'));
            Leads {
                name: servers::name(&base),
                keys: vec![("http", json!(url))],
                rewrite: Rewrite::default(),
            }
        }
        None => {
            let name = target.rsplit(":function:").next().unwrap_or(target).replace(':', "-");
            Leads {
                name: names::slug(&name),
                keys: vec![("lambda", json!(target))],
                rewrite: Rewrite::default(),
            }
        }
    }
}

/// The routes, without the contracts that cannot be compiled.
fn checked(reading: &mut Reading<'_>, file: &str, text: &str, mut routes: Vec<Route>) -> Vec<Route> {
    let document = Document::parse(file, text);
    if let Ok(document) = &document {
        let described = routes.iter().filter(|route| route.contract);
        document.prepare(described.map(|route| route.id.as_str()));
    }
    for route in routes.iter_mut().filter(|route| route.contract) {
        let compiled =
            document.as_ref().map_err(Clone::clone).and_then(|document| document.operation(&route.id));
        let cause = match &compiled {
            Ok(operation) => operation
                .matrix_parameter()
                .map(|name| format!("no path has a `;`, with which the parameter `{name}` is written")),
            Err(faults) => {
                Some(faults.0.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "))
            }
        };
        if let Some(told) = cause {
            reading.leave(
                &route.at,
                format!("`{}` has no contract, since the door cannot check it: {told}", route.id),
            );
            route.contract = false;
        }
    }
    routes
}

#[cfg(test)]
mod tests;
