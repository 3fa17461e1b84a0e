use std::collections::BTreeMap;

use doorward_model::Place;
use serde_json::Value;

/// A value of the file and where it stands, for checks that know more than the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A value of the file as JSON, and where each part of it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// The value.
    pub value: Value,
    /// By JSON Pointer (RFC 6901); the whole is at the empty one.
    pub(crate) places: BTreeMap<String, Place>,
}

impl Stated {
    /// Where the part at `pointer` stands; where it is not there, the nearest part around it.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Option<&Place> {
        let mut rest = pointer;
        loop {
            if let Some(place) = self.places.get(rest) {
                return Some(place);
            }
            rest = rest.rsplit_once('/')?.0;
        }
    }

    /// Where the member `name` of an object stands.
    #[must_use]
    pub fn member_place(&self, name: &str) -> Option<&Place> {
        self.place(&format!("/{}", escape(name)))
    }

    /// The member `name` of an object, with its places.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name)?.clone();
        let prefix = format!("/{}", escape(name));
        let within = |(pointer, place): (&String, &Place)| {
            let rest = pointer.strip_prefix(&prefix)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (rest.to_owned(), place.clone()))
        };
        Some(Self { value, places: self.places.iter().filter_map(within).collect() })
    }
}

/// One step of a JSON Pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_not_there_is_reported_at_what_is_around_it() {
        let place = |at| Place::new("f", "abcdef", at..at + 1);
        let places = [("", 0), ("/a", 1), ("/a/b~1c", 2), ("/ab", 3)];
        let stated = Stated {
            value: serde_json::json!({ "a": { "b/c": 1 }, "ab": 2 }),
            places: places.map(|(pointer, at)| (pointer.to_owned(), place(at))).into(),
        };
        for (pointer, at) in [("", 0), ("/a/b~1c", 2), ("/a/b~1c/x/y", 2), ("/a/z", 1), ("/z", 0)] {
            assert_eq!(stated.place(pointer), Some(&place(at)), "{pointer}");
        }
        let member = stated.member("a").unwrap();
        assert_eq!(member.value, serde_json::json!({ "b/c": 1 }));
        assert_eq!(member.places.keys().collect::<Vec<_>>(), ["", "/b~1c"]);
    }
}
