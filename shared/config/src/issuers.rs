use std::time::Duration;

use doorward_model::{Fault, Front, FrontKind};

use crate::auth;
use crate::checked::{Algorithm, Issuer, JwksLocation, PrincipalRule, TokenKind};
use crate::claims;
use crate::entity_type;
use crate::environment::jwks_url_variable;
use crate::fronts;
use crate::location;
use crate::names::{self, Names};
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::suggestion::expected;

/// Clock skew that is forgiven where `leeway` is not set.
const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// The most clock skew that is forgiven: "no more than a few minutes" (RFC 7519 section 4.1.4), and less is safer.
const MOST_LEEWAY: Duration = Duration::from_secs(60);

/// Reads `[[issuers]]` and declares their names.
///
/// `iam_users` is the type of IAM users, where any come: no issuer may make one.
pub(crate) fn read(
    document: &mut Section<'_>,
    names: &mut Names,
    iam_users: Option<&str>,
) -> Result<Vec<Issuer>, Reported> {
    let mut earlier: Vec<Issuer> = Vec::new();
    let mut issuers = document.sections("issuers", "`[[issuers]]`", |section| {
        let issuer = read_issuer(section, names, iam_users)?;
        tell_apart(section, &issuer, &earlier)?;
        earlier.push(issuer.clone());
        Ok(issuer)
    })?;
    for issuer in issuers.iter_mut().filter(|issuer| issuer.tokens == TokenKind::Jwt) {
        let takes = |other: &Issuer| other.issuer == issuer.issuer && other.tokens == TokenKind::Cognito;
        issuer.leaves_access_tokens = earlier.iter().any(takes);
    }
    Ok(issuers)
}

fn read_issuer(
    section: &mut Section<'_>,
    names: &mut Names,
    iam_users: Option<&str>,
) -> Result<Issuer, Reported> {
    let name = section.required("name", |value| names.declare(value, issuer_name));
    let issuer = section.required("issuer", |value| Ok((value.word()?, value)));
    let url = section.optional("jwks", |value| value.parse(location::parse_url));
    let file = section.optional("jwks_file", |value| Ok((value.parse(location::parse_file)?, value.place())));
    let tokens = section.or("tokens", TokenKind::default(), |value| {
        value.choice(&TokenKind::ALL.map(|kind| (kind.word(), kind)))
    });
    // An unknown kind is its own fault: what depends on it is read as of the usual one.
    let kind = tokens.as_ref().copied().unwrap_or_default();
    let verified_by =
        section.or("verified_by", Vec::new(), |value| read_verifying_fronts(value, tokens.as_ref().ok()));
    let audiences = section.required("audiences", |value| {
        let audiences = value.nonempty_set(Value::word)?;
        if tokens.is_ok() {
            hold_to_kind(value, kind, &audiences)?
        }
        Ok(audiences)
    });
    let algorithms = section.required("algorithms", |value| value.nonempty_set(|item| item.parse(algorithm)));
    let mut declared = Vec::new();
    let claims = section.optional("claims", |value| claims::read(value, &mut declared));
    // Claims of which not even the names could be read are not held against their uses.
    let declared = (claims.is_ok() || !declared.is_empty()).then_some(declared.as_slice());
    let principal = section.required("principal", |value| read_principal(value, declared, kind, iam_users));
    let leeway = section.or("leeway", DEFAULT_LEEWAY, |value| value.duration(Duration::ZERO..=MOST_LEEWAY));

    let (issuer, issuer_value) = issuer?;
    let jwks = match (url?, file?) {
        (Some(_), Some(_)) => {
            let fault = Fault::new("`jwks` and `jwks_file` are both set");
            return Err(section.fault(fault.hint("keep one of the two")));
        }
        (Some(url), None) => JwksLocation::Url(url),
        (None, Some((path, place))) => JwksLocation::File { path, place },
        (None, None) => {
            issuer_value.parse(discovery_url)?;
            JwksLocation::Discovery
        }
    };
    Ok(Issuer {
        name: name?,
        issuer,
        jwks,
        tokens: tokens?,
        leaves_access_tokens: false,
        verified_by: verified_by?,
        audiences: audiences?,
        algorithms: algorithms?,
        claims: claims?.unwrap_or_default(),
        principal: principal?,
        leeway: leeway?,
    })
}

fn issuer_name(name: &str) -> Result<(), Fault> {
    auth::not_reserved(name)?;
    names::plain(name)
}

/// Without `jwks` and `jwks_file` the issuer's own URL says where its keys are (RFC 8414 section 2: no query).
fn discovery_url(text: &str) -> Result<(), Fault> {
    let hint = "set `jwks` or `jwks_file` where the issuer offers no discovery";
    match location::parse_url(text) {
        Ok(url) if url.contains('?') => {
            Err(Fault::new(format!("{} has a query, so its keys cannot be discovered", quote(text)))
                .hint(hint))
        }
        Ok(_) => Ok(()),
        Err(fault) => Err(Fault { hint: Some(hint.to_owned()), ..fault }),
    }
}

fn algorithm(text: &str) -> Result<Algorithm, Fault> {
    if let Some(algorithm) = Algorithm::named(text) {
        return Ok(algorithm);
    }
    let refused = Fault::new(format!("tokens signed with {} are not accepted", quote(text)));
    match text.to_ascii_lowercase().as_str() {
        "none" => Err(refused.hint("an unsigned token proves nothing: use `RS256`, `ES256` or `EdDSA`")),
        "hs256" | "hs384" | "hs512" => Err(refused
            .hint("whoever can check a shared secret can forge with it: use `RS256`, `ES256` or `EdDSA`")),
        // Names of algorithms lie too near each other for a guess at what was meant.
        _ => Err(refused.hint(expected(&Algorithm::ALL.map(Algorithm::word)))),
    }
}

/// Reads the fronts that verify tokens themselves. Which ids a deployment has may be known only later, and a front that
/// is not pinned gets nowhere: they are held to their form.
fn read_verifying_fronts(value: Value<'_>, kind: Option<&TokenKind>) -> Result<Vec<Front>, Reported> {
    if kind == Some(&TokenKind::AccessToken) {
        let fault = Fault::new("no front says of a token whether its header calls it `at+jwt`");
        return Err(value.fault(fault.hint("leave `verified_by` out, or `tokens` at `\"jwt\"`")));
    }
    value.nonempty_set(|item| {
        let front = item.parse(fronts::parse)?;
        match front.kind {
            FrontKind::RestApi | FrontKind::HttpApi => Ok(front),
            _ => {
                let fault = Fault::new(format!("{} verifies no tokens", quote(&front.to_string())));
                let hint = "REST APIs do with a Cognito authorizer, and HTTP APIs with a JWT authorizer";
                Err(item.fault(fault.hint(hint)))
            }
        }
    })
}

/// The access tokens of Cognito name the app client that they were issued to, and an `audiences` that holds none would
/// accept no token at all.
fn hold_to_kind(value: Value<'_>, kind: TokenKind, audiences: &[String]) -> Result<(), Reported> {
    let is_client = |text: &String| {
        text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+'))
    };
    if kind != TokenKind::Cognito || audiences.iter().any(is_client) {
        return Ok(());
    }
    let fault = Fault::new("none of `audiences` is the id of an app client");
    Err(value.fault(fault.hint(
        "with `tokens = \"cognito\"`, list the app clients whose tokens are accepted: access tokens have `client_id`",
    )))
}

/// `claims` are the names of the declared ones.
fn read_principal(
    value: Value<'_>,
    claims: Option<&[String]>,
    kind: TokenKind,
    iam_users: Option<&str>,
) -> Result<PrincipalRule, Reported> {
    value.section("`principal`", |section| {
        let type_name = section.required("type", |value| {
            let type_name = value.parse(entity_type::parse)?;
            if iam_users == Some(&type_name) {
                let fault = Fault::new(format!("{} is the type of IAM users", quote(&type_name)));
                let hint = "an issuer could make one: set another `user_type` in `[iam]`, such as `IamUser`";
                return Err(value.fault(fault.hint(hint)));
            }
            Ok(type_name)
        });
        let is_cognito = kind == TokenKind::Cognito;
        let id = match is_cognito {
            true => section.or("id", "sub".to_owned(), Value::word),
            false => section.required("id", Value::word),
        };
        let preset = is_cognito.then(|| "cognito:groups".to_owned());
        let groups = section.or("groups", preset, Value::word_or_false);
        let prefix = section.optional("prefix", |value| value.parse(prefix));
        let attributes = section.or("attributes", Vec::new(), |value| {
            value.nonempty_set(|item| match claims {
                Some(claims) => names::declared(item, "claim", || claims.iter().map(String::as_str)),
                None => item.word(),
            })
        });
        Ok(PrincipalRule {
            type_name: type_name?,
            id: id?,
            groups: groups?,
            prefix: prefix?,
            attributes: attributes?,
        })
    })
}

/// A prefix is a part of every id, which is a part of DynamoDB keys and of log lines.
fn prefix(text: &str) -> Result<String, Fault> {
    if (1..=64).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Fault::new(format!("{} is not a prefix", quote(text)))
        .hint("use 1 to 64 bytes of visible text, such as `shop:`"))
}

/// No two issuers may answer for one token, one variable of the environment, or one principal.
fn tell_apart(section: &Section<'_>, issuer: &Issuer, earlier: &[Issuer]) -> Result<(), Reported> {
    let mut told_apart = Ok(());
    for other in earlier {
        let is_one = other.issuer == issuer.issuer;
        if let Some(fault) = is_one.then(|| one_twice(issuer, other)).flatten() {
            told_apart = Err(section.fault(fault));
        }
        if jwks_url_variable(&other.name) == jwks_url_variable(&issuer.name) {
            let fault = format!(
                "the names `{}` and `{}` differ only in case or punctuation",
                issuer.name, other.name
            );
            let hint = format!("both would be meant by `{}`", jwks_url_variable(&issuer.name));
            told_apart = Err(section.fault(Fault::new(fault).hint(hint)));
        }
        // What one issuer says of one claim is about one and the same, by whichever of its tokens.
        let is_same_id = is_one && issuer.principal.id == other.principal.id;
        if !is_same_id && may_meet(&issuer.principal, &other.principal) {
            let fault = format!(
                "the issuers `{}` and `{}` could both make the same {}",
                issuer.name,
                other.name,
                quote(&issuer.principal.type_name)
            );
            let hint = "give each a `prefix`, neither beginning with the other, or a `type` of its own";
            told_apart = Err(section.fault(Fault::new(fault).hint(hint)));
        }
        let of_same = is_one && issuer.principal.groups == other.principal.groups;
        if !of_same && groups_may_meet(&issuer.principal, &other.principal, is_one) {
            let fault =
                format!("the issuers `{}` and `{}` could both fill the same groups", issuer.name, other.name);
            let hint = "give each a `prefix`, neither beginning with the other, or let only one of them have `groups`";
            told_apart = Err(section.fault(Fault::new(fault).hint(hint)));
        }
        if let Some((attribute, own, others)) = claims::clash(issuer, other) {
            let fault = format!(
                "the issuers `{}` and `{}` give {} the attribute {} as `{}` and `{}`",
                issuer.name,
                other.name,
                quote(&issuer.principal.type_name),
                quote(attribute),
                own.word(),
                others.word()
            );
            let hint = "declare the claim alike, or give each a `type` of its own";
            told_apart = Err(section.fault(Fault::new(fault).hint(hint)));
        }
    }
    told_apart
}

/// Why an issuer may not be declared as both: of a user pool one may take the access tokens, which say that they are some, and the
/// other the ID tokens.
fn one_twice(one: &Issuer, other: &Issuer) -> Option<Fault> {
    let kinds = [one.tokens, other.tokens];
    if !kinds.contains(&TokenKind::Cognito) || !kinds.contains(&TokenKind::Jwt) {
        let fault = format!("the issuer {} is declared twice, as `{}` too", quote(&one.issuer), other.name);
        let hint = "only a user pool may be: with `tokens = \"cognito\"` for its access tokens, and `\"jwt\"` for its ID tokens";
        return Some(Fault::new(fault).hint(hint));
    }
    let has_same_keys = match (&one.jwks, &other.jwks) {
        (JwksLocation::File { path, .. }, JwksLocation::File { path: others, .. }) => path == others,
        (one, other) => one == other,
    };
    let fault = format!("the issuers `{}` and `{}` are one, and have other keys", one.name, other.name);
    (!has_same_keys).then(|| Fault::new(fault).hint("give both the same `jwks` or `jwks_file`"))
}

fn may_meet(one: &PrincipalRule, other: &PrincipalRule) -> bool {
    one.type_name == other.type_name && prefixes_may_meet(one, other)
}

/// Groups of all issuers are entities of one type: without prefixes, one issuer's `admins` are the other's.
fn groups_may_meet(one: &PrincipalRule, other: &PrincipalRule, is_one_issuer: bool) -> bool {
    one.groups.is_some()
        && other.groups.is_some()
        // Principals of one type have prefixes that keep them apart, unless one issuer makes them.
        && (is_one_issuer || one.type_name != other.type_name)
        && prefixes_may_meet(one, other)
}

/// Issuers choose what follows their prefix, so ids of the two can be equal when one prefix begins with the other; no
/// prefix is the empty one, with which every text begins.
fn prefixes_may_meet(one: &PrincipalRule, other: &PrincipalRule) -> bool {
    let (a, b) = (one.prefix.as_deref().unwrap_or(""), other.prefix.as_deref().unwrap_or(""));
    a.starts_with(b) || b.starts_with(a)
}
