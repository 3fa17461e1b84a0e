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
    Imported, Leftover, Reading, Route, closed, configuration, contract, join, names, render, servers,
    unread, yaml,
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

    /// What a document becomes, and its files.
    fn imported(document: &Value) -> (Imported, BTreeMap<String, String>) {
        let document = RawDocument::read("f", &document.to_string()).unwrap();
        let arguments = Arguments {
            file: PathBuf::from("f"),
            out: PathBuf::from("."),
            stdout: true,
            force: false,
            target: None,
            stage_variable: Vec::new(),
        };
        import(&document, "f", &arguments).map_err(|failure| format!("{failure:?}")).unwrap()
    }

    /// The routes of `paths`, as `METHOD path auth rewrite`, and the list of what was not carried over.
    fn routes(paths: Value) -> (Vec<String>, String) {
        let (imported, files) = imported(
            &json!({"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": paths,
            "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}}}}),
        );
        let route = |route: &Route| {
            let rewrite = route.rewrite.clone().unwrap_or_default();
            format!("{} {} {} {rewrite}", route.method, route.path, route.auth.join("+"))
                .trim_end()
                .to_owned()
        };
        let config = &files["doorward.toml"];
        assert_eq!(config.matches("[[routes]]").count(), imported.routes.len(), "{config}");
        let told = imported.leftovers.iter().map(|left| format!("{}: {}", left.pointer, left.what));
        (imported.routes.iter().map(route).collect(), told.collect::<Vec<_>>().join("\n"))
    }

    fn proxy(uri: &str, mapping: Value) -> Value {
        json!({"type": "http_proxy", "httpMethod": "ANY", "uri": uri, "requestParameters": mapping})
    }

    fn operation(integration: Value) -> Value {
        json!({"responses": {}, "x-amazon-apigateway-integration": integration})
    }

    #[test]
    fn a_route_keeps_the_path_of_its_target_or_is_none() {
        let proxy = |uri| proxy(uri, json!({"integration.request.path.proxy": "method.request.path.proxy"}));
        let any = |uri| json!({"x-amazon-apigateway-any-method": operation(proxy(uri))});
        let (found, told) = routes(json!({"/in/{proxy+}": any("https://h.example/a/{proxy}/")}));
        assert_eq!(found, ["ANY /in/{proxy+} anonymous /a/{proxy}"]);
        assert!(told.contains("the last slash of the path"), "{told}");
        let paths = json!({"/in/{proxy+}": any("https://h.example/a//{proxy}"), "/{proxy+}": any("https://h.example/{proxy}")});
        let (found, told) = routes(paths);
        assert_eq!(found, ["ANY /{proxy+} anonymous", "ANY /in/{proxy+} nobody"]);
        assert!(told.contains("the route `ANY /in/{proxy+}`: "), "{told}");
    }

    #[test]
    fn what_became_no_route_is_taken_by_no_other() {
        let greedy = operation(proxy(
            "https://h.example/{proxy}",
            json!({"integration.request.path.proxy": "method.request.path.proxy"}),
        ));
        let mock = operation(json!({"type": "mock"}));
        let (found, told) = routes(json!({
            "/a": {"get": mock, "options": mock},
            "/{proxy+}": {"x-amazon-apigateway-any-method": greedy},
        }));
        assert_eq!(found, ["ANY /{proxy+} anonymous", "GET /a nobody", "OPTIONS /a nobody"]);
        assert!(told.contains("`GET /a` is a route that nobody is let in by"), "{told}");
        // Where no other route takes it, there is none.
        let own = operation(proxy("https://h.example/b", json!({})));
        assert_eq!(routes(json!({"/a": {"get": mock}, "/b": {"get": own}})).0, ["GET /b anonymous"]);
        // A path that no door takes closes what would take it.
        let (found, told) =
            routes(json!({"/a%2Fb": {"get": mock}, "/{proxy+}": {"x-amazon-apigateway-any-method": greedy}}));
        assert_eq!(found, ["ANY /{proxy+} nobody"]);
        assert!(told.contains("it would take the requests of `GET /a%2Fb`"), "{told}");
    }

    #[test]
    fn any_method_with_models_has_a_route_for_each() {
        let mut any = operation(proxy("https://h.example/a", json!({})));
        any["security"] = json!([{"key": []}]);
        any["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
        let (found, _) = routes(json!({"/a": {"x-amazon-apigateway-any-method": any}}));
        let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        assert_eq!(found, all.map(|method| format!("{method} /a api-key")));
    }

    #[test]
    fn parameters_of_paths_are_put_in_at_once() {
        let mapping = json!({"integration.request.path.a": "method.request.path.b", "integration.request.path.b": "method.request.path.a"});
        let integration = proxy("https://h.example/v/{a}/{b}", mapping);
        let (found, _) = routes(json!({"/v/{a}/{b}": {"get": operation(integration)}}));
        assert_eq!(found, ["GET /v/{a}/{b} anonymous /v/{b}/{a}"]);
        // What API Gateway puts in itself is nothing that callers may choose.
        let integration = proxy(
            "https://h.example/v/{a}",
            json!({"integration.request.path.a": "context.authorizer.tenant"}),
        );
        assert!(routes(json!({"/v/{a}": {"get": operation(integration)}})).0.is_empty());
    }

    #[test]
    fn no_name_of_the_document_looks_like_a_line_of_the_list() {
        let (_, told) =
            routes(json!({"/a": {"get": operation(json!({"type": "x\nforged.yaml:1:1: \u{202e}fine"}))}}));
        assert!(
            told.contains("x\u{fffd}forged.yaml") && !told.contains("\nforged") && !told.contains('\u{202e}'),
            "{told}"
        );
    }

    #[test]
    fn properties_are_kept_whatever_they_are_called() {
        let schema = json!({"type": "object", "required": ["x-amazon-id"], "x-amazon-note": 1,
            "properties": {"x-amazon-id": {"type": "string", "x-amazon-note": 1, "enum": [{"x-amazon-a": 1}]}}});
        let kept = json!({"type": "object", "required": ["x-amazon-id"],
            "properties": {"x-amazon-id": {"type": "string", "enum": [{"x-amazon-a": 1}]}}});
        let document = |schema: &Value| json!({"components": {"schemas": {"x-amazon-b": schema}}});
        assert_eq!(contract::without_extensions(&document(&schema)), document(&kept));
    }

    #[test]
    fn a_route_that_is_closed_has_an_issuer_without_keys() {
        let mut lost = operation(proxy("https://h.example/a", json!({})));
        lost["security"] = json!([{"unknown": []}]);
        let (_, files) = imported(
            &json!({"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": {"/a": {"get": lost}}}),
        );
        let config = &files["doorward.toml"];
        assert!(
            config.contains("auth = [\"nobody\"]") && config.contains("jwks_file = \"nobody.jwks.json\""),
            "{config}"
        );
        assert_eq!(files["nobody.jwks.json"], closed::KEYS);
    }
}
