use doorward_model::{Fault, Front, FrontKind};

use crate::checked::Iam;
use crate::reader::Value;
use crate::report::{Reported, quote};
use crate::{entity_type, fronts};

/// The entity type of IAM users where `user_type` is not set.
const USER: &str = "User";

/// What holds where there is no `[iam]` and a route accepts IAM callers: any account's, for the policies to tell apart.
pub(crate) fn default() -> Iam {
    Iam { accounts: Vec::new(), organizations: Vec::new(), user_type: USER.to_owned(), fronts: Vec::new() }
}

/// Reads `[iam]`.
pub(crate) fn read(value: Value<'_>) -> Result<Iam, Reported> {
    value.section("`[iam]`", |section| {
        let accounts =
            section.or("accounts", Vec::new(), |value| value.nonempty_set(|item| item.parse(account)));
        let organizations = section
            .or("organizations", Vec::new(), |value| value.nonempty_set(|item| item.parse(organization)));
        let user_type = section.or("user_type", USER.to_owned(), |value| value.parse(entity_type::parse));
        let fronts = section.or("fronts", Vec::new(), |value| value.nonempty_set(|item| item.parse(front)));
        Ok(Iam { accounts: accounts?, organizations: organizations?, user_type: user_type?, fronts: fronts? })
    })
}

/// APIs say it route by route, and load balancers verify no signatures.
fn front(text: &str) -> Result<Front, Fault> {
    let front = fronts::parse(text)?;
    if front.kind == FrontKind::FunctionUrl {
        return Ok(front);
    }
    let fault = Fault::new(format!("{} is no function URL", quote(text)));
    Err(fault.hint("list the function URLs of the type `AWS_IAM`; an API verifies signatures route by route"))
}

fn account(text: &str) -> Result<String, Fault> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} is not the id of an AWS account", quote(text)));
    Err(fault.hint("write its 12 digits as a text: `\"123456789012\"`"))
}

/// As Organizations makes them: `o-` and 10 to 32 small letters and digits.
fn organization(text: &str) -> Result<String, Fault> {
    let plain = |id: &str| {
        (10..=32).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if text.strip_prefix("o-").is_some_and(plain) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} is not the id of an AWS organization", quote(text)));
    Err(fault.hint("write it as AWS Organizations does: `o-` and 10 to 32 small letters and digits"))
}
