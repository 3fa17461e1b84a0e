//! Parameters of requests: in the path, in the query, in header fields and in cookies.

use std::borrow::Cow;

use doorward_model::{Fault, Violation};
use http::HeaderMap;
use http::header::{self, HeaderName};
use serde_json::Value;

use crate::bundle::{Bundle, Direction};
use crate::checker::{Checker, violation};
use crate::claim::Claim;
use crate::coercion::{Form, Members};
use crate::documents::Documents;
use crate::location::Location;
use crate::operation::{RequestParts, read_json};
use crate::query::Query;
use crate::serialization::{self, Encoding, ONCE, Rule, Serialization};
use crate::style::{self, Style};
use crate::{media, pointer};

/// One parameter of an operation.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    required: bool,
    /// Whether an empty text will do, whatever the schema says.
    allow_empty: bool,
    pub(crate) reading: Reading,
    checker: Option<Checker>,
}

/// How the texts of a parameter or header field become its value.
#[derive(Debug)]
pub(crate) enum Reading {
    /// By a style.
    Styled(Serialization),
    /// It is one JSON text: `content`.
    Json,
}

const TEXT: Rule = "must be text";
const NESTED: Rule = "must be of the form `name[member]=value`, one level deep";

impl Parameter {
    /// Compiles the Parameter Object at `at`; `None` for one that OpenAPI says to ignore, and for one with faults.
    pub(crate) fn compile(
        documents: &Documents<'_>,
        at: &str,
        object: &Value,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let name = object.get("name").and_then(Value::as_str);
        let Some((name, place)) = name.zip(object.get("in").and_then(Value::as_str)) else {
            faults.push(documents.fault(at, "a parameter must have `name` and `in`"));
            return None;
        };
        let mut noted = |fault: Fault| faults.push(fault);
        let location = Location::read(documents, at, name, place).map_err(&mut noted).ok()??;
        let flag = |name| style::flag(documents, at, object, name, false);
        let required = flag("required").map_err(&mut noted).ok();
        let allow_empty = flag("allowEmptyValue").map_err(&mut noted).ok();
        // What it allows to be sent unencoded is taken in any case.
        flag("allowReserved").map_err(&mut noted).ok();
        let what = format!("the parameter `{}`", pointer::shown(name));
        let direction = Direction::Request;
        let (reading, checker) = read(documents, direction, at, object, &location, &what, faults)?;
        Some(Self {
            name: name.to_owned(),
            required: required? || location == Location::Path,
            allow_empty: allow_empty? && location == Location::Query,
            location,
            reading,
            checker,
        })
    }

    /// Whether `other` is the same parameter: one of an operation replaces one of its path.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.location == other.location
            && (self.name == other.name || matches!(self.location, Location::Header(_)))
    }

    pub(crate) fn is_matrix(&self) -> bool {
        matches!(self.reading, Reading::Styled(Serialization { style: Style::Matrix, .. }))
    }

    /// The names of the query that are this parameter's.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        match (&self.location, &self.reading) {
            (
                Location::Query,
                Reading::Styled(Serialization { style, explode, form: Form::Object(members) }),
            ) => match (style, explode) {
                (Style::DeepObject, _) => vec![Claim::Members(self.name.clone())],
                (_, true) => {
                    let others = members.others.map(|_| Claim::Others);
                    members.named.keys().cloned().map(Claim::Name).chain(others).collect()
                }
                (_, false) => vec![Claim::Name(self.name.clone())],
            },
            (Location::Query, _) => vec![Claim::Name(self.name.clone())],
            _ => Vec::new(),
        }
    }

    /// Where the request breaks what is said of this parameter. `claimed` are the names of the query that are not left
    /// to others.
    pub(crate) fn violations(
        &self,
        request: &RequestParts<'_>,
        query: &Query<'_>,
        claimed: &[Claim],
    ) -> Vec<Violation> {
        let part = self.location.part();
        let place = pointer::join("", &self.name);
        match self.value(request, query, claimed) {
            Err(rule) => vec![violation(part, place, rule)],
            Ok(Found::Nothing) if self.required => vec![violation(part, place, "is required")],
            Ok(Found::Nothing | Found::Empty) => Vec::new(),
            Ok(Found::Value(value)) => self
                .checker
                .as_ref()
                .map(|checker| checker.violations(part, &place, &value))
                .unwrap_or_default(),
        }
    }

    fn value(&self, request: &RequestParts<'_>, query: &Query<'_>, claimed: &[Claim]) -> Result<Found, Rule> {
        match &self.location {
            Location::Path => {
                let texts = request.path.iter().filter(|(name, _)| *name == self.name);
                self.only(texts.map(|(_, text)| Cow::Borrowed(text.as_str())), Encoding::Plain)
            }
            Location::Header(name) => {
                Ok(field(&self.reading, &self.name, request.headers, name)?
                    .map_or(Found::Nothing, Found::Value))
            }
            Location::Cookie => self.only(
                cookies(request.headers, &self.name)?.into_iter().map(Cow::Borrowed),
                Encoding::Percent,
            ),
            Location::Query => self.query_value(query, claimed),
        }
    }

    fn only<'t>(
        &self,
        mut texts: impl Iterator<Item = Cow<'t, str>>,
        encoding: Encoding,
    ) -> Result<Found, Rule> {
        match (texts.next(), texts.next()) {
            (None, _) => Ok(Found::Nothing),
            (Some(_), Some(_)) => Err(ONCE),
            (Some(text), None) if text.is_empty() && self.allow_empty => Ok(Found::Empty),
            (Some(text), None) => self.reading.read(&self.name, &text, encoding).map(Found::Value),
        }
    }

    fn query_value(&self, query: &Query<'_>, claimed: &[Claim]) -> Result<Found, Rule> {
        let encoding = Encoding::Form;
        let decode = |(name, text): (Cow<'static, str>, &str)| {
            encoding.decode(text).map(|text| (name, Cow::<'static, str>::Owned(text.into_owned())))
        };
        let object = |members: &Members, pairs: Vec<(Cow<'static, str>, &str)>| {
            if pairs.is_empty() {
                return Ok(Found::Nothing);
            }
            let pairs = pairs.into_iter().map(decode).collect::<Result<Vec<_>, _>>()?;
            serialization::object(members, pairs.into_iter()).map(Found::Value)
        };
        match &self.reading {
            Reading::Styled(Serialization {
                style: Style::DeepObject, form: Form::Object(members), ..
            }) => object(members, self.deep_members(query)?),
            Reading::Styled(Serialization { explode: true, form: Form::Object(members), .. }) => {
                let own = |name: &str| {
                    members.named.contains_key(name)
                        || members.others.is_some() && !claimed.iter().any(|claim| claim.covers(name))
                };
                let pairs = query.pairs().filter(|(name, _)| own(name));
                object(members, pairs.map(|(name, text)| (Cow::Owned(name.to_owned()), text)).collect())
            }
            Reading::Styled(Serialization { explode: true, form: Form::Many(scalars), .. }) => {
                let texts: Vec<_> = query.all(&self.name).collect();
                match texts.as_slice() {
                    [] => Ok(Found::Nothing),
                    [""] if self.allow_empty => Ok(Found::Empty),
                    _ => serialization::many(*scalars, texts, encoding).map(Found::Value),
                }
            }
            _ => self.only(query.all(&self.name).map(Cow::Borrowed), encoding),
        }
    }

    /// The members of `name[member]=value`, undecoded.
    fn deep_members<'q>(&self, query: &Query<'q>) -> Result<Vec<(Cow<'static, str>, &'q str)>, Rule> {
        let mut members = Vec::new();
        for (name, text) in query.pairs() {
            let Some(rest) = name.strip_prefix(self.name.as_str()) else { continue };
            if !rest.is_empty() && !rest.starts_with('[') {
                continue;
            }
            let member = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let member = member.filter(|member| !member.is_empty() && !member.contains(['[', ']']));
            members.push((Cow::Owned(member.ok_or(NESTED)?.to_owned()), text));
        }
        Ok(members)
    }
}

/// What a request holds of a parameter.
enum Found {
    Nothing,
    /// A text without a character, which will do.
    Empty,
    Value(Value),
}

impl Reading {
    fn read(&self, name: &str, text: &str, encoding: Encoding) -> Result<Value, Rule> {
        match self {
            Self::Styled(serialization) => serialization.read(name, text, encoding),
            Self::Json => read_json(encoding.decode(text)?.as_bytes()).map_err(|_| "must be one JSON text"),
        }
    }

    /// Whether several lines of a header field make one value (RFC 9110 section 5.3).
    fn is_list(&self) -> bool {
        matches!(self, Self::Styled(Serialization { form: Form::Many(_) | Form::Object(_), .. }))
    }
}

/// Compiles how the Parameter or Header Object at `at` is read, and the schema of its value; `what` it is called.
pub(crate) fn read(
    documents: &Documents<'_>,
    direction: Direction,
    at: &str,
    object: &Value,
    location: &Location,
    what: &str,
    faults: &mut Vec<Fault>,
) -> Option<(Reading, Option<Checker>)> {
    let content = object.get("content");
    if content.is_some() == object.get("schema").is_some() {
        faults.push(documents.fault(at, format!("{what} must have either `schema` or `content`")));
        return None;
    }
    let compile = |at: &str, faults: &mut Vec<Fault>| {
        let bundle = Bundle::gather(documents, direction, at, faults)?;
        let checker = Checker::compile(documents, &bundle).map_err(|fault| faults.push(fault)).ok();
        Some((bundle, checker))
    };
    let Some(content) = content else {
        let schema = pointer::join(at, "schema");
        let (bundle, checker) = compile(&schema, faults)?;
        let styled = Form::of(&bundle)
            .map_err(|form| documents.fault(&schema, format!("a parameter that is {form} is not carried")))
            .map_err(|fault| {
                fault.hint("a parameter is one value, or a list or flat object of such; or it has `content`")
            })
            .and_then(|form| {
                let (style, explode) = style::read(documents, at, object, location, &form)?;
                Ok(Reading::Styled(Serialization { style, explode, form }))
            });
        let styled = styled.map_err(|fault| faults.push(fault)).ok();
        return Some((styled?, Some(checker?)));
    };
    let place = pointer::join(at, "content");
    let only =
        content.as_object().filter(|content| content.len() == 1).and_then(|content| content.iter().next());
    let Some((name, media_type)) = only else {
        faults.push(documents.fault(&place, "`content` must hold one media type here"));
        return None;
    };
    let place = pointer::join(&place, name);
    if !media::essence(name).is_some_and(|essence| media::is_json(&essence)) {
        let fault = documents.fault(&place, format!("{what} can be of no other media type than JSON"));
        faults.push(fault.hint("write `application/json`, or `schema` in place of `content`"));
        return None;
    }
    if let Err(fault) = media::check_object(documents, &place, media_type) {
        faults.push(fault);
        return None;
    }
    let checker = match media_type.get("schema") {
        None => None,
        Some(_) => Some(compile(&pointer::join(&place, "schema"), faults)?.1?),
    };
    Some((Reading::Json, checker))
}

/// The value of the header field `name`; `label` is what the contract calls it.
pub(crate) fn field(
    reading: &Reading,
    label: &str,
    headers: &HeaderMap,
    name: &HeaderName,
) -> Result<Option<Value>, Rule> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().ok().map(str::trim));
    let lines = lines.collect::<Option<Vec<_>>>().ok_or(TEXT)?;
    let text = match lines.as_slice() {
        [] => return Ok(None),
        [line] => Cow::Borrowed(*line),
        lines if reading.is_list() => Cow::Owned(lines.join(",")),
        _ => return Err(ONCE),
    };
    reading.read(label, &text, Encoding::Field).map(Some)
}

/// The values of the cookies that are called `name`. Blanks belong to no name (RFC 6265 section 4.1.1), and some servers pass
/// over them.
fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a str>, Rule> {
    let lines = headers.get_all(header::COOKIE).iter().map(|line| line.to_str().ok());
    let lines = lines.collect::<Option<Vec<_>>>().ok_or(TEXT)?;
    let pairs = lines.into_iter().flat_map(|line| line.split(';'));
    let pairs = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(own, _)| own.trim() == name);
    let one = |(own, value)| if own == name { Ok(value) } else { Err("must have no blanks behind its name") };
    pairs.map(one).collect()
}
