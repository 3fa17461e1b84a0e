use doorward_model::{Claim, ClaimType};

use crate::schema::schema_text::Quoted;
use crate::schema::types::{self, Members};

/// What is wrong with a type that the user declares.
pub(crate) struct DeclarationFault {
    pub(crate) message: String,
    /// Whether the type has the attribute at all.
    pub(crate) is_declared: bool,
}

/// Why the attribute `name` of the type `type_name`, which has `declared`, cannot take what tokens put there.
pub(crate) fn misfit(
    type_name: &str,
    declared: &Members,
    name: &str,
    claim: Claim,
) -> Option<DeclarationFault> {
    let Some(member) = declared.get(name) else {
        let message = format!("`{type_name}` has no attribute `{name}`, but credentials give it one");
        return Some(DeclarationFault { message, is_declared: false });
    };
    let message = if member.ty != types::claim(claim.ty) {
        let word = claim.ty.word();
        format!("the attribute `{name}` of `{type_name}` is no `{word}`, but credentials make it one")
    } else if member.required && !claim.required {
        format!("the attribute `{name}` of `{type_name}` is required, but credentials may lack it")
    } else {
        return None;
    };
    Some(DeclarationFault { message, is_declared: true })
}

/// How a schema declares the attribute: `tenant?: String`.
pub(crate) fn declaration(name: &str, ty: ClaimType) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let word = ty.word();
    if plain { format!("{name}?: {word}") } else { format!("{}?: {word}", Quoted(name)) }
}
