use doorward_model::Fault;
use http::Uri;

use crate::checked::{ClientAuth, Credentials, HttpTarget, IdentityKey};
use crate::location;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::secret_ref::SecretRef;

use super::fields;
use super::host::{self, HostFault};

/// The keys of which `credentials` have one: each says of which kind they are.
const KINDS: [&str; 4] = ["header", "basic", "oauth2", "sigv4"];

/// Parameters of a token request that are the door's to set (RFC 6749 section 4.4.2).
const OWN_PARAMETERS: [&str; 4] = ["grant_type", "scope", "client_id", "client_secret"];

/// Reads `{ header = "authorization", secret = "env:MAILER_TOKEN" }` and the other kinds.
pub(super) fn read(value: Value<'_>) -> Result<Credentials, Reported> {
    value.section("`credentials`", |section| {
        let mut stated = Vec::new();
        for kind in KINDS {
            stated.extend(section.optional(kind, |value| Ok((kind, value)))?);
        }
        // Looked for whatever else is wrong: it is no unknown key.
        section.has("secret");
        match stated.as_slice() {
            [("header", name)] => header(section, *name),
            [("basic", user)] => basic(section, *user),
            [("oauth2", url)] => client_credentials(section, *url),
            [("sigv4", service)] => sigv4(section, *service),
            [] => {
                let fault = Fault::new("credentials say of which kind they are");
                Err(section.fault(fault.hint("set one of `header`, `basic`, `oauth2` and `sigv4`")))
            }
            [_, (kind, value), ..] => {
                let fault = Fault::new(format!("credentials are of one kind, and `{kind}` is a second one"));
                Err(value.fault(fault.hint("keep one of the two")))
            }
            [_] => Err(section.fault(Fault::new("unknown kind of credentials"))),
        }
    })
}

/// The token endpoint is held to the same networks as the target that its tokens are for.
pub(super) fn check_place(credentials: &Credentials, target: &HttpTarget) -> Result<(), Fault> {
    let Credentials::ClientCredentials { token_url, .. } = credentials else { return Ok(()) };
    let wrong = |why: &str| Fault::new(format!("{} is not a usable URL: {why}", quote(token_url)));
    let uri: Uri = token_url.parse().map_err(|_| wrong("it cannot be read"))?;
    let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
    host::check(authority, target).map_err(|fault| match fault {
        HostFault::Unreadable(why) => wrong(why),
        HostFault::NotCalled(fault) => fault,
    })
}

/// Reads `identity = { secret = "env:KEY", key_id = "door" }`.
pub(super) fn identity(value: Value<'_>) -> Result<IdentityKey, Reported> {
    value.section("`identity`", |section| {
        let secret = secret(section);
        let key_id = section.or("key_id", "doorward".to_owned(), |value| value.parse(visible));
        Ok(IdentityKey { secret: secret?, key_id: key_id? })
    })
}

fn header(section: &mut Section<'_>, name: Value<'_>) -> Result<Credentials, Reported> {
    let name = name.parse(fields::field);
    let prefix = section.or("prefix", String::new(), |value| {
        value.parse(|text| match text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            true => Ok(text.to_owned()),
            false => Err(Fault::new("a prefix holds visible ASCII characters and blanks")),
        })
    });
    let secret = secret(section);
    Ok(Credentials::Header { name: name?, prefix: prefix?, secret: secret? })
}

fn basic(section: &mut Section<'_>, user: Value<'_>) -> Result<Credentials, Reported> {
    // RFC 7617 section 2: a colon would end the name, and control characters are none of it.
    let user = user.parse(|text| match text.contains(':') || text.chars().any(char::is_control) {
        true => Err(Fault::new("a user's name holds no colon and no control characters")),
        false => Ok(text.to_owned()),
    });
    let secret = secret(section);
    Ok(Credentials::Basic { user: user?, secret: secret? })
}

fn client_credentials(section: &mut Section<'_>, url: Value<'_>) -> Result<Credentials, Reported> {
    let token_url = url.parse(location::parse_url);
    let client_id = section.required("client_id", |value| value.parse(visible));
    let secret = secret(section);
    let client_auth = section.or("client_auth", ClientAuth::default(), |value| {
        value.choice(&[("basic", ClientAuth::Basic), ("post", ClientAuth::Post)])
    });
    let scopes = section.or("scopes", Vec::new(), |value| value.set(|item| item.parse(scope)));
    let parameters = section.or("parameters", Vec::new(), |value| {
        value.entries(|key, value| {
            let content = value.word();
            if OWN_PARAMETERS.contains(&key.text) {
                return Err(
                    key.fault(Fault::new(format!("the parameter {} is the door's to set", quote(key.text))))
                );
            }
            Ok((key.text.to_owned(), content?))
        })
    });
    Ok(Credentials::ClientCredentials {
        token_url: token_url?,
        client_id: client_id?,
        secret: secret?,
        client_auth: client_auth?,
        scopes: scopes?,
        parameters: parameters?,
    })
}

fn sigv4(section: &mut Section<'_>, service: Value<'_>) -> Result<Credentials, Reported> {
    let word =
        |text: &str| match !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            true => Ok(text.to_owned()),
            false => Err(Fault::new(format!("{} is no name that AWS signs for", quote(text)))),
        };
    let service = service.parse(word);
    let region = section.optional("region", |value| value.parse(word));
    Ok(Credentials::SigV4 { service: service?, region: region? })
}

fn secret(section: &mut Section<'_>) -> Result<SecretRef, Reported> {
    section.required("secret", |value| value.parse(SecretRef::parse))
}

fn visible(text: &str) -> Result<String, Fault> {
    match (1..=256).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'"' && b != b'\\')
    {
        true => Ok(text.to_owned()),
        false => {
            Err(Fault::new("expected 1 to 256 visible ASCII characters, without quotes and backslashes"))
        }
    }
}

/// RFC 6749 section 3.3.
fn scope(text: &str) -> Result<String, Fault> {
    visible(text)
}
