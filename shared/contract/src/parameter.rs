//! Parameters: in the path and in header fields (style `simple`), in the query and in cookies (style `form`).

use doorward_model::{Fault, QueryPairs, Violation};
use http::HeaderMap;
use http::header::{self, HeaderName};
use serde_json::Value;

use crate::bundle::{Bundle, Direction, Version};
use crate::checker::{Checker, violation};
use crate::coercion::{Form, Scalars};
use crate::operation::RequestParts;
use crate::pointer;
use crate::source::Source;

/// Where a parameter stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    Query,
    Header(HeaderName),
    Cookie,
}

/// How a parameter's texts become its value.
#[derive(Debug)]
enum Reading {
    /// One text is the value.
    One(Scalars),
    /// Every text is an item.
    Each(Scalars),
    /// One text holds the items between commas.
    Split(Scalars),
}

/// One parameter of an operation.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    required: bool,
    reading: Reading,
    checker: Checker,
}

impl Parameter {
    /// Compiles the Parameter Object at `at`; `None` for one that OpenAPI says to ignore, and for one with faults.
    pub(crate) fn compile(
        source: &Source,
        version: Version,
        at: &str,
        object: &Value,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let name = object.get("name").and_then(Value::as_str);
        let Some((name, place)) = name.zip(object.get("in").and_then(Value::as_str)) else {
            faults.push(source.fault(at, "a parameter must have `name` and `in`"));
            return None;
        };
        let location = match location(source, at, name, place) {
            Ok(location) => location?,
            Err(fault) => {
                faults.push(fault);
                return None;
            }
        };
        if object.get("content").is_some() || object.get("schema").is_none() {
            let message = format!("the parameter `{}` must have a `schema`", pointer::shown(name));
            faults.push(source.fault(at, message).hint("parameters with `content` are not carried"));
            return None;
        }
        let bundle =
            Bundle::gather(source, version, Direction::Request, &pointer::join(at, "schema"), faults)?;
        let reading = reading(source, at, object, &location, &bundle);
        match reading.and_then(|reading| Ok((reading, Checker::compile(source, &bundle)?))) {
            Ok((reading, checker)) => {
                let required =
                    location == Location::Path || object.get("required") == Some(&Value::Bool(true));
                Some(Self { name: name.to_owned(), location, required, reading, checker })
            }
            Err(fault) => {
                faults.push(fault);
                None
            }
        }
    }

    /// Whether `other` is the same parameter: one of an operation replaces one of its path.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.location == other.location
            && (self.name == other.name || matches!(self.location, Location::Header(_)))
    }

    /// The part of a message that violations name.
    fn part(&self) -> &'static str {
        match self.location {
            Location::Path => "path",
            Location::Query => "query",
            Location::Header(_) => "header",
            Location::Cookie => "cookie",
        }
    }

    /// Where the request breaks what is said of this parameter.
    pub(crate) fn violations(&self, request: &RequestParts<'_>) -> Vec<Violation> {
        let place = pointer::join("", &self.name);
        let one = |rule: &str| vec![violation(self.part(), place.clone(), rule)];
        let Some(texts) = self.texts(request) else {
            return one("must be text");
        };
        let value = match (texts.as_slice(), &self.reading) {
            ([], _) if self.required => return one("is required"),
            ([], _) => return Vec::new(),
            (texts, Reading::Each(scalars)) => texts.iter().map(|text| scalars.read(text)).collect(),
            ([text], Reading::One(scalars)) => scalars.read(text),
            ([text], Reading::Split(scalars)) => text.split(',').map(|item| scalars.read(item)).collect(),
            _ => return one("must stand once"),
        };
        self.checker.violations(self.part(), &place, &value)
    }

    /// The texts that the request holds under this name; `None` when a header field or cookie is no text.
    fn texts<'a>(&'a self, request: &RequestParts<'a>) -> Option<Vec<&'a str>> {
        match &self.location {
            Location::Path => {
                let pairs = request.path.iter().filter(|(name, _)| *name == self.name);
                Some(pairs.map(|(_, value)| value.as_str()).collect())
            }
            Location::Query => Some(QueryPairs::all(request.query, &self.name).collect()),
            Location::Header(name) => self.lines(request.headers, name),
            Location::Cookie => {
                let lines = request.headers.get_all(header::COOKIE).iter().map(|line| line.to_str().ok());
                let lines = lines.collect::<Option<Vec<_>>>()?;
                let pairs = lines.into_iter().flat_map(|line| line.split(';'));
                let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
                Some(pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value).collect())
            }
        }
    }

    /// The lines of a header field. The lines of a list are one list (RFC 9110 section 5.3).
    fn lines<'a>(&self, headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
        let lines = headers.get_all(name).iter().map(|line| line.to_str().ok().map(str::trim));
        let lines = lines.collect::<Option<Vec<_>>>()?;
        Some(match self.reading {
            Reading::Each(_) => lines.into_iter().flat_map(|line| line.split(',')).map(str::trim).collect(),
            _ => lines,
        })
    }
}

/// Where the parameter stands; `Ok(None)` for header fields that OpenAPI takes out of contracts.
fn location(source: &Source, at: &str, name: &str, place: &str) -> Result<Option<Location>, Fault> {
    Ok(Some(match place {
        "path" => Location::Path,
        "query" => Location::Query,
        "cookie" => Location::Cookie,
        "header"
            if ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str()) =>
        {
            return Ok(None);
        }
        // The door drops such fields as they come in: other programs take `x_a` and `x-a` for the same.
        "header" if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            let message = format!("a header field named `{}` never gets here", pointer::shown(name));
            let fault = source.fault(&pointer::join(at, "name"), message);
            return Err(fault.hint("use letters, digits and dashes"));
        }
        "header" => match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => Location::Header(name),
            Err(_) => {
                let message = format!("`{}` cannot be the name of a header field", pointer::shown(name));
                return Err(source.fault(&pointer::join(at, "name"), message));
            }
        },
        other => {
            let message = format!("a parameter cannot stand in `{}`", pointer::shown(other));
            let fault = source.fault(&pointer::join(at, "in"), message);
            return Err(fault.hint("expected `path`, `query`, `header` or `cookie`"));
        }
    }))
}

/// How the parameter is written, where that is a way that is carried.
fn reading(
    source: &Source,
    at: &str,
    object: &Value,
    location: &Location,
    bundle: &Bundle,
) -> Result<Reading, Fault> {
    let default = match location {
        Location::Path | Location::Header(_) => "simple",
        Location::Query | Location::Cookie => "form",
    };
    let style = object.get("style").and_then(Value::as_str).unwrap_or(default);
    if style != default {
        let message = format!("the parameter style `{}` is not carried here", pointer::shown(style));
        return Err(source.fault(&pointer::join(at, "style"), message).hint(format!("use `{default}`")));
    }
    let explode = object.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    let form = Form::of(bundle).map_err(|what| {
        let fault =
            source.fault(&pointer::join(at, "schema"), format!("a parameter that is {what} is not carried"));
        fault.hint("a parameter is one value or a list of values")
    })?;
    match (form, location) {
        (Form::One(scalars), _) => Ok(Reading::One(scalars)),
        (Form::Many(scalars), Location::Header(_)) => Ok(Reading::Each(scalars)),
        (Form::Many(scalars), Location::Path) => Ok(Reading::Split(scalars)),
        (Form::Many(_), Location::Cookie) if explode => {
            let fault = source.fault(at, "a list in several cookies of one name is not carried");
            Err(fault.hint("say `explode: false`"))
        }
        (Form::Many(scalars), _) if explode => Ok(Reading::Each(scalars)),
        (Form::Many(scalars), _) => Ok(Reading::Split(scalars)),
    }
}
