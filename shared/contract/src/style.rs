//! The styles in which OpenAPI has parameters written (Parameter Object, `style`, after RFC 6570).

use doorward_model::Fault;
use serde_json::Value;

use crate::coercion::Form;
use crate::documents::Documents;
use crate::location::Location;
use crate::pointer;

/// One style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `blue,black`.
    Simple,
    /// `.blue,black`; exploded `.blue.black`.
    Label,
    /// `;color=blue,black`; exploded `;color=blue;color=black`.
    Matrix,
    /// `color=blue,black`; exploded `color=blue&color=black`.
    Form,
    /// `color=blue%20black`.
    SpaceDelimited,
    /// `color=blue|black`.
    PipeDelimited,
    /// `color[R]=100&color[G]=200`.
    DeepObject,
}

impl Style {
    fn word(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Label => "label",
            Self::Matrix => "matrix",
            Self::Form => "form",
            Self::SpaceDelimited => "spaceDelimited",
            Self::PipeDelimited => "pipeDelimited",
            Self::DeepObject => "deepObject",
        }
    }

    /// The styles of a place, the first of which is the default.
    fn of(location: &Location) -> &'static [Self] {
        match location {
            Location::Path => &[Self::Simple, Self::Label, Self::Matrix],
            Location::Query => &[Self::Form, Self::SpaceDelimited, Self::PipeDelimited, Self::DeepObject],
            Location::Header(_) => &[Self::Simple],
            Location::Cookie => &[Self::Form],
        }
    }

    /// `text` at what stands between items. A blank or a bar is never data in the styles that are named after them:
    /// the texts of OpenAPI write both encoded and plain.
    pub(crate) fn split(self, text: &str) -> Vec<&str> {
        match self {
            Self::SpaceDelimited => text.split("%20").flat_map(|part| part.split(['+', ' '])).collect(),
            Self::PipeDelimited => text
                .split('|')
                .flat_map(|part| part.split("%7C"))
                .flat_map(|part| part.split("%7c"))
                .collect(),
            _ => text.split(',').collect(),
        }
    }
}

/// How the Parameter or Header Object at `at` has a value of `form` written: its style, and whether it is exploded.
pub(crate) fn read(
    documents: &Documents<'_>,
    at: &str,
    object: &Value,
    location: &Location,
    form: &Form,
) -> Result<(Style, bool), Fault> {
    let allowed = Style::of(location);
    let style = match object.get("style") {
        None => allowed.first().copied(),
        Some(named) => allowed.iter().copied().find(|style| named == style.word()),
    };
    let Some(style) = style else {
        let shown = match object.get("style") {
            Some(Value::String(named)) => pointer::shown(named),
            other => pointer::shown(&other.map(Value::to_string).unwrap_or_default()),
        };
        let fault = documents.fault(&pointer::join(at, "style"), format!("there is no style `{shown}` here"));
        let words: Vec<_> = allowed.iter().map(|style| format!("`{}`", style.word())).collect();
        return Err(fault.hint(format!("expected {}", words.join(" or "))));
    };
    let explode = flag(documents, at, object, "explode", style == Style::Form)?;
    let fault = |message: &str, hint: &str| Err(documents.fault(at, message).hint(hint));
    match (style, form, explode) {
        (Style::DeepObject, Form::One(_) | Form::Many(_), _) => {
            fault("only an object can be of style `deepObject`", "use `form`")
        }
        (Style::SpaceDelimited | Style::PipeDelimited, Form::One(_), _) => {
            fault("only a list or an object can have its parts delimited", "use `form`")
        }
        (Style::SpaceDelimited | Style::PipeDelimited, _, true) => {
            fault("what is exploded has no delimiters", "use `form`, or say `explode: false`")
        }
        (Style::Form, Form::Many(_), true) if *location == Location::Cookie => {
            fault("a list in several cookies of one name is not carried", "say `explode: false`")
        }
        (Style::Form, Form::Object(_), true) if *location == Location::Cookie => {
            fault("an object in several cookies is not carried", "say `explode: false`")
        }
        _ => Ok((style, explode)),
    }
}

/// The boolean member `name` of `object`.
pub(crate) fn flag(
    documents: &Documents<'_>,
    at: &str,
    object: &Value,
    name: &str,
    default: bool,
) -> Result<bool, Fault> {
    match object.get(name) {
        None => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => {
            Err(documents.fault(&pointer::join(at, name), format!("`{name}` must be `true` or `false`")))
        }
    }
}
