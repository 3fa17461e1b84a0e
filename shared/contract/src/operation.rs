//! One operation of a contract, compiled.

use doorward_model::{JsonFault, MalformedJson, Omission, Shape, Violation, parse_json, parse_json_located};
use http::{HeaderMap, Method, header};
use serde_json::Value;

use crate::checker::{Checker, MAX_VIOLATIONS, violation};
use crate::claim::Claim;
use crate::media::{Contents, Modelled};
use crate::parameter::Parameter;
use crate::query::Query;
use crate::response::Responses;
use crate::vocabulary::Vocabulary;

/// Nesting of a JSON body.
const MAX_JSON_DEPTH: usize = 64;

/// The JSON text of a body.
pub(crate) fn read_json(body: &[u8]) -> Result<Value, JsonFault> {
    parse_json(body, MAX_JSON_DEPTH)
}

/// The JSON text of a body that `checker` judges, where it has a schema.
pub(crate) fn read_json_of(checker: Option<&Checker>, body: &[u8]) -> Result<Value, MalformedJson> {
    parse_json_located(body, MAX_JSON_DEPTH).map_err(|located| match checker {
        Some(checker) => checker.malformed("body", located),
        None => Vocabulary::default().malformed("body", located),
    })
}

/// One operation of an OpenAPI document, ready to check messages; nothing is compiled per message.
#[derive(Debug)]
pub struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Of its servers.
    pub(crate) base_paths: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
    /// What of a query the parameters read.
    pub(crate) claims: Vec<Claim>,
    pub(crate) body: Option<RequestBody>,
    pub(crate) responses: Responses,
    pub(crate) input: Option<Shape>,
    pub(crate) omissions: Vec<Omission>,
}

/// The Request Body Object.
#[derive(Debug)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    pub(crate) contents: Contents,
}

/// The parts of a request that a contract speaks of.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// Path parameters by the template's names, percent-decoded.
    pub path: &'a [(String, String)],
    /// The query as it was sent, without `?`.
    pub query: &'a str,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The whole body; empty is no body.
    pub body: &'a [u8],
}

/// Why a request does not keep its contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// The contract does not model this media type, the body is encoded (RFC 9110 section 15.5.16), or it is JSON in
    /// another charset than UTF-8 (RFC 8259 section 8.1).
    #[error("the contract does not model this media type")]
    UnsupportedMediaType,
    /// The body is modelled as JSON and is not one unambiguous JSON text.
    #[error("{0}")]
    Malformed(#[from] MalformedJson),
    /// At most twenty places where the request breaks the contract.
    #[error("the request breaks its contract in {} places", .0.len())]
    Violations(Vec<Violation>),
}

impl Operation {
    /// The method that the document puts the operation under.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path as the document writes it: `/orders/{id}`. `servers` are not looked at.
    #[must_use]
    pub fn path_template(&self) -> &str {
        &self.path
    }

    /// Whether requests to this path template are what the operation describes: its own path, or that behind the path
    /// of one of its servers, as `/v1/orders/{id}` with `servers: [{url: https://shop.example/v1}]`.
    #[must_use]
    pub fn is_at(&self, template: &str) -> bool {
        let own = self.path.as_str();
        let is_behind = |base: &String| match template.strip_prefix(base.as_str()) {
            Some(rest) => rest == own || rest.is_empty() && own == "/",
            None => false,
        };
        template == own || self.base_paths.iter().any(is_behind)
    }

    /// The type tree of the request body that is JSON or a form; `None` when neither is modelled. A body may be left out,
    /// or be of another media type, where the contract says so.
    #[must_use]
    pub fn input(&self) -> Option<&Shape> {
        self.input.as_ref()
    }

    /// What request bodies may hold that [`Self::input`] says nothing of.
    #[must_use]
    pub fn omissions(&self) -> &[Omission] {
        &self.omissions
    }

    /// The path parameter of style `matrix`, where there is one: it is written with `;`.
    #[must_use]
    pub fn matrix_parameter(&self) -> Option<&str> {
        self.parameters
            .iter()
            .find(|parameter| parameter.is_matrix())
            .map(|parameter| parameter.name.as_str())
    }

    /// Checks a request, and hands over its body where that is JSON, or a form of which [`Self::input`] is the type tree.
    ///
    /// # Errors
    /// [`RequestFault`]; the media type is looked at first, then the JSON text, then parameters and schema.
    pub fn check_request(&self, request: &RequestParts<'_>) -> Result<Option<Value>, RequestFault> {
        let mut body_violations = Vec::new();
        let value = match (&self.body, request.body) {
            (None, []) => None,
            (Some(body), []) => {
                if body.required {
                    body_violations.push(violation("body", String::new(), "is required"));
                }
                None
            }
            (None, _) => {
                body_violations.push(violation("body", String::new(), "must not be there"));
                None
            }
            (Some(body), bytes) => match body.modelled(request.headers)? {
                Modelled::Unread => None,
                Modelled::Held(held) => match held.read(content_type(request.headers), bytes) {
                    Ok(value) => value,
                    Err(violations) => {
                        body_violations = violations;
                        None
                    }
                },
                Modelled::Json(checker) => {
                    let value = read_json_of(checker, bytes)?;
                    if let Some(checker) = checker {
                        body_violations = checker.violations("body", "", &value);
                    }
                    Some(value)
                }
            },
        };
        let query = Query::parse(request.query);
        let parameters = self.parameters.iter();
        let mut violations: Vec<_> =
            parameters.flat_map(|parameter| parameter.violations(request, &query, &self.claims)).collect();
        violations.append(&mut body_violations);
        violations.truncate(MAX_VIOLATIONS);
        if violations.is_empty() { Ok(value) } else { Err(RequestFault::Violations(violations)) }
    }

    /// Whether it says what an answer of this status is.
    #[must_use]
    pub fn has_response(&self, status: u16) -> bool {
        self.responses.has(status)
    }

    /// Whether an answer of this status and media type can only be checked with its whole body at hand. Where this
    /// is `false`, a streamed body need not be gathered, and [`Self::check_response`] may be given none of it.
    #[must_use]
    pub fn reads_response_body(&self, status: u16, content_type: Option<&str>) -> bool {
        self.may_have_body(status) && self.responses.read_body(status, content_type)
    }

    /// Where an answer breaks the contract: its status, its header fields, its media type, its JSON body. At most
    /// twenty places.
    #[must_use]
    pub fn check_response(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Vec<Violation> {
        self.responses.violations(status, headers, self.may_have_body(status).then_some(body))
    }

    /// RFC 9110 sections 6.4.1, 9.3.2 and 15.3.5: these answers end with their header fields.
    fn may_have_body(&self, status: u16) -> bool {
        self.method != Method::HEAD && !matches!(status, 100..=199 | 204 | 304)
    }
}

/// The field `Content-Type`, where it is text.
pub(crate) fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl RequestBody {
    /// What is modelled for a body with these header fields. An encoded body could be checked only after decoding,
    /// whose cost its sender would choose.
    fn modelled(&self, headers: &HeaderMap) -> Result<Modelled<'_>, RequestFault> {
        let identity = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if !headers.get_all(header::CONTENT_ENCODING).iter().all(identity) {
            return Err(RequestFault::UnsupportedMediaType);
        }
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        let (Some(only), None) = (types.next(), types.next()) else {
            return Err(RequestFault::UnsupportedMediaType);
        };
        let modelled = only.to_str().ok().and_then(|content_type| self.contents.find(content_type));
        modelled.ok_or(RequestFault::UnsupportedMediaType)
    }
}
