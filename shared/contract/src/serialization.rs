//! From the text of a parameter to its value, by its style. Delimiters are looked for before anything is decoded.

use std::borrow::Cow;

use doorward_model::percent_decode_exactly;
use serde_json::Value;

use crate::coercion::{Form, Members, Scalars};
use crate::style::Style;

/// A rule that a text breaks, before any schema sees it.
pub(crate) type Rule = &'static str;

pub(crate) const ONCE: Rule = "must stand once";
pub(crate) const ENCODED: Rule = "must be percent-encoded UTF-8";
pub(crate) const TWICE: Rule = "must not name a member twice";
const IN_TURN: Rule = "must be names and values in turn";
const ASSIGNED: Rule = "must be members of the form `name=value`";
const DOTTED: Rule = "must begin with a dot";
const NO_DOTS: Rule = "must have commas between its parts, and no further dots";
const MATRIX: Rule = "must be of the form `;name=value`";

/// How a place encodes what is data in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// It is decoded already: paths, whose canonical form knows no encoded comma.
    Plain,
    /// Not at all: header fields.
    Field,
    /// RFC 3986 section 2.1: cookies.
    Percent,
    /// The same, with `+` for a space: queries.
    Form,
}

impl Encoding {
    pub(crate) fn decode(self, text: &str) -> Result<Cow<'_, str>, Rule> {
        match self {
            Self::Plain | Self::Field => Ok(Cow::Borrowed(text)),
            Self::Form if text.contains('+') => {
                let spaced = text.replace('+', " ");
                percent_decode_exactly(&spaced).map(|text| Cow::Owned(text.into_owned())).ok_or(ENCODED)
            }
            Self::Percent | Self::Form => percent_decode_exactly(text).ok_or(ENCODED),
        }
    }
}

/// How one value is written.
#[derive(Debug)]
pub(crate) struct Serialization {
    pub(crate) style: Style,
    pub(crate) explode: bool,
    pub(crate) form: Form,
}

impl Serialization {
    /// The value that the whole `text` is: every style but those that take several pairs of a query.
    pub(crate) fn read(&self, name: &str, text: &str, encoding: Encoding) -> Result<Value, Rule> {
        let parts = match self.style {
            Style::Matrix => return self.read_matrix(name, text),
            Style::Label => self.label_parts(text.strip_prefix('.').ok_or(DOTTED)?)?,
            _ if matches!(self.form, Form::One(_)) => vec![text],
            style => style.split(text).into_iter().map(|part| trimmed(part, encoding)).collect(),
        };
        match &self.form {
            Form::One(scalars) => one(*scalars, parts.first().copied().unwrap_or_default(), encoding),
            Form::Many(scalars) => many(*scalars, parts, encoding),
            Form::Object(members) if self.explode => assigned(members, &parts, encoding),
            Form::Object(members) => in_turn(members, &parts, encoding),
        }
    }

    /// OpenAPI 3.0.3 shows dots where RFC 6570 has commas, unless it is exploded: what the two would read differently
    /// is refused.
    fn label_parts<'t>(&self, text: &'t str) -> Result<Vec<&'t str>, Rule> {
        match (&self.form, self.explode) {
            (Form::One(_), _) => Ok(vec![text]),
            (_, true) => Ok(text.split('.').collect()),
            (_, false) if text.contains('.') => Err(NO_DOTS),
            (_, false) => Ok(text.split(',').collect()),
        }
    }

    /// `;color=blue`, in a path.
    fn read_matrix(&self, name: &str, text: &str) -> Result<Value, Rule> {
        let text = text.strip_prefix(';').ok_or(MATRIX)?;
        let parts: Vec<_> = text.split(';').map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
        if let (Form::Object(members), true) = (&self.form, self.explode) {
            return object(members, parts.into_iter().map(|(name, value)| (name.into(), value.into())));
        }
        if parts.iter().any(|(own, _)| *own != name) {
            return Err(MATRIX);
        }
        let values: Vec<_> = parts.into_iter().map(|(_, value)| value).collect();
        match (&self.form, values.as_slice()) {
            (Form::Many(scalars), _) if self.explode => many(*scalars, values, Encoding::Plain),
            (Form::One(scalars), [value]) => one(*scalars, value, Encoding::Plain),
            (Form::Many(scalars), [value]) => many(*scalars, value.split(',').collect(), Encoding::Plain),
            (Form::Object(members), [value]) => {
                in_turn(members, &value.split(',').collect::<Vec<_>>(), Encoding::Plain)
            }
            _ => Err(ONCE),
        }
    }
}

/// Blanks around the commas of a header field are no data (RFC 9110 section 5.6.1).
fn trimmed(part: &str, encoding: Encoding) -> &str {
    if encoding == Encoding::Field { part.trim_matches([' ', '\t']) } else { part }
}

pub(crate) fn one(scalars: Scalars, text: &str, encoding: Encoding) -> Result<Value, Rule> {
    Ok(scalars.read(&encoding.decode(text)?))
}

pub(crate) fn many(scalars: Scalars, parts: Vec<&str>, encoding: Encoding) -> Result<Value, Rule> {
    parts.into_iter().map(|part| one(scalars, part, encoding)).collect()
}

/// `R,100,G,200`.
fn in_turn(members: &Members, parts: &[&str], encoding: Encoding) -> Result<Value, Rule> {
    let pairs = parts.chunks(2).map(|pair| match pair {
        [name, value] => Ok((encoding.decode(name)?, encoding.decode(value)?)),
        _ => Err(IN_TURN),
    });
    object(members, pairs.collect::<Result<Vec<_>, Rule>>()?.into_iter())
}

/// `R=100,G=200`.
fn assigned(members: &Members, parts: &[&str], encoding: Encoding) -> Result<Value, Rule> {
    let pairs = parts.iter().map(|part| {
        let (name, value) = part.split_once('=').ok_or(ASSIGNED)?;
        Ok((encoding.decode(name)?, encoding.decode(value)?))
    });
    object(members, pairs.collect::<Result<Vec<_>, Rule>>()?.into_iter())
}

/// The object that has these members.
pub(crate) fn object<'t>(
    members: &Members,
    pairs: impl Iterator<Item = (Cow<'t, str>, Cow<'t, str>)>,
) -> Result<Value, Rule> {
    let mut object = serde_json::Map::new();
    for (name, text) in pairs {
        let value = members.scalars(&name).read(&text);
        if object.insert(name.into_owned(), value).is_some() {
            return Err(TWICE);
        }
    }
    Ok(Value::Object(object))
}
