use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use doorward_model::{Fault, Place};
use jiff::Timestamp;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::duration;
use crate::report::{Report, Reported, quote};
use crate::stated::{self, Stated};
use crate::suggestion::suggest;

/// One value of the file and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t> {
    report: &'t Report<'t>,
    node: &'t Spanned<DeValue<'t>>,
}

impl<'t> Value<'t> {
    /// Reports `fault` at this value.
    pub(crate) fn fault(self, fault: Fault) -> Reported {
        self.report.fault(self.node.span(), fault)
    }

    /// Where it stands.
    pub(crate) fn place(self) -> Place {
        self.report.place(self.node.span())
    }

    /// Reports `fault` at the bytes `range` of the text that it is.
    pub(crate) fn fault_within(self, range: Range<usize>, fault: Fault) -> Reported {
        self.report.fault(self.span_within(range), fault)
    }

    /// Where the bytes `range` of the text that it is stand.
    pub(crate) fn place_within(self, range: Range<usize>) -> Place {
        self.report.place(self.span_within(range))
    }

    /// The whole where the text is not written as it reads: with escapes, or over several lines.
    fn span_within(self, range: Range<usize>) -> Range<usize> {
        let whole = self.node.span();
        let written = self.report.written(whole.start + 1..whole.end.saturating_sub(1));
        match self.node.get_ref() {
            DeValue::String(text) if written == Some(text.as_ref()) => {
                whole.start + 1 + range.start..whole.start + 1 + range.end
            }
            _ => whole,
        }
    }

    /// The line it stands on, from 1.
    pub(crate) fn line(self) -> usize {
        self.report.line(self.node.span())
    }

    /// A string.
    pub(crate) fn text(self) -> Result<&'t str, Reported> {
        match self.node.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong_type("a string")),
        }
    }

    /// A string that is not empty.
    pub(crate) fn word(self) -> Result<String, Reported> {
        match self.text()? {
            "" => Err(self.fault(Fault::new("expected a text, found an empty string"))),
            text => Ok(text.to_owned()),
        }
    }

    /// A word, or `false` for none where one stands by default.
    pub(crate) fn word_or_false(self) -> Result<Option<String>, Reported> {
        match self.node.get_ref() {
            DeValue::Boolean(false) => Ok(None),
            DeValue::String(_) => self.word().map(Some),
            _ => Err(self.wrong_type("a text or `false`")),
        }
    }

    /// What `parse` makes of a string; its fault is reported here.
    pub(crate) fn parse<T>(self, parse: impl FnOnce(&'t str) -> Result<T, Fault>) -> Result<T, Reported> {
        parse(self.text()?).map_err(|fault| self.fault(fault))
    }

    /// The meaning of one of a closed list of words.
    pub(crate) fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Result<T, Reported> {
        self.parse(|text| {
            choices.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
                let fault = Fault::new(format!("unknown value {}", quote(text)));
                with_hint(fault, suggest(text, choices.iter().map(|(word, _)| *word)))
            })
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(self) -> Result<bool, Reported> {
        match self.node.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => Err(self.wrong_type("a boolean")),
        }
    }

    /// A whole number in `bounds`.
    pub(crate) fn integer(self, bounds: RangeInclusive<u64>) -> Result<u64, Reported> {
        let DeValue::Integer(integer) = self.node.get_ref() else {
            return Err(self.wrong_type("an integer"));
        };
        // What is no `u64` is negative or beyond every bound.
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if bounds.contains(&number) => Ok(number),
            _ => Err(self.fault(Fault::new(format!(
                "{} is not between {} and {}",
                quote(&integer.to_string()),
                bounds.start(),
                bounds.end()
            )))),
        }
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn positive(self, most: u64) -> Result<NonZeroU64, Reported> {
        let number = self.integer(1..=most)?;
        Ok(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// A string like `"5s"`, in `bounds`.
    pub(crate) fn duration(self, bounds: RangeInclusive<Duration>) -> Result<Duration, Reported> {
        self.parse(|text| {
            let found = duration::parse(text)?;
            if bounds.contains(&found) {
                return Ok(found);
            }
            let (least, most) = (duration::render(*bounds.start()), duration::render(*bounds.end()));
            Err(Fault::new(format!("{} is not between {least} and {most}", quote(text))))
        })
    }

    /// Whether it is a string: for keys that take a text or something else.
    pub(crate) fn is_text(self) -> bool {
        matches!(self.node.get_ref(), DeValue::String(_))
    }

    /// Whether it is an integer: for keys that take a number or a text.
    pub(crate) fn is_integer(self) -> bool {
        matches!(self.node.get_ref(), DeValue::Integer(_))
    }

    /// Whether it is a table: for keys that take a text or more than that.
    pub(crate) fn is_table(self) -> bool {
        matches!(self.node.get_ref(), DeValue::Table(_))
    }

    /// A point in time: a TOML date-time with its offset, or a string of that form (RFC 3339).
    pub(crate) fn instant(self) -> Result<Timestamp, Reported> {
        let written = match self.node.get_ref() {
            DeValue::Datetime(written) => written.to_string(),
            _ => self.text()?.to_owned(),
        };
        written.parse().map_err(|_| {
            let fault = Fault::new(format!("{} is not a point in time", quote(&written)));
            self.fault(fault.hint("write date, time and offset: `2026-01-31T08:00:00Z`"))
        })
    }

    /// Any value, as JSON with its places: what a caller could send.
    pub(crate) fn stated(self) -> Result<Stated, Reported> {
        let mut places = BTreeMap::new();
        let value = self.json("", &mut places)?;
        Ok(Stated { value, places })
    }

    fn json(
        self,
        pointer: &str,
        places: &mut BTreeMap<String, Place>,
    ) -> Result<serde_json::Value, Reported> {
        places.insert(pointer.to_owned(), self.place());
        let inner = |node: &'t Spanned<DeValue<'t>>, step: &str, places: &mut BTreeMap<String, Place>| {
            Value { report: self.report, node }.json(&format!("{pointer}/{}", stated::escape(step)), places)
        };
        match self.node.get_ref() {
            DeValue::String(text) => Ok(serde_json::Value::from(text.as_ref())),
            DeValue::Boolean(value) => Ok(serde_json::Value::from(*value)),
            DeValue::Datetime(value) => Ok(serde_json::Value::from(value.to_string())),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Ok(serde_json::Value::from(number)),
                Err(_) => Err(self.fault(Fault::new("the integer does not fit into 64 bits"))),
            },
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                let number = number.ok_or_else(|| self.fault(Fault::new("JSON has no such number")))?;
                Ok(serde_json::Value::Number(number))
            }
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                let items = all(items.map(|(nth, node)| inner(node, &nth.to_string(), places)))?;
                Ok(serde_json::Value::Array(items))
            }
            DeValue::Table(table) => {
                let members = table.iter().map(|(key, node)| {
                    let name: &str = key.get_ref();
                    Ok((name.to_owned(), inner(node, name, places)?))
                });
                Ok(serde_json::Value::Object(all(members)?.into_iter().collect()))
            }
        }
    }

    /// Every element of an array, each read with `read`; all faults are reported before one ends the reading.
    pub(crate) fn each<T>(
        self,
        read: impl FnMut(Value<'t>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let DeValue::Array(items) = self.node.get_ref() else {
            return Err(self.wrong_type("an array"));
        };
        let items = items.iter().map(|node| Value { report: self.report, node });
        all(items.map(read))
    }

    /// As [`Self::each`], and no two elements may be equal.
    pub(crate) fn set<T: PartialEq + Clone>(
        self,
        mut read: impl FnMut(Value<'t>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let mut seen = Vec::new();
        self.each(|item| {
            let element = read(item)?;
            if seen.contains(&element) {
                return Err(item.fault(Fault::new("listed twice")));
            }
            seen.push(element.clone());
            Ok(element)
        })
    }

    /// As [`Self::set`], and there must be an element.
    pub(crate) fn nonempty_set<T: PartialEq + Clone>(
        self,
        read: impl FnMut(Value<'t>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let elements = self.set(read)?;
        if elements.is_empty() {
            return Err(self.fault(Fault::new("expected at least one element, found an empty array")));
        }
        Ok(elements)
    }

    /// The keys of a table, which messages call `label`.
    pub(crate) fn section<T>(
        self,
        label: &'static str,
        read: impl FnOnce(&mut Section<'t>) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        let DeValue::Table(table) = self.node.get_ref() else {
            return Err(self.wrong_type("a table"));
        };
        Section::read(self.report, table, self.node.span(), label, read)
    }

    /// Every key of a table whose keys the user chooses, with its value.
    pub(crate) fn entries<T>(
        self,
        mut read: impl FnMut(Key<'t>, Value<'t>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let DeValue::Table(table) = self.node.get_ref() else {
            return Err(self.wrong_type("a table"));
        };
        let report = self.report;
        all(table.iter().map(|(key, node)| {
            read(Key { report, text: key.get_ref(), span: key.span() }, Value { report, node })
        }))
    }

    fn wrong_type(self, expected: &str) -> Reported {
        self.fault(Fault::new(format!("expected {expected}, found {}", type_of(self.node.get_ref()))))
    }
}

/// One key of the file and where it stands.
pub(crate) struct Key<'t> {
    report: &'t Report<'t>,
    pub(crate) text: &'t str,
    span: Range<usize>,
}

impl Key<'_> {
    /// Reports `fault` at this key.
    pub(crate) fn fault(&self, fault: Fault) -> Reported {
        self.report.fault(self.span.clone(), fault)
    }
}

/// A table whose keys are known. A key is known because a reader asks for it: a reader must ask for all its keys
/// before it gives up on one of them.
pub(crate) struct Section<'t> {
    report: &'t Report<'t>,
    table: &'t DeTable<'t>,
    span: Range<usize>,
    label: &'static str,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// What `read` makes of `table`; keys that it did not ask for are faults.
    pub(crate) fn read<T>(
        report: &'t Report<'t>,
        table: &'t DeTable<'t>,
        span: Range<usize>,
        label: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        let mut section = Self { report, table, span, label, known: Vec::new() };
        let value = read(&mut section);
        let Self { known, .. } = section;
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let fault = Fault::new(format!("unknown key {} in {}", quote(key.get_ref()), label));
            report.fault(key.span(), with_hint(fault, suggest(key.get_ref(), known.iter().copied())));
        }
        value
    }

    /// The value of `key`, which must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value<'t>) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        match self.optional(key, read)? {
            Some(value) => Ok(value),
            None => Err(self.fault(Fault::new(format!("missing key `{key}` in {}", self.label)))),
        }
    }

    /// The value of `key` where it is there.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value<'t>) -> Result<T, Reported>,
    ) -> Result<Option<T>, Reported> {
        self.know(key);
        let report = self.report;
        self.table.get(key).map(|node| read(Value { report, node })).transpose()
    }

    /// The value of `key`, or `default`.
    pub(crate) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(Value<'t>) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        Ok(self.optional(key, read)?.unwrap_or(default))
    }

    /// The tables of the array `key`, in the order of the file; none where the key is not there.
    pub(crate) fn sections<T>(
        &mut self,
        key: &'static str,
        label: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        self.or(key, Vec::new(), |value| match value.node.get_ref() {
            DeValue::Table(_) => {
                let fault = Fault::new("expected an array of tables, found a table");
                Err(value.fault(fault.hint(format!("write {label}"))))
            }
            _ => value.each(|item| item.section(label, &mut read)),
        })
    }

    /// Whether a table of the array `key` lists `word` at `list`: looked at ahead of the tables, which may be faulty.
    pub(crate) fn lists(&self, key: &str, list: &str, word: &str) -> bool {
        let tables = self.table.get(key).and_then(|node| node.get_ref().as_array());
        tables.into_iter().flatten().any(|table| {
            let items = table.get_ref().as_table().and_then(|table| table.get(list)?.get_ref().as_array());
            items.into_iter().flatten().any(|item| item.get_ref().as_str() == Some(word))
        })
    }

    /// The texts at `member` of the tables of the array `key`: looked at ahead of the tables, which may be faulty.
    pub(crate) fn texts(&self, key: &str, member: &str) -> Vec<&'t str> {
        let tables = self.table.get(key).and_then(|node| node.get_ref().as_array());
        let text =
            |table: &'t Spanned<DeValue<'t>>| table.get_ref().as_table()?.get(member)?.get_ref().as_str();
        tables.into_iter().flatten().filter_map(text).collect()
    }

    /// The members of the table as JSON, without those named.
    pub(crate) fn members(
        &self,
        without: &[&str],
    ) -> Result<serde_json::Map<String, serde_json::Value>, Reported> {
        let members = self.table.iter().filter(|(key, _)| !without.contains(&key.get_ref().as_ref()));
        let members = members.map(|(key, node)| {
            let name: &str = key.get_ref();
            Ok((name.to_owned(), Value { report: self.report, node }.stated()?.value))
        });
        Ok(all(members)?.into_iter().collect())
    }

    /// Whether `key` is there; it counts as known.
    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.know(key);
        self.table.contains_key(key)
    }

    fn know(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    /// Where the table's header stands.
    pub(crate) fn place(&self) -> Place {
        self.report.place(self.span.clone())
    }

    /// Reports `fault` at the table's header.
    pub(crate) fn fault(&self, fault: Fault) -> Reported {
        self.report.fault(self.span.clone(), fault)
    }
}

/// All values, or a fault after every one was looked at.
fn all<T>(read: impl Iterator<Item = Result<T, Reported>>) -> Result<Vec<T>, Reported> {
    let (low, _) = read.size_hint();
    let mut values = Ok(Vec::with_capacity(low));
    for outcome in read {
        match (outcome, &mut values) {
            (Ok(value), Ok(values)) => values.push(value),
            (Err(reported), _) => values = Err(reported),
            (Ok(_), Err(_)) => {}
        }
    }
    values
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// `fault` with `hint` where there is one.
pub(crate) fn with_hint(fault: Fault, hint: Option<String>) -> Fault {
    match hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}
