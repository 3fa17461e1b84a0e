use std::fmt;
use std::ops::Range;

/// Where in a file of the user's something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path as the user would write it, relative to the project.
    pub file: String,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of `span` in `text`, the content of `file`; a span outside the text is clamped to it.
    #[must_use]
    pub fn new(file: &str, text: &str, span: Range<usize>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = text.get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            file: file.to_owned(),
            span: start..span.end.clamp(start, text.len()),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
        }
    }
}

/// One thing that is wrong in the user's files: what was found, what was expected, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, when it can be told.
    pub place: Option<Place>,
    /// Lowercase, one line, input in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Another place that it speaks of, such as where a name was used first. Boxed to keep results of faults small.
    pub see: Option<Box<Place>>,
}

impl Fault {
    /// A fault without places and hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), hint: None, see: None }
    }

    /// The same fault at `place`.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same fault with a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same fault, which speaks of another `place`.
    #[must_use]
    pub fn see(mut self, place: Place) -> Self {
        self.see = Some(Box::new(place));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, line, column, .. }) = &self.place {
            write!(f, "{file}:{line}:{column}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        if let Some(Place { file, line, column, .. }) = self.see.as_deref() {
            write!(f, "\n  see: {file}:{line}:{column}")?;
        }
        Ok(())
    }
}

/// Every fault of a set of files, reported together; never empty when returned as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// `Ok(value)` when no fault was found, else all of them.
    ///
    /// # Errors
    /// `self`, when it holds a fault.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, fault) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, span: Range<usize>, line: usize, column: usize) {
        let place = Place::new("f", text, span);
        assert_eq!((place.line, place.column), (line, column));
    }

    #[test]
    fn a_fault_tells_where_what_and_what_next_a_line_each() {
        let place = |file: &str| Place::new(file, "a\nb", 2..3);
        let fault = Fault::new("`b` is used twice").at(place("x")).hint("use another").see(place("y"));
        assert_eq!(fault.to_string(), "x:2:1: `b` is used twice\n  hint: use another\n  see: y:2:1");
        assert!(size_of::<Result<(), Fault>>() <= 128, "which lints hold results to");
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        check("abc", 0..1, 1, 1);
        check("a\nbcd", 3..4, 2, 2);
        check("é=x", 3..4, 1, 3);
        check("é", 1..2, 1, 1);
        check("ab", 9..12, 1, 3);
    }
}
