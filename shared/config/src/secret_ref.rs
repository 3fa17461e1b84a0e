use std::fmt;

use doorward_model::Fault;

use crate::report::quote;

/// Where a secret is: the configuration names it and never holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretRef {
    /// `env:NAME`: a variable of the function's environment, as it was at start.
    Env(String),
    /// `file:/PATH`: a file of the function's file system, such as one that an extension keeps.
    File(String),
    /// `secretsmanager:NAME`, or an ARN in the place of the name.
    SecretsManager {
        /// The secret's name, or its ARN.
        id: String,
        /// The region that an ARN names; that of the function where it is a name.
        region: Option<String>,
        /// `#member`: the member of the secret's JSON object that is the secret.
        member: Option<String>,
    },
    /// `ssm:/path`: a parameter of Systems Manager, decrypted.
    Ssm(String),
}

/// Bounds of AWS: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>,
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html>.
const LONGEST_NAME: usize = 512;
const LONGEST_PARAMETER: usize = 1011;
const LONGEST_PATH: usize = 1024;
const LONGEST_WORD: usize = 128;

/// What every faulty reference is told.
const FORMS: &str = "write where the secret is: `env:NAME`, `file:/path`, `secretsmanager:NAME`, `secretsmanager:NAME#member` or `ssm:/path`";

impl SecretRef {
    /// Reads a reference. What has none of the forms may be a secret itself, so no fault repeats it.
    ///
    /// # Errors
    /// The one fault of `text`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text.split_once(':') {
            Some(("env", name)) => environment(name),
            Some(("file", path)) => file(path),
            Some(("secretsmanager", name)) => secrets_manager(name),
            Some(("ssm", path)) => parameter(path),
            _ => Err(Fault::new("a secret must not stand in the file").hint(FORMS)),
        }
    }
}

impl fmt::Display for SecretRef {
    /// As it is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::SecretsManager { id, member: None, .. } => write!(f, "secretsmanager:{id}"),
            Self::SecretsManager { id, member: Some(member), .. } => {
                write!(f, "secretsmanager:{id}#{member}")
            }
            Self::Ssm(path) => write!(f, "ssm:{path}"),
        }
    }
}

/// Names as Lambda takes them (<https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html>).
fn environment(name: &str) -> Result<SecretRef, Fault> {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(inner);
    if !named || !(2..=LONGEST_WORD).contains(&name.len()) {
        let fault = Fault::new(format!("{} is not the name of an environment variable", quote(name)));
        return Err(fault.hint("use 2 to 128 letters, digits and `_`, beginning with a letter"));
    }
    // The function's own credentials, and what the door goes by: no secret that a sender shares.
    if ["AWS_", "DOORWARD_", "LAMBDA_"].iter().any(|own| name.starts_with(own)) {
        let fault = Fault::new(format!("{} is no variable for secrets", quote(name)));
        return Err(fault.hint("names that begin with `AWS_`, `DOORWARD_` or `LAMBDA_` are taken"));
    }
    Ok(SecretRef::Env(name.to_owned()))
}

/// Absolute: the folder of the configuration is what gets deployed, and a secret must not.
fn file(path: &str) -> Result<SecretRef, Fault> {
    let fault = |why: &str| {
        let hint = "write an absolute path outside the project, such as `file:/run/secrets/payments`";
        Err(Fault::new(format!("{} {why}", quote(path))).hint(hint))
    };
    if !path.starts_with('/') {
        return fault("is not an absolute path");
    }
    if path.len() > LONGEST_PATH || path.chars().any(char::is_control) {
        return fault("is longer than 1,024 bytes or holds a control character");
    }
    if path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
        return fault("holds an empty or a dot segment");
    }
    Ok(SecretRef::File(path.to_owned()))
}

fn secrets_manager(text: &str) -> Result<SecretRef, Fault> {
    let (id, member) = match text.split_once('#') {
        None => (text, None),
        Some((id, member)) => (id, Some(member)),
    };
    if let Some(member) = member
        && (!(1..=LONGEST_WORD).contains(&member.len())
            || member.contains(|c: char| c.is_control() || c == '#'))
    {
        let fault = Fault::new(format!("{} names no member of the secret's JSON", quote(text)));
        return Err(fault.hint("write one name of 1 to 128 bytes behind `#`, without another `#`"));
    }
    let (name, region) = match id.strip_prefix("arn:") {
        None => (id, None),
        Some(rest) => {
            let (name, region) = arn(rest).ok_or_else(|| {
                let fault = Fault::new(format!("{} is not the ARN of a secret", quote(id)));
                fault.hint("write `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`")
            })?;
            (name, Some(region.to_owned()))
        }
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if !(1..=LONGEST_NAME).contains(&name.len()) || !name.chars().all(allowed) {
        let fault = Fault::new(format!("{} is not the name of a secret", quote(name)));
        return Err(fault.hint("use 1 to 512 letters, digits and `/_+=.@-`"));
    }
    Ok(SecretRef::SecretsManager { id: id.to_owned(), region, member: member.map(str::to_owned) })
}

/// Name and region of what follows `arn:`.
fn arn(rest: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = rest.splitn(6, ':').collect();
    let [partition, "secretsmanager", region, account, "secret", name] = parts.as_slice() else {
        return None;
    };
    let word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    // The region becomes a part of a host's name.
    let region_named =
        word(region) && region.len() <= 32 && !region.starts_with('-') && !region.ends_with('-');
    (partition.starts_with("aws") && word(partition) && region_named && account).then_some((*name, *region))
}

fn parameter(path: &str) -> Result<SecretRef, Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let segments = path.strip_prefix('/').map(|rest| rest.split('/').all(|segment| !segment.is_empty()));
    if segments != Some(true) || path.len() > LONGEST_PARAMETER || !path.chars().all(allowed) {
        let fault = Fault::new(format!("{} is not the path of a parameter", quote(path)));
        return Err(fault.hint("use letters, digits and `_.-/`, beginning with `/`: `ssm:/shop/payments`"));
    }
    Ok(SecretRef::Ssm(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_written_alike() {
        for text in [
            "env:STRIPE_SECRET",
            "file:/run/secrets/payments",
            "secretsmanager:shop/payments",
            "secretsmanager:shop/payments#current",
            "secretsmanager:arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/payments-AbCdEf",
            "secretsmanager:arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:s-AbCdEf#a b",
            "ssm:/shop/payments",
            "ssm:/a",
        ] {
            assert_eq!(SecretRef::parse(text).map(|read| read.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn an_arn_says_the_region() {
        let text = "secretsmanager:arn:aws:secretsmanager:eu-central-1:123456789012:secret:s-AbCdEf#a";
        let Ok(SecretRef::SecretsManager { id, region, member }) = SecretRef::parse(text) else { panic!() };
        assert_eq!(id, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:s-AbCdEf");
        assert_eq!((region.as_deref(), member.as_deref()), (Some("eu-central-1"), Some("a")));
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let fault = SecretRef::parse(text).unwrap_err();
        assert!(fault.message.contains(message), "{text}: {}", fault.message);
        assert!(fault.hint.is_some(), "{text}");
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        for text in ["plainly-fake", "whsec_cGxhaW5seSBmYWtl", "", "Env:A", "vault:plainly-fake", " env:AB"] {
            refused(text, "must not stand in the file");
            let fault = SecretRef::parse(text).unwrap_err();
            assert!(!fault.message.contains("fake") && !fault.hint.unwrap().contains("fake"));
        }
    }

    #[test]
    fn each_form_is_exact() {
        for name in ["", "A", "1A", "_A", "A-B", "A B", "Ä1", "A=B", &"A".repeat(129)] {
            refused(&format!("env:{name}"), "not the name of an environment variable");
        }
        refused("env:AWS_SECRET_ACCESS_KEY", "no variable for secrets");
        refused("env:DOORWARD_LOG", "no variable for secrets");
        for path in ["", "secret", "./secret", "../secret", "C:/x"] {
            refused(&format!("file:{path}"), "not an absolute path");
        }
        for path in ["/a/../b", "/a/./b", "//a", "/a/", "/"] {
            refused(&format!("file:{path}"), "an empty or a dot segment");
        }
        refused("file:/a\0", "control character");
        for name in ["", "a b", "a*", "ä", &"a".repeat(513)] {
            refused(&format!("secretsmanager:{name}"), "not the name of a secret");
        }
        for text in ["a#", "a#b#c", "a#\n"] {
            refused(&format!("secretsmanager:{text}"), "names no member");
        }
        for arn in [
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret",
            "arn:aws:secretsmanager:eu-central-1:12345678901:secret:a",
            "arn:aws:secretsmanager::123456789012:secret:a",
            "arn:aws:secretsmanager:eu.evil:123456789012:secret:a",
            "arn:aws:ssm:eu-central-1:123456789012:secret:a",
            "arn:evil:secretsmanager:eu-central-1:123456789012:secret:a",
        ] {
            refused(&format!("secretsmanager:{arn}"), "not the ARN of a secret");
        }
        for path in ["", "a", "//a", "/a//b", "/a/", "/", "/a b", "/a:3", &format!("/{}", "a".repeat(1011))] {
            refused(&format!("ssm:{path}"), "not the path of a parameter");
        }
    }
}
