use doorward_config::{ClientAuth, Credentials};
use doorward_model::{Secret, TargetFault};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::exchange::{Exchange, Outgoing};
use super::super::vault::Vault;
use super::basic;
use super::token_answer::{self, Denied, Granted};

/// The most bytes of an answer with a token that are read.
const LARGEST: usize = 64 * 1024;

/// As `application/x-www-form-urlencoded` has it, blanks as `%20`.
const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// Asks for a token; with another secret once more, where the endpoint does not take the one that was kept.
pub(super) async fn granted(
    credentials: &Credentials,
    vault: &Vault,
    exchange: &Exchange<'_>,
) -> Result<Granted, String> {
    let Credentials::ClientCredentials { token_url, client_id, secret, client_auth, scopes, parameters } =
        credentials
    else {
        return Err("they are of another kind".to_owned());
    };
    let url: Uri = token_url.parse().map_err(|_| "the token endpoint has no address".to_owned())?;
    let form = form(scopes, parameters);
    let client = Client { id: client_id, auth: *client_auth };
    let unread = |_| format!("`{secret}` cannot be read");
    let first = vault.read(secret, |_| true).await.map_err(unread)?;
    match ask(&url, client, &first, &form, exchange).await {
        Err(Denied::Client) => {}
        Err(Denied::Other(cause)) => return Err(cause),
        Ok(granted) => return Ok(granted),
    }
    let refused = || "the token endpoint refused the client's secret".to_owned();
    let second = vault.read(secret, |secret| secret.reveal() != first.reveal()).await.map_err(unread)?;
    if second.reveal() == first.reveal() {
        return Err(refused());
    }
    ask(&url, client, &second, &form, exchange).await.map_err(|denied| match denied {
        Denied::Client => refused(),
        Denied::Other(cause) => cause,
    })
}

/// Who asks, and how it shows its secret.
#[derive(Clone, Copy)]
struct Client<'a> {
    id: &'a str,
    auth: ClientAuth,
}

/// One request, in which the client proves itself in one way and no other (RFC 6749 section 2.3).
async fn ask(
    url: &Uri,
    client: Client<'_>,
    secret: &Secret,
    form: &str,
    exchange: &Exchange<'_>,
) -> Result<Granted, Denied> {
    let encoded = |bytes: &[u8]| percent_encoding::percent_encode(bytes, &FORM).to_string();
    let (user, password) = (encoded(client.id.as_bytes()), encoded(secret.reveal()));
    let (authorization, form) = match client.auth {
        ClientAuth::Basic => {
            let authorization = basic(user.as_bytes(), password.as_bytes());
            let no_password = || Denied::Other("the secret is no password".to_owned());
            (Some(authorization.ok_or_else(no_password)?), form.to_owned())
        }
        ClientAuth::Post => (None, format!("{form}&client_id={user}&client_secret={password}")),
    };
    let mut headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        (CONTENT_LENGTH, HeaderValue::from(form.len())),
        (USER_AGENT, HeaderValue::from_static("doorward")),
    ]);
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    let body = form.into();
    let outgoing = Outgoing { method: Method::POST, uri: url.clone(), headers, body };
    let (status, body) = exchange.whole(outgoing, LARGEST).await.map_err(|fault| {
        Denied::Other(match fault {
            TargetFault::TimedOut => "the token endpoint did not answer in time".to_owned(),
            TargetFault::Unreachable(cause) => format!("the token endpoint cannot be reached: {cause}"),
            fault => format!("the token endpoint: {fault}"),
        })
    })?;
    token_answer::read(status, &body)
}

fn form(scopes: &[String], parameters: &[(String, String)]) -> String {
    let mut form = "grant_type=client_credentials".to_owned();
    let mut put = |name: &str, value: &str| {
        form.push('&');
        form.extend(utf8_percent_encode(name, &FORM));
        form.push('=');
        form.extend(utf8_percent_encode(value, &FORM));
    };
    if !scopes.is_empty() {
        put("scope", &scopes.join(" "));
    }
    for (name, value) in parameters {
        put(name, value);
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_asked_for_as_the_form_has_it() {
        assert_eq!(form(&[], &[]), "grant_type=client_credentials");
        assert_eq!(
            form(&["a".into(), "b:c".into()], &[("audience".into(), "https://x/?y&z".into())]),
            "grant_type=client_credentials&scope=a%20b%3Ac&audience=https%3A%2F%2Fx%2F%3Fy%26z"
        );
    }
}
