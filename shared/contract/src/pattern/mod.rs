//! Regular expressions as contracts write them: those of ECMA-262 (section 22.2.1) with its flag `u`, as JSON Schema asks for
//! ("Regular Expressions", section 6.4 of its core), put into the words of an engine whose time is linear in the text.
//!
//! Every construct is read by the grammar. What ECMA-262 does not have is a fault, since others would mean something else by it;
//! what the engine lacks is one too. Of the looser grammar of browsers (annex B.1.2) there is what contracts are full of and what
//! has one meaning: `\-` and `\_` for themselves, braces and brackets that open nothing, a dash beside `\w` in a class.
//! Beyond both, `(?i)` is read as everyone who has it means it.

mod class;
mod escape;
mod group;
mod property;
mod reader;
mod schema;
#[cfg(test)]
mod tests;

pub(crate) use schema::{Written, for_engine};

use crate::pointer::shown;

/// Why a pattern is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Refused {
    /// Of what stands in the pattern and not in ECMA-262.
    fn foreign(what: impl AsRef<str>, hint: impl Into<String>) -> Self {
        let message = format!("the pattern has {}, which ECMA-262 does not have", what.as_ref());
        Self { message, hint: hint.into() }
    }

    /// Of a property of characters that ECMA-262 has, or may have by now, and the engine lacks.
    fn lacking(name: &str) -> Self {
        Self {
            message: format!(
                "the pattern has a property of characters that the engine lacks: `{}`",
                shown(name)
            ),
            hint: r"write the characters that have it, or another property: `\p{Letter}`, `\p{Script=Greek}`"
                .to_owned(),
        }
    }

    /// Of characters that are none by themselves: UTF-8 has no halves of surrogate pairs (RFC 3629 section 3), and what
    /// JSON escapes as such is refused.
    fn surrogates() -> Self {
        Self {
            message:
                "the pattern has the property `Surrogate`, which no character of a JSON text that is read has"
                    .to_owned(),
            hint: "leave it out: texts with half of a surrogate pair are refused".to_owned(),
        }
    }

    /// Why the engine refuses `pattern`, which ECMA-262 has; `takes` says whether it takes another one.
    pub(crate) fn by_engine(pattern: &str, takes: impl Fn(&str) -> bool) -> Self {
        let properties = reader::Reader::new(pattern).properties();
        let lacking = properties.iter().find(|name| !takes(&format!(r"\p{{{name}}}")));
        lacking.map_or_else(Self::not_linear, |name| Self::lacking(name))
    }

    /// Of what no engine has in linear time, or not without a bound.
    pub(crate) fn not_linear() -> Self {
        Self {
            message: "the pattern is not one that can be checked in linear time".to_owned(),
            hint: "write it without look-around and back-references, and with small repetition counts"
                .to_owned(),
        }
    }
}

/// `pattern` in the engine's words.
pub(crate) fn read(pattern: &str) -> Result<String, Refused> {
    reader::Reader::new(pattern).read()
}
