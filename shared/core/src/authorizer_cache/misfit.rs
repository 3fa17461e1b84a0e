use doorward_config::{Config, Credential, IdentitySource, Route};
use doorward_model::{Inbound, Message};
use http::header::AUTHORIZATION;

use super::Reuse;
use crate::router::Match;
use crate::rules::Rules;

/// How a question shows that an API's authorizer is not the one that is configured, so that no answer would be right for
/// long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A REST API tells callers apart by the token alone, or does not say what the policies read.
    #[error("a TOKEN authorizer is given the token alone")]
    Token,
    /// A simple answer that is kept without method and path lets in to every route.
    #[error("a simple answer would hold for every route")]
    Simple,
    /// The answer would be kept, and nothing was proven of answers about this route.
    #[error("no authorizer is to be asked about this route")]
    Unasked,
}

impl Misfit {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Token => {
                "use a `REQUEST` authorizer, whose identity sources are those in `[authorizer] identity_sources`"
            }
            Self::Simple => {
                "set `answer = \"iam-policy\"`, or add `method` and `path` to `identity_sources`, in doorward.toml and at \
                 the API"
            }
            Self::Unasked => "take the authorizer off this route of the API, as `authorizer = false` says",
        }
    }
}

impl Rules {
    /// Whether a question does not fit how the API ought to ask. `is_token` says that it is a `TOKEN` question,
    /// `is_simple` that a simple answer is asked for.
    #[must_use]
    pub fn misfit(&self, inbound: &Inbound, is_token: bool, is_simple: bool) -> Option<Misfit> {
        let Message::Http(request) = &inbound.message else { return None };
        if request.socket.is_some() {
            return None;
        }
        let path = self.canonical_path(inbound.front.kind, request).ok();
        let found = path.map_or(Match::Nothing, |path| self.router.find(&request.method, &path));
        let route = match found {
            Match::Route(place, _) => self.routes.get(place).map(|rules| &rules.route),
            // Whoever asks, it is refused.
            Match::Invocation(_) | Match::OtherMethods(_) | Match::Nothing => None,
        };
        if is_token && !(takes_token(self.config()) && route.is_none_or(|route| self.is_of_token(route))) {
            return Some(Misfit::Token);
        }
        match self.reuse {
            Reuse::Shared => is_simple.then_some(Misfit::Simple),
            Reuse::Own => route.is_some_and(is_unproven).then_some(Misfit::Unasked),
            Reuse::Never => None,
        }
    }

    /// Whether the policies of a route read nothing that a `TOKEN` question does not tell.
    fn is_of_token(&self, route: &Route) -> bool {
        let by_address = self.by_address.get_or_init(|| {
            let reads = self.policies().reads_by_action().into_iter();
            reads
                .filter(|(_, reads)| reads.context.reads(&["request", "source_ip"]))
                .map(|(id, _)| id)
                .collect()
        });
        route.context.headers.is_empty() && route.context.query.is_empty() && !by_address.contains(&route.id)
    }
}

/// Whether nothing was proven of answers about a route. To those that take nothing but webhooks there is one, `needs-body`.
fn is_unproven(route: &Route) -> bool {
    let is_webhook = |credential: &Credential| matches!(credential, Credential::Webhook(_));
    !route.authorizer && !route.auth.iter().all(is_webhook)
}

/// Whether a REST API may ask with a `TOKEN` question: it then tells callers apart by the token alone, which is read as an
/// `authorization` field.
fn takes_token(config: &Config) -> bool {
    match Reuse::of(&config.authorizer) {
        Reuse::Never => true,
        Reuse::Own => false,
        Reuse::Shared => config.authorizer.identity_sources == [IdentitySource::Header(AUTHORIZATION)],
    }
}
