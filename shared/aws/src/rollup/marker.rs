//! Markers: what of a row of the ledger is in the sums.
//!
//! ```text
//! owner    S  applied#<call id>
//! item     S  usage, and usage#1, usage#2 … for the further parts of a block
//! version  N  which version of the row
//! parts    N  how many parts the row ever had, where they are more than one
//! hour     S  where it is counted, if in one cell alone; beside it the sums
//! group    S
//! cells    B  where it is counted, if in more: zlib (RFC 1950) of JSON lines, `[hour, group, [sums]]`
//! expires  N  two days after the row, in seconds since the epoch
//! ```

use std::io::{Read as _, Write as _};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::Blob;
use doorward_core::usage::{Bucket, Cell, Contribution, Grain, Group, Mark, Step, Sums};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::attributes::Attributes;

/// What the partition of every marker begins with.
pub(super) const PREFIX: &str = "applied#";
const FIRST: &str = "usage";
/// How much longer than the row a marker is kept, in seconds: a stream holds its records for a day.
pub(super) const GRACE: i64 = 2 * 24 * 60 * 60;
/// The largest text of a marker's cells, in bytes: of sixteen, each with a caller as long as callers get.
const MAX_INFLATED: u64 = 256 * 1024;
/// The most parts of a row: a block of as many calls as there may be is fewer.
const MOST_PARTS: usize = 1000;

/// The key of the marker of one part.
pub(crate) fn key(id: &str, part: usize) -> Attributes {
    let item = if part == 0 { FIRST.to_owned() } else { format!("{FIRST}#{part}") };
    [("owner", format!("{PREFIX}{id}")), ("item", item)]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        .into()
}

/// Whose marker an item of the state is, and of which part; `None` for any other item.
pub(crate) fn place(item: &Attributes) -> Option<(String, usize)> {
    let id = item.get("owner")?.as_s().ok()?.strip_prefix(PREFIX)?;
    let rest = item.get("item")?.as_s().ok()?.strip_prefix(FIRST)?;
    let part = match rest.strip_prefix('#') {
        None if rest.is_empty() => 0,
        None => return None,
        Some(digits) => digits.parse().ok().filter(|part: &usize| *part > 0 && part.to_string() == digits)?,
    };
    Some((id.to_owned(), part))
}

/// The marker that a step writes.
pub(crate) fn item(step: &Step) -> Option<Attributes> {
    let mut item = key(&step.id, step.part);
    item.extend(content(&step.mark)?);
    if let Some(expires) = step.expires {
        item.insert("expires".to_owned(), number(expires.saturating_add(GRACE)));
    }
    Some(item)
}

/// Everything that a marker says of what was counted.
pub(crate) fn content(mark: &Mark) -> Option<Attributes> {
    let mut item = Attributes::from([("version".to_owned(), number(mark.version))]);
    if mark.parts > 1 {
        item.insert("parts".to_owned(), number(mark.parts));
    }
    let mut cells = mark.counted.cells();
    match (cells.next(), cells.next()) {
        (None, _) => {}
        (Some((Cell { hour, group }, sums)), None) => {
            item.insert("hour".to_owned(), AttributeValue::S(hour.to_string()));
            item.insert("group".to_owned(), AttributeValue::S(group.key()));
            item.extend(sums.named().map(|(name, sum)| (name.to_owned(), number(sum))));
        }
        _ => {
            item.insert("cells".to_owned(), AttributeValue::B(Blob::new(pack(&mark.counted)?)));
        }
    }
    Some(item)
}

/// What a marker says; `None` for an item that is none.
pub(crate) fn read(item: &Attributes) -> Option<Mark> {
    let parts = match item.get("parts") {
        None => 1,
        Some(parts) => parts.as_n().ok()?.parse().ok().filter(|parts| (1..=MOST_PARTS).contains(parts))?,
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let counted = match (text("hour"), text("group"), item.get("cells")) {
        (None, None, None) => Contribution::default(),
        (Some(hour), Some(group), None) => {
            let sum = |name: &str| item.get(name)?.as_n().ok()?.parse::<i64>().ok();
            let named = Sums::default().named().map(|(name, _)| Some((name, sum(name)?)));
            let named: Vec<(&str, i64)> = named.into_iter().collect::<Option<_>>()?;
            let sums = Sums::from_named(|wanted| {
                named.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, sum)| *sum)
            });
            [(cell(hour, group)?, sums)].into_iter().collect()
        }
        (None, None, Some(cells)) => unpack(cells.as_b().ok()?.as_ref())?,
        _ => return None,
    };
    Some(Mark { version: item.get("version")?.as_n().ok()?.parse().ok()?, parts, counted })
}

type Line = (String, String, [i64; 5]);

fn pack(counted: &Contribution) -> Option<Vec<u8>> {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::default());
    for (Cell { hour, group }, sums) in counted.cells() {
        let line: Line = (hour.to_string(), group.key(), sums.named().map(|(_, sum)| sum));
        serde_json::to_writer(&mut deflated, &line).ok()?;
        deflated.write_all(b"\n").ok()?;
    }
    deflated.finish().ok()
}

fn unpack(packed: &[u8]) -> Option<Contribution> {
    let mut text = String::new();
    let bytes = ZlibDecoder::new(packed).take(MAX_INFLATED + 1).read_to_string(&mut text).ok()?;
    if bytes as u64 > MAX_INFLATED {
        return None;
    }
    let cells = text.lines().map(|line| {
        let (hour, group, sums): Line = serde_json::from_str(line).ok()?;
        let mut sums = sums.into_iter();
        // In the order in which they are named.
        let named = Sums::default().named().map(|(name, _)| (name, sums.next().unwrap_or_default()));
        let of = |wanted: &str| named.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, sum)| *sum);
        Some((cell(&hour, &group)?, Sums::from_named(of)))
    });
    cells.collect()
}

fn cell(hour: &str, group: &str) -> Option<Cell> {
    let hour: Bucket = hour.parse().ok()?;
    (hour.grain() == Grain::Hour).then_some(())?;
    Some(Cell { hour, group: Group::parse(group).ok()? })
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::usage::Counted;
    use doorward_model::Outcome;

    fn mark(callers: usize) -> Mark {
        let counted = |number: usize| Counted {
            at: "2026-11-24T12:30:00Z".parse().unwrap(),
            group: Group {
                caller: format!("User::\"{}{number}\"", "\\\"".repeat(500)),
                action: Some("createOrder".into()),
                target: None,
                purpose: None,
                outcome: Outcome::Admitted,
                plan: None,
                plan_version: None,
            },
            units: 3,
            bytes_in: 4,
            bytes_out: 5,
            duration_us: number as u64,
        };
        Mark {
            version: 7,
            parts: 1 + callers / 2,
            counted: Contribution::of((0..callers).map(counted)).unwrap(),
        }
    }

    #[test]
    fn a_marker_reads_back() {
        for callers in [0, 1, 2, 16] {
            let mark = mark(callers);
            assert_eq!(read(&content(&mark).unwrap()), Some(mark), "{callers}");
        }
    }

    #[test]
    fn a_place_reads_back() {
        for part in [0, 1, 17] {
            assert_eq!(place(&key("block#a#1", part)), Some(("block#a#1".to_owned(), part)));
        }
        let at = |owner: &str, item: &str| {
            let text = |text: &str| AttributeValue::S(text.to_owned());
            place(&Attributes::from([("owner".into(), text(owner)), ("item".into(), text(item))]))
        };
        for (owner, item) in [
            ("usage#x", "usage"),
            ("applied#x", "other"),
            ("applied#x", "usage#0"),
            ("applied#x", "usage#01"),
        ] {
            assert_eq!(at(owner, item), None, "{owner} {item}");
        }
    }

    #[test]
    fn a_forged_marker_is_none() {
        #[track_caller]
        fn check(name: &str, value: Option<AttributeValue>) {
            let mut item = content(&mark(1)).unwrap();
            match value {
                Some(value) => drop(item.insert(name.to_owned(), value)),
                None => drop(item.remove(name)),
            }
            assert_eq!(read(&item), None);
        }
        check("version", None);
        check("hour", None);
        check("hour", Some(AttributeValue::S("2026-11-24".into())));
        check("group", Some(AttributeValue::S("[]".into())));
        check("calls", None);
        check("calls", Some(number("1.5")));
        check("parts", Some(number(0)));
        check("parts", Some(number(1001)));
        check("cells", Some(AttributeValue::B(Blob::new(pack(&mark(2).counted).unwrap()))));
        let mut bomb = content(&mark(0)).unwrap();
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::fast());
        deflated.write_all(&vec![b' '; 1024 * 1024]).unwrap();
        bomb.insert("cells".into(), AttributeValue::B(Blob::new(deflated.finish().unwrap())));
        assert_eq!(read(&bomb), None);
    }
}
