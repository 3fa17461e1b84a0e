use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Policy, PolicyId, PolicySet, PolicySetError, SlotId, ValidationError, ValidationWarning};
use doorward_model::{Fault, Place};

use crate::files::diagnostics;
use crate::files::links::{self, Link};
use crate::files::nesting;
use crate::files::origins::Origins;
use crate::text::tokens::tokens;
use crate::vocabulary::SourceFile;

/// The policies of every file that could be read, and where each stands.
pub(crate) struct PolicyFiles<'a> {
    pub(crate) set: PolicySet,
    /// By policy id; templates and links are among them.
    origins: HashMap<String, (&'a SourceFile, Range<usize>)>,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> PolicyFiles<'a> {
    /// Reads every file; a policy's id is its `@id`, else the file's stem and its number in the file: `orders#1`.
    pub(crate) fn read(files: &'a [SourceFile], links: Option<&'a SourceFile>) -> Self {
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
        // A file that was not read may hold the template that a link names.
        let all_read = read.faults.is_empty();
        let linked = links.is_none_or(|file| read.link(file, all_read));
        // A link that is wrong may have meant any template.
        if linked {
            read.check_linked();
        }
        read
    }

    /// Where the policies stand, without the texts of `files` and `links`, from which they were read.
    pub(crate) fn origins(&self, files: &[SourceFile], links: Option<&SourceFile>) -> Origins {
        Origins::new(files.iter().chain(links), &self.origins)
    }

    /// Where the policy, template or link `id` stands.
    pub(crate) fn source(&self, id: &PolicyId) -> Option<(&'a SourceFile, Range<usize>)> {
        self.origins.get(AsRef::<str>::as_ref(id)).cloned()
    }

    /// The policies by the statement that they are of: of links, this is their template, once for all of them.
    pub(crate) fn written(&self) -> BTreeMap<&PolicyId, Vec<&Policy>> {
        let mut written: BTreeMap<&PolicyId, Vec<&Policy>> = BTreeMap::new();
        for policy in self.set.policies() {
            written.entry(policy.template_id().unwrap_or(policy.id())).or_default().push(policy);
        }
        written
    }

    /// What the validator says, at its place.
    pub(crate) fn fault(&self, error: &ValidationError) -> Fault {
        self.place(error.policy_id(), error)
    }

    /// What the validator warns of, at its place.
    pub(crate) fn warning(&self, warning: &ValidationWarning) -> Fault {
        self.place(warning.policy_id(), warning)
    }

    fn place<E>(&self, id: &PolicyId, said: E) -> Fault
    where
        DetailedError: From<E>,
    {
        match self.origins.get(AsRef::<str>::as_ref(id)) {
            Some((file, span)) => diagnostics::fault(said, file, span.clone()),
            None => diagnostics::placeless(said),
        }
    }

    fn take(&mut self, file: &'a SourceFile, set: &PolicySet) {
        let statements = statements(&file.text);
        let count = set.policies().count() + set.templates().count();
        if statements.len() != count {
            // A policy that is not found would be dropped, and it may forbid.
            let message = format!("{} statements are told apart where Cedar reads {count}", statements.len());
            return self.faults.push(diagnostics::at(file, 0..file.text.len(), message, None));
        }
        for (nth, span) in statements.into_iter().enumerate() {
            // Cedar numbers the statements of a text in this way, templates among them.
            let numbered = PolicyId::new(format!("policy{nth}"));
            if let Some(policy) = set.policy(&numbered) {
                let id = id(policy.annotation("id"), file, nth);
                if self.claim(&id, file, span) {
                    let added = self.set.add(policy.new_id(PolicyId::new(&id)));
                    self.note(added, file);
                }
            } else if let Some(template) = set.template(&numbered) {
                let id = id(template.annotation("id"), file, nth);
                if self.claim(&id, file, span) {
                    let added = self.set.add_template(template.new_id(PolicyId::new(&id)));
                    self.note(added, file);
                }
            } else {
                let message = "Cedar reads no policy here".to_owned();
                self.faults.push(diagnostics::at(file, span, message, None));
            }
        }
    }

    /// Fills templates as `links.json` says, and says whether all of it could be done; that a template is missing is a
    /// fault where `all_read` says that every policy is there.
    fn link(&mut self, file: &'a SourceFile, all_read: bool) -> bool {
        let (links, faults) = links::read(file);
        let mut linked = faults.is_empty();
        self.faults.extend(faults);
        for Link { template, id, values, span } in links {
            let name = PolicyId::new(&template);
            let Some(found) = self.set.template(&name) else {
                linked = false;
                if !all_read {
                    continue;
                }
                let message = format!("there is no template `{template}`");
                let known: Vec<String> =
                    self.set.templates().map(|known| format!("`{}`", known.id())).collect();
                let hint = match known.as_slice() {
                    [] => "no policy has a `?principal` or a `?resource`".to_owned(),
                    known => format!("templates are {}", known.join(", ")),
                };
                self.faults.push(diagnostics::at(file, span, message, Some(&hint)));
                continue;
            };
            let wanted: HashSet<&SlotId> = found.slots().collect();
            if wanted != values.keys().collect() {
                linked = false;
                let mut slots: Vec<String> = wanted.iter().map(|slot| format!("`{slot}`")).collect();
                slots.sort();
                let message = format!("the link `{id}` does not fill the slots of `{template}`");
                let hint = format!("`args` needs {} and nothing else", slots.join(" and "));
                self.faults.push(diagnostics::at(file, span, message, Some(&hint)));
            } else if self.claim(&id, file, span) {
                let made = self.set.link(name, PolicyId::new(&id), values);
                self.note(made, file);
            } else {
                linked = false;
            }
        }
        linked
    }

    /// A template that nothing links decides nothing.
    fn check_linked(&mut self) {
        let linked: HashSet<&PolicyId> = self.set.policies().filter_map(Policy::template_id).collect();
        for template in self.set.templates().filter(|template| !linked.contains(template.id())) {
            let Some((file, span)) = self.origins.get(AsRef::<str>::as_ref(template.id())) else { continue };
            let message = format!("the template `{}` decides nothing, as nothing links it", template.id());
            let hint = "link it in `links.json`, or write the entity in place of `?principal` or `?resource`";
            self.faults.push(diagnostics::at(file, span.clone(), message, Some(hint)));
        }
    }

    /// Takes an id for the statement at `span`; a fault where another has it.
    fn claim(&mut self, id: &str, file: &'a SourceFile, span: Range<usize>) -> bool {
        let Some((first, first_span)) = self.origins.get(id) else {
            self.origins.insert(id.to_owned(), (file, span));
            return true;
        };
        let place = Place::new(&first.name, &first.text, first_span.clone());
        let message = format!("the policy id `{id}` is used twice");
        let fault = diagnostics::at(file, span, message, Some("give one of them another id"));
        self.faults.push(fault.see(place));
        false
    }

    /// Ids and slots were checked before, so Cedar has nothing more to say; if it has, it is heard.
    fn note(&mut self, taken: Result<(), PolicySetError>, file: &SourceFile) {
        self.faults.extend(taken.err().map(|error| diagnostics::fault(&error, file, 0..0)));
    }
}

/// A policy's `@id`, else the file's stem and its number in the file.
fn id(annotation: Option<&str>, file: &SourceFile, nth: usize) -> String {
    match annotation.filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        None => format!("{}#{}", stem(&file.name), nth + 1),
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
    for token in tokens(text) {
        let start_here = *start.get_or_insert(token.at);
        if token.text == ";" {
            found.push(start_here..token.end());
            start = None;
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
