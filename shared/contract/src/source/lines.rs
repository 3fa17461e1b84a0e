//! Lines and columns of a text, told without reading it from its beginning each time.

use std::ops::Range;

use doorward_model::Place;

/// Bytes between two known places.
const STEP: usize = 4096;

/// A place in the text: how many lines end before it, and how many characters of its own line stand before it.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    at: usize,
    lines: usize,
    characters: usize,
}

impl Known {
    /// The place behind `text`, which begins here.
    fn after(self, text: &str) -> Self {
        let characters = |text: &str| text.chars().count();
        let characters = match text.rsplit_once('\n') {
            Some((_, line)) => characters(line),
            None => self.characters + characters(text),
        };
        let lines = self.lines + text.bytes().filter(|byte| *byte == b'\n').count();
        Self { at: self.at + text.len(), lines, characters }
    }
}

/// Places of a text, one in about every [`STEP`] bytes.
#[derive(Debug)]
pub(super) struct Lines(Vec<Known>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut last = Known::default();
        let mut all = vec![last];
        while text.len() - last.at > STEP {
            let end = text.floor_char_boundary(last.at + STEP);
            last = last.after(text.get(last.at..end).unwrap_or_default());
            all.push(last);
        }
        Self(all)
    }

    /// As [`Place::new`], of the `text` that these lines are of.
    pub(super) fn place(&self, file: &str, text: &str, span: Range<usize>) -> Place {
        let start = text.floor_char_boundary(span.start);
        let before = self.0.partition_point(|known| known.at <= start).saturating_sub(1);
        let known = self.0.get(before).copied().unwrap_or_default();
        let found = known.after(text.get(known.at..start).unwrap_or_default());
        Place {
            file: file.to_owned(),
            span: start..span.end.clamp(start, text.len()),
            line: found.lines + 1,
            column: found.characters + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let lines = Lines::of(text);
        for start in (0..text.len() + 3).step_by(97).chain([text.len()]) {
            for end in [0, start, start + 5] {
                assert_eq!(lines.place("f", text, start..end), Place::new("f", text, start..end), "{start}");
            }
        }
    }

    #[test]
    fn places_are_those_that_reading_from_the_beginning_tells() {
        check("");
        check("a\nb\n");
        check(&"é".repeat(2 * STEP));
        check(&"ab\n\né€\r\n".repeat(STEP));
        check(&format!("{}\n{}😀\n", "x".repeat(STEP - 1), "y".repeat(3 * STEP)));
    }
}
