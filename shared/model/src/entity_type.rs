//! The Cedar entity types that the door itself makes, and the names that no entity type may take.

/// An AWS account, which IAM callers are in.
pub const AWS_ACCOUNT: &str = "AwsAccount";

/// An organisation of AWS accounts, which IAM callers are in where their front knows it.
pub const AWS_ORGANIZATION: &str = "AwsOrganization";

/// A caller who showed no credentials; policies must permit it by name.
pub const ANONYMOUS: &str = "Anonymous";

/// Who calls with a client certificate; its id is the certificate's subject, or its fingerprint.
pub const CERTIFICATE: &str = "Certificate";

/// Who calls with an API key; its id is the key's owner.
pub const CLIENT: &str = "Client";

/// What sends events: a bucket, a queue, a bus.
pub const EVENT_SOURCE: &str = "EventSource";

/// A target.
pub const FUNCTION: &str = "Function";

/// What a token or an API key puts a caller in.
pub const GROUP: &str = "Group";

/// Who calls by an IAM role; its id is the role's ARN without its path.
pub const ROLE: &str = "Role";

/// Who signs webhooks: the name of a declared `[[webhooks]]`.
pub const SENDER: &str = "Sender";

/// All of them. A token that could make one would be taken for what it is not.
pub const OF_THE_DOOR: [&str; 10] = [
    ANONYMOUS,
    AWS_ACCOUNT,
    AWS_ORGANIZATION,
    CERTIFICATE,
    CLIENT,
    EVENT_SOURCE,
    FUNCTION,
    GROUP,
    ROLE,
    SENDER,
];

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
