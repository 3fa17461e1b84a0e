//! Header fields of answers, and of the parts of forms (OpenAPI, Header Object).

use doorward_model::{Fault, Violation};
use http::header::{CONTENT_TYPE, HeaderName, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::bundle::Direction;
use crate::checker::{Checker, violation};
use crate::documents::Documents;
use crate::location::Location;
use crate::parameter::{self, Reading};
use crate::{pointer, style};

/// One header field that a contract describes.
#[derive(Debug)]
pub(crate) struct HeaderField {
    /// As the contract writes it.
    label: String,
    name: HeaderName,
    required: bool,
    reading: Reading,
    checker: Option<Checker>,
}

impl HeaderField {
    /// Compiles the Header Object at `at`, whose field is called `label`; `None` for `Content-Type`, which OpenAPI says
    /// to ignore there, and for one with faults.
    pub(crate) fn compile(
        documents: &Documents<'_>,
        direction: Direction,
        at: &str,
        label: &str,
        object: &Value,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let Ok(name) = HeaderName::from_bytes(label.as_bytes()) else {
            let message = format!("`{}` cannot be the name of a header field", pointer::shown(label));
            faults.push(documents.fault(at, message));
            return None;
        };
        if name == CONTENT_TYPE {
            return None;
        }
        let required = style::flag(documents, at, object, "required", false);
        let required = required.map_err(|fault| faults.push(fault)).ok();
        let what = format!("the header field `{}`", pointer::shown(label));
        let location = Location::Header(name.clone());
        let (reading, checker) = parameter::read(documents, direction, at, object, &location, &what, faults)?;
        Some(Self { label: label.to_owned(), name, required: required?, reading, checker })
    }

    /// Where the header fields of an answer or a part break what is said of this one.
    pub(crate) fn violations(&self, headers: &HeaderMap) -> Vec<Violation> {
        if self.name != SET_COOKIE {
            return self.violations_of(headers);
        }
        // Its lines can never be one (RFC 9110 section 5.3): each is a value of its own.
        let mut lines = headers.get_all(&self.name).iter().peekable();
        if lines.peek().is_none() {
            return self.violations_of(headers);
        }
        let alone = |line: &HeaderValue| HeaderMap::from_iter([(SET_COOKIE, line.clone())]);
        lines.flat_map(|line| self.violations_of(&alone(line))).collect()
    }

    fn violations_of(&self, headers: &HeaderMap) -> Vec<Violation> {
        let place = pointer::join("", &self.label);
        match parameter::field(&self.reading, &self.label, headers, &self.name) {
            Err(rule) => vec![violation("header", place, rule)],
            Ok(None) if self.required => vec![violation("header", place, "is required")],
            Ok(None) => Vec::new(),
            Ok(Some(value)) => {
                let checker = self.checker.as_ref();
                checker.map(|checker| checker.violations("header", &place, &value)).unwrap_or_default()
            }
        }
    }
}
