//! Where in a JSON text a value stands.

/// One step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonStep {
    /// To the member of this name, which the text's author chose.
    Name(String),
    /// To the item of this number, from 0.
    Index(usize),
}

/// The steps to the value that holds the byte at `offset`. `text` must have passed as JSON: its grammar is not looked at
/// here.
pub(crate) fn steps_to(text: &[u8], offset: usize) -> Vec<JsonStep> {
    let mut steps = Vec::new();
    let mut last = "";
    let mut at = 0;
    while let Some(byte) = text.get(at).filter(|_| at < offset) {
        let mut next = at + 1;
        match byte {
            b'"' => {
                next = end_of_string(text, next);
                let name = text.get(at..next).and_then(|string| std::str::from_utf8(string).ok());
                last = name.unwrap_or_default();
            }
            b':' => {
                if let Some(JsonStep::Name(name)) = steps.last_mut() {
                    *name = serde_json::from_str(last).unwrap_or_default();
                }
            }
            b'[' => steps.push(JsonStep::Index(0)),
            b'{' => steps.push(JsonStep::Name(String::new())),
            b']' | b'}' => drop(steps.pop()),
            b',' => {
                if let Some(JsonStep::Index(nth)) = steps.last_mut() {
                    *nth += 1;
                }
            }
            _ => {}
        }
        at = next;
    }
    steps
}

/// Where what follows the string begins whose text begins at `start`.
pub(crate) fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let steps = steps_to(text.as_bytes(), text.find('7').unwrap());
        let shown: Vec<_> = steps
            .iter()
            .map(|step| match step {
                JsonStep::Name(name) => format!(".{name}"),
                JsonStep::Index(nth) => format!("[{nth}]"),
            })
            .collect();
        assert_eq!(shown.concat(), expected, "{text}");
    }

    #[test]
    fn a_value_is_found_by_its_offset() {
        check("7", "");
        check(" [1, [2], 7]", "[2]");
        check(r#"{"a": {"b": [1, {"c": "x"}]}, "d": [[], 7]}"#, ".d[1]");
        check(r#"{"a,]": "[:\"{", "\u0062\"" : [{"c":7}]}"#, ".b\"[0].c");
        check(r#"{"a": "b", "c": 7}"#, ".c");
        check(r#"[{"a": "b"}, {"": 7}]"#, "[1].");
    }
}
