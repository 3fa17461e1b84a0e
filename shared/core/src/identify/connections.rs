//! Callers who come by a connection of a WebSocket API that is open.
//!
//! A message brings no header fields and no credentials, so its caller is whoever opened the connection, and only the gateway
//! knows who that was: what an authorizer says where the connection is opened, it keeps with the connection and hands over with
//! every message (`requestContext.authorizer`, "`$context` variables for WebSocket APIs", API Gateway guide). A caller can put
//! nothing there.
//!
//! Our authorizer keeps there what it verified, and no verdict: the claims of the token that the issuer's rules read, or the
//! hash of the API key. Each message is then held to all rules as if its caller had shown the same credentials again and the front
//! had verified the signature: the token must not have expired since, its issuer must still be trusted for this route, its scopes
//! must reach as far, and the key must not have been revoked. What the rules were when the connection was opened does not matter.
//!
//! Of the end of a connection, which is the gateway's own word and nothing that its caller does, they must have held when it was
//! opened.
//!
//! It counts where the configuration says so (`connections` of `[authorizer]`), for then no other authorizer stands before that
//! API. It names door, API and connection, and holds for these alone, so that what was said of one connection cannot be passed
//! off for another. It is not signed: an authorizer is given no secrets, and whoever could write there could as well let
//! in whom they like.

use doorward_config::{Config, Issuer};
use doorward_model::{AuthFault, Front, Socket, SocketEvent, parse_json};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::api_key::{ApiKey, KeyHash};
use crate::find::HttpCall;
use crate::token_claims;

/// The deepest text that is read: claims hold lists.
const DEEPEST: usize = 16;

/// What proved a caller, so that it can be kept with a connection.
pub(crate) enum Proof {
    /// The claims of a token that was verified.
    Token(Map<String, Value>),
    /// An API key.
    Key(ApiKey),
}

/// What was proven of a connection's caller when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    Token(Map<String, Value>),
    Key(KeyHash),
}

/// What the gateway is to keep with the connection that `socket` says is to be opened; `None` where its API's connections do not
/// go by it, or nothing proved the caller that messages could go by.
pub(crate) fn keep(config: &Config, front: &Front, socket: &Socket, proof: Option<&Proof>) -> Option<String> {
    if socket.event != SocketEvent::Connect || !config.authorizer.connections.contains(front) {
        return None;
    }
    let (member, proven) = match proof? {
        Proof::Token(claims) => ("token", Value::Object(kept(config, claims))),
        Proof::Key(key) => ("key", key.hash().to_hex().into()),
    };
    let mut said = Map::from_iter(bound(config, front, socket));
    said.insert(member.to_owned(), proven);
    Some(Value::Object(said).to_string())
}

/// What was proven of the caller of a message, or of a connection that has ended; `None` where nothing was.
pub(super) fn opened(config: &Config, http: &HttpCall<'_>) -> Result<Option<Opened>, AuthFault> {
    let (Some(socket), Some(said)) = (&http.request.socket, &http.request.verified.connection) else {
        return Ok(None);
    };
    if socket.event == SocketEvent::Connect || !config.authorizer.connections.contains(http.front) {
        return Ok(None);
    }
    read(said, bound(config, http.front, socket)).map(Some).ok_or(AuthFault::Connection)
}

/// When what opened a connection must hold: now, but of a connection that has ended when it was opened. Who leaves does nothing
/// with what let them in, and connections outlive most tokens: were it otherwise, nobody would hear of most ends.
pub(super) fn must_hold_at(http: &HttpCall<'_>, now: Timestamp) -> Timestamp {
    match &http.request.socket {
        Some(Socket { event: SocketEvent::Disconnect, connected: Some(at), .. }) => now.min(*at),
        _ => now,
    }
}

/// What all that is said of a connection says first: whose word it is, and of which connection.
fn bound(config: &Config, front: &Front, socket: &Socket) -> [(String, Value); 3] {
    [("door", &config.door.name), ("api", &front.id), ("connection", &socket.connection)]
        .map(|(name, text)| (name.to_owned(), json!(text)))
}

fn read(said: &str, bound: [(String, Value); 3]) -> Option<Opened> {
    let Value::Object(mut said) = parse_json(said.as_bytes(), DEEPEST).ok()? else { return None };
    for (name, expected) in bound {
        if said.remove(&name)? != expected {
            return None;
        }
    }
    let opened = match (said.remove("token"), said.remove("key")) {
        (Some(Value::Object(claims)), None) => Opened::Token(claims),
        (None, Some(Value::String(hash))) => Opened::Key(KeyHash::from_hex(&hash)?),
        _ => return None,
    };
    said.is_empty().then_some(opened)
}

/// The claims that the rules of the token's issuer read, and no others: gateways may log what is kept with a connection.
fn kept(config: &Config, claims: &Map<String, Value>) -> Map<String, Value> {
    let named = claims.get("iss").and_then(Value::as_str);
    let issuers: Vec<&Issuer> =
        config.issuers.iter().filter(|issuer| Some(issuer.issuer.as_str()) == named).collect();
    let is_read = |name: &str| {
        token_claims::READ.contains(&name) || issuers.iter().any(|issuer| issuer_reads(issuer, name))
    };
    claims
        .iter()
        .filter(|(name, _)| is_read(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn issuer_reads(issuer: &Issuer, name: &str) -> bool {
    let rule = &issuer.principal;
    rule.id == name || rule.groups.as_deref() == Some(name) || issuer.claims.contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> [(String, Value); 3] {
        [("door", "shop"), ("api", "w1"), ("connection", "c1")]
            .map(|(name, text)| (name.to_owned(), json!(text)))
    }

    #[track_caller]
    fn check(said: &str, expected: Option<Opened>) {
        assert_eq!(read(said, bound()), expected, "{said}");
    }

    #[test]
    fn what_is_said_of_a_connection_has_one_reading() {
        let claims = Map::from_iter([("sub".to_owned(), json!("alice"))]);
        check(
            r#"{"door":"shop","api":"w1","connection":"c1","token":{"sub":"alice"}}"#,
            Some(Opened::Token(claims)),
        );
        let hash = "ab".repeat(32);
        let key = format!(r#"{{"key":"{hash}","connection":"c1","api":"w1","door":"shop"}}"#);
        check(&key, KeyHash::from_hex(&hash).map(Opened::Key));
        for none in [
            "",
            "null",
            "alice",
            "{}",
            r#"{"door":"shop","api":"w1","connection":"c1"}"#,
            r#"{"door":"shop","api":"w1","connection":"c1","token":"alice"}"#,
            r#"{"door":"shop","api":"w1","connection":"c1","key":"ab"}"#,
            r#"{"door":"shop","api":"w1","connection":"c2","token":{}}"#,
            r#"{"door":"shop","api":"w2","connection":"c1","token":{}}"#,
            r#"{"door":"stop","api":"w1","connection":"c1","token":{}}"#,
            r#"{"api":"w1","connection":"c1","token":{}}"#,
            r#"{"door":"shop","api":"w1","connection":"c1","token":{},"more":1}"#,
            r#"{"door":"shop","api":"w1","connection":"c1","token":{"sub":"a","sub":"b"}}"#,
            r#"{"door":"shop","api":"w1","connection":"c1","token":{}} {}"#,
        ] {
            check(none, None);
        }
        let both = key.replace("{", r#"{"token":{},"#);
        check(&both, None);
    }
}
