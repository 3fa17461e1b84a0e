//! Attributes that policies read and nothing declares. Cedar's validator takes `context.input has amuont` for false
//! where the type has no such attribute, and what stands behind such a guard for unreachable; so a misspelt name would
//! open a `forbid` without a word.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use cedar_policy::{EntityTypeName, Policy, PolicyId};
use doorward_model::{Fault, ReadTree};

use crate::files::diagnostics;
use crate::files::policy_files::PolicyFiles;
use crate::reads::policy_reads;
use crate::reads::scopes::Scopes;
use crate::schema::ProjectSchema;
use crate::schema::actions::Action;
use crate::schema::declared_attributes::Declarations;
use crate::schema::types::{Member, Members, Type};
use crate::text::access;
use crate::text::suggestion::{list, nearest, quote};
use crate::vocabulary::SourceFile;

/// An attribute that nothing declares, where a policy reads it.
pub(crate) struct Undeclared<'a> {
    /// The policy; of links, their template.
    pub(crate) policy: PolicyId,
    pub(crate) fault: Fault,
    name: String,
    file: &'a SourceFile,
    statement: Range<usize>,
}

impl Undeclared<'_> {
    /// Whether one of `faults` names the attribute already, in the same policy.
    pub(crate) fn is_told(&self, faults: &[Fault]) -> bool {
        let in_policy = |fault: &&Fault| {
            fault.place.as_ref().is_some_and(|place| {
                place.file == self.file.name
                    && self.statement.start <= place.span.start
                    && place.span.end <= self.statement.end
            })
        };
        let end = format!("{}`", self.name);
        faults.iter().filter(in_policy).any(|fault| {
            fault
                .message
                .match_indices(&end)
                .any(|(at, _)| fault.message.get(..at).is_some_and(|before| before.ends_with(['.', '`'])))
        })
    }
}

/// What the policies of `files` access or ask for by way of `principal`, `resource` and `context` though no action and
/// entity type that their scopes have a place for has it. Paths end at sets, at tags and at `if`. Where `inputs_unknown`,
/// `context.input` is not looked into.
pub(crate) fn find<'a>(
    files: &PolicyFiles<'a>,
    project: &ProjectSchema,
    inputs_unknown: bool,
) -> Vec<Undeclared<'a>> {
    // Without the declarations nothing can be held against them; the same reading is a fault elsewhere.
    let Ok(declarations) = Declarations::read(&project.fragments, &project.schema) else { return Vec::new() };
    let declared = Declared::new(project, &declarations);
    let mut found = Vec::new();
    for (id, policies) in files.written() {
        let Some((file, statement)) = files.source(id) else { continue };
        let Some(first) = policies.first() else { continue };
        let reads = policy_reads::reads_of_no_choice(first);
        let meets = Scopes(project).actions(&policies);
        if meets.is_empty() {
            continue;
        }
        let roots = [
            ("principal", reads.principal, declared.principals(&policies, &meets)),
            ("resource", reads.resource, declared.resources(&meets)),
            ("context", reads.context, declared.contexts(&meets)),
        ];
        for (root, mut tree, held) in roots {
            if root == "context" && inputs_unknown {
                tree.members.remove("input");
            }
            let mut misses = Vec::new();
            declared.walk(&tree, &held, &mut Vec::new(), &mut misses);
            found.extend(misses.into_iter().map(|miss| {
                let path: Vec<&str> = miss.path.iter().map(String::as_str).collect();
                let text = file.text.get(statement.clone()).unwrap_or_default();
                let place = access::place(text, root, &path)
                    .map(|place| statement.start + place.start..statement.start + place.end)
                    .unwrap_or_else(|| statement.clone());
                let hint = miss.hint(root, &project.unstated);
                Undeclared {
                    policy: id.clone(),
                    fault: diagnostics::at(file, place, miss.message(root), Some(&hint)),
                    name: path.last().copied().unwrap_or_default().to_owned(),
                    file,
                    statement: statement.clone(),
                }
            }));
        }
    }
    found
}

/// What the schema declares.
struct Declared<'p> {
    project: &'p ProjectSchema,
    /// By action.
    contexts: HashMap<&'p str, Members>,
    /// By entity type; `None` where the attributes of a type cannot be told.
    entities: HashMap<&'p str, Option<Members>>,
}

/// A type that a value may have, and whose it is: an action's context, or an entity of a type.
struct Held {
    owner: Owner,
    ty: Type,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Action(String),
    Entity(String),
}

/// A path that ends at what none of the owners has.
struct Miss {
    path: Vec<String>,
    owners: BTreeSet<Owner>,
    /// Whether it ends at entities themselves, and not at records of theirs.
    of_entities: bool,
    /// What they have in its place.
    known: BTreeSet<String>,
}

impl<'p> Declared<'p> {
    fn new(project: &'p ProjectSchema, declarations: &Declarations<'_>) -> Self {
        let contexts = project.actions.iter().map(|(name, action)| (name.as_str(), action.context.members()));
        let entities = project.entity_types.iter().map(|(name, stated)| {
            let members = match name.parse::<EntityTypeName>() {
                Ok(parsed) if declarations.declares(&parsed) => declarations.attributes(&parsed).ok(),
                Ok(_) => Some(stated.from_tokens.clone()),
                Err(_) => None,
            };
            (name.as_str(), members)
        });
        Self { contexts: contexts.collect(), entities: entities.collect(), project }
    }

    fn principals(&self, policies: &[&Policy], meets: &[&Action]) -> Vec<Held> {
        let scopes = Scopes(self.project);
        let all = meets.iter().flat_map(|action| &action.principals);
        entities(all.filter(|ty| policies.iter().any(|policy| scopes.take_principal(policy, ty))))
    }

    fn resources(&self, meets: &[&Action]) -> Vec<Held> {
        entities(meets.iter().map(|action| &action.resource))
    }

    fn contexts(&self, meets: &[&Action]) -> Vec<Held> {
        let context = |action: &&Action| {
            let name = action.uid.id().unescaped();
            let ty = Type::Record(self.contexts.get(name)?.clone());
            Some(Held { owner: Owner::Action(name.to_owned()), ty })
        };
        meets.iter().filter_map(context).collect()
    }

    /// The members of `ty`; `None` where it has none or they cannot be told.
    fn members<'t>(&'t self, ty: &'t Type) -> Option<&'t Members> {
        match ty {
            Type::Record(members) => Some(members),
            Type::Entity(name) => self.entities.get(name.to_string().as_str())?.as_ref(),
            _ => None,
        }
    }

    fn walk(&self, tree: &ReadTree, held: &[Held], path: &mut Vec<String>, misses: &mut Vec<Miss>) {
        if tree.members.is_empty() || held.is_empty() {
            return;
        }
        let Some(records) = held
            .iter()
            .map(|held| Some((&held.owner, self.members(&held.ty)?)))
            .collect::<Option<Vec<(&Owner, &Members)>>>()
        else {
            return;
        };
        for (name, below) in &tree.members {
            path.push(name.clone());
            let next: Vec<Held> = records
                .iter()
                .filter_map(|(owner, members)| Some(Held::below(owner, members.get(name)?)))
                .collect();
            if next.is_empty() {
                misses.push(Miss {
                    path: path.clone(),
                    owners: records.iter().map(|(owner, _)| (*owner).clone()).collect(),
                    of_entities: held.iter().all(|held| matches!(held.ty, Type::Entity(_))),
                    known: records.iter().flat_map(|(_, members)| members.keys().cloned()).collect(),
                });
            } else {
                self.walk(below, &next, path, misses);
            }
            path.pop();
        }
    }
}

impl Held {
    fn entity(name: &EntityTypeName) -> Self {
        Self { owner: Owner::Entity(name.to_string()), ty: Type::Entity(name.clone()) }
    }

    fn below(owner: &Owner, member: &Member) -> Self {
        match &member.ty {
            Type::Entity(name) => Self::entity(name),
            ty => Self { owner: owner.clone(), ty: ty.clone() },
        }
    }
}

fn entities<'t>(types: impl Iterator<Item = &'t EntityTypeName>) -> Vec<Held> {
    let types: BTreeSet<&EntityTypeName> = types.collect();
    types.into_iter().map(Held::entity).collect()
}

impl Miss {
    /// `` no `amuont` in `context.input` of `createOrder` ``.
    fn message(&self, root: &str) -> String {
        let (name, before) =
            self.path.split_last().map_or(("", &[][..]), |(name, before)| (name.as_str(), before));
        let parent: Vec<&str> = [root].into_iter().chain(before.iter().map(String::as_str)).collect();
        let owners = self.owners.iter().map(|owner| match owner {
            Owner::Action(name) => name.as_str(),
            Owner::Entity(name) => name.as_str(),
        });
        let whose = list(owners, "or");
        let of = if self.of_entities { ", of the type" } else { " of" };
        format!("no {} in {}{of} {whose}", quote(name), quote(&parent.join(".")))
    }

    fn hint(&self, root: &str, unstated: &[String]) -> String {
        let name = self.path.last().map_or("", String::as_str);
        let known = || self.known.iter().map(String::as_str);
        if let Some(reason) = self.unstated(root, name, unstated) {
            return format!("policies cannot read it: {reason}");
        }
        if let Some(meant) = nearest(name, known()) {
            return format!("did you mean {}?", quote(meant));
        }
        if let Some(reason) = self.unstated(root, "*", unstated) {
            return format!("policies cannot read {reason}");
        }
        match (self.known.is_empty(), self.owners.first()) {
            (true, Some(Owner::Entity(name))) if self.of_entities => {
                format!("{} has no attributes: declare them in a `.cedarschema` file", quote(name))
            }
            (true, _) => "it has no members".to_owned(),
            (false, _) => format!("expected {}", list(known(), "or")),
        }
    }

    /// Why no schema states the member `name` beside the path's end, though the contract has it.
    fn unstated<'u>(&self, root: &str, name: &str, unstated: &'u [String]) -> Option<&'u str> {
        let before = self.path.split_last().filter(|_| root == "context")?.1;
        let path: Vec<&str> = before.iter().map(String::as_str).chain([name]).collect();
        let path = path.join(".");
        self.owners.iter().find_map(|owner| {
            let Owner::Action(action) = owner else { return None };
            let start = format!("{action}: {path}: ");
            unstated.iter().find_map(|line| line.strip_prefix(start.as_str()))
        })
    }
}
