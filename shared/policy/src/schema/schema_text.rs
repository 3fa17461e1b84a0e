use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use crate::schema::Wanted;
use crate::schema::actions::{CallType, ContextType};
use crate::schema::types::{Members, Type};
use crate::vocabulary::{ActionSpec, EVENTS, HTTP, SourceFile};

/// The part of the schema that the door states, in Cedar's schema syntax.
pub(crate) struct SchemaText<'a> {
    /// Entity types to declare.
    pub(crate) entity_types: &'a BTreeMap<String, Wanted>,
    pub(crate) actions: &'a [(&'a ActionSpec, ContextType)],
}

/// The stated part and the user's files as one text.
pub(crate) fn whole(stated: &str, files: &[SourceFile]) -> String {
    let mut text = stated.to_owned();
    for file in files {
        // A name is one line whatever is in it, so that none of it leaves the comment.
        text += &format!("\n// From {}\n{}\n", file.name.escape_debug(), file.text.trim());
    }
    text
}

impl Display for SchemaText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "// Generated from the configuration and the contracts.")?;
        for (name, Wanted { parents, attributes }) in self.entity_types {
            write!(f, "entity {name}")?;
            if !parents.is_empty() {
                write!(f, " in [{}]", Listed(parents))?;
            }
            if !attributes.is_empty() {
                f.write_str(" ")?;
                write_record(f, attributes, 0)?;
            }
            writeln!(f, ";")?;
        }
        writeln!(f, "\n// Groups: every HTTP action is in the first, every event action in the second.")?;
        writeln!(f, "action {}, {};", Quoted(HTTP), Quoted(EVENTS))?;
        self.actions.iter().try_for_each(|(action, context)| write_action(f, action, context))
    }
}

fn write_action(f: &mut Formatter<'_>, action: &ActionSpec, context: &ContextType) -> fmt::Result {
    let group = match context.call {
        CallType::Http { .. } => HTTP,
        CallType::Event { .. } => EVENTS,
    };
    writeln!(f, "\naction {} in [{}] appliesTo {{", Quoted(&action.name), Quoted(group))?;
    writeln!(f, "  principal: [{}],", Listed(&action.principals))?;
    writeln!(f, "  resource: [{}],", action.resource)?;
    write!(f, "  context: ")?;
    write_record(f, &context.members(), 1)?;
    writeln!(f, "\n}};")
}

fn write_record(f: &mut Formatter<'_>, members: &Members, depth: usize) -> fmt::Result {
    if members.is_empty() {
        return f.write_str("{}");
    }
    f.write_str("{\n")?;
    for (name, member) in members {
        let mark = if member.required { "" } else { "?" };
        write!(f, "{:indent$}{}{mark}: ", "", Quoted(name), indent = 2 * (depth + 1))?;
        write_type(f, &member.ty, depth + 1)?;
        f.write_str(",")?;
        write_choice(f, &member.ty, "one of")?;
        f.write_str("\n")?;
    }
    write!(f, "{:indent$}}}", "", indent = 2 * depth)
}

/// Texts are all one type to Cedar: which ones it may be is said beside it.
fn write_choice(f: &mut Formatter<'_>, ty: &Type, word: &str) -> fmt::Result {
    match ty {
        Type::Choice(values) => {
            write!(f, " // {word} ")?;
            write_listed(f, values.iter().map(|value| Quoted(value)))
        }
        Type::Set(element) => write_choice(f, element, "each one of"),
        _ => Ok(()),
    }
}

fn write_type(f: &mut Formatter<'_>, ty: &Type, depth: usize) -> fmt::Result {
    match ty {
        Type::Bool => f.write_str("Bool"),
        Type::Long => f.write_str("Long"),
        Type::Decimal => f.write_str("decimal"),
        Type::Text | Type::Choice(_) => f.write_str("String"),
        Type::Instant => f.write_str("datetime"),
        Type::Span => f.write_str("duration"),
        Type::Address => f.write_str("ipaddr"),
        Type::Entity(type_name) => write!(f, "{type_name}"),
        Type::Set(element) => {
            f.write_str("Set<")?;
            write_type(f, element, depth)?;
            f.write_str(">")
        }
        Type::Record(members) => write_record(f, members, depth),
    }
}

/// A Cedar string literal; Cedar's escapes are Rust's.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_debug())
    }
}

struct Listed<I>(I);

impl<'a, I: IntoIterator<Item = &'a String> + Copy> Display for Listed<I> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_listed(f, self.0.into_iter())
    }
}

fn write_listed(f: &mut Formatter<'_>, items: impl Iterator<Item = impl Display>) -> fmt::Result {
    for (nth, item) in items.enumerate() {
        let comma = if nth > 0 { ", " } else { "" };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}
