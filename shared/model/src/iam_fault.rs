/// Why a caller whose AWS signature the front verified is nobody here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IamFault {
    /// The caller is named by what is not an ARN of a role's session, a user or a root.
    #[error("the caller's ARN names no session of a role, no user and no root")]
    Arn,
    /// The ARN is of another account than the front says.
    #[error("the front's ARN of the caller is not of the account that the front names")]
    OtherAccount,
    /// What the front gives as the organisation is none.
    #[error("what the front gives as the caller's organization is none")]
    Organization,
    /// The unique id is not that of what the ARN names.
    #[error("the front's unique id of the caller does not fit its ARN")]
    UniqueId,
    /// The configuration lists accounts, and not the caller's.
    #[error("the account `{0}` is not among the `accounts` of `[iam]`")]
    Account(String),
    /// The configuration lists organisations, and not the caller's.
    #[error("the organization `{0}` is not among the `organizations` of `[iam]`")]
    Foreign(String),
    /// The configuration lists organisations, and the front does not say which one the caller is of.
    #[error("`[iam]` lists `organizations`, and the front names none for the caller")]
    NoOrganization,
}
