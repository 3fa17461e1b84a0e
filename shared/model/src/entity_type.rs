//! The Cedar entity types that the door itself makes, and the names that no entity type may take.

/// A caller who showed no credentials; policies must permit it by name.
pub const ANONYMOUS: &str = "Anonymous";

/// Who calls with an API key; its id is the key's owner.
pub const CLIENT: &str = "Client";

/// What sends events: a bucket, a queue, a bus.
pub const EVENT_SOURCE: &str = "EventSource";

/// A target.
pub const FUNCTION: &str = "Function";

/// What a token or an API key puts a caller in.
pub const GROUP: &str = "Group";

/// Who signs webhooks: the name of a declared `[[webhooks]]`.
pub const SENDER: &str = "Sender";

/// All of them. A token that could make one would be taken for what it is not.
pub const OF_THE_DOOR: [&str; 6] = [ANONYMOUS, CLIENT, EVENT_SOURCE, FUNCTION, GROUP, SENDER];

/// Types of Cedar's schema language and of its extensions; an entity type of such a name would hide them.
pub const OF_CEDAR: [&str; 12] = [
    "Bool",
    "Boolean",
    "Entity",
    "Extension",
    "Long",
    "Record",
    "Set",
    "String",
    "datetime",
    "decimal",
    "duration",
    "ipaddr",
];
