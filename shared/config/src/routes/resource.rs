//! `resource`: the entity that a call acts on, by parameters of the path.

use doorward_model::Fault;

use super::matched::Matched;
use crate::auth::Callers;
use crate::checked::{ParentRule, ResourceRule};
use crate::reader::{Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;
use crate::{entity_type, load};

/// `matched` is absent while the route's `match` is faulty: then no parameter can be judged.
pub(super) fn read(
    value: Value<'_>,
    matched: Option<&Matched>,
    callers: &Callers<'_>,
    loaded: &mut load::Loaded,
) -> Result<ResourceRule, Reported> {
    value.section("`resource`", |section| {
        let type_name = section.required("type", |value| {
            let type_name = value.parse(entity_type::parse)?;
            // One entity cannot be both: its parents would be the caller's groups and the target at once.
            if callers.issuers.iter().any(|issuer| issuer.principal.type_name == type_name) {
                let fault =
                    Fault::new(format!("{} is the type of an issuer's principals", quote(&type_name)));
                return Err(value.fault(fault.hint("give resources a type of their own")));
            }
            if callers.iam.is_some_and(|iam| iam.user_type == type_name) {
                let fault = Fault::new(format!("{} is the type of IAM users", quote(&type_name)));
                return Err(value.fault(fault.hint("give resources a type of their own")));
            }
            Ok(type_name)
        });
        let parameter = section.required("id", |value| read_parameter(value, matched));
        let parents = section.or("parents", Vec::new(), |value| {
            value.nonempty_set(|item| {
                let parent = read_parent(item, matched)?;
                if (type_name.as_ref().ok(), parameter.as_ref().ok())
                    == (Some(&parent.type_name), Some(&parent.parameter))
                {
                    return Err(item.fault(Fault::new("a resource cannot be in itself")));
                }
                Ok(parent)
            })
        });
        let load = section.optional("load", |value| {
            let rule = load::read(value)?;
            type_name.as_ref().map_or(Ok(()), |name| loaded.claim(name, &rule, value))?;
            Ok(rule)
        });
        Ok(ResourceRule { type_name: type_name?, parameter: parameter?, parents: parents?, load: load? })
    })
}

/// A parent may be of the principals' type: a user's own things are in the user.
fn read_parent(value: Value<'_>, matched: Option<&Matched>) -> Result<ParentRule, Reported> {
    value.section("a parent", |section| {
        let type_name = section.required("type", |value| value.parse(entity_type::parse));
        let parameter = section.required("id", |value| read_parameter(value, matched));
        Ok(ParentRule { type_name: type_name?, parameter: parameter? })
    })
}

/// Reads `path.id`.
fn read_parameter(value: Value<'_>, matched: Option<&Matched>) -> Result<String, Reported> {
    value.parse(|text| {
        let Some(name) = text.strip_prefix("path.") else {
            let fault = Fault::new(format!("{} is not a parameter of the path", quote(text)));
            return Err(fault.hint("write `path.` and the parameter's name"));
        };
        match matched {
            Some(Matched::Socket(key)) => {
                Err(Fault::new(format!("{} has no path, and so no parameters", quote(key)))
                    .hint("leave `resource` out: it is the function then"))
            }
            Some(Matched::Invoke(_)) => Err(Fault::new("an invocation has no path with parameters")
                .hint("leave `resource` out: it is the function then")),
            Some(Matched::Http(_, path)) if !path.parameters.iter().any(|parameter| parameter == name) => {
                let fault = Fault::new(format!("the path has no parameter {}", quote(name)));
                Err(with_hint(fault, suggest(name, path.parameters.iter().map(String::as_str))))
            }
            _ => Ok(name.to_owned()),
        }
    })
}
