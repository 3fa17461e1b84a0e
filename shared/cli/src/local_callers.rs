//! Callers of a local door who sign with AWS credentials, which are made for it and good nowhere else.

use std::fmt::Write as _;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use doorward_emulator::IamIdentity;
use serde_json::{Value, json};

use crate::local_door::REGION;
use crate::output::Failure;

/// The session under which a role calls that is named itself.
const SESSION: &str = "local";

/// Credentials of the user or role with this ARN: `arn:aws:iam::ACCOUNT:user/NAME`, `arn:aws:iam::ACCOUNT:role/NAME`, or
/// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`.
pub(crate) fn made(arn: &str) -> Result<IamIdentity, Failure> {
    let unknown = || {
        Failure::new(format!("`{arn}` is not the ARN of a user or role"))
            .hint("such as `arn:aws:iam::123456789012:role/warehouse`")
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, resource] = parts.as_slice() else { return Err(unknown()) };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let role = |name: &str, session: &str| {
        let named = |text: &str| !text.is_empty() && !text.contains('/');
        let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
        (named(name) && named(session)).then(|| (arn, Some(session.to_owned())))
    };
    let known = match (*service, resource.split_once('/')) {
        _ if !is_account => None,
        ("iam", Some(("role", path))) => role(path.rsplit('/').next().unwrap_or(path), SESSION),
        ("sts", Some(("assumed-role", rest))) => {
            rest.split_once('/').and_then(|(name, session)| role(name, session))
        }
        ("iam", Some(("user", name))) if !name.is_empty() => Some((arn.to_owned(), None)),
        _ => None,
    };
    let (arn, session) = known.ok_or_else(unknown)?;
    // The prefixes of AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    let (key, id) = if session.is_some() { ("ASIA", "AROA") } else { ("AKIA", "AIDA") };
    let unique = format!("{id}{}", random(8)?);
    Ok(IamIdentity {
        access_key: format!("{key}{}", random(8)?),
        secret_key: random(20)?,
        session_token: session.as_ref().map(|_| random(32)).transpose()?,
        arn,
        account: (*account).to_owned(),
        user_id: session.map_or_else(|| unique.clone(), |session| format!("{unique}:{session}")),
        organization: None,
    })
}

/// A caller for programs, which sign by themselves.
pub(crate) fn described(caller: &IamIdentity) -> Value {
    json!({
        "arn": caller.arn,
        "access_key": caller.access_key,
        "secret_key": caller.secret_key,
        "session_token": caller.session_token,
        "region": REGION,
    })
}

/// The options with which `curl` signs as `caller` for an API.
pub(crate) fn curl_options(caller: &IamIdentity) -> String {
    let session = caller.session_token.as_ref();
    let session = session.map(|token| format!(" -H 'x-amz-security-token: {token}'")).unwrap_or_default();
    format!(
        "--aws-sigv4 aws:amz:{REGION}:execute-api --user {}:{}{session}",
        caller.access_key, caller.secret_key
    )
}

/// So many random bytes, as hexadecimal digits.
fn random(bytes: usize) -> Result<String, Failure> {
    let mut random = vec![0; bytes];
    SystemRandom::new().fill(&mut random).map_err(|_| Failure::new("this machine gives no randomness"))?;
    Ok(random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arn: &str, expected: &str, id: &str) {
        let made = made(arn).unwrap_or_else(|_| panic!("{arn}"));
        assert_eq!((made.arn.as_str(), made.account.as_str()), (expected, "123456789012"));
        let unique = made.user_id.split(':').next().unwrap();
        assert!(unique.starts_with(id) && unique.len() == 20, "{}", made.user_id);
        assert_eq!(made.session_token.is_some(), id == "AROA");
    }

    #[test]
    fn a_role_calls_under_a_session_and_a_user_as_itself() {
        let session = "arn:aws:sts::123456789012:assumed-role/warehouse/local";
        check("arn:aws:iam::123456789012:role/warehouse", session, "AROA");
        check("arn:aws:iam::123456789012:role/night/shift/warehouse", session, "AROA");
        check(session, session, "AROA");
        let user = "arn:aws:iam::123456789012:user/sales/ann";
        check(user, user, "AIDA");
    }

    #[test]
    fn a_session_is_shown_beside_the_keys() {
        let line = |arn: &str| {
            let caller = made(arn).unwrap_or_else(|_| panic!("{arn}"));
            let hide = |line: String, secret: &str| line.replace(secret, "…");
            let line = hide(curl_options(&caller), &caller.access_key);
            let line = hide(line, &caller.secret_key);
            caller.session_token.iter().fold(line, |line, token| hide(line, token))
        };
        let user = "--aws-sigv4 aws:amz:us-east-1:execute-api --user …:…";
        assert_eq!(line("arn:aws:iam::123456789012:user/ann"), user);
        let role = line("arn:aws:iam::123456789012:role/warehouse");
        assert_eq!(role, format!("{user} -H 'x-amz-security-token: …'"));
    }

    #[test]
    fn what_cannot_sign_is_refused() {
        for arn in [
            "",
            "warehouse",
            "arn:aws:iam::12345:role/warehouse",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:group/people",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:sts::123456789012:assumed-role/warehouse",
            "arn:aws:sts::123456789012:assumed-role/warehouse/a/b",
            "arn:aws:iam:us-east-1:123456789012:user/ann",
        ] {
            assert!(made(arn).is_err(), "{arn}");
        }
    }
}
