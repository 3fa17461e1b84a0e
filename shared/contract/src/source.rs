//! A contract's text, read once: its value, and where in the text each part of the value stands.

mod as_written;
mod lines;
mod node;

use std::ops::Range;
use std::sync::OnceLock;

use doorward_model::{Fault, Faults, JsonFault, Place, parse_json};
use serde::de::DeserializeSeed;
use serde_json::Value;
use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

use self::as_written::AsWritten;
use self::lines::Lines;
use self::node::Node;
use crate::dialect::Dialect;
use crate::pointer;
use crate::resources::Resources;

/// The largest document that is read, in bytes: as large as a whole bundle.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Values and names in it. They take about a hundred times the space that the shortest of them takes in the text; the largest
/// documents that are published have a third of this.
const MAX_NODES: usize = 2_000_000;
const SMALLER: &str = "leave out what no route needs, or part it into several documents";
/// Nesting of mappings and lists; OpenAPI's own scaffolding takes about ten.
const MAX_DEPTH: usize = 64;
/// Nodes that YAML aliases may add.
const MAX_ALIASED: usize = 100_000;

/// One document of the user's, YAML or JSON (which YAML 1.2 contains).
#[derive(Debug)]
pub(crate) struct Source {
    file: String,
    text: String,
    lines: Lines,
    pub(crate) value: Value,
    root: Spot,
    /// By the dialect that the document is read in.
    resources: [OnceLock<Resources>; 3],
}

impl Source {
    /// Reads `text`; duplicate names, several documents, and what JSON cannot express are faults.
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, Faults> {
        if text.len() > MAX_BYTES {
            return Err(Fault::new(format!("the document is larger than {} MiB", MAX_BYTES >> 20))
                .at(Place::new(file, text, 0..0))
                .hint(SMALLER)
                .into());
        }
        match read(text) {
            Ok(node) => {
                let (value, root) = node.split(0..0);
                Ok(Self {
                    file: file.to_owned(),
                    text: text.to_owned(),
                    lines: Lines::of(text),
                    value,
                    root,
                    resources: std::array::from_fn(|_| OnceLock::new()),
                })
            }
            Err(error) => {
                let fault = explain(&error);
                let span = error.location().map_or(0..0, |location| span_in(text, location));
                Err(fault.at(Place::new(file, text, span)).into())
            }
        }
    }

    /// The path of the file.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The schema resources in it, where it is read in `dialect`.
    pub(crate) fn resources(&self, dialect: Dialect) -> &Resources {
        let [openapi30, draft202012, draft7] = &self.resources;
        let read = match dialect {
            Dialect::OpenApi30 => openapi30,
            Dialect::Draft202012 => draft202012,
            Dialect::Draft7 => draft7,
        };
        read.get_or_init(|| Resources::of(&self.file, &self.value, dialect))
    }

    /// Where the part at `pointer` stands, or the nearest part around it that exists.
    pub(crate) fn place(&self, pointer: &str) -> Place {
        self.lines.place(&self.file, &self.text, self.span(pointer))
    }

    fn span(&self, pointer: &str) -> Range<usize> {
        let mut spot = &self.root;
        for token in pointer::tokens(pointer) {
            let next = match &spot.inner {
                Inner::Leaf => None,
                Inner::List(items) => token.parse::<usize>().ok().and_then(|nth| items.get(nth)),
                Inner::Map(members) => {
                    let found = members.binary_search_by(|(name, _)| (**name).cmp(token.as_ref()));
                    found.ok().and_then(|nth| members.get(nth)).map(|(_, spot)| spot)
                }
            };
            match next {
                Some(next) => spot = next,
                None => break,
            }
        }
        spot.span.clone()
    }

    /// Whether the member at `pointer` is written as a number that was rounded when it was read.
    pub(crate) fn is_rounded(&self, pointer: &str) -> bool {
        let after = self.text.get(self.span(pointer).end..).unwrap_or_default();
        let written = after.trim_start_matches(['"', '\'', ' ', '\t', '\r', '\n', ':']);
        let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let number = written.split(|c| !part(c)).next().unwrap_or_default();
        parse_json(number.as_bytes(), 0) == Err(JsonFault::Inexact)
    }

    /// A fault in the part at `pointer`.
    pub(crate) fn fault(&self, pointer: &str, message: impl Into<String>) -> Fault {
        Fault::new(message).at(self.place(pointer))
    }
}

/// Reads `text` by the core schema of YAML 1.2 (section 10.3).
fn read(text: &str) -> Result<Node, Error> {
    let options = || {
        serde_saphyr::options! {
            with_snippet: false,
            strict_booleans: true,
            underscored_numbers_as_strings: true,
            budget: serde_saphyr::budget! {
                max_depth: MAX_DEPTH,
                flow_nesting_limit: MAX_DEPTH,
                max_nodes: MAX_NODES,
                // Nodes, and the ends of lists and mappings.
                max_events: 2 * MAX_NODES,
            },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_ALIASED },
        }
    };
    let mut node = serde_saphyr::from_str_with_options::<Node>(text, options())?;
    if as_written::may_differ(text) {
        let again = |reader: serde_saphyr::Deserializer<'_, '_>| {
            AsWritten { text, node: &mut node }.deserialize(reader)
        };
        serde_saphyr::with_deserializer_from_str_with_options(text, options(), again)?;
    }
    Ok(node)
}

/// Where a value stands: its name's text; for an item of a list its first name, else where the list stands.
#[derive(Debug)]
struct Spot {
    span: Range<usize>,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Leaf,
    List(Box<[Spot]>),
    /// By name, in the order of names.
    Map(Box<[(Box<str>, Spot)]>),
}

fn span_of(location: serde_saphyr::Location) -> Range<usize> {
    let span = location.span();
    let start = span.byte_offset().and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
    let len = span.byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
    start..start.saturating_add(len)
}

/// Scanner errors know line and column only.
fn span_in(text: &str, location: serde_saphyr::Location) -> Range<usize> {
    if location.span().byte_offset().is_some() {
        return span_of(location);
    }
    let line = usize::try_from(location.line()).unwrap_or(1).saturating_sub(1);
    let column = usize::try_from(location.column()).unwrap_or(1).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    let offset = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
    start + offset..start + offset
}

/// The reader's error in terms of the document.
fn explain(error: &Error) -> Fault {
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => explain(error),
        Error::DuplicateMappingKey { key, .. } => match key {
            Some(key) => {
                Fault::new(format!("the name `{}` stands twice in one mapping", pointer::shown(key)))
            }
            None => Fault::new("a name stands twice in one mapping"),
        },
        Error::MultipleDocuments { .. } => Fault::new("the file holds more than one document"),
        Error::Budget { breach: BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. }, .. } => {
            Fault::new(format!("the document holds more than {MAX_NODES} names and values")).hint(SMALLER)
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Fault::new("the document is nested too deeply or grows too much through its aliases")
        }
        Error::NonFiniteFloat { .. } => Fault::new("a number is not finite"),
        Error::UnknownAnchor { .. } => Fault::new("an alias names an anchor that does not exist"),
        Error::ExternalMessage { msg, .. } => {
            Fault::new(format!("the document cannot be read as YAML or JSON: {}", pointer::shown(msg)))
        }
        Error::NullIntoString { .. } | Error::Unexpected { .. } => {
            Fault::new("a name in a mapping is not a text").hint("put the name in quotes")
        }
        _ => Fault::new("the document holds something that JSON cannot express"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    #[track_caller]
    fn reads(text: &str, expected: Value) {
        assert_eq!(Source::read("f", text).unwrap().value, expected);
    }

    #[track_caller]
    fn refuses(text: &str, expected: Expect) {
        expected.assert_eq(&Source::read("f", text).unwrap_err().to_string());
    }

    #[track_caller]
    fn stands(text: &str, pointer: &str, line: usize, column: usize) {
        let place = Source::read("f", text).unwrap().place(pointer);
        assert_eq!((place.line, place.column), (line, column), "{pointer}");
    }

    #[test]
    fn yaml_and_json_are_read_alike() {
        reads(
            "a: 1\nb: [yes, no, true, 1.5, ~, -3]\n",
            json!({"a": 1, "b": ["yes", "no", true, 1.5, null, -3]}),
        );
        reads("{\"a\": {\n\t\"200\": \"\\ud83d\\ude00\\/\"}}", json!({"a": {"200": "😀/"}}));
        reads("200: x\n", json!({"200": "x"}));
        reads("a: &x {b: 1}\nc: *x\n", json!({"a": {"b": 1}, "c": {"b": 1}}));
        reads("\u{feff}a: b", json!({"a": "b"}));
    }

    #[test]
    fn numbers_are_those_of_yaml_1_2() {
        for (text, number) in [
            ("1000", json!(1000)),
            ("-3", json!(-3)),
            ("+12", json!(12)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0xb0b1", json!(45233)),
            ("1.5e3", json!(1500.0)),
            ("-.5", json!(-0.5)),
            ("1.", json!(1.0)),
            ("007", json!(7.0)),
        ] {
            reads(&format!("a: {text}"), json!({ "a": number }));
        }
        let others = [
            "1_000", "0b11", "-0b11", "+0b0", "0x1_F", "-0x1F", "+0x1F", "-0o17", "1_0.5", "0B1", "0X1",
            "1e", "inf",
        ];
        for text in others {
            reads(&format!("a: {text}"), json!({ "a": text }));
            reads(&format!("[{text}, \"{text}\", {{b: {text}}}]"), json!([text, text, {"b": text}]));
            reads(&format!("- &x {text}\n- 3\n- *x\n"), json!([text, 3, text]));
            reads(
                &format!("a: &x {{b: {text}, c: 1}}\nd: {{<<: *x, c: 2}}\n"),
                json!({
                    "a": {"b": text, "c": 1}, "d": {"b": text, "c": 2},
                }),
            );
            reads(&format!("{text}: |\n  {text}\n"), json!({ text: format!("{text}\n") }));
        }
        reads("0b11", json!("0b11"));
        let deep = Source::read("f", &format!("{}0b11{}", "[".repeat(60), "]".repeat(60))).unwrap().value;
        assert_eq!(deep.pointer(&"/0".repeat(60)), Some(&json!("0b11")));
        reads("a: 1 # 0b11\nb: 2\n", json!({"a": 1, "b": 2}));
        reads(
            "[!!int 12, !!float 1, !!str 2, !!int 0b11, é, 0b1 ]",
            json!([12, 1.0, "2", "0b11", "é", "0b1"]),
        );
    }

    #[test]
    fn what_has_no_single_reading_is_refused_with_its_place() {
        refuses("a: 1\na: 2\n", expect!["f:2:1: the name `a` stands twice in one mapping"]);
        refuses("{\"a\":{\"b\":1,\"b\":1}}", expect!["f:1:13: the name `b` stands twice in one mapping"]);
        refuses("--- a\n--- b\n", expect!["f:2:5: the file holds more than one document"]);
        refuses("a: .nan", expect!["f:1:4: a number is not finite"]);
        refuses("a: *b", expect!["f:1:4: an alias names an anchor that does not exist"]);
        refuses(
            "a: [\n",
            expect!["f:1:4: the document cannot be read as YAML or JSON: unclosed bracket '['"],
        );
        refuses(
            "~: a",
            expect![[r#"
            f:1:1: a name in a mapping is not a text
              hint: put the name in quotes"#]],
        );
        refuses(
            "? [a]\n: b",
            expect![[r#"
            f:1:3: a name in a mapping is not a text
              hint: put the name in quotes"#]],
        );
        refuses("a: !!binary '*'", expect!["f:1:13: the document holds something that JSON cannot express"]);
    }

    #[test]
    fn size_depth_and_aliases_are_bounded() {
        refuses(
            &" ".repeat(MAX_BYTES + 1),
            expect![[r#"
                f:1:1: the document is larger than 16 MiB
                  hint: leave out what no route needs, or part it into several documents"#]],
        );
        // As many values as it may hold, and the list that they are in.
        let many = format!("[{}1]", "1,".repeat(MAX_NODES - 1));
        refuses(
            &many,
            expect![[r#"
            f:1:4000000: the document holds more than 2000000 names and values
              hint: leave out what no route needs, or part it into several documents"#]],
        );
        let too_much = "the document is nested too deeply or grows too much through its aliases";
        for deep in ["[", "{a: ", "- ", "? ", "- ? ", "[{"] {
            let fault = Source::read("f", &deep.repeat(100_000)).unwrap_err();
            let message = &fault.0[0].message;
            assert!(message == too_much || message.contains("cannot be read"), "{message}");
        }
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned();
        for nth in 1..12 {
            let item = format!("*a{},", nth - 1).repeat(8);
            bomb.push_str(&format!("a{nth}: &a{nth} [{item}]\n"));
        }
        assert_eq!(Source::read("f", &bomb).unwrap_err().0[0].message, too_much);
    }

    #[test]
    fn every_part_has_its_place() {
        let text = "a:\n  b: x\n  c:\n    - 1\n    - d: é\n      e: 2\n";
        stands(text, "", 1, 1);
        stands(text, "/a", 1, 1);
        stands(text, "/a/b", 2, 3);
        stands(text, "/a/c", 3, 3);
        stands(text, "/a/c/0", 3, 3);
        stands(text, "/a/c/1/e", 6, 7);
        stands(text, "/a/c/1", 5, 7);
        stands(text, "/a/c/1/nothing/there", 5, 7);
    }
}
