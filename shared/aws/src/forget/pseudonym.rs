use std::fmt::Write as _;

use doorward_model::EntityName;

use crate::block::Block;
use crate::item::LedgerItem;
use crate::ledger_rows::LedgerRow;

/// What the id of every pseudonym begins with; sixteen hexadecimal digits of chance follow.
const PREFIX: &str = "forgotten-";
const DIGITS: usize = 16;
/// The id of a resource that told who called.
const RESOURCE: &str = "forgotten";

/// A caller, and the name that stands in the caller's place: `User::"forgotten-0f3a9c5e17b2d468"`, of the caller's own
/// type. Nothing leads from one to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudonym {
    caller: EntityName,
    name: EntityName,
    from: String,
    to: String,
}

impl Pseudonym {
    /// A new one of `caller`, by chance.
    #[must_use]
    pub fn new(caller: &EntityName, random: [u8; DIGITS / 2]) -> Self {
        let mut id = PREFIX.to_owned();
        for byte in random {
            let _ = write!(id, "{byte:02x}");
        }
        Self::of(caller, EntityName::new(&caller.type_name, id))
    }

    /// The one that `text` is, if it is one for callers of this type.
    #[must_use]
    pub fn read(caller: &EntityName, text: &str) -> Option<Self> {
        let name: EntityName = text.parse().ok()?;
        let digits = name.id.strip_prefix(PREFIX)?;
        let fits =
            digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (fits && name.type_name == caller.type_name).then(|| Self::of(caller, name))
    }

    fn of(caller: &EntityName, name: EntityName) -> Self {
        Self { from: caller.to_string(), to: name.to_string(), caller: caller.clone(), name }
    }

    /// Who is forgotten.
    #[must_use]
    pub fn caller(&self) -> &EntityName {
        &self.caller
    }

    /// What stands in the caller's place.
    #[must_use]
    pub fn name(&self) -> &EntityName {
        &self.name
    }

    /// The caller as rows and groups have it.
    pub(crate) fn from(&self) -> &str {
        &self.from
    }

    /// The pseudonym as rows and groups have it.
    pub(crate) fn to(&self) -> &str {
        &self.to
    }

    /// The call as its next version has it, without what tells who called; `None` where it does not name the caller.
    /// What sums and prices are made of stays: time, action, target, purpose, outcome, plan, units, bytes and duration.
    #[must_use]
    pub fn rename(&self, call: &LedgerItem) -> Option<LedgerItem> {
        let is_own = call.caller.as_deref() == Some(&self.from);
        let is_resource = call.resource.as_deref() == Some(&self.from);
        if !is_own && !is_resource {
            return None;
        }
        let mut renamed = LedgerItem { version: call.version.saturating_add(1), ..call.clone() };
        if is_resource {
            renamed.resource = Some(self.to.clone());
        }
        if is_own {
            renamed.caller = Some(self.to.clone());
            self.strip(&mut renamed);
        }
        Some(renamed)
    }

    fn strip(&self, call: &mut LedgerItem) {
        call.key_id = None;
        call.gateway_request_id = None;
        // Both may quote what the caller sent.
        call.cause = None;
        call.violations = Vec::new();
        call.resource =
            call.resource.take().and_then(|resource| self.resource(resource, call.target.as_deref()));
        // A template's link may be called after whom it is for.
        let tells = |id: &String| id.contains(&self.caller.id);
        call.policies.retain(|id| !tells(id));
        call.errors.retain(|id| !tells(id));
        if let Some(shadow) = &mut call.shadow {
            shadow.policies.retain(|id| !tells(id));
            shadow.errors.retain(|id| !tells(id));
        }
    }

    /// A target's own name stays; of what belongs to somebody, the type alone.
    fn resource(&self, resource: String, target: Option<&str>) -> Option<String> {
        if resource == self.to {
            return Some(resource);
        }
        let name: EntityName = resource.parse().ok()?;
        if target == Some(&name.id) {
            return Some(resource);
        }
        Some(EntityName::new(name.type_name, RESOURCE).to_string())
    }

    /// The row as its next version has it, and how many of its calls changed; `None` where it does not name the caller.
    pub(super) fn rename_row(&self, row: &LedgerRow) -> Option<(LedgerRow, usize)> {
        match row {
            LedgerRow::Call(call) => self.rename(call).map(|call| (LedgerRow::Call(call), 1)),
            LedgerRow::Block(block) => {
                let mut changed = 0;
                let calls = block.calls.iter().map(|call| {
                    let renamed = self.rename(call);
                    changed += usize::from(renamed.is_some());
                    renamed.unwrap_or_else(|| call.clone())
                });
                let calls = calls.collect();
                let renamed = Block { calls, version: block.version.saturating_add(1), ..block.clone() };
                (changed > 0).then_some((LedgerRow::Block(renamed), changed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use doorward_model::{DecisionNote, Effect, Violation};

    fn alice() -> Pseudonym {
        Pseudonym::new(&EntityName::new("User", "alice"), [0x0f; 8])
    }

    fn call(resource: &str) -> LedgerItem {
        let ids = vec!["orders.customers".to_owned(), "share-alice-42".to_owned()];
        LedgerItem {
            caller: Some("User::\"alice\"".into()),
            key_id: Some("0123456789ab".into()),
            resource: Some(resource.into()),
            target: Some("orders".into()),
            policies: ids.clone(),
            errors: ids.clone(),
            shadow: Some(DecisionNote { effect: Effect::Deny, policies: ids.clone(), errors: ids }),
            cause: Some("no plan of alice's".into()),
            gateway_request_id: Some("g-1".into()),
            violations: vec![Violation {
                pointer: "/alice".into(),
                part: "body".into(),
                rule: "expected".into(),
                names: Vec::new(),
            }],
            ..LedgerItem::of(&sample::call("c-1"))
        }
    }

    #[test]
    fn a_call_keeps_what_it_counts_for_and_nothing_that_tells_who_called() {
        let before = call("Order::\"42\"");
        let after = alice().rename(&before).unwrap();
        assert_eq!((after.version, after.units, after.at), (2, before.units, before.at));
        assert_eq!(after.caller.as_deref(), Some("User::\"forgotten-0f0f0f0f0f0f0f0f\""));
        let text = serde_json::to_string(&after).unwrap();
        for told in ["alice", "0123456789ab", "42\\\"", "g-1"] {
            assert!(!text.contains(told), "{told}: {text}");
        }
        assert_eq!(after.policies, ["orders.customers"]);
        assert_eq!(alice().rename(&after), None);
    }

    #[track_caller]
    fn check(resource: &str, expected: Option<&str>) {
        assert_eq!(alice().rename(&call(resource)).unwrap().resource.as_deref(), expected, "{resource}");
    }

    #[test]
    fn a_resource_tells_its_type_or_its_target() {
        check("Function::\"orders\"", Some("Function::\"orders\""));
        check("Shop::Order::\"42\"", Some("Shop::Order::\"forgotten\""));
        check("User::\"alice\"", Some("User::\"forgotten-0f0f0f0f0f0f0f0f\""));
        check("no entity", None);
    }

    #[test]
    fn what_others_did_to_the_caller_names_the_caller_no_more() {
        let bob = LedgerItem { caller: Some("User::\"bob\"".into()), ..call("User::\"alice\"") };
        let after = alice().rename(&bob).unwrap();
        let expected = LedgerItem { version: 2, resource: Some(alice().to.clone()), ..bob.clone() };
        assert_eq!(after, expected);
        assert_eq!(alice().rename(&LedgerItem { resource: None, ..bob }), None);
    }

    #[test]
    fn a_pseudonym_reads_back_and_other_names_are_none() {
        let caller = EntityName::new("Shop::User", "a\"b");
        let made = Pseudonym::new(&caller, [0, 1, 2, 3, 4, 5, 0xfe, 0xff]);
        assert_eq!(made.to(), "Shop::User::\"forgotten-000102030405feff\"");
        assert_eq!(Pseudonym::read(&caller, made.to()), Some(made));
        for text in [
            "User::\"forgotten-000102030405feff\"",
            "Shop::User::\"forgotten-000102030405fef\"",
            "Shop::User::\"forgotten-000102030405FEFF\"",
            "Shop::User::\"bob\"",
            "forgotten-000102030405feff",
        ] {
            assert_eq!(Pseudonym::read(&caller, text), None, "{text}");
        }
    }
}
