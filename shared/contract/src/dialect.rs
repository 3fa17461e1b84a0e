//! The dialects of JSON Schema that are carried.

use doorward_model::Fault;
use serde_json::Value;

use crate::pointer;
use crate::source::Source;

/// What the keywords of a schema mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    /// OpenAPI 3.0: an own dialect beside JSON Schema draft 5.
    OpenApi30,
    /// JSON Schema 2020-12, which OpenAPI 3.1 has too.
    Draft202012,
    /// JSON Schema draft 7.
    Draft7,
}

/// The hint where it is OpenAPI 2: `get-export` writes OpenAPI 2 where it is told `swagger` ("Export a REST API from API Gateway").
const NEWER: &str =
    "expected `openapi: 3.0.x` or `openapi: 3.1.x`, which API Gateway exports by `--export-type oas30`";
const VERSIONS: &str = "expected `openapi: 3.0.x` or `openapi: 3.1.x`";

impl Dialect {
    /// The dialect that the whole document states; `None` where it states none.
    pub(crate) fn stated(source: &Source) -> Result<Option<Self>, Fault> {
        let member = |name: &str| source.value.get(name);
        if let Some(version) = member("openapi") {
            let dialect = match version.as_str() {
                Some(version) if version.starts_with("3.0.") => Self::OpenApi30,
                Some(version) if version.starts_with("3.1.") => Self::Draft202012,
                Some(version) => {
                    let message = format!("the OpenAPI version `{}` is not carried", pointer::shown(version));
                    return Err(source.fault("/openapi", message).hint(VERSIONS));
                }
                None => {
                    return Err(source.fault("/openapi", "the OpenAPI version is not a text").hint(VERSIONS));
                }
            };
            let base = member("jsonSchemaDialect").map_or(Some(Self::Draft202012), Self::named_by);
            return if base == Some(Self::Draft202012) {
                Ok(Some(dialect))
            } else {
                Err(source
                    .fault("/jsonSchemaDialect", "the schema dialect is not carried")
                    .hint("use `https://json-schema.org/draft/2020-12/schema` or OpenAPI 3.1's base dialect"))
            };
        }
        if member("swagger").is_some() {
            return Err(source.fault("/swagger", "OpenAPI 2 is not carried").hint(NEWER));
        }
        match member("$schema") {
            Some(name) => Self::named_by(name).map(Some).ok_or_else(|| unknown(source, "/$schema")),
            None => Ok(None),
        }
    }

    /// What a `$schema` of this value means: 2020-12, OpenAPI 3.1's base dialect, which adds annotations only, or
    /// draft 7.
    pub(crate) fn named_by(name: &Value) -> Option<Self> {
        match name.as_str()?.trim_end_matches('#') {
            "https://json-schema.org/draft/2020-12/schema"
            | "https://spec.openapis.org/oas/3.1/dialect/base" => Some(Self::Draft202012),
            "http://json-schema.org/draft-07/schema" | "https://json-schema.org/draft-07/schema" => {
                Some(Self::Draft7)
            }
            _ => None,
        }
    }
}

/// The fault of a document that is expected to be an OpenAPI document, and does not say so.
pub(crate) fn no_version(source: &Source) -> Fault {
    if source.value.is_object() {
        source.fault("", "the document does not say its OpenAPI version").hint(VERSIONS)
    } else {
        source.fault("", "the document is not an OpenAPI document")
    }
}

/// The fault of a `$schema` at `at` that names another dialect.
fn unknown(source: &Source, at: &str) -> Fault {
    source.fault(at, "the schema dialect is not carried").hint(
        "use `https://json-schema.org/draft/2020-12/schema` or `http://json-schema.org/draft-07/schema#`",
    )
}
