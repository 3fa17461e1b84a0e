use doorward_model::Fault;
use doorward_model::entity_type::{OF_CEDAR, OF_THE_DOOR};

use crate::report::quote;

/// Cedar's own words (grammar of Cedar 4, `RESERVED`), which no part of a type's name may be.
const KEYWORDS: [&str; 10] = ["true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"];

/// Reads the name of a Cedar entity type that a configuration may make: `User` or `Shop::User`.
pub(crate) fn parse(text: &str) -> Result<String, Fault> {
    let longest = 128;
    if text.len() > longest || !text.split("::").all(is_identifier) {
        let fault = Fault::new(format!("{} is not a Cedar entity type", quote(text)));
        return Err(
            fault.hint("write letters, digits and `_`, namespaces joined by `::`, such as `Shop::User`")
        );
    }
    // `Action` is Cedar's in every namespace.
    let reserved = text.rsplit("::").next() == Some("Action") || OF_THE_DOOR.contains(&text);
    if reserved || OF_CEDAR.contains(&text) {
        return Err(Fault::new(format!("the entity type {} is reserved", quote(text))));
    }
    Ok(text.to_owned())
}

fn is_identifier(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_made_of_identifiers() {
        for text in ["User", "_u", "Shop::User", "A::B::C2", "Shop::Anonymous", "trueish"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "::",
            "A::",
            "::A",
            "A:B",
            "A.B",
            "2A",
            "A B",
            "Ä",
            "true",
            "A::in",
            "__cedar::User",
            &"A".repeat(129),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_types_of_the_door_and_of_cedar_are_reserved() {
        for text in [
            "Anonymous",
            "Role",
            "AwsAccount",
            "AwsOrganization",
            "Certificate",
            "Client",
            "EventSource",
            "Function",
            "Group",
            "Action",
            "Shop::Action",
            "String",
            "ipaddr",
        ] {
            assert!(parse(text).unwrap_err().message.contains("reserved"), "{text}");
        }
    }
}
