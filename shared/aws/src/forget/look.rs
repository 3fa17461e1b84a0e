use std::collections::BTreeSet;

use doorward_core::ports::StoreError;
use doorward_model::entity_type;

use super::records::{Mention, mention};
use super::{Counts, Forget, begun};
use crate::attributes::Attributes;
use crate::rollup::Named;
use crate::{api_keys, assignments, idempotency, quarantine, quarantine_parts, sdk_error, switches};

/// An item of the state, by its key.
pub(super) type Place = (String, String);

/// What `<table>-state` holds of the caller, as it was read: not all at one moment.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Sums and markers.
    pub(super) named: Named,
    /// Recorded decisions about the caller's own calls.
    pub(super) decisions: Vec<Place>,
    /// Recorded decisions about others' calls that name the caller: the record, and without the name.
    pub(super) mentions: Vec<(Place, String, String)>,
    /// Events in quarantine.
    pub(super) quarantined: Vec<Place>,
    /// Parts of their records.
    pub(super) parts: Vec<Place>,
    /// Idempotency keys of the caller's calls, and the word for what came of each.
    pub(super) keys: Vec<(Place, String)>,
    /// Changes of the caller's plan.
    pub(super) assignments: Vec<Place>,
    /// Whether the item of the caller's limits would be kept for good.
    pub(super) unending: bool,
    pub(super) stays: Stays,
    /// The pseudonym that was begun with and not ended.
    pub(super) begun: Option<String>,
    pub(super) unreadable: Vec<String>,
}

/// What names the caller and is not forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stays {
    /// Items of limits: the caller's own, and those that count by the caller among others. The table forgets them.
    pub limits: usize,
    /// When it has forgotten them all, in seconds since the epoch, as it is now.
    pub limits_expire: Option<i64>,
    /// The plan that the caller is on, for as long.
    pub plan: Option<String>,
    /// The ids of API keys.
    pub api_keys: BTreeSet<String>,
    /// Whether the caller is switched off.
    pub switched_off: bool,
    /// Whether the caller's attributes are kept for policies.
    pub entity: bool,
}

impl Look {
    pub(super) fn counts(&self) -> Counts {
        Counts {
            markers: self.named.markers.values().sum(),
            aggregates: self.named.items(),
            decisions: self.decisions.len(),
            mentions: self.mentions.len(),
            quarantined: self.quarantined.len(),
            keys: self.keys.len(),
            assignments: self.assignments.len(),
            ..Counts::default()
        }
    }
}

impl Forget {
    /// Reads the whole state.
    pub(super) async fn look(&self) -> Result<Look, StoreError> {
        let (mut look, mut start) = (Look::default(), None);
        loop {
            let page = self
                .client
                .scan()
                .table_name(&*self.state_table)
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError(sdk_error::brief(&error)))?;
            for item in page.items.unwrap_or_default() {
                if let Err(place) = self.take(&mut look, &item) {
                    look.unreadable.push(format!("the item `{place}`"));
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(look);
            }
        }
    }

    /// Takes up an item; its place where it cannot be read.
    fn take(&self, look: &mut Look, item: &Attributes) -> Result<(), String> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
        let (owner, name) = (text("owner").unwrap_or_default(), text("item").unwrap_or_default());
        let place = || (owner.to_owned(), name.to_owned());
        let (caller, own) = (self.pseudonym.caller(), self.pseudonym.from());
        if look.named.take(own, item)? {
            return Ok(());
        }
        if owner == self.scope {
            let expires = item.get("expires").and_then(|value| value.as_n().ok()?.parse().ok());
            match name {
                assignments::LIMITS => {
                    look.stays.limit(expires);
                    look.unending = expires.is_none();
                    look.stays.plan = text("plan").map(str::to_owned);
                }
                begun::ITEM => look.begun = text("pseudonym").map(str::to_owned),
                name if name.starts_with(assignments::HISTORY) => look.assignments.push(place()),
                _ => {}
            }
        } else if owner.starts_with("decision#") {
            let record = text("record").unwrap_or_default();
            match mention(&self.pseudonym, record).map_err(|_| format!("{owner} / {name}"))? {
                Mention::None => {}
                Mention::Own => look.decisions.push(place()),
                Mention::Other(renamed) => look.mentions.push((place(), record.to_owned(), renamed)),
            }
        } else if owner == quarantine::OWNER && text("caller") == Some(own) {
            look.quarantined.push(place());
        } else if owner.starts_with(quarantine_parts::PREFIX) && text("caller") == Some(own) {
            look.parts.push(place());
        } else if owner.starts_with(idempotency::OWNER) && text("caller") == Some(own) {
            let state = text("state").ok_or_else(|| format!("{owner} / {name}"))?;
            look.keys.push((place(), state.to_owned()));
        } else if owner == switches::OWNER && name == self.scope {
            look.stays.switched_off = true;
        } else if owner == api_keys::LISTED && caller.type_name == entity_type::CLIENT {
            if text("client") == Some(&caller.id) {
                look.stays.api_keys.insert(name.to_owned());
            }
        } else if name == assignments::LIMITS && counts_by(owner, own) {
            let expires = item.get("expires").and_then(|value| value.as_n().ok()?.parse().ok());
            look.stays.limit(expires);
        } else if owner.strip_prefix("entity#") == Some(&caller.type_name) && name == caller.id {
            look.stays.entity = true;
        }
        Ok(())
    }
}

impl Stays {
    fn limit(&mut self, expires: Option<i64>) {
        self.limits += 1;
        self.limits_expire = self.limits_expire.max(expires);
    }
}

/// Whether a scope is a tuple that holds the caller: `caller+action#["User::\"alice\"","createOrder"]`.
fn counts_by(owner: &str, caller: &str) -> bool {
    let Some((by, values)) = owner.split_once('#') else { return false };
    let Ok(values) = serde_json::from_str::<Vec<String>>(values) else { return false };
    by.split('+').zip(values).any(|(dimension, value)| dimension == "caller" && value == caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_of_a_caller_are_told_from_others() {
        let alice = "User::\"alice\"";
        for (owner, expected) in [
            (r#"caller+action#["User::\"alice\"","createOrder"]"#, true),
            (r#"action+caller#["createOrder","User::\"alice\""]"#, true),
            (r#"caller+action#["User::\"bob\"","createOrder"]"#, false),
            (r#"group+action#["User::\"alice\"","createOrder"]"#, false),
            ("caller+action#sha256:00", false),
            ("caller", false),
        ] {
            assert_eq!(counts_by(owner, alice), expected, "{owner}");
        }
    }
}
