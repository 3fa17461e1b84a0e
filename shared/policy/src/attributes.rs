use std::collections::HashSet;

use cedar_policy::{
    EntityTypeName, Policy, PolicyId, PolicySet, Schema, ValidationError, ValidationMode, Validator,
};
use doorward_model::{Claim, ClaimType};

use crate::schema_text::Quoted;

/// What is wrong with a declared type.
pub(crate) struct Misfit {
    pub(crate) message: String,
    /// Whether the type has the attribute at all.
    pub(crate) is_declared: bool,
}

/// Why the attribute `name` of a type that the user declares cannot take what tokens put there.
///
/// Cedar has no question for the type of an attribute, and the user may state it in many ways: its own validator is
/// asked, by policies that use the attribute as what it must be.
pub(crate) fn misfit(
    schema: &Schema,
    type_name: &EntityTypeName,
    name: &str,
    claim: Claim,
) -> Option<Misfit> {
    let declared = |message| Some(Misfit { message, is_declared: true });
    let access = format!("principal[{}]", Quoted(name));
    let bare = judge(schema, type_name, &format!("{access} == {access}"));
    if bare.contains(&Verdict::Missing) {
        let message = format!("`{type_name}` has no attribute `{name}`, but tokens give it one");
        return Some(Misfit { message, is_declared: false });
    }
    let used = match claim.ty {
        ClaimType::Text => format!("{access} like \"*\""),
        ClaimType::Long => format!("{access} < 0"),
        ClaimType::Bool => access,
        ClaimType::Decimal => format!("{access}.lessThan(decimal(\"0.0\"))"),
        ClaimType::Instant => format!("{access} < datetime(\"1970-01-01\")"),
        ClaimType::Address => format!("{access}.isIpv4()"),
        ClaimType::Texts => format!("{access}.contains(\"\")"),
        ClaimType::Longs => format!("{access}.contains(0)"),
    };
    let guarded = format!("principal has {} && {used}", Quoted(name));
    if judge(schema, type_name, &guarded).contains(&Verdict::Other) {
        let word = claim.ty.word();
        return declared(format!(
            "the attribute `{name}` of `{type_name}` is no `{word}`, but tokens make it one"
        ));
    }
    if !claim.required && !bare.contains(&Verdict::Optional) {
        return declared(format!(
            "the attribute `{name}` of `{type_name}` is required, but a token may lack it"
        ));
    }
    None
}

/// How a schema declares the attribute: `tenant?: String`.
pub(crate) fn declaration(name: &str, claim: Claim) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let word = claim.ty.word();
    if plain { format!("{name}?: {word}") } else { format!("{}?: {word}", Quoted(name)) }
}

/// What Cedar's validator finds in a policy that reads one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Verdict {
    Missing,
    Optional,
    Other,
}

fn judge(schema: &Schema, type_name: &EntityTypeName, condition: &str) -> HashSet<Verdict> {
    let text = format!("permit(principal is {type_name}, action, resource) when {{ {condition} }};");
    let set = Policy::parse(Some(PolicyId::new("probe")), text)
        .map_err(drop)
        .and_then(|policy| PolicySet::from_policies([policy]).map_err(drop));
    let Ok(set) = set else { return HashSet::from([Verdict::Other]) };
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    let verdict = |error: &ValidationError| match error {
        ValidationError::UnsafeAttributeAccess(_) => Verdict::Missing,
        ValidationError::UnsafeOptionalAttributeAccess(_) => Verdict::Optional,
        _ => Verdict::Other,
    };
    result.validation_errors().map(verdict).collect()
}
