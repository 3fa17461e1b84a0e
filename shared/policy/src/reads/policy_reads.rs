use std::collections::BTreeMap;

use cedar_policy::Policy;
use doorward_model::{ReadTree, Reads};
use serde_json::{Map, Value};

/// What the conditions of `policy` may read: every path from `principal`, `resource` and `context` that stands in them,
/// whichever branch is taken. A record that is used as a whole is read as a whole.
///
/// It follows Cedar's JSON form of policies (<https://docs.cedarpolicy.com/policies/json-format.html>). What has no such
/// form, and an operator that is not known here, reads everything.
pub(crate) fn reads(policy: &Policy) -> Reads {
    find(policy, true)
}

/// As [`reads`], but without what is read of the value of an `if`: which of its branches a path goes on from may depend
/// on the action.
pub(crate) fn reads_of_no_choice(policy: &Policy) -> Reads {
    find(policy, false)
}

fn find(policy: &Policy, through_choices: bool) -> Reads {
    if policy.as_ref().non_scope_constraints().is_none() {
        return Reads::default();
    }
    let Ok(json) = policy.to_json() else { return Reads::everything() };
    let mut found = Reads::default();
    let conditions = json.get("conditions").and_then(Value::as_array);
    let bodies = conditions.into_iter().flatten().map(|condition| condition.get("body"));
    for body in bodies {
        let read = body.and_then(|body| Reader { found: &mut found, through_choices }.take(body));
        if read.is_none() {
            return Reads::everything();
        }
    }
    found
}

/// Walks expressions. Its methods give `None` where they meet what they do not know.
struct Reader<'r> {
    found: &'r mut Reads,
    /// Whether the value of an `if` may come from where its branches do; else they are read as wholes.
    through_choices: bool,
}

/// Where the value of an expression may come from.
#[derive(Debug, Clone, Default)]
struct Origin {
    paths: Vec<Path>,
    /// The members of the record that the expression writes.
    members: BTreeMap<String, Vec<Origin>>,
}

#[derive(Debug, Clone)]
struct Path {
    root: Root,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy)]
enum Root {
    Principal,
    Resource,
    Context,
}

#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Tag(String),
    AnyTag,
}

/// Operators that read the values of all their operands.
const PLAIN: [&str; 17] = [
    "!",
    "neg",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "+",
    "-",
    "*",
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
];

impl<'r> Reader<'r> {
    /// Notes that the value of `expression` is read. Chains of operators are as long as their authors make them, so they
    /// are walked without recursion.
    fn take(&mut self, expression: &Value) -> Option<()> {
        let mut open = vec![expression];
        while let Some(expression) = open.pop() {
            let (operator, operands) = operation(expression)?;
            match operator {
                "Value" | "Slot" => {}
                "Var" | "." | "getTag" | "if-then-else" | "Record" => {
                    let origin = self.origin(expression)?;
                    self.take_whole(&origin);
                }
                "Set" => open.extend(operands.as_array()?),
                "has" => self.has(operands)?,
                "hasTag" => drop(self.tagged(operands)?),
                "like" => open.push(operands.get("left")?),
                "in" => {
                    self.within(operands.get("left")?)?;
                    open.push(operands.get("right")?);
                }
                "is" => match operands.get("in") {
                    None => open.push(operands.get("left")?),
                    Some(right) => {
                        self.within(operands.get("left")?)?;
                        open.push(right);
                    }
                },
                plain if PLAIN.contains(&plain) => {
                    let operands = operands.as_object()?.iter();
                    let known = |name: &str| ["arg", "left", "right"].contains(&name);
                    for (name, operand) in operands {
                        open.push(known(name).then_some(operand)?);
                    }
                }
                // Functions and methods of Cedar's extension types.
                _ => open.extend(operands.as_array()?),
            }
        }
        Some(())
    }

    /// Where the value of `expression` may come from; what is read on the way to it is noted.
    fn origin(&mut self, expression: &Value) -> Option<Origin> {
        let (operator, operands) = operation(expression)?;
        match operator {
            "Var" => Some(match operands.as_str()? {
                "principal" => Origin::root(Root::Principal),
                "resource" => Origin::root(Root::Resource),
                "context" => Origin::root(Root::Context),
                "action" => Origin::default(),
                _ => return None,
            }),
            "." => {
                let left = self.origin(operands.get("left")?)?;
                Some(self.present(left.member(operands.get("attr")?.as_str()?)))
            }
            "getTag" => self.tagged(operands),
            "if-then-else" => {
                self.take(operands.get("if")?)?;
                let either = [operands.get("then")?, operands.get("else")?];
                if !self.through_choices {
                    return either
                        .into_iter()
                        .try_for_each(|branch| self.take(branch))
                        .map(|()| Origin::default());
                }
                either
                    .into_iter()
                    .try_fold(Origin::default(), |origin, branch| Some(origin.or(self.origin(branch)?)))
            }
            "Record" => {
                let mut members = BTreeMap::new();
                for (name, value) in operands.as_object()? {
                    members.insert(name.clone(), vec![self.origin(value)?]);
                }
                Some(Origin { paths: Vec::new(), members })
            }
            _ => {
                self.take(expression)?;
                Some(Origin::default())
            }
        }
    }

    /// `left has name`, or `left has name.of.more`: the presence of each of them.
    fn has(&mut self, operands: &Value) -> Option<()> {
        let mut origin = self.origin(operands.get("left")?)?;
        let names = match operands.get("attr")? {
            Value::String(name) => vec![name.as_str()],
            Value::Array(path) => path.iter().map(Value::as_str).collect::<Option<_>>()?,
            _ => return None,
        };
        for name in names {
            origin = self.present(origin.member(name));
        }
        Some(())
    }

    /// The tag of `left` that `right` names; that its presence is read is noted.
    fn tagged(&mut self, operands: &Value) -> Option<Origin> {
        let left = self.origin(operands.get("left")?)?;
        let right = operands.get("right")?;
        let step = match right.get("Value").and_then(Value::as_str) {
            Some(name) => Step::Tag(name.to_owned()),
            None => {
                self.take(right)?;
                Step::AnyTag
            }
        };
        Some(self.present(left.step(&step)))
    }

    /// Notes that the presence of the value is read: without it, the expression cannot be evaluated.
    fn present(&mut self, origin: Origin) -> Origin {
        for path in &origin.paths {
            self.node(path);
        }
        origin
    }

    /// `expression in …`: what the entity is in.
    fn within(&mut self, expression: &Value) -> Option<()> {
        let origin = self.origin(expression)?;
        for path in &origin.paths {
            let node = self.node(path);
            node.ancestors = true;
            node.whole = true;
        }
        Some(())
    }

    fn take_whole(&mut self, origin: &Origin) {
        for path in &origin.paths {
            self.node(path).whole = true;
        }
        for member in origin.members.values().flatten() {
            self.take_whole(member);
        }
    }

    fn node(&mut self, path: &Path) -> &mut ReadTree {
        let root = match path.root {
            Root::Principal => &mut self.found.principal,
            Root::Resource => &mut self.found.resource,
            Root::Context => &mut self.found.context,
        };
        path.steps.iter().fold(root, |node, step| match step {
            Step::Member(name) => node.member(name),
            Step::Tag(name) => node.tags.entry(name.clone()).or_default(),
            Step::AnyTag => node.any_tag.get_or_insert_default(),
        })
    }
}

impl Origin {
    fn root(root: Root) -> Self {
        Self { paths: vec![Path { root, steps: Vec::new() }], members: BTreeMap::new() }
    }

    fn or(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        for (name, origins) in other.members {
            self.members.entry(name).or_default().extend(origins);
        }
        self
    }

    fn step(&self, step: &Step) -> Self {
        let further = |path: &Path| {
            let steps = path.steps.iter().cloned().chain([step.clone()]).collect();
            Path { root: path.root, steps }
        };
        Self { paths: self.paths.iter().map(further).collect(), members: BTreeMap::new() }
    }

    fn member(&self, name: &str) -> Self {
        let own = self.step(&Step::Member(name.to_owned()));
        self.members.get(name).into_iter().flatten().cloned().fold(own, Self::or)
    }
}

/// An expression's operator and its operands.
fn operation(expression: &Value) -> Option<(&str, &Value)> {
    let members: &Map<String, Value> = expression.as_object()?;
    let mut members = members.iter();
    let (operator, operands) = members.next()?;
    members.next().is_none().then_some((operator.as_str(), operands))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deep_stack::on_deep_stack;

    /// The paths of a tree: `!` after one that is read whole, `^` where what it is in is read, `?` where only its
    /// presence is.
    fn write(tree: &ReadTree, path: &str, lines: &mut Vec<String>) {
        let marks = [(tree.whole, "!"), (tree.ancestors, "^"), (tree.everything, "*")];
        let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        let leaf = !tree.follows();
        match (marks.is_empty(), leaf, path.contains(['.', '['])) {
            (false, _, _) => lines.push(format!("{path}{marks}")),
            (true, true, true) => lines.push(format!("{path}?")),
            _ => {}
        }
        for (name, tree) in &tree.members {
            write(tree, &format!("{path}.{name}"), lines);
        }
        for (name, tree) in &tree.tags {
            write(tree, &format!("{path}[{name}]"), lines);
        }
        if let Some(tree) = &tree.any_tag {
            write(tree, &format!("{path}[*]"), lines);
        }
    }

    fn render(reads: &Reads) -> String {
        let mut lines = Vec::new();
        write(&reads.principal, "principal", &mut lines);
        write(&reads.resource, "resource", &mut lines);
        write(&reads.context, "context", &mut lines);
        lines.join(" ")
    }

    #[track_caller]
    fn check(conditions: &str, expected: &str) {
        let text = format!("permit(principal, action, resource) {conditions};");
        assert_eq!(render(&reads(&Policy::parse(None, text).unwrap())), expected, "{conditions}");
    }

    #[track_caller]
    fn check_when(condition: &str, expected: &str) {
        check(&format!("when {{ {condition} }}"), expected);
    }

    #[test]
    fn paths_are_read_to_their_ends() {
        check("", "");
        check_when("true", "");
        check_when("context.input.total <= 100000", "context.input.total!");
        check_when("context[\"in\\u{70}ut\"].total == 1", "context.input.total!");
        check_when("context.a.b + context.a.c * 2 - -context.d > 0", "context.a.b! context.a.c! context.d!");
        check_when("context.input.note like \"a*\"", "context.input.note!");
        check_when("[\"a\", context.tag].contains(context.b)", "context.b! context.tag!");
        check_when("context.tags.isEmpty()", "context.tags!");
        check_when("!context.gift", "context.gift!");
        check("when { context.a } unless { context.b }", "context.a! context.b!");
    }

    #[test]
    fn presence_alone_is_no_reading_of_the_value() {
        check_when("context has input", "context.input?");
        check_when("context has input.note", "context.input.note?");
        check_when("context.input has note && context.input.gift", "context.input.gift! context.input.note?");
        check_when("context has note && context.note == \"x\"", "context.note!");
        check_when("principal has manager.level", "principal.manager.level?");
    }

    #[test]
    fn extension_types_read_their_receivers_and_arguments() {
        check_when("context.ip.isInRange(ip(\"10.0.0.0/8\"))", "context.ip!");
        check_when("decimal(\"1.0\").lessThan(context.rate)", "context.rate!");
        check_when(
            "context.now.offset(context.more) > context.input.at.toDate()",
            "context.input.at! context.more! context.now!",
        );
    }

    #[test]
    fn entities_are_followed() {
        check_when("resource.owner == principal", "principal! resource.owner!");
        check_when("resource.owner.manager.level > 3", "resource.owner.manager.level!");
        check_when("resource.owner in Group::\"staff\"", "resource.owner!^");
        check_when("principal is User in Group::\"staff\"", "principal!^");
        check_when("resource.owner is User", "resource.owner!");
        check_when("principal in [Group::\"a\", resource.group]", "principal!^ resource.group!");
        check_when("action in Action::\"http\" && action == Action::\"a\"", "");
        check_when("User::\"max\" == principal", "principal!");
    }

    #[test]
    fn tags_are_told_by_name_where_the_name_is_written() {
        check_when("principal.hasTag(\"site\")", "principal[site]?");
        check_when(
            "principal.hasTag(\"site\") && principal.getTag(\"site\") == \"north\"",
            "principal[site]!",
        );
        check_when("resource.owner.getTag(context.name) == 1", "resource.owner[*]! context.name!");
        check_when("resource.getTag(\"owner\").level == 1", "resource[owner].level!");
    }

    #[test]
    fn a_use_as_a_whole_reads_the_whole() {
        check_when("context == context", "context!");
        check_when("[context.input].contains(context.other)", "context.input! context.other!");
        check_when("context.input == {\"total\": context.a.b}", "context.a.b! context.input!");
        check_when("{\"a\": context} has a", "");
        check_when("{\"a\": context.b, \"c\": context.d}.a == 1", "context.b! context.d?");
    }

    #[test]
    fn branches_and_records_hand_on_what_they_are_made_of() {
        check_when(
            "(if context.flag then principal else resource.owner).level > 1",
            "principal.level! resource.owner.level! context.flag!",
        );
        check_when("{\"a\": principal, \"b\": context.c}.a.level == 1", "principal.level! context.c?");
        check_when(
            "(if context.flag then {\"a\": principal.manager} else {\"a\": resource.owner}).a.level == 1",
            "principal.manager.level! resource.owner.level! context.flag!",
        );
        check_when("(if true then context else context).input.total == 1", "context.input.total!");
    }

    #[test]
    fn what_is_not_known_reads_everything() {
        let mut found = Reads::default();
        for text in
            [r#"{"new": {"left": {"Var": "context"}}}"#, r#"{"Var": "other"}"#, r#"{"a": 1, "b": 2}"#, "1"]
        {
            let expression: Value = serde_json::from_str(text).unwrap();
            assert!(
                Reader { found: &mut found, through_choices: true }.take(&expression).is_none(),
                "{text}"
            );
        }
        assert_eq!(render(&Reads::everything()), "principal* resource* context*");
    }

    #[test]
    fn long_chains_do_not_end_the_stack() {
        let chain = vec!["context.a == 1"; 2_000].join(" || ");
        on_deep_stack(|| check_when(&chain, "context.a!")).unwrap();
    }
}
