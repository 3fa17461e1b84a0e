use doorward_model::{Fault, Place};

use crate::text::tokens::tokens;
use crate::vocabulary::SourceFile;

/// How deep brackets may be nested: Cedar's parser descends once a level, and a stack ends.
const DEEPEST: usize = 200;

/// The place at which `file` is nested deeper than is read. In a schema `<` opens a level, as in `Set<Long>`; in a
/// policy it compares.
pub(crate) fn fault(file: &SourceFile, angles: bool) -> Option<Fault> {
    let mut depth = 0_usize;
    for token in tokens(&file.text) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "<" if angles => depth += 1,
            ">" if angles => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            let place = Place::new(&file.name, &file.text, token.at..token.end());
            return Some(Fault::new(format!("brackets are nested deeper than {DEEPEST} levels")).at(place));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, angles: bool, deep: bool) {
        let file = SourceFile { name: "f".into(), text: text.to_owned() };
        assert_eq!(fault(&file, angles).is_some(), deep);
    }

    #[test]
    fn brackets_count_where_they_nest() {
        check(&"(".repeat(201), false, true);
        check(&"()".repeat(1000), false, false);
        check(&format!("\"{}\"", "(".repeat(1000)), false, false);
        check(&format!("\"\\\"{}\"", "(".repeat(1000)), false, false);
        check(&format!("// {}\n", "(".repeat(1000)), false, false);
        check(&"a < b\n".repeat(1000), false, false);
        check(&"Set<".repeat(1000), true, true);
    }
}
