use std::fmt;

/// Kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A caller with a key.
    Plain,
    /// The same, on a route that records its intents.
    Intent,
    /// A caller over the limit.
    Throttled,
    /// A caller whose quota goes to sandboxes in blocks.
    Leased,
    /// A caller to whom a failure of the target is given back.
    Refunded,
    /// A caller whose target says what a call counts for.
    Settled,
    /// A caller whose calls are written in blocks.
    Batched,
    /// A signed delivery.
    Webhook,
    /// A bucket's notification.
    Upload,
    /// One that is denied, and kept in quarantine.
    Denied,
    /// None: it is the roll-up that is killed.
    RollUp,
}

/// `[door] batch`.
pub(super) const BATCH: usize = 3;
/// What the target of [`Kind::Settled`] says.
pub(super) const SETTLED_UNITS: u64 = 3;
/// The quotas of [`Kind::Leased`], by their plans: first blocks of one unit, and of sixteen.
pub(super) const LEASED: [(&str, u64); 2] = [("leased", 512), ("leased-much", 65_536)];

impl Kind {
    /// What callers send.
    pub(super) const HTTP: [Self; 7] = [
        Self::Plain,
        Self::Intent,
        Self::Throttled,
        Self::Leased,
        Self::Refunded,
        Self::Settled,
        Self::Batched,
    ];

    /// Those that use up quotas.
    pub(super) const METERED: [Self; 8] = [
        Self::Plain,
        Self::Intent,
        Self::Leased,
        Self::Refunded,
        Self::Settled,
        Self::Batched,
        Self::Webhook,
        Self::Upload,
    ];

    /// Where callers send it, each kind by a caller of its own.
    pub(super) fn path(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Throttled => Some("/orders"),
            Self::Intent => Some("/intents"),
            Self::Leased => Some("/leased"),
            Self::Refunded => Some("/refunded"),
            Self::Settled => Some("/settled"),
            Self::Batched => Some("/batched"),
            Self::Webhook => Some("/payments/webhook"),
            Self::Upload | Self::Denied | Self::RollUp => None,
        }
    }

    /// The plan of its caller, where it is not the route's.
    pub(super) fn plan(self) -> Option<&'static str> {
        match self {
            Self::Throttled => Some("nothing"),
            Self::Refunded => Some("refunding"),
            _ => None,
        }
    }

    /// What the quota gives for a call that is answered, and for one that is cut off at most.
    pub(super) fn units(self) -> (u64, u64) {
        if self == Self::Settled { (SETTLED_UNITS, 10) } else { (1, 1) }
    }

    /// Whether its row is there before its target is called.
    pub(super) fn is_claimed(self) -> bool {
        matches!(self, Self::Intent | Self::Settled)
    }

    /// Whether its source delivers it again.
    pub(super) fn comes_again(self) -> bool {
        matches!(self, Self::Webhook | Self::Upload | Self::Denied)
    }

    /// The kind in whose name an id or a caller ends: `…-leased`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let last = name.rsplit('-').next()?;
        Self::HTTP.into_iter().find(|kind| kind.to_string() == last)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}
