use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use doorward_config::{ClientAuth, Credentials};
use doorward_core::{Fresh, Rhythm};
use doorward_model::{Secret, TargetFault};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Uri};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::exchange::{Exchange, Outgoing};
use super::super::vault::Vault;
use super::token_answer::{self, Denied, Granted};
use super::{basic, fault, is_other};

/// The most bytes of an answer with a token that are read.
const LARGEST: usize = 64 * 1024;
/// A token is replaced as long before its end, or at half of its time where that is later: clocks differ, and calls that
/// were sent take time.
const AHEAD: SignedDuration = SignedDuration::from_secs(30);

/// Tokens grow old by their own word. An endpoint is asked once a second at most, whatever is refused by whom.
const RHYTHM: Rhythm = Rhythm {
    refresh: SignedDuration::MAX,
    pause: SignedDuration::from_secs(1),
    pause_while_empty: SignedDuration::from_secs(1),
    patience: Duration::from_secs(2),
    bound: SignedDuration::MAX,
};

/// As `application/x-www-form-urlencoded` has it, blanks as `%20`.
const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// The access token of one target (RFC 6749 section 4.4), fetched once for all calls that wait for it.
#[derive(Default)]
pub(in super::super) struct Tokens {
    token: Fresh<Token>,
    /// Why the last attempt gave none.
    cause: Mutex<String>,
}

struct Token {
    value: HeaderValue,
    /// From when on another is fetched.
    ripe: Timestamp,
    expires: Timestamp,
}

impl Tokens {
    /// `Bearer …`, not `refused` where there is another.
    pub(super) async fn authorization(
        &self,
        credentials: &Credentials,
        refused: Option<&HeaderValue>,
        vault: &Vault,
        exchange: &Exchange<'_>,
    ) -> Result<Option<HeaderValue>, TargetFault> {
        let clock = vault.clock();
        let suffices = |token: &Token| clock.now() < token.ripe && is_other(Some(&token.value), refused);
        let found = self.token.get(&RHYTHM, clock, suffices, self.fetch(credentials, vault, exchange)).await;
        match found.filter(|token| clock.now() < token.expires) {
            Some(token) => Ok(Some(token.value.clone())),
            None => {
                let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Err(fault(if cause.is_empty() { "no token can be had" } else { &cause }))
            }
        }
    }

    /// One attempt.
    async fn fetch(
        &self,
        credentials: &Credentials,
        vault: &Vault,
        exchange: &Exchange<'_>,
    ) -> Option<Token> {
        let asked = vault.clock().now();
        let granted = granted(credentials, vault, exchange).await;
        let cause = granted.as_ref().err().cloned().unwrap_or_default();
        if !cause.is_empty() {
            tracing::warn!(cause, "a target's access token cannot be had");
        }
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
        let granted = granted.ok()?;
        let lifetime = SignedDuration::from_secs(i64::try_from(granted.seconds).unwrap_or(i64::MAX));
        let at = |after: SignedDuration| asked.checked_add(after).unwrap_or(Timestamp::MAX);
        let ripe = at((lifetime - AHEAD).max(lifetime / 2));
        Some(Token { value: granted.value, ripe, expires: at(lifetime) })
    }
}

/// Asks for a token; with another secret once more, where the endpoint does not take the one that was kept.
async fn granted(
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
