//! Routes of WebSocket APIs: `match = "$connect"`, `"$disconnect"`, `"$default"`, or `"MESSAGE placeOrder"` for messages to
//! which the API's route selection expression gives the route key `placeOrder`.

use doorward_model::{Fault, Front, FrontKind};

use crate::checked::{Credential, PurposeRule};
use crate::fronts;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

pub(crate) const CONNECT: &str = "$connect";
pub(crate) const DISCONNECT: &str = "$disconnect";

/// The route keys that a gateway chooses by itself: no message can name them.
pub(crate) const OWN: [&str; 3] = [CONNECT, DISCONNECT, "$default"];

/// What stands before the other ones, as the method before a path.
pub(crate) const MESSAGE: &str = "MESSAGE";

/// The longest route key that is taken, in bytes.
const LONGEST_KEY: usize = 128;

/// Reads what stands behind `MESSAGE`.
pub(crate) fn message_key(key: &str) -> Result<String, Fault> {
    if key.starts_with('$') {
        let fault = Fault::new(format!("no message can name the route key {}", quote(key)));
        return Err(
            fault.hint(format!("a gateway chooses keys with `$` by itself: write {} alone", quote(key)))
        );
    }
    let fits =
        (1..=LONGEST_KEY).contains(&key.len()) && !key.chars().any(char::is_control) && key.trim() == key;
    if !fits {
        let fault = Fault::new(format!("{} is not a route key", quote(key)));
        let hint = format!("use 1 to {LONGEST_KEY} bytes without control characters: `MESSAGE placeOrder`");
        return Err(fault.hint(hint));
    }
    Ok(key.to_owned())
}

/// What else stands in the file and matters to a route.
pub(crate) struct Beside<'a> {
    /// Absent while it is faulty, as the others are.
    pub(crate) auth: Option<&'a [Credential]>,
    pub(crate) purpose: Option<&'a PurposeRule>,
    /// What the target is.
    pub(crate) kind: Option<&'static str>,
    /// The APIs whose callers the authorizer proves when they connect.
    pub(crate) connections: Option<&'a [Front]>,
}

/// Holds a route for what comes by a connection that is open, or has ended, to what is there then: no header fields, no query,
/// and no credentials but those of its opening.
pub(crate) fn fits(section: &mut Section<'_>, key: &str, beside: &Beside<'_>) -> Result<(), Reported> {
    let is_empty = key == CONNECT || key == DISCONNECT;
    let target = section.optional("target", |value| match beside.kind {
        Some(kind @ ("sqs" | "sns")) if is_empty => {
            let fault =
                Fault::new(format!("{} has no payload, and `{kind}` takes no empty message", quote(key)));
            Err(value.fault(fault.hint("name a function, a bus, a state machine or a server")))
        }
        _ => Ok(()),
    });
    target?;
    if key == CONNECT {
        return Ok(());
    }
    let what = if key == DISCONNECT { "the end of a connection" } else { "a message of a connection" };
    let bare = |value: Value<'_>| -> Result<(), Reported> {
        let fault = Fault::new(format!("{what} has no header fields and no query"));
        Err(value.fault(fault.hint("policies read `context.request.route_key` and `connection_id` of it")))
    };
    let context = section.optional("context", bare);
    let purpose = match beside.purpose {
        Some(PurposeRule::Header { .. }) => section.optional("purpose", |value| {
            let fault = Fault::new(format!("{what} has no header fields"));
            Err::<(), _>(value.fault(fault.hint("take the purpose from a claim, or name it")))
        }),
        _ => Ok(None),
    };
    let authorizer = section.optional("authorizer", |value| match value.flag()? {
        false => Ok(()),
        true => {
            let fault = Fault::new("an API asks its authorizer before it opens a connection, and not again");
            Err(value.fault(fault.hint("leave `authorizer` out: the dispatcher decides on each message")))
        }
    });
    let auth = section.optional("auth", |value| {
        let accepted = beside.auth.unwrap_or_default();
        let unproven = accepted.iter().find_map(|kind| match kind {
            Credential::Webhook(_) => Some("signs requests, and nothing that comes by a connection"),
            Credential::Certificate => {
                Some("is shown to fronts that check it, and a WebSocket API checks none")
            }
            _ => None,
        });
        if let Some(why) = unproven {
            let fault = Fault::new(format!("one kind of credentials here {why}"));
            return Err(value.fault(fault.hint("use issuers, `api-key`, `iam` or `anonymous`")));
        }
        let proven = |kind: &Credential| matches!(kind, Credential::Token(_) | Credential::ApiKey);
        if accepted.iter().any(proven) && beside.connections.is_some_and(<[Front]>::is_empty) {
            let fault = Fault::new(format!("{what} brings no credentials of its own"));
            return Err(value.fault(fault.hint(
                "list the API as `connections` in `[authorizer]`, which then says who opened the connection",
            )));
        }
        Ok(())
    });
    (context?, purpose?, authorizer?, auth?);
    Ok(())
}

/// The fault of a contract where there is no payload.
pub(crate) fn no_payload(value: Value<'_>, key: &str) -> Reported {
    value.fault(Fault::new(format!("{} has no payload", quote(key))).hint("leave `contract` out"))
}

/// Reads `connections` of `[authorizer]`. Which ids a deployment has may be known only later, and a front that is not pinned
/// gets nowhere: they are held to their form.
pub(crate) fn connections(value: Value<'_>) -> Result<Vec<Front>, Reported> {
    value.nonempty_set(|item| {
        let front = item.parse(fronts::parse)?;
        if front.kind == FrontKind::WebSocketApi {
            return Ok(front);
        }
        let fault = Fault::new(format!("{} has no connections", quote(&front.to_string())));
        Err(item.fault(fault.hint("name WebSocket APIs: `websocket-api:ID`")))
    })
}
