//! `doorward import`: a file per kind of what is taken in.

mod authorizers;
mod closed;
mod configuration;
mod contract;
mod cors;
mod expressions;
mod files;
mod integration;
mod mappings;
mod names;
mod openapi;
mod operations;
mod parameters;
mod render;
mod schemes;
mod scopes;
mod security;
mod servers;
mod told;
mod unread;
mod user_pools;
mod validators;
mod yaml;

use clap::Subcommand;
use doorward_contract::RawDocument;
use serde_json::Value;

use crate::output::{Exit, Failure, Format};

/// Makes a project of what describes an API elsewhere.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    Openapi(openapi::Arguments),
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    match &arguments.kind {
        Kind::Openapi(arguments) => openapi::run(arguments, format),
    }
}

/// A project as it is imported.
#[derive(Debug, Default)]
struct Imported {
    door: String,
    issuers: Vec<Issuer>,
    /// The header field that API keys are shown in, where it is not the usual one.
    key_header: Option<String>,
    cors: Option<Value>,
    targets: Vec<Target>,
    routes: Vec<Route>,
    leftovers: Vec<Leftover>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Issuer {
    name: String,
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<&'static str>,
    is_cognito: bool,
}

/// What a route leads to: keys of `[[targets]]` and their values.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    name: String,
    keys: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, Default)]
struct Route {
    id: String,
    /// `ANY` where it takes any.
    method: String,
    path: String,
    target: String,
    auth: Vec<String>,
    scopes: Vec<String>,
    /// Whether one of the scopes is enough, as API Gateway has it.
    any_scope: bool,
    stream: bool,
    /// Whether its contract is named.
    contract: bool,
    check_answers: Option<&'static str>,
    rewrite: Rewrite,
    /// Where the operation stands in the document that is imported.
    at: String,
}

/// What the server of a route is sent in the place of what was asked for; the parameters of the route's path stand in braces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rewrite {
    path: Option<String>,
    /// Query parameters with their values.
    set_query: Vec<(String, String)>,
    remove_query: Vec<String>,
}

impl Rewrite {
    /// The same with other names of parameters.
    fn renamed(self, new: impl Fn(&str) -> Option<String>) -> Self {
        let named = |text: String| contract::with_parameters(&text, &new);
        Self {
            path: self.path.map(named),
            set_query: self.set_query.into_iter().map(|(name, text)| (name, named(text))).collect(),
            ..self
        }
    }
}

impl Route {
    /// Whether it takes no credential that anybody has.
    fn admits_nobody(&self) -> bool {
        self.auth.iter().any(|word| word == closed::NOBODY)
    }
}

/// What could not be carried over, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leftover {
    pointer: String,
    what: String,
}

/// The document that is imported, and what was found of it so far.
struct Reading<'a> {
    document: &'a RawDocument,
    /// Values of stage variables.
    variables: &'a [(String, String)],
    leftovers: Vec<Leftover>,
    /// Pointers of extensions that were read.
    read: Vec<String>,
}

impl<'a> Reading<'a> {
    /// Lists what could not be carried over. Names of the document stand in it, none of which may look like a line of the list.
    fn leave(&mut self, pointer: &str, what: impl Into<String>) {
        let leftover = Leftover { pointer: pointer.to_owned(), what: names::shown(&what.into()) };
        if !self.leftovers.contains(&leftover) {
            self.leftovers.push(leftover);
        }
    }

    fn value(&self, pointer: &str) -> Option<&'a Value> {
        self.document.value().pointer(pointer)
    }

    /// What stands at `pointer`, after one reference within the document, and where that is.
    fn follow(&self, pointer: &str) -> Option<(String, &'a Value)> {
        let value = self.value(pointer)?;
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Some((pointer.to_owned(), value));
        };
        let target = reference.strip_prefix('#')?.to_owned();
        Some((target.clone(), self.value(&target)?))
    }

    /// The text at `key` of the object at `pointer`, with stage variables put in.
    fn text(&mut self, pointer: &str, key: &str) -> Option<String> {
        let text = self.value(pointer)?.get(key)?.as_str()?.to_owned();
        Some(self.with_variables(&join(pointer, key), &text))
    }

    fn with_variables(&mut self, pointer: &str, text: &str) -> String {
        let (mut whole, mut rest) = (String::new(), text);
        while let Some((before, behind)) = rest.split_once("${stageVariables.") {
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            whole.push_str(before);
            match self.variables.iter().find(|(known, _)| known == name) {
                Some((_, value)) => whole.push_str(value),
                None => {
                    self.leave(pointer, format!("the stage variable `{name}` has no value here: give it by `--stage-variable {name}=VALUE`"));
                    whole.push_str(&names::slug(&format!("stage-variable-{name}")));
                }
            }
            rest = after;
        }
        whole + rest
    }
}

/// `pointer` with one more token, escaped (RFC 6901).
fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}
