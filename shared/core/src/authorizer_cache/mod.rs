//! Which answers of an authorizer API Gateway may reuse, and how that stays right.
//!
//! A gateway keeps an answer under the values of the identity sources (`[authorizer] identity_sources`), for each stage of
//! an API, and reuses it for every request that is alike in them: a simple answer for all routes at once, a policy by
//! holding it against the ARN of each ("Configure a Lambda authorizer using the API Gateway console", "Control access to
//! HTTP APIs with AWS Lambda authorizers", API Gateway guide). So an answer must follow from these values and nothing
//! else. There are three ways:
//!
//! | [`Reuse`] | where | an answer is about |
//! |---|---|---|
//! | `Never` | no cache, and every WebSocket API | the one request |
//! | `Own` | method and path are identity sources | every request of this caller for this method and path |
//! | `Shared` | they are not | all routes: a policy of the exact ARNs that this caller may call |
//!
//! It is kept right from two sides. `proof` refuses, when the door is built, a configuration in which a decision depends
//! on what is no identity source. And `narrow` takes from a request the credentials that are none, before the authorizer
//! looks at it. `misfit` refuses questions that show another API than the one that was proven. What remains is an answer
//! that grows old: [`revocation`] says for how long.

mod misfit;
mod narrow;
mod proof;
mod revocation;
mod shared;

use doorward_config::{Authorizer, IdentitySource};
use doorward_model::{MalformedFault, Refusal};

pub use misfit::Misfit;
pub(crate) use narrow::narrow;
pub(crate) use proof::faults;
pub use revocation::{Revocation, revocations};
pub use shared::{Shared, StaticRoute};

/// What a gateway reuses an answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Nothing: it asks about every request.
    Never,
    /// Requests for the same method and path.
    Own,
    /// Requests for every route.
    Shared,
}

impl Reuse {
    /// How an API uses the answers of an authorizer that is configured so. WebSocket APIs keep none.
    #[must_use]
    pub fn of(authorizer: &Authorizer) -> Self {
        let has = |source| authorizer.identity_sources.contains(&source);
        if authorizer.cache.is_zero() {
            Self::Never
        } else if has(IdentitySource::Method) && has(IdentitySource::Path) {
            Self::Own
        } else {
            Self::Shared
        }
    }

    /// Whether an answer that says so may be kept: whether it follows from what the gateway tells callers apart by. What
    /// will soon be otherwise does not, nor what is wrong with a request beside its path.
    pub(crate) fn may_keep(self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::Unauthenticated(_)
            | Refusal::KeysAway
            | Refusal::SecretsAway
            | Refusal::StoreAway
            | Refusal::Flooded { .. } => false,
            Refusal::Malformed(MalformedFault::Path(_)) => true,
            Refusal::Malformed(_) => self == Self::Never,
            _ => true,
        }
    }
}
