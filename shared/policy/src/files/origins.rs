use std::collections::HashMap;
use std::ops::Range;

use cedar_policy::{Policy, PolicyId, Template};
use doorward_model::Place;

use crate::compile::Policies;
use crate::vocabulary::SourceFile;

/// Where policies stand in the files that they were read from.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    files: Vec<String>,
    /// By policy id; templates and links are among them.
    places: HashMap<String, Origin>,
}

#[derive(Debug)]
struct Origin {
    file: usize,
    span: Range<usize>,
    line: usize,
    column: usize,
}

/// Where a policy stands, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySource {
    /// Its place, in a file of the project; of a link, the place in `links.json`.
    pub place: Place,
    /// From its first annotation to its `;`; of a link, the text of its template.
    pub text: String,
}

impl Origins {
    /// In the order of `files`.
    pub(crate) fn new<'p>(
        files: impl Iterator<Item = &'p SourceFile>,
        places: impl IntoIterator<Item = (&'p String, &'p (&'p SourceFile, Range<usize>))>,
    ) -> Self {
        let files: Vec<&str> = files.map(|file| file.name.as_str()).collect();
        let nth: HashMap<&str, usize> = files.iter().enumerate().map(|(nth, name)| (*name, nth)).collect();
        let known = |(id, (file, span)): (&'p String, &'p (&'p SourceFile, Range<usize>))| {
            Some((*nth.get(file.name.as_str())?, span, id, &file.text))
        };
        let mut ordered: Vec<_> = places.into_iter().filter_map(known).collect();
        ordered.sort_by_key(|(file, span, ..)| (*file, span.start));
        let mut found = HashMap::with_capacity(ordered.len());
        // Lines are counted on from the policy before: a file of many is read once.
        let mut before = (0, 0, 1, 1);
        for (file, span, id, text) in ordered {
            let (counted, from, line, column) = if before.0 == file { before } else { (file, 0, 1, 1) };
            let between = text.get(from..span.start).unwrap_or_default();
            let line = line + between.matches('\n').count();
            let column = match between.rfind('\n') {
                Some(end) => between.get(end + 1..).unwrap_or_default().chars().count() + 1,
                None => column + between.chars().count(),
            };
            before = (counted, span.start, line, column);
            found.insert(id.clone(), Origin { file, span: span.clone(), line, column });
        }
        Self { files: files.into_iter().map(str::to_owned).collect(), places: found }
    }

    /// Sorts policies in the order of files and lines.
    pub(crate) fn order(&self, id: &str) -> Option<(usize, usize)> {
        self.places.get(id).map(|origin| (origin.file, origin.span.start))
    }

    pub(crate) fn place(&self, id: &str) -> Option<Place> {
        let Origin { file, span, line, column } = self.places.get(id)?;
        let file = self.files.get(*file)?.clone();
        Some(Place { file, span: span.clone(), line: *line, column: *column })
    }
}

impl Policies {
    /// Where the policy `id` stands and what it says; `None` where there is no such policy.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<PolicySource> {
        let policy = self.set.policy(&PolicyId::new(id))?;
        Some(PolicySource { place: self.origins.place(id)?, text: self.text(policy)? })
    }

    /// A policy as written; of a link, what its template says.
    pub(crate) fn text(&self, policy: &Policy) -> Option<String> {
        let template = || self.set.template(policy.template_id()?).map(Template::to_cedar);
        policy.to_cedar().or_else(template)
    }

    /// The ids of all policies, in the order of files and lines.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let policies = self.set.policies().map(|policy| policy.id().as_ref());
        let mut ids: Vec<&str> = policies.collect();
        ids.sort_by_key(|id| (self.origins.order(id), *id));
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_whole_file() {
        let file = |name: &str, text: &str| SourceFile { name: name.to_owned(), text: text.to_owned() };
        let files = [file("b", "é; x;\n\n  y; z;"), file("a", "\nw;")];
        let mut places = HashMap::new();
        for (id, nth) in [("x", 0), ("z", 0), ("y", 0), ("w", 1)] {
            let at = files[nth].text.find(id).unwrap();
            places.insert(id.to_owned(), (&files[nth], at..at + 2));
        }
        let origins = Origins::new(files.iter(), &places);
        for (id, (file, span)) in &places {
            assert_eq!(origins.place(id), Some(Place::new(&file.name, &file.text, span.clone())), "{id}");
        }
        assert_eq!(origins.place("v"), None);
    }
}
