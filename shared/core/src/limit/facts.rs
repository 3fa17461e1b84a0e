use std::borrow::Cow;
use std::net::IpAddr;

use doorward_config::Dimension;
use doorward_model::EntityName;
use doorward_model::entity_type::GROUP;
use serde_json::Value;

use crate::screen::network;

/// What limits tell calls apart by.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) caller: EntityName,
    pub(crate) parents: Vec<EntityName>,
    pub(crate) claims: serde_json::Map<String, Value>,
    pub(crate) key_id: Option<String>,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) action: String,
    pub(crate) target: String,
}

impl Facts {
    /// What the call has of `dimension`: nothing, one thing, or, of groups, several. Callers whose front names no address
    /// share one.
    pub(crate) fn values(&self, dimension: &Dimension) -> Vec<Cow<'_, str>> {
        match dimension {
            Dimension::Caller => vec![Cow::Owned(self.caller.to_string())],
            Dimension::ApiKey => self.key_id.iter().map(|id| Cow::Borrowed(id.as_str())).collect(),
            Dimension::Group => {
                let groups = self.parents.iter().filter(|parent| parent.type_name == GROUP);
                groups.map(|group| Cow::Borrowed(group.id.as_str())).collect()
            }
            Dimension::Claim(name) => self.claims.get(name).and_then(word).into_iter().collect(),
            Dimension::SourceIp => {
                let address = self.source_ip.map(network);
                vec![address.map_or(Cow::Borrowed("unknown"), |address| Cow::Owned(address.to_string()))]
            }
            Dimension::Action => vec![Cow::Borrowed(&self.action)],
            Dimension::Target => vec![Cow::Borrowed(&self.target)],
        }
    }

    /// Whether the call is `value` in `dimension`.
    pub(crate) fn is(&self, dimension: &Dimension, value: &str) -> bool {
        self.values(dimension).iter().any(|found| found == value)
    }
}

/// A claim of a type that tells callers apart.
fn word(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        _ => None,
    }
}
