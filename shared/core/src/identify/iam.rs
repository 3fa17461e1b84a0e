//! Callers whose AWS signature the front verified, as its own envelope says.

use doorward_config::Iam;
use doorward_model::entity_type::{AWS_ACCOUNT, AWS_ORGANIZATION, ROLE};
use doorward_model::{
    AuthFault, Claim, ClaimType, Claims, EntityName, IamCaller, IamFault, Principal, Refusal, TrustLevel,
};
use serde_json::{Map, json};

use super::is_id;
use crate::find::HttpCall;

/// The name that a role was taken on under.
const SESSION: &str = "session";
/// What IAM itself knows a role or user by: another one of the same name has another.
const UNIQUE_ID: &str = "unique_id";

/// The partitions of AWS: each has an IAM of its own.
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"];

/// Whose signature the front verified; `None` where it verified none.
pub(super) fn caller(http: &HttpCall<'_>) -> Result<Option<Principal>, Refusal> {
    let (Some(caller), Some(iam)) = (&http.request.verified.iam, &http.rules.iam) else { return Ok(None) };
    principal(caller, iam).map(Some).map_err(|fault| Refusal::Unauthenticated(AuthFault::Iam(fault)))
}

/// The attributes that policies read of a role.
pub(crate) fn role_attributes() -> Claims {
    texts(&[SESSION, UNIQUE_ID])
}

/// The attributes that policies read of a user.
pub(crate) fn user_attributes() -> Claims {
    texts(&[UNIQUE_ID])
}

fn texts(names: &[&str]) -> Claims {
    let claim = Claim { ty: ClaimType::Text, required: false };
    names.iter().map(|name| ((*name).to_owned(), claim)).collect()
}

fn principal(caller: &IamCaller, iam: &Iam) -> Result<Principal, IamFault> {
    let arn = Arn::parse(&caller.arn).ok_or(IamFault::Arn)?;
    if arn.account != caller.account {
        return Err(IamFault::OtherAccount);
    }
    let organization = caller.organization.as_deref();
    if organization.is_some_and(|id| !is_organization(id)) {
        return Err(IamFault::Organization);
    }
    admit(iam, arn.account, organization)?;
    let mut attributes = Map::new();
    if let Some(id) = &caller.unique_id {
        attributes.insert(UNIQUE_ID.to_owned(), json!(arn.unique_id(id).ok_or(IamFault::UniqueId)?));
    }
    if let Whom::Session { session, .. } = arn.whom {
        attributes.insert(SESSION.to_owned(), json!(session));
    }
    let organization = organization.map(|id| EntityName::new(AWS_ORGANIZATION, id));
    Ok(Principal {
        name: arn.name(&caller.arn, iam),
        trust: TrustLevel::Attested,
        parents: std::iter::once(EntityName::new(AWS_ACCOUNT, arn.account)).chain(organization).collect(),
        claims: Map::new(),
        attributes,
        plan: None,
    })
}

/// Whether the configuration lets callers of this account and organisation in at all.
fn admit(iam: &Iam, account: &str, organization: Option<&str>) -> Result<(), IamFault> {
    if !iam.accounts.is_empty() && !iam.accounts.iter().any(|listed| listed == account) {
        return Err(IamFault::Account(account.to_owned()));
    }
    if iam.organizations.is_empty() {
        return Ok(());
    }
    match organization {
        Some(id) if iam.organizations.iter().any(|listed| listed == id) => Ok(()),
        Some(id) => Err(IamFault::Foreign(id.to_owned())),
        None => Err(IamFault::NoOrganization),
    }
}

/// What an ARN names, of those that AWS hands over as callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Arn<'a> {
    partition: &'a str,
    account: &'a str,
    whom: Whom<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom<'a> {
    /// A session of a role; what the role's path is, no ARN of a session says.
    Session {
        role: &'a str,
        session: &'a str,
    },
    User,
    Federated {
        name: &'a str,
    },
    Root,
}

impl<'a> Arn<'a> {
    /// As the IAM User Guide has them ("IAM ARNs"): these forms and no others.
    fn parse(text: &'a str) -> Option<Self> {
        let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
        let (service, rest) = rest.split_once(':')?;
        let (account, resource) = rest.strip_prefix(':')?.split_once(':')?;
        if !PARTITIONS.contains(&partition) || !is_account(account) || !is_id(text) {
            return None;
        }
        let whom = match (service, resource.split_once('/')) {
            ("sts", Some(("assumed-role", rest))) => {
                let (role, session) = rest.split_once('/')?;
                (is_name(role) && is_name(session)).then_some(Whom::Session { role, session })?
            }
            ("sts", Some(("federated-user", name))) => is_name(name).then_some(Whom::Federated { name })?,
            ("iam", Some(("user", user))) => is_user(user).then_some(Whom::User)?,
            ("iam", None) if resource == "root" => Whom::Root,
            _ => return None,
        };
        Some(Self { partition, account, whom })
    }

    /// The entity that policies know the caller of the ARN `text` by.
    fn name(&self, text: &str, iam: &Iam) -> EntityName {
        match self.whom {
            Whom::Session { role, .. } => {
                EntityName::new(ROLE, format!("arn:{}:iam::{}:role/{role}", self.partition, self.account))
            }
            Whom::User | Whom::Federated { .. } | Whom::Root => EntityName::new(&iam.user_type, text),
        }
    }

    /// What of the front's `text` is the id of the role or user, in the forms of `aws:userid`; `None` where it is that of
    /// another.
    fn unique_id<'t>(&self, text: &'t str) -> Option<&'t str> {
        let after_colon = |first: &str, second: &str| {
            let (found, rest) = text.split_once(':')?;
            (found == first && rest == second).then_some(text)
        };
        match self.whom {
            Whom::Session { session, .. } => {
                let (id, found) = text.split_once(':')?;
                (found == session && is_unique(id)).then_some(id)
            }
            Whom::User => is_unique(text).then_some(text),
            Whom::Federated { name } => after_colon(self.account, name),
            Whom::Root => (text == self.account).then_some(text),
        }
    }
}

/// A caller whom a policy test or a command names, put where IAM would put it; `None` where it is no caller of IAM's.
pub(crate) fn stated(caller: &Principal, iam: &Iam) -> Option<Result<Principal, IamFault>> {
    let of_iam = [ROLE, iam.user_type.as_str()].contains(&caller.name.type_name.as_str());
    of_iam.then(|| {
        let account = account_of(&caller.name).ok_or(IamFault::Arn)?;
        let organization = caller.parents.iter().find(|parent| parent.type_name == AWS_ORGANIZATION);
        admit(iam, account, organization.map(|parent| parent.id.as_str()))?;
        let account = EntityName::new(AWS_ACCOUNT, account);
        let others = caller.parents.iter().filter(|parent| parent.type_name != AWS_ACCOUNT).cloned();
        let parents = std::iter::once(account).chain(others).collect();
        Ok(Principal { parents, claims: Map::new(), trust: TrustLevel::Attested, ..caller.clone() })
    })
}

/// The account that the id of a role or user says; `None` where it is no such id.
fn account_of(name: &EntityName) -> Option<&str> {
    if name.type_name != ROLE {
        let arn = Arn::parse(&name.id)?;
        return (!matches!(arn.whom, Whom::Session { .. })).then_some(arn.account);
    }
    let (partition, rest) = name.id.strip_prefix("arn:")?.split_once(":iam::")?;
    let (account, role) = rest.split_once(":role/")?;
    (PARTITIONS.contains(&partition) && is_account(account) && is_name(role)).then_some(account)
}

/// The attributes that policies read of callers of this type; `None` where none come by IAM.
pub(crate) fn attributes(type_name: &str, iam: &Iam) -> Option<Claims> {
    match type_name {
        ROLE => Some(role_attributes()),
        _ if type_name == iam.user_type => Some(user_attributes()),
        _ => None,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organization(text: &str) -> bool {
    let plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.strip_prefix("o-").is_some_and(|id| (10..=32).contains(&id.len()) && plain(id))
}

/// A name of IAM's: a role's, a user's, a session's.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'=' | b',' | b'.' | b'@' | b'-')
    };
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// A user's name, behind its path where it has one: any visible ASCII.
fn is_user(text: &str) -> bool {
    let (path, name) = text.rsplit_once('/').unwrap_or(("", text));
    is_name(name) && path.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_unique(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (16..=128).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iam() -> Iam {
        Iam {
            accounts: Vec::new(),
            organizations: Vec::new(),
            user_type: "IamUser".to_owned(),
            fronts: Vec::new(),
        }
    }

    fn caller(arn: &str, unique_id: Option<&str>) -> IamCaller {
        IamCaller {
            arn: arn.to_owned(),
            account: "123456789012".to_owned(),
            organization: None,
            unique_id: unique_id.map(str::to_owned),
        }
    }

    fn said(caller: &IamCaller, iam: &Iam) -> String {
        match principal(caller, iam) {
            Err(fault) => fault.to_string(),
            Ok(Principal { name, parents, attributes, .. }) => {
                let parents: Vec<String> = parents.iter().map(ToString::to_string).collect();
                format!("{name} in {} {}", parents.join(" "), json!(attributes))
            }
        }
    }

    #[track_caller]
    fn check(arn: &str, unique_id: Option<&str>, name: &str, attributes: &str) {
        let expected = format!("{name} in AwsAccount::\"123456789012\" {attributes}");
        assert_eq!(said(&caller(arn, unique_id), &iam()), expected, "{arn}");
    }

    #[test]
    fn callers_are_roles_and_users() {
        let role = r#"Role::"arn:aws:iam::123456789012:role/orders""#;
        let session = "arn:aws:sts::123456789012:assumed-role/orders/i-0abc";
        check(session, None, role, r#"{"session":"i-0abc"}"#);
        check(
            session,
            Some("AROAEXAMPLE123456789:i-0abc"),
            role,
            r#"{"unique_id":"AROAEXAMPLE123456789","session":"i-0abc"}"#,
        );
        check(
            "arn:aws-cn:sts::123456789012:assumed-role/a_b+c=d,e.f@g-h/jo@shop.example",
            None,
            r#"Role::"arn:aws-cn:iam::123456789012:role/a_b+c=d,e.f@g-h""#,
            r#"{"session":"jo@shop.example"}"#,
        );
        for (arn, id) in [
            ("arn:aws:iam::123456789012:user/ann", Some("AIDAEXAMPLE123456789")),
            ("arn:aws-us-gov:iam::123456789012:user/sales/eu:west/ann", None),
            ("arn:aws-eusc:iam::123456789012:user/ann", None),
            ("arn:aws:sts::123456789012:federated-user/ann", Some("123456789012:ann")),
            ("arn:aws:iam::123456789012:root", Some("123456789012")),
        ] {
            let attributes = id.map_or("{}".to_owned(), |id| json!({ UNIQUE_ID: id }).to_string());
            check(arn, id, &format!("IamUser::\"{arn}\""), &attributes);
        }
    }

    #[test]
    fn what_is_no_callers_arn_is_refused() {
        let long = format!("arn:aws:iam::123456789012:user/{}/ann", "p".repeat(500));
        let longer = format!("arn:aws:sts::123456789012:assumed-role/{}/s", "r".repeat(65));
        for arn in [
            "",
            "arn",
            "orders",
            "arn:aws:iam::123456789012:role/orders",
            "arn:aws:iam::123456789012:role/path/orders",
            "arn:aws:sts::123456789012:assumed-role/orders",
            "arn:aws:sts::123456789012:assumed-role//session",
            "arn:aws:sts::123456789012:assumed-role/orders/",
            "arn:aws:sts::123456789012:assumed-role/path/orders/session",
            "arn:aws:iam::123456789012:assumed-role/orders/session",
            "arn:aws:sts::123456789012:user/ann",
            "arn:aws:sts::123456789012:root",
            "arn:aws:iam::123456789012:root/",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:user/path/",
            "arn:aws:iam::123456789012:user/a b/ann",
            "arn:aws:iam::123456789012:user/ann\n",
            "arn:aws:iam::123456789012:user/änn",
            "arn:aws:sts::123456789012:federated-user/a/b",
            "arn:aws:iam::123456789012:group/admins",
            "arn:aws:iam:us-east-1:123456789012:user/ann",
            "arn:aws:iam::12345678901:user/ann",
            "arn:aws:iam::12345678901２:user/ann",
            "arn:aws:iam:::user/ann",
            "arn:aws:iam::aws:user/ann",
            "arn:AWS:iam::123456789012:user/ann",
            "arn:aws-other:iam::123456789012:user/ann",
            " arn:aws:iam::123456789012:user/ann",
            "arn:aws:iam::123456789012:user/*",
            "*",
            &long,
            &longer,
        ] {
            assert_eq!(said(&caller(arn, None), &iam()), IamFault::Arn.to_string(), "{arn}");
        }
        let other = caller("arn:aws:iam::999999999999:user/ann", None);
        assert_eq!(said(&other, &iam()), IamFault::OtherAccount.to_string());
    }

    #[test]
    fn a_unique_id_is_of_whom_the_arn_names() {
        let session = "arn:aws:sts::123456789012:assumed-role/orders/s1";
        let user = "arn:aws:iam::123456789012:user/ann";
        for (arn, id) in [
            (session, ""),
            (session, "AROAEXAMPLE123456789"),
            (session, "AROAEXAMPLE123456789:s2"),
            (session, "AROAEXAMPLE123456789:s1:s1"),
            (session, ":s1"),
            (session, "aroaexample123456789:s1"),
            (user, "AIDAEXAMPLE123456789:ann"),
            (user, "ann"),
            (user, ""),
            ("arn:aws:sts::123456789012:federated-user/ann", "999999999999:ann"),
            ("arn:aws:sts::123456789012:federated-user/ann", "123456789012:bob"),
            ("arn:aws:iam::123456789012:root", "999999999999"),
        ] {
            assert_eq!(said(&caller(arn, Some(id)), &iam()), IamFault::UniqueId.to_string(), "{arn} {id}");
        }
    }

    #[test]
    fn accounts_and_organizations_that_are_listed_are_let_in() {
        let of = |organization: Option<&str>| IamCaller {
            organization: organization.map(str::to_owned),
            ..caller("arn:aws:iam::123456789012:root", None)
        };
        let (own, other) = ("o-a1b2c3d4e5", "o-zzzzzzzzzz");
        let rule = |accounts: &[&str], organizations: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
            Iam { accounts: texts(accounts), organizations: texts(organizations), ..iam() }
        };
        let admitted = |organization| principal(&of(organization), &rule(&["123456789012"], &[own]));
        let parents = admitted(Some(own)).unwrap().parents;
        assert_eq!(
            parents,
            [EntityName::new(AWS_ACCOUNT, "123456789012"), EntityName::new(AWS_ORGANIZATION, own)]
        );
        assert_eq!(admitted(None), Err(IamFault::NoOrganization));
        assert_eq!(admitted(Some(other)), Err(IamFault::Foreign(other.to_owned())));
        let foreign = principal(&of(Some(own)), &rule(&["000000000001"], &[own]));
        assert_eq!(foreign, Err(IamFault::Account("123456789012".to_owned())));
        assert!(principal(&of(Some(other)), &iam()).is_ok());
        for none in ["", "o-", "o-short", "O-a1b2c3d4e5", "o-a1b2c3d4e5 ", "a1b2c3d4e5"] {
            assert_eq!(principal(&of(Some(none)), &iam()), Err(IamFault::Organization), "{none}");
        }
    }

    #[test]
    fn who_is_stated_is_one_who_could_come() {
        let placed = |type_name: &str, id: &str| {
            let caller = Principal { name: EntityName::new(type_name, id), ..Principal::anonymous() };
            stated(&caller, &iam()).map(|placed| placed.map(|caller| caller.parents))
        };
        let account = || vec![EntityName::new(AWS_ACCOUNT, "123456789012")];
        assert_eq!(placed(ROLE, "arn:aws:iam::123456789012:role/orders"), Some(Ok(account())));
        assert_eq!(placed("IamUser", "arn:aws:iam::123456789012:root"), Some(Ok(account())));
        assert_eq!(placed("User", "alice"), None);
        for (type_name, id) in [
            (ROLE, "orders"),
            (ROLE, "arn:aws:iam::123456789012:role/path/orders"),
            (ROLE, "arn:aws:iam::123456789012:user/ann"),
            (ROLE, "arn:aws:sts::123456789012:assumed-role/orders/session"),
            ("IamUser", "arn:aws:sts::123456789012:assumed-role/orders/session"),
            ("IamUser", "ann"),
        ] {
            assert_eq!(placed(type_name, id), Some(Err(IamFault::Arn)), "{type_name} {id}");
        }
    }
}
