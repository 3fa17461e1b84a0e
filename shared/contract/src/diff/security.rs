//! Security Requirement Objects: which credentials callers must show.
//!
//! A list of alternatives, each of schemes that go together (OpenAPI 3.1, Security Requirement Object). Who satisfied an
//! older alternative goes on as before where some newer one asks for nothing more: none of other schemes, none of other
//! scopes. A scheme is known by what it is, not by its name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Severity;
use super::operations::{Pair, Side};
use crate::pointer;

/// One scheme of an alternative.
#[derive(Debug, Clone)]
struct Credential {
    name: String,
    scheme: Scheme,
    scopes: BTreeSet<String>,
}

/// What a scheme is to its callers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scheme {
    /// Its type, and what of it decides where the credential stands and what it is.
    kind: Vec<String>,
    /// Of OAuth 2: where tokens are had, by flow.
    flows: BTreeMap<String, Vec<String>>,
}

type Alternative = Vec<Credential>;

pub(super) fn compare(pair: &mut Pair<'_>) {
    let ((at_old, old), (at_new, new)) = (read(pair.old), read(pair.new));
    let refused: Vec<&Alternative> =
        old.iter().filter(|old| !new.iter().any(|new| is_enough(old, new))).collect();
    if !refused.is_empty() {
        let (code, what) = match refused.iter().any(|old| old.is_empty()) {
            true => ("security-added", "callers without credentials are no longer taken".to_owned()),
            false => {
                let what = format!("{} is no longer enough: {} is asked for", told(&refused), all(&new));
                ("security-tightened", what)
            }
        };
        pair.push(Severity::Breaking, code, "security", what, &at_old, &at_new);
    }
    let added: Vec<&Alternative> =
        new.iter().filter(|new| !old.iter().any(|old| is_enough(new, old))).collect();
    if !added.is_empty() {
        let (code, what) = match added.iter().any(|new| new.is_empty()) {
            true => ("security-removed", "no credentials are asked for any more".to_owned()),
            false => ("security-loosened", format!("{} is enough now", told(&added))),
        };
        pair.push(Severity::Compatible, code, "security", what, &at_old, &at_new);
    }
}

/// Whether who shows what `held` asks for has shown all that `asked` asks for.
fn is_enough(held: &Alternative, asked: &Alternative) -> bool {
    asked.iter().all(|asked| {
        held.iter().any(|held| held.scheme.covers(&asked.scheme) && asked.scopes.is_subset(&held.scopes))
    })
}

impl Scheme {
    /// Whether a credential of this scheme is one of `other`, however it was had.
    fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind && self.flows.iter().all(|(name, flow)| other.flows.get(name) == Some(flow))
    }

    /// Of the Security Scheme Object, where there is one, that is called `name`.
    fn of(name: &str, object: Option<&Value>) -> Self {
        let text = |object: &Value, name: &str| {
            object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let own = |name: &str| object.map(|object| text(object, name)).unwrap_or_default();
        let lower = |name: &str| own(name).to_ascii_lowercase();
        let mut flows = BTreeMap::new();
        let kind = own("type");
        let kind = match kind.as_str() {
            "apiKey" if own("in") == "header" => vec![kind, own("in"), lower("name")],
            "apiKey" => vec![kind, own("in"), own("name")],
            // RFC 9110 section 11.1: the scheme's name in any case.
            "http" => vec![kind, lower("scheme")],
            "openIdConnect" => vec![kind, own("openIdConnectUrl")],
            "oauth2" => {
                let all = object.and_then(|object| object.get("flows")).and_then(Value::as_object);
                for (name, flow) in all.into_iter().flatten().filter(|(name, _)| !name.starts_with("x-")) {
                    let urls = ["authorizationUrl", "tokenUrl"].map(|name| text(flow, name));
                    flows.insert(name.clone(), urls.to_vec());
                }
                vec![kind]
            }
            "mutualTLS" => vec![kind],
            _ => vec![kind, name.to_owned()],
        };
        Self { kind, flows }
    }
}

/// The alternatives that hold for the operation, and where they stand; the document's where it has none of its own.
fn read(side: Side<'_>) -> (String, Vec<Alternative>) {
    let own = pointer::join(&side.entry.at, "security");
    let (at, stated) = match (side.value(&own), side.value("/security")) {
        (Some(own_value), _) => (own, Some(own_value)),
        (None, Some(shared)) => ("/security".to_owned(), Some(shared)),
        (None, None) => (side.entry.at.clone(), None),
    };
    let list = stated.and_then(Value::as_array).into_iter().flatten();
    let mut alternatives: Vec<Alternative> = list.map(|schemes| alternative(side, schemes)).collect();
    if alternatives.is_empty() {
        alternatives.push(Vec::new());
    }
    (at, alternatives)
}

fn alternative(side: Side<'_>, schemes: &Value) -> Alternative {
    let schemes = schemes.as_object().into_iter().flatten();
    let credential = |(name, scopes): (&String, &Value)| {
        let object = side.object(&pointer::join("/components/securitySchemes", name));
        let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
        Credential {
            name: name.clone(),
            scheme: Scheme::of(name, object.map(|(_, object)| object)),
            scopes: scopes.map(str::to_owned).collect(),
        }
    };
    schemes.map(credential).collect()
}

fn told(alternatives: &[&Alternative]) -> String {
    alternatives.iter().map(|alternative| said(alternative)).collect::<Vec<_>>().join(" or ")
}

fn all(alternatives: &[Alternative]) -> String {
    told(&alternatives.iter().collect::<Vec<_>>())
}

/// An alternative in words: `` `oauth` (orders:read) with `key` ``.
fn said(alternative: &Alternative) -> String {
    if alternative.is_empty() {
        return "no credential".to_owned();
    }
    let one = |credential: &Credential| {
        let scopes: Vec<String> = credential.scopes.iter().map(|scope| pointer::shown(scope)).collect();
        let scopes = if scopes.is_empty() { String::new() } else { format!(" ({})", scopes.join(", ")) };
        let kind: Vec<&str> =
            credential.scheme.kind.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        format!("`{}`{scopes}, {}", pointer::shown(&credential.name), pointer::shown(&kind.join(" ")))
    };
    alternative.iter().map(one).collect::<Vec<_>>().join(" with ")
}
