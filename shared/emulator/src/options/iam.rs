//! Who signs requests to AWS.

use std::fmt;

/// A caller with AWS credentials. They are plainly made up for this machine, and still not printed.
#[derive(Clone)]
pub struct IamIdentity {
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
    /// Session token, which requests with temporary credentials carry.
    pub session_token: Option<String>,
    /// ARN of the user, or of the assumed role's session.
    pub arn: String,
    /// Account that the caller belongs to.
    pub account: String,
    /// Unique id: `AIDA…` of a user, `AROA…:session` of a role's session.
    pub user_id: String,
    /// Organization that the account belongs to.
    pub organization: Option<String>,
}

impl fmt::Debug for IamIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IamIdentity")
            .field("access_key", &self.access_key)
            .field("arn", &self.arn)
            .field("account", &self.account)
            .field("user_id", &self.user_id)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}
