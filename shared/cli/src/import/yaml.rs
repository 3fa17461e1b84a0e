//! Values as YAML, in block style.

use serde_json::Value;

/// `value` as a YAML document; texts that could be read as anything else stand in quotes.
pub(super) fn write(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (nth, (name, value)) in members.iter().enumerate() {
                if nth > 0 {
                    indent(depth, out);
                }
                out.push_str(&scalar(&Value::String(name.clone())));
                out.push(':');
                inner(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    indent(depth, out);
                }
                out.push_str("- ");
                block(item, depth + 1, out);
            }
        }
        value => {
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
}

fn inner(value: &Value, depth: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        indent(depth + 1, out);
        block(value, depth + 1, out);
    } else {
        out.push(' ');
        block(value, depth, out);
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// JSON is YAML, so whatever is not plain beyond doubt stands as JSON.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Plain texts: words that begin with a letter, or paths, and none that YAML 1.1 or 1.2 read as another type.
fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " /._-{}()+*".contains(c))
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_contract::RawDocument;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({
            "openapi": "3.1.0", "/orders/{id}": {"get": {"a": [1, 1.5, -2, true, null, "no", "200", "a: b", "# x", "", " a", "a ", "é\n\"", "- a"]}},
            "200": {}, "empty": [], "nested": [[1, [2]], {"a": {"b": []}}, {"a": 1, "b": [{"c": "d"}]}], "*/*": "x", "y": {"n": "off"}, "~": "~1",
        });
        let text = write(&value);
        assert_eq!(RawDocument::read("f", &text).unwrap().value(), &value, "{text}");
    }
}
