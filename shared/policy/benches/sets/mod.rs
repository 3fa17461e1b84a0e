use std::fmt::Write as _;

/// `count` policies of which the first three concern the request: a group's permit, an owner's permit and a forbid.
pub fn sparse(count: usize) -> String {
    let mut text = String::new();
    for nth in 0..count {
        let (group, action, function) = (nth / 3, nth / 3 % 50, nth / 3 % 100);
        let _ = match nth % 3 {
            0 => writeln!(
                text,
                "permit(principal in Group::\"g{group}\", action == Action::\"a{action}\", resource == Function::\"f{function}\") when {{ context.input.total <= 1000 && context.input.note like \"a*\" }};"
            ),
            1 => writeln!(
                text,
                "permit(principal == User::\"u{group}\", action in [Action::\"a{action}\", Action::\"b{action}\"], resource is Function) when {{ context.input.total <= 500 }};"
            ),
            _ => writeln!(
                text,
                "forbid(principal is User in Group::\"g{group}\", action == Action::\"a{action}\", resource == Function::\"f{function}\") unless {{ context.input.total < 900 || context.input.note == \"no\" }};"
            ),
        };
    }
    text
}
