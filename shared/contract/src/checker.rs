//! A compiled schema.

use std::sync::Arc;

use doorward_model::{Fault, LocatedJsonFault, MalformedJson, Violation};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

use crate::bundle::Bundle;
use crate::documents::Documents;
use crate::pattern::Written;
use crate::vocabulary::{Vocabulary, Words};
use crate::{draft7, engine, entries, formats, keywords, pattern, pointer, rule};

/// Violations that one message is told of.
pub(crate) const MAX_VIOLATIONS: usize = 20;
/// Values in a message of which every violation is located. Locating gathers all of them before the first is
/// known, so that a larger broken message would cost its sender little and the door a lot.
const MAX_LOCATED: usize = 10_000;

/// The rule where violations are not located.
const UNLOCATED: &str = "must fit its schema; finding out where it does not would cost too much";

/// A schema, ready to check values.
#[derive(Debug, Clone)]
pub(crate) struct Checker {
    validator: Arc<Validator>,
    /// Which of the validator's schemas it is.
    entry: usize,
    locatable: bool,
    vocabulary: Vocabulary,
}

impl Checker {
    /// Compiles the bundle; patterns run on the engine whose time is linear in the text.
    pub(crate) fn compile(documents: &Documents<'_>, bundle: &Bundle) -> Result<Self, Fault> {
        let (definitions, words) = translated(bundle);
        match build(&document(bundle.schema.clone(), definitions)) {
            Ok(validator) => {
                let validator = Arc::new(validator);
                Ok(Self { validator, entry: 0, locatable: bundle.locatable, vocabulary: words.all() })
            }
            Err(error) => {
                // The places of the bundle's own schema lead back to the document.
                let (schema, mut written) = pattern::for_engine(&bundle.document());
                let error = build(&schema).err().unwrap_or(error);
                written.extend(pattern::for_engine(&engine::schema(bundle)).1);
                Err(explain(documents, bundle, &written, &error))
            }
        }
    }

    /// The schema that is the entry `entry` of `validator`.
    pub(crate) fn of(
        validator: Arc<Validator>,
        entry: usize,
        locatable: bool,
        vocabulary: Vocabulary,
    ) -> Self {
        Self { validator, entry, locatable, vocabulary }
    }

    /// Whether both were compiled together.
    #[cfg(test)]
    pub(crate) fn is_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.validator, &other.validator)
    }

    /// Whether `value` keeps the schema.
    pub(crate) fn is_valid(&self, value: &Value) -> bool {
        entries::meaning(self.entry, || self.validator.is_valid(value))
    }

    /// What is told of a JSON text in `part` that has no one reading.
    pub(crate) fn malformed(&self, part: &str, located: LocatedJsonFault) -> MalformedJson {
        self.vocabulary.malformed(part, located)
    }

    /// Where `value` breaks the schema; pointers begin with `prefix`.
    pub(crate) fn violations(&self, part: &str, prefix: &str, value: &Value) -> Vec<Violation> {
        if self.is_valid(value) {
            return Vec::new();
        }
        if !self.locatable || size(value, MAX_LOCATED) > MAX_LOCATED {
            return vec![violation(part, prefix.to_owned(), UNLOCATED)];
        }
        entries::meaning(self.entry, || {
            let errors = self.validator.iter_errors(value).take(MAX_VIOLATIONS);
            errors.map(|error| self.vocabulary.locate(part, prefix, value, &error)).collect()
        })
    }
}

/// The bundle's definitions for the engine, and their words.
pub(crate) fn translated(bundle: &Bundle) -> (Map<String, Value>, Words) {
    let mut patterns: Vec<Written> = bundle.definitions().map(|_| Written::default()).collect();
    let definitions = engine::definitions(bundle).into_iter().map(|(name, schema)| {
        let (schema, written) = pattern::for_engine(&schema);
        let own = engine::number(&name).and_then(|number| patterns.get_mut(number));
        if let Some(own) = own {
            own.extend(written);
        }
        (name, schema)
    });
    let definitions = definitions.collect();
    (definitions, Words::of(bundle, patterns))
}

/// `root` with `definitions`.
pub(crate) fn document(mut root: Value, definitions: Map<String, Value>) -> Value {
    if let Value::Object(keywords) = &mut root {
        keywords.insert("$defs".to_owned(), definitions.into());
    }
    root
}

/// What judges by `schema`, a JSON Schema 2020-12 document that stands alone.
pub(crate) fn validator(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    build(&pattern::for_engine(schema).0)
}

pub(crate) fn build(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .with_keyword("format", formats::keyword)
        .with_keyword("multipleOf", keywords::multiple_of)
        .with_keyword("uniqueItems", keywords::unique_items)
        .with_keyword(entries::KEYWORD, entries::before)
        .offline()
        .build(schema)
}

/// A violation at `pointer` in `part`.
pub(crate) fn violation(part: &str, pointer: String, rule: impl Into<String>) -> Violation {
    Violation { pointer, part: part.to_owned(), rule: rule.into(), names: Vec::new() }
}

/// Values in `value`, counted up to one more than `limit`.
fn size(value: &Value, limit: usize) -> usize {
    let mut counted = 0;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        counted += 1;
        match value {
            _ if counted > limit => break,
            Value::Array(items) => open.extend(items.iter().take(limit)),
            Value::Object(members) => open.extend(members.values().take(limit)),
            _ => {}
        }
    }
    counted
}

/// Why a schema does not compile.
fn explain(
    documents: &Documents<'_>,
    bundle: &Bundle,
    written: &Written,
    error: &ValidationError<'_>,
) -> Fault {
    let at = bundle.origin(&written.place(error.instance_path().as_str()));
    let at = draft7::written_at(documents, &at);
    if matches!(error.kind(), ValidationErrorKind::Format { format } if format == "regex") {
        let text = error.instance().as_str().map_or("", |text| written.of(text));
        let takes = |text: &str| validator(&serde_json::json!({ "pattern": text })).is_ok();
        let refused = pattern::Refused::by_engine(text, takes);
        return documents.fault(&at, refused.message).hint(refused.hint);
    }
    if at.ends_with("/type") {
        return documents.fault(&at, "`type` names a type that JSON Schema does not have").hint(
            "expected `array`, `boolean`, `integer`, `null`, `number`, `object`, `string` or a list of these",
        );
    }
    let name = pointer::tokens(&at).last().map(|name| pointer::shown(&name)).unwrap_or_default();
    documents.fault(&at, format!("`{name}` {}", rule::text(error.kind(), "", written)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Direction;
    use crate::library::Library;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn compile(schema: Value) -> Result<Checker, Fault> {
        let text = serde_json::to_string_pretty(&json!({ "s": schema })).unwrap();
        let library = Library::new([("f", text)]);
        let documents = Documents::open(&library, "f").unwrap();
        let mut faults = vec![];
        match Bundle::gather(&documents, Direction::Request, "/s", &mut faults) {
            Some(bundle) => Checker::compile(&documents, &bundle),
            None => Err(faults.remove(0)),
        }
    }

    #[track_caller]
    fn check(schema: Value, value: Value, expected: &[&str]) {
        let violations = compile(schema).unwrap().violations("body", "", &value);
        let found: Vec<_> = violations.iter().map(|v| format!("{} {}", v.pointer, v.rule)).collect();
        assert_eq!(found, expected);
    }

    /// The pointers and the names of the violations.
    #[track_caller]
    fn check_names(schema: Value, value: Value, expected: &[(&str, &[&str])]) {
        let violations = compile(schema).unwrap().violations("body", "", &value);
        let found: Vec<_> = violations
            .iter()
            .map(|v| (v.pointer.as_str(), v.names.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(place, names)| (*place, names.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn refuse(schema: Value, expected: Expect) {
        expected.assert_eq(&compile(schema).unwrap_err().to_string());
    }

    #[test]
    fn every_rule_names_its_place() {
        check(json!({"type": "integer"}), json!("x"), &[" must be of type `integer`"]);
        check(json!({"type": ["integer", "null"]}), json!("x"), &[" must be of type `null` or `integer`"]);
        check(json!({"type": "integer"}), json!(1.5), &[" must be of type `integer`"]);
        check(
            json!({"required": ["a/b"], "properties": {"n": {"minimum": 1, "multipleOf": 2}}}),
            json!({"n": -1}),
            &["/a~1b is required", "/n must be at least 1", "/n must be a multiple of 2"],
        );
        check(
            json!({"items": {"maxLength": 1}}),
            json!(["a", "bc"]),
            &["/1 must be at most 1 character long"],
        );
        check(json!({"enum": ["a", "b", 1]}), json!("c"), &[" must be one of `a`, `b`, `1`"]);
        check(
            json!({"enum": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}),
            json!(0),
            &[" must be one of `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8` and 2 more"],
        );
        check(json!({"const": "a"}), json!("c"), &[" must be `a`"]);
        check(json!({"pattern": "^a+$"}), json!("c"), &[" must match the pattern `^a+$`"]);
        check(json!({"format": "date-time"}), json!("c"), &[" must be a `date-time`"]);
        check(json!({"format": "hostname"}), json!("not a host"), &[" must be a `hostname`"]);
        check(json!({"format": "idn-email"}), json!("not an address"), &[]);
        check(json!({"uniqueItems": true}), json!([1, 1]), &[" must not hold an item twice"]);
        check(
            json!({"oneOf": [true, true]}),
            json!(1),
            &[" must fit exactly one of the alternatives, not several"],
        );
        check(json!({"anyOf": [false]}), json!(1), &[" must fit one of the alternatives"]);
        check(json!({"not": true}), json!(1), &[" must not fit the schema that is excluded"]);
        check(json!({"properties": {"a": false}}), json!({"a": 1}), &["/a must not be there"]);
        check(
            json!({"properties": {"z": true}, "additionalProperties": false}),
            json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}),
            &[" must not hold unknown members"],
        );
        check(json!({"additionalProperties": false}), json!({"a": 1}), &[" must not hold members"]);
        check(
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"ab": 1}),
            &[" must not hold a member of that name"],
        );
        check(json!({"dependentRequired": {"a": ["b"]}}), json!({"a": 1}), &["/b is required"]);
        check(
            json!({"prefixItems": [true], "unevaluatedItems": false}),
            json!([1, "secret"]),
            &[" must not hold unknown items"],
        );
    }

    #[test]
    fn names_that_the_contract_does_not_declare_stand_apart() {
        let integer = json!({"type": "integer"});
        check_names(
            json!({"properties": {"z": true}, "additionalProperties": false}),
            json!({"a": 1, "z": 1, "b": 1}),
            &[("", &["a", "b"])],
        );
        check_names(json!({"additionalProperties": false}), json!({"a": 1, "b": 1}), &[("", &["a", "b"])]);
        check_names(json!({"propertyNames": false}), json!({"a": 1}), &[("", &["a"])]);
        check_names(
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"ab": 1, "c": 1, "de": 1}),
            &[("", &["ab"]), ("", &["de"])],
        );
        check_names(
            json!({"allOf": [{"properties": {"z": true}}], "unevaluatedProperties": false}),
            json!({"a": 1, "z": 1}),
            &[("", &["a"])],
        );
        check_names(json!({"unevaluatedProperties": integer}), json!({"a": "x"}), &[("", &["a"])]);
        check_names(json!({"additionalProperties": integer}), json!({"a": "x"}), &[("/*", &["a"])]);
        check_names(json!({"patternProperties": {"^a": integer}}), json!({"ab": "x"}), &[("/*", &["ab"])]);
        check_names(
            json!({"properties": {"map": {"additionalProperties": {"properties": {"n": integer}}}}}),
            json!({"map": {"a": {"n": "x"}, "b/c": {"n": "x"}}}),
            &[("/map/*/n", &["a"]), ("/map/*/n", &["b/c"])],
        );
        check_names(
            json!({"additionalProperties": {"required": ["n"], "additionalProperties": false}}),
            json!({"a": {"b": 1}}),
            &[("/*/n", &["a"]), ("/*", &["a", "b"])],
        );
    }

    #[test]
    fn names_that_the_contract_declares_anywhere_are_its_own() {
        let integer = json!({"type": "integer"});
        check_names(
            json!({"properties": {"x-a": true}, "patternProperties": {"^x-": integer}}),
            json!({"x-a": "x", "x-b": "x"}),
            &[("/x-a", &[]), ("/*", &["x-b"])],
        );
        check_names(
            json!({"allOf": [{"required": ["a"]}, {"additionalProperties": integer}]}),
            json!({"a": "x"}),
            &[("/a", &[])],
        );
        check_names(
            json!({"items": {"anyOf": [{"type": "null"}, {"properties": {"a": {"minLength": 2}}}], "additionalProperties": integer}}),
            json!([{"a": "xy"}]),
            &[("/0/a", &[])],
        );
        // What looks like a schema in a listed value is none.
        check_names(
            json!({"default": {}, "enum": [{"required": ["a"]}, {"a": "x"}], "additionalProperties": integer}),
            json!({"a": "x"}),
            &[("/*", &["a"])],
        );
    }

    #[test]
    fn a_name_of_no_characters_or_of_digits_alone_is_one() {
        let integer = json!({"type": "integer"});
        check_names(json!({"properties": {"": integer}}), json!({"": "x"}), &[("/", &[])]);
        check_names(
            json!({"properties": {"": {"items": {"properties": {"": integer, "a": integer}}}}}),
            json!({"": [1, {"": "x", "a": "x"}]}),
            &[("//1/", &[]), ("//1/a", &[])],
        );
        check_names(
            json!({"properties": {"": {"required": ["", "b"]}}}),
            json!({"": {}}),
            &[("//", &[]), ("//b", &[])],
        );
        check_names(json!({"additionalProperties": integer}), json!({"": "x"}), &[("/*", &[""])]);
        check_names(json!({"additionalProperties": integer}), json!({"4711": "x"}), &[("/*", &["4711"])]);
        check_names(json!({"properties": {"7": {"items": integer}}}), json!({"7": ["x"]}), &[("/7/0", &[])]);
    }

    #[test]
    fn names_that_the_sender_chose_are_bounded_and_inert() {
        let map = json!({"additionalProperties": {"type": "integer"}});
        check_names(map.clone(), json!({"a\n/b\u{1b}": "x"}), &[("/*", &["a\u{fffd}/b\u{fffd}"])]);
        let shown = format!("{}…", "x".repeat(64));
        check_names(map.clone(), json!({"x".repeat(5000): "x"}), &[("/*", &[&shown])]);
        let closed = json!({"properties": {"a": true}, "additionalProperties": false});
        check_names(closed.clone(), json!({"x".repeat(5000): "x"}), &[("", &[&shown])]);

        let many: Value =
            (0..1_000).map(|n| (format!("m{n}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
        for closed in [closed, json!({"additionalProperties": false})] {
            let violations = compile(closed).unwrap().violations("body", "", &many);
            assert_eq!(violations[0].names.len(), 20);
        }
        let deep = (0..30).fold(json!("x"), |inner, n| json!({format!("m{n}"): inner}));
        let nested = json!({"additionalProperties": {"$ref": "#/s"}, "type": "object"});
        let violations = compile(nested).unwrap().violations("body", "", &deep);
        assert_eq!(
            (violations[0].pointer.as_str(), violations[0].names.len()),
            ("/*".repeat(30).as_str(), 20)
        );
    }

    #[test]
    fn a_whole_number_with_a_fraction_of_zero_is_an_integer() {
        check(json!({"type": "integer", "minimum": 1}), json!(1.0), &[]);
        check(json!({"type": "integer"}), json!(-0.0), &[]);
    }

    #[test]
    fn violations_are_bounded() {
        let checker = compile(json!({"items": {"type": "integer"}})).unwrap();
        let strings = |n: usize| Value::Array(vec![json!("x"); n]);
        assert_eq!(checker.violations("body", "", &strings(100)).len(), MAX_VIOLATIONS);
        let large = checker.violations("body", "", &strings(MAX_LOCATED + 1));
        assert_eq!(large[0].rule, UNLOCATED);
        assert_eq!(large.len(), 1);
    }

    #[test]
    fn a_schema_that_branches_into_itself_is_checked_in_bounded_time() {
        let own = json!({"$ref": "#/s"});
        let branch = |name: &str| json!({"type": "object", "required": [name], "properties": {"next": own}});
        for combine in ["anyOf", "oneOf", "allOf"] {
            let checker = compile(json!({combine: [branch("a"), branch("b"), branch("c")]})).unwrap();
            let deep = (0..60).fold(json!(1), |next, _| json!({"a": 1, "b": 1, "c": 1, "next": next}));
            let violations = checker.violations("body", "", &deep);
            assert_eq!(
                violations.iter().map(|v| v.rule.as_str()).collect::<Vec<_>>(),
                [UNLOCATED],
                "{combine}"
            );
        }
    }

    #[test]
    fn recursive_schemas_check_what_they_describe() {
        let tree = json!({"type": "object", "properties": {"next": {"$ref": "#/s"}}});
        check(tree, json!({"next": {"next": {"next": 1}}}), &["/next/next/next must be of type `object`"]);
    }

    #[test]
    fn a_schema_that_does_not_compile_says_where() {
        refuse(
            json!({"properties": {"a": {"pattern": "(?=a)b"}}}),
            expect![[r#"
            f:5:9: the pattern is not one that can be checked in linear time
              hint: write it without look-around and back-references, and with small repetition counts"#]],
        );
        refuse(
            json!({"pattern": "(a{1000}){1000}"}),
            expect![[r#"
            f:3:5: the pattern is not one that can be checked in linear time
              hint: write it without look-around and back-references, and with small repetition counts"#]],
        );
        refuse(
            json!({"patternProperties": {"\\1": true}}),
            expect![[r#"
            f:4:7: the pattern is not one that can be checked in linear time
              hint: write it without look-around and back-references, and with small repetition counts"#]],
        );
        refuse(json!({"minLength": -1}), expect!["f:3:5: `minLength` must be at least 0"]);
        refuse(
            json!({"type": "strin"}),
            expect![[r#"
            f:3:5: `type` names a type that JSON Schema does not have
              hint: expected `array`, `boolean`, `integer`, `null`, `number`, `object`, `string` or a list of these"#]],
        );
    }
}
