use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use cedar_policy::{Policy, PolicyId, PolicySet, ValidationError};
use doorward_model::{Fault, Place};

use crate::diagnostics;
use crate::nesting;
use crate::origins::Origins;
use crate::vocabulary::SourceFile;

/// The policies of every file that could be read, and where each stands.
pub(crate) struct PolicyFiles<'a> {
    pub(crate) set: PolicySet,
    /// By policy id.
    origins: HashMap<String, (&'a SourceFile, Range<usize>)>,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> PolicyFiles<'a> {
    /// Reads every file; a policy's id is its `@id`, else the file's stem and its number in the file: `orders#1`.
    pub(crate) fn read(files: &'a [SourceFile]) -> Self {
        let mut read = Self { set: PolicySet::new(), origins: HashMap::new(), faults: Vec::new() };
        for file in files {
            if let Some(fault) = nesting::fault(file, false) {
                read.faults.push(fault);
                continue;
            }
            match PolicySet::from_str(&file.text) {
                Ok(set) => read.take(file, &set),
                Err(errors) => {
                    let fault = |error| diagnostics::fault(error, file, 0..file.text.len());
                    read.faults.extend(errors.iter().map(fault));
                }
            }
        }
        read
    }

    /// Where the policies stand, without the texts of `files`, from which they were read.
    pub(crate) fn origins(&self, files: &[SourceFile]) -> Origins {
        Origins::new(files, &self.origins)
    }

    /// What the validator says, at its place.
    pub(crate) fn fault(&self, error: &ValidationError) -> Fault {
        match self.origins.get(AsRef::<str>::as_ref(error.policy_id())) {
            Some((file, span)) => diagnostics::fault(error, file, span.clone()),
            None => diagnostics::placeless(error),
        }
    }

    fn take(&mut self, file: &'a SourceFile, set: &PolicySet) {
        for (nth, span) in statements(&file.text).into_iter().enumerate() {
            // Cedar numbers the statements of a text in this way, templates among them.
            let numbered = PolicyId::new(format!("policy{nth}"));
            if let Some(policy) = set.policy(&numbered) {
                self.take_policy(file, span, nth, policy);
            } else if set.template(&numbered).is_some() {
                let message = "a template decides nothing, as nothing links it".to_owned();
                let hint = "write the entity in place of `?principal` or `?resource`";
                self.faults.push(diagnostics::at(file, span, message, Some(hint)));
            }
        }
    }

    fn take_policy(&mut self, file: &'a SourceFile, span: Range<usize>, nth: usize, policy: &Policy) {
        let id = match policy.annotation("id").filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => format!("{}#{}", stem(&file.name), nth + 1),
        };
        if let Some((first, first_span)) = self.origins.get(&id) {
            let Place { file: name, line, .. } = Place::new(&first.name, &first.text, first_span.clone());
            let message = format!("the policy id `{id}` is used twice");
            let hint = format!("it is first used at {name}:{line}; give one of them another `@id(\"…\")`");
            self.faults.push(diagnostics::at(file, span, message, Some(&hint)));
            return;
        }
        match self.set.add(policy.new_id(PolicyId::new(&id))) {
            Ok(()) => {
                self.origins.insert(id, (file, span));
            }
            Err(error) => self.faults.push(diagnostics::fault(&error, file, span)),
        }
    }
}

fn stem(name: &str) -> &str {
    Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name)
}

/// Where each statement of a text that Cedar has read stands. Cedar's policies carry no place of their own; in a text
/// that it accepts, every statement ends with the only `;` outside of texts and comments.
fn statements(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '/' if characters.peek().is_some_and(|(_, next)| *next == '/') => {
                characters.by_ref().find(|(_, next)| *next == '\n');
            }
            '"' => {
                start.get_or_insert(at);
                while let Some((_, next)) = characters.next().filter(|(_, next)| *next != '"') {
                    if next == '\\' {
                        characters.next();
                    }
                }
            }
            ';' => found.extend(start.take().map(|start| start..at + 1)),
            _ if character.is_whitespace() => {}
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = statements(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn statements_end_at_semicolons_outside_of_texts_and_comments() {
        check("", &[]);
        check("// permit(principal, action, resource);\n", &[]);
        check(" a;\n// b;\nc ; ", &["a;", "c ;"]);
        check(r#"@id("x;\"y;")permit; b;"#, &[r#"@id("x;\"y;")permit;"#, "b;"]);
        check("a / b; // é;\né;", &["a / b;", "é;"]);
        check(r#"a "\\"; b;"#, &[r#"a "\\";"#, "b;"]);
        check("a \"open;", &[]);
    }

    #[test]
    fn ids_are_made_of_the_stem() {
        for (name, expected) in
            [("policies/orders.cedar", "orders"), ("a.b.cedar", "a.b"), ("x", "x"), ("", "")]
        {
            assert_eq!(stem(name), expected);
        }
    }
}
