//! Names that Cedar and `doorward.toml` take, of names that they may not take.

use std::collections::BTreeSet;

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// The action of an operation without an id: `GET /orders/{id}/items` is `getOrdersByIdItems`. It follows from method and
/// path alone, so that it stays when other operations come and go.
pub(super) fn of_operation(method: &str, path: &str) -> String {
    let mut name = method.to_ascii_lowercase();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let inner = segment.trim_start_matches('{').trim_end_matches('}').trim_end_matches('+');
        if segment.starts_with('{') {
            name.push_str("By");
        }
        for word in inner.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            let (first, rest) = word.split_at(1);
            name.push_str(&first.to_ascii_uppercase());
            name.push_str(rest);
        }
    }
    if path == "/" {
        name.push_str("Root");
    }
    action(&name)
}

/// `name` as an action may be called: letters, digits, `-`, `_` and `.`.
pub(super) fn action(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut action: String = name.chars().map(kept).collect();
    if !action.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        action.insert(0, 'x');
    }
    // The door's own actions begin so.
    if action.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("doorward")) {
        action.insert_str(0, "api-");
    }
    action.truncate(LONGEST);
    action
}

/// `text` as a door, a target or an issuer may be called.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().take(LONGEST) {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') => slug.push(c.to_ascii_lowercase()),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_matches(['-', '_', '.']).to_owned();
    if slug.is_empty() { "api".to_owned() } else { slug }
}

/// A text as it may stand in a line that it did not begin: a comment, or one of a list. What ends a line, or turns the order of
/// what is shown (Unicode Standard Annex 9), is replaced.
pub(super) fn shown(text: &str) -> String {
    let turns = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_inert = |c: &char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}') && !turns(c);
    text.chars().map(|c| if is_inert(&c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// The name of a path's parameter: letters, digits and `_`.
pub(super) fn parameter(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let mut name: String = name.chars().map(kept).take(LONGEST).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
        name.truncate(LONGEST);
    }
    name
}

/// `name`, or the first of `name-2`, `name-3` … that is not taken; it is taken then.
pub(super) fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = |nth: usize| {
        let end = format!("-{nth}");
        let base = name.get(..LONGEST - end.len()).unwrap_or(name);
        format!("{base}{end}")
    };
    let mut own = name.to_owned();
    let mut nth = 2;
    while !taken.insert(own.clone()) {
        own = numbered(nth);
        nth += 1;
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_without_an_id_are_called_by_method_and_path() {
        for (method, path, name) in [
            ("GET", "/", "getRoot"),
            ("GET", "/orders/{id}/line-items", "getOrdersByIdLineItems"),
            ("POST", "/v1/orders.json", "postV1OrdersJson"),
            ("GET", "/doorward", "getDoorward"),
        ] {
            assert_eq!(of_operation(method, path), name);
        }
        assert_eq!(of_operation("GET", &"/abcdefgh".repeat(20)).len(), 64);
    }

    #[test]
    fn names_become_such_as_are_taken() {
        assert_eq!(action("Get an order"), "Get_an_order");
        assert_eq!(action("_x"), "x_x");
        assert_eq!(action("DoorwardOpen"), "api-DoorwardOpen");
        assert_eq!(slug("The Shop: v2!"), "the-shop-v2");
        assert_eq!(slug("…"), "api");
        assert_eq!(shown("shop\n[[routes]]\r.yaml"), "shop\u{fffd}[[routes]]\u{fffd}.yaml");
        assert_eq!(shown("a\u{2028}b\u{202e}c\u{1b}[2J"), "a\u{fffd}b\u{fffd}c\u{fffd}[2J");
        assert_eq!(parameter("order-id"), "order_id");
        assert_eq!(parameter("1"), "_1");
        let mut taken = BTreeSet::new();
        assert_eq!(
            [unique("a", &mut taken), unique("a", &mut taken), unique("a", &mut taken)],
            ["a", "a-2", "a-3"]
        );
        let long = "x".repeat(64);
        assert_eq!([unique(&long, &mut taken).len(), unique(&long, &mut taken).len()], [64, 64]);
    }
}
