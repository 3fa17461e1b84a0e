//! A generated document, what it is compiled to, and what is expected of it.

use std::sync::Arc;

use doorward_contract::{Document, Library, Operation, RequestFault, Schema};
use doorward_model::Violation;
use serde_json::{Value, json};

use super::evaluator::{Dialect, Evaluator};
use super::generator::Generator;
use super::mistake::Mistake;
use super::one_way::Way;
use super::resources::{ROOT, Resources};
use crate::shop::{Request, answer_headers};

/// Where a schema stands in a document, and what it says of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Of values by themselves.
    Alone,
    /// Of the body of a request.
    Request,
    /// Of the body of an answer with this status.
    Answer(u16),
}

impl Side {
    /// Those of a dialect's documents.
    pub fn of(dialect: Dialect) -> &'static [Self] {
        const OF_OPENAPI: [Side; 4] =
            [Side::Request, Side::Answer(200), Side::Answer(203), Side::Answer(404)];
        if dialect.is_openapi() { &OF_OPENAPI } else { &[Self::Alone] }
    }

    fn way(self) -> Option<Way> {
        match self {
            Self::Alone => None,
            Self::Request => Some(Way::In),
            Self::Answer(_) => Some(Way::Out),
        }
    }

    /// Where its schema stands.
    fn place(self, mistake: Option<Mistake>) -> String {
        let answer =
            |status: &str| format!("/paths/~1a/post/responses/{status}/content/application~1json/schema");
        match self {
            Self::Alone => "/allOf/0".to_owned(),
            Self::Request => "/paths/~1a/post/requestBody/content/application~1json/schema".to_owned(),
            Self::Answer(200) => answer("200"),
            Self::Answer(status)
                if status / 100 == 2 && mistake != Some(Mistake::TakesTheDefaultForARange) =>
            {
                answer("2XX")
            }
            Self::Answer(_) => answer("default"),
        }
    }
}

pub struct Sample {
    pub root: Value,
    pub dialect: Dialect,
    pub seed: u64,
}

/// What was compiled of a sample.
pub enum Compiled {
    Schema(Box<Schema>),
    Operation(Box<Operation>),
}

impl Sample {
    pub fn generate(dialect: Dialect, seed: u64) -> Self {
        let mut generator = Generator::new(dialect, seed);
        let definitions = generator.definitions();
        let main = generator.schema(3, 0);
        let root = match dialect {
            Dialect::OpenApi30 | Dialect::OpenApi31 => {
                let mut content = || json!({"application/json": {"schema": generator.schema(3, 0)}});
                let answers = json!({
                    "200": {"description": "", "content": content()},
                    "2XX": {"description": "", "content": content()},
                    "default": {"description": "", "content": content()},
                });
                let mut root = json!({
                    "openapi": if dialect == Dialect::OpenApi30 { "3.0.3" } else { "3.1.0" },
                    "paths": {"/a": {"post": {
                        "operationId": "a",
                        "requestBody": {"content": {"application/json": {"schema": main}}}, "responses": answers,
                    }}},
                    "components": {"schemas": definitions},
                });
                if dialect == Dialect::OpenApi31 && generator.chance(2) {
                    root["jsonSchemaDialect"] = json!(generator.one(&[
                        "https://json-schema.org/draft/2020-12/schema",
                        "https://spec.openapis.org/oas/3.1/dialect/base",
                    ]));
                }
                root
            }
            Dialect::Draft7 => {
                json!({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions, "allOf": [main]})
            }
            Dialect::Draft202012 => json!({"$defs": definitions, "allOf": [main]}),
        };
        Self { root, dialect, seed }
    }

    /// Some of each dialect.
    pub fn all(count: u64) -> impl Iterator<Item = Self> {
        let of = move |dialect| (0..count).map(move |seed| Self::generate(dialect, seed));
        Dialect::ALL.into_iter().flat_map(of)
    }

    pub fn schema(&self, side: Side, mistake: Option<Mistake>) -> &Value {
        let place = side.place(mistake);
        self.root.pointer(&place).unwrap_or_else(|| panic!("{place}"))
    }

    pub fn evaluator(&self, side: Side, mistake: Option<Mistake>) -> Evaluator<'_> {
        let resources = Resources::of(&self.root, self.dialect.container());
        Evaluator { resources, dialect: self.dialect, way: side.way(), mistake }
    }

    pub fn instances(&self, side: Side, count: usize) -> Vec<Value> {
        let mut generator = Generator::new(self.dialect, self.seed ^ 0xbeef);
        generator.instances(&self.evaluator(side, None), self.schema(side, None), count)
    }

    /// What the specification says of each of `values`.
    pub fn expected(&self, side: Side, values: &[Value], mistake: Option<Mistake>) -> Vec<bool> {
        let (evaluator, schema) = (self.evaluator(side, mistake), self.schema(side, mistake));
        values.iter().map(|value| evaluator.accepts(schema, value)).collect()
    }

    /// The document as it is in use: what its operations share is compiled for all of them.
    pub fn compile(&self) -> Compiled {
        self.compiled(true)
    }

    /// The same of one operation by itself.
    pub fn compile_alone(&self) -> Compiled {
        self.compiled(false)
    }

    fn compiled(&self, is_shared: bool) -> Compiled {
        let mut root = self.root.clone();
        if self.dialect.is_openapi() && is_shared {
            self.add_operation(&mut root);
        }
        let text = root.to_string();
        let library = Arc::new(Library::new([(ROOT, text.as_str())]));
        let failed = |faults: doorward_model::Faults| -> ! { panic!("{self}: {faults}\n{text}") };
        if self.dialect.is_openapi() {
            let document = Document::open(&library, ROOT).unwrap_or_else(|faults| failed(faults));
            if is_shared {
                document.prepare(["a", "b"]);
            }
            let operation = document.operation("a").unwrap_or_else(|faults| failed(faults));
            return Compiled::Operation(Box::new(operation));
        }
        let schema = Schema::compile(&library, ROOT, "").unwrap_or_else(|faults| failed(faults));
        Compiled::Schema(Box::new(schema))
    }

    /// Adds an operation whose bodies are those of the first one, and lists of what is a component.
    fn add_operation(&self, root: &mut Value) {
        let mut other = self.root["paths"]["/a"]["post"].clone();
        other["operationId"] = json!("b");
        let names = self.root["components"]["schemas"].as_object().into_iter().flat_map(|all| all.keys());
        let lists = names
            .map(|name| json!({"type": "array", "items": {"$ref": format!("#/components/schemas/{name}")}}));
        let content = lists
            .enumerate()
            .map(|(nth, list)| (format!("application/x{nth}+json"), json!({"schema": list})));
        let content = content.collect::<serde_json::Map<_, _>>();
        for (name, described) in &content {
            other["requestBody"]["content"][name] = described.clone();
        }
        other["responses"]["299"] = json!({"description": "", "content": content});
        root["paths"]["/b"] = json!({"post": other});
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, seed {}", self.dialect, self.seed)
    }
}

impl Compiled {
    /// Where the JSON text `body` breaks the contract.
    pub fn violations(&self, side: Side, body: &str) -> Vec<Violation> {
        match (self, side) {
            (Self::Schema(schema), Side::Alone) => {
                match doorward_model::parse_json_located(body.as_bytes(), 64) {
                    Ok(value) => schema.violations(&value),
                    Err(located) => schema.malformed(located).violations,
                }
            }
            (Self::Operation(operation), Side::Request) => {
                let headers = [("content-type", "application/json")];
                let request = Request { headers: &headers, body: body.as_bytes(), ..Request::default() };
                match request.check(operation) {
                    Ok(_) => Vec::new(),
                    Err(RequestFault::Violations(violations)) => violations,
                    Err(RequestFault::Malformed(json)) => json.violations,
                    Err(fault) => panic!("{fault}"),
                }
            }
            (Self::Operation(operation), Side::Answer(status)) => {
                operation.check_response(status, &answer_headers(Some("application/json")), body.as_bytes())
            }
            _ => panic!("{side:?}"),
        }
    }
}
