use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use doorward_contract::{Document, RawDocument};
use doorward_core::{Bundle, Rules};
use doorward_model::{Faults, Place};
use serde_json::{Map, Value, json};

use super::integration::Leads;
use super::operations::Operations;
use super::security::Schemes;
use super::{
    Imported, Leftover, Reading, Route, Target, contract, join, names, render, servers, unread, yaml,
};
use crate::output::{Exit, Failure, Format, say};
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
permits nothing: who may call what is yours to say. Whatever could not be carried over is listed with its place.
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
    let (imported, files) = import(&document, &name, arguments)?;
    if imported.routes.is_empty() {
        tell(&imported, &BTreeMap::new(), &document, arguments, format);
        eprintln!("nothing was written: no operation of `{shown}` became a route");
        return Ok(Exit::Different);
    }
    if !arguments.stdout {
        write(&arguments.out, &files, arguments.force)?;
    }
    tell(&imported, &files, &document, arguments, format);
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
    imported.cors = cors(&mut reading);
    let schemes = Schemes::read(&mut reading);
    let operations = Operations::read(&mut reading, &schemes, arguments.target.as_deref().map(named));
    let (targets, routes, paths) = (operations.targets, operations.routes, operations.paths);
    let mut contract = contract::without_extensions(document.value());
    if let Some(root) = contract.as_object_mut() {
        root.insert("paths".to_owned(), Value::Object(paths));
    }
    let contract_text = as_yaml(&contract);
    let contract_file = format!("contracts/{name}.yaml");
    let routes = checked(&mut reading, &contract_file, &contract_text, routes);
    imported.key_header = schemes.key_header.filter(|header| header != "x-api-key");
    imported.issuers = schemes.issuers;
    let config = configuration(&mut reading, &mut imported, targets, routes, &contract_file, file);
    unread::list(&mut reading);
    imported.leftovers = reading.leftovers;
    let files = BTreeMap::from([
        ("doorward.toml".to_owned(), config),
        (contract_file, contract_text),
        (format!("{name}.cedar"), render::policies(&imported.routes, file)),
    ]);
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
            Leads { name: servers::name(&base), keys: vec![("http", json!(url))], path: None }
        }
        None => {
            let name = target.rsplit(":function:").next().unwrap_or(target).replace(':', "-");
            Leads { name: names::slug(&name), keys: vec![("lambda", json!(target))], path: None }
        }
    }
}

/// `x-amazon-apigateway-cors` of HTTP APIs.
fn cors(reading: &mut Reading<'_>) -> Option<Value> {
    let at = join("", "x-amazon-apigateway-cors");
    let said = reading.value(&at)?;
    reading.read.push(at.clone());
    let list = |name: &str| {
        said.get(name).filter(|list| list.as_array().is_some_and(|list| !list.is_empty())).cloned()
    };
    let Some(origins) = list("allowOrigins") else {
        reading.leave(&at, "the answers to pages of other origins: no origins are named");
        return None;
    };
    let mut cors = Map::from_iter([("origins".to_owned(), origins)]);
    for (theirs, own) in [("allowHeaders", "headers"), ("exposeHeaders", "expose")] {
        match list(theirs) {
            Some(names) if names.as_array().is_some_and(|names| names.iter().any(|name| name == "*")) => {
                reading.leave(
                    &join(&at, theirs),
                    format!("every header field (`*`): list those that are meant as `{own}` in `[cors]`"),
                );
            }
            Some(names) => drop(cors.insert(own.to_owned(), names)),
            None => {}
        }
    }
    if said.get("allowCredentials") == Some(&Value::Bool(true)) {
        cors.insert("credentials".to_owned(), json!(true));
    }
    if let Some(seconds) = said.get("maxAge").and_then(Value::as_u64) {
        cors.insert("max_age".to_owned(), json!(format!("{seconds}s")));
    }
    Some(Value::Object(cors))
}

/// The routes, without the contracts that cannot be compiled.
fn checked(reading: &mut Reading<'_>, file: &str, text: &str, mut routes: Vec<Route>) -> Vec<Route> {
    let document = Document::parse(file, text);
    for route in routes.iter_mut().filter(|route| route.contract) {
        let compiled =
            document.as_ref().map_err(Clone::clone).and_then(|document| document.operation(&route.id));
        if let Err(faults) = compiled {
            let told = faults.0.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; ");
            reading.leave(
                &route.at,
                format!("`{}` has no contract, since the door cannot check it: {told}", route.id),
            );
            route.contract = false;
        }
    }
    routes
}

/// Writes the configuration part by part; a part that a door would not take is left out and told.
fn configuration(
    reading: &mut Reading<'_>,
    imported: &mut Imported,
    targets: Vec<Target>,
    routes: Vec<Route>,
    contract: &str,
    file: &str,
) -> String {
    let mut text = render::head(imported, file);
    if doorward_config::parse("doorward.toml", &text).is_err() {
        imported.key_header = None;
        text = render::head(imported, file);
        reading.leave(
            "/components/securitySchemes",
            "the header field of API keys: they are shown in `x-api-key`",
        );
    }
    if let Some(cors) = imported.cors.clone() {
        let leave = ("/x-amazon-apigateway-cors", "what is answered to pages of other origins");
        if !add(reading, &mut text, &render::cors(&cors), leave) {
            imported.cors = None;
        }
    }
    if routes.iter().any(|route| route.auth.iter().any(|word| word == "iam")) {
        text.push_str(render::IAM);
    }
    for (nth, issuer) in imported.issuers.iter().enumerate() {
        let what = format!("the issuer `{}`", issuer.name);
        add(reading, &mut text, &render::issuer(issuer, nth), ("/components/securitySchemes", &what));
    }
    for target in targets {
        let what = format!("where the target `{}` is: it is to be set", target.name);
        if !add(reading, &mut text, &render::target(&target), ("/paths", &what)) {
            let keys = vec![("lambda", json!("to-be-set"))];
            let target = Target { keys, ..target };
            text.push_str(&render::target(&target));
            imported.targets.push(target);
        } else {
            imported.targets.push(target);
        }
    }
    for route in routes {
        let at = route.at.clone();
        let what = format!("the route `{} {}`", route.method, route.path);
        let plain = || Route { rewrite: None, ..route.clone() };
        if add(reading, &mut text, &render::route(&route, contract), (&at, &what)) {
            imported.routes.push(route);
        } else if route.rewrite.is_some()
            && add(reading, &mut text, &render::route(&plain(), contract), (&at, &what))
        {
            imported.routes.push(plain());
        }
    }
    text
}

/// Adds a part to the configuration unless that makes it unsound.
fn add(reading: &mut Reading<'_>, text: &mut String, part: &str, (at, what): (&str, &str)) -> bool {
    let whole = format!("{text}{part}");
    match doorward_config::parse("doorward.toml", &whole) {
        Ok(_) => {
            *text = whole;
            true
        }
        Err(faults) => {
            let told = faults.0.first().map(|fault| fault.message.clone()).unwrap_or_default();
            reading.leave(at, format!("{what}: {told}"));
            false
        }
    }
}

/// Writes all files or none: one that is there already is not written over.
fn write(folder: &Path, files: &BTreeMap<String, String>, force: bool) -> Result<(), Failure> {
    let cannot = |path: &Path, error: std::io::Error| {
        Failure::new(format!("cannot write `{}`: {error}", path.display()))
    };
    let root = Bundle::root(folder);
    let place = |name: &String| if name == "doorward.toml" { folder.join(name) } else { root.join(name) };
    let there: Vec<String> = files
        .keys()
        .map(place)
        .filter(|path| path.exists())
        .map(|path| format!("`{}`", path.display()))
        .collect();
    if !there.is_empty() && !force {
        let failure = Failure::new(format!(
            "{} there already",
            match there.as_slice() {
                [one] => format!("{one} is"),
                many => format!("{} are", many.join(", ")),
            }
        ));
        return Err(failure.hint("name another folder by `--out`, or write over it by `--force`"));
    }
    for (name, text) in files {
        let path = place(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| cannot(parent, error))?;
        }
        std::fs::write(&path, text).map_err(|error| cannot(&path, error))?;
    }
    Ok(())
}

fn tell(
    imported: &Imported,
    files: &BTreeMap<String, String>,
    document: &RawDocument,
    arguments: &Arguments,
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
                    "files": if arguments.stdout { json!(files) } else { files.keys().cloned().collect() },
                    "routes": routes.collect::<Vec<_>>(),
                    "left_over": imported.leftovers.iter().map(leftover).collect::<Vec<_>>(),
                })
            );
        }
        Format::Human => {
            for (name, text) in files {
                match arguments.stdout {
                    true => say!("# {name}\n{text}"),
                    false => say!("wrote `{}`", arguments.out.join(name).display()),
                }
            }
            let count = imported.routes.len();
            let told = format!(
                "{count} route{}; nothing is permitted until a policy says so",
                if count == 1 { "" } else { "s" }
            );
            // Standard output may be a file that holds what was imported.
            let tell = |line: String| if arguments.stdout { eprintln!("{line}") } else { say!("{line}") };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The configuration that a document becomes, which is called `file`.
    fn configuration_of(document: &Value, file: &str) -> (String, String) {
        let document = RawDocument::read("f", &document.to_string()).unwrap();
        let arguments = Arguments {
            file: PathBuf::from("f"),
            out: PathBuf::from("."),
            stdout: true,
            force: false,
            target: None,
            stage_variable: Vec::new(),
        };
        let (_, files) =
            import(&document, file, &arguments).map_err(|failure| format!("{failure:?}")).unwrap();
        let policies = files.iter().find(|(name, _)| name.ends_with(".cedar")).map(|(_, text)| text.clone());
        (files["doorward.toml"].clone(), policies.unwrap())
    }

    #[test]
    fn a_route_without_its_rewrite_keeps_its_scopes() {
        let authorizer = json!({"type": "jwt", "jwtConfiguration": {"issuer": "https://id.example/", "audience": ["shop"]}});
        let integration =
            json!({"type": "http_proxy", "httpMethod": "GET", "uri": "https://shop.example/{gone}"});
        let document = json!({
            "openapi": "3.0.1", "info": {"title": "shop", "version": "1"},
            "paths": {"/a": {"get": {
                "operationId": "a", "responses": {}, "security": [{"user": ["shop.read"]}],
                "x-amazon-apigateway-integration": integration,
            }}},
            "components": {"securitySchemes": {"user": {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": authorizer}}},
        });
        let (config, _) = configuration_of(&document, "f");
        assert!(config.contains("scopes = [\"shop.read\"]"), "{config}");
        assert!(!config.contains("rewrite"), "{config}");
    }
}
