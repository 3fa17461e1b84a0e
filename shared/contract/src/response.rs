//! What a contract says of answers.

use std::collections::BTreeMap;

use doorward_model::Violation;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::checker::{MAX_VIOLATIONS, violation};
use crate::header_field::HeaderField;
use crate::media::{Contents, Modelled};
use crate::operation::read_json_of;

/// The answers of one operation.
#[derive(Debug, Default)]
pub(crate) struct Responses {
    /// By status.
    pub(crate) exact: BTreeMap<u16, Response>,
    /// By the status's first digit: `2XX`.
    pub(crate) ranges: BTreeMap<u16, Response>,
    /// `default`.
    pub(crate) other: Option<Response>,
}

/// One Response Object.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) contents: Contents,
    pub(crate) headers: Vec<HeaderField>,
}

impl Responses {
    fn find(&self, status: u16) -> Option<&Response> {
        self.exact.get(&status).or_else(|| self.ranges.get(&(status / 100))).or(self.other.as_ref())
    }

    pub(crate) fn has(&self, status: u16) -> bool {
        self.find(status).is_some()
    }

    /// Whether the body decides if an answer of this kind keeps the contract.
    pub(crate) fn read_body(&self, status: u16, content_type: Option<&str>) -> bool {
        let Some(Response { contents, .. }) = self.find(status) else {
            return false;
        };
        match content_type.and_then(|content_type| contents.find(content_type)) {
            Some(Modelled::Json(_) | Modelled::Held(_)) => true,
            Some(Modelled::Unread) => false,
            // Fine if there is no body, and only then.
            None => contents.is_empty(),
        }
    }

    /// Where an answer breaks the contract; `body` is `None` where it can have none.
    pub(crate) fn violations(&self, status: u16, headers: &HeaderMap, body: Option<&[u8]>) -> Vec<Violation> {
        let Some(response) = self.find(status) else {
            return vec![violation("status", String::new(), format!("the status {status} is not modelled"))];
        };
        let mut violations: Vec<_> =
            response.headers.iter().flat_map(|field| field.violations(headers)).collect();
        if let Some(body) = body {
            violations.extend(body_violations(&response.contents, headers, body));
        }
        violations.truncate(MAX_VIOLATIONS);
        violations
    }
}

fn body_violations(contents: &Contents, headers: &HeaderMap, body: &[u8]) -> Vec<Violation> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let whole = |rule: &str| vec![violation("body", String::new(), rule)];
    let media = |rule: &str| vec![violation("header", "/content-type".to_owned(), rule)];
    match (content_type.map(|content_type| contents.find(content_type)), body) {
        (_, []) if contents.is_empty() => Vec::new(),
        _ if contents.is_empty() => whole("must not be there"),
        (Some(Some(Modelled::Unread)), _) => Vec::new(),
        (Some(Some(Modelled::Json(_) | Modelled::Held(_))), []) => whole("is required"),
        (Some(Some(Modelled::Held(held))), body) => held.violations(content_type.unwrap_or_default(), body),
        (Some(Some(Modelled::Json(checker))), body) => match read_json_of(checker, body) {
            Ok(value) => checker.map(|checker| checker.violations("body", "", &value)).unwrap_or_default(),
            Err(json) if json.violations.is_empty() => whole(&format!("must be JSON: {json}")),
            Err(json) => json.violations,
        },
        (Some(None), _) => media("must be a media type that is modelled, and for JSON no charset but utf-8"),
        (None, _) => media("is required"),
    }
}
