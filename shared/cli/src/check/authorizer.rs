use doorward_config::{Config, Credential, Route, RouteMatch};
use doorward_core::{Reuse, Revocation, revocations};
use doorward_model::{Front, FrontKind};
use serde_json::{Value, json};

use crate::output::say;

/// What was proven of the authorizer's answers, route by route, and how long what is taken back may still let in. It is
/// told of doors with a front that has authorizers.
pub(super) struct AuthorizerProof<'c> {
    config: &'c Config,
    routes: Vec<(String, Verdict)>,
    revocations: Vec<Revocation>,
}

/// What holds of one route.
#[derive(Clone, Copy)]
enum Verdict {
    /// APIs ask no authorizer about it; the reason.
    Unasked(&'static str),
    Reused(Reuse),
}

impl<'c> AuthorizerProof<'c> {
    pub(super) fn of(config: &'c Config) -> Option<Self> {
        let has_authorizer = |front: &Front| {
            matches!(front.kind, FrontKind::RestApi | FrontKind::HttpApi | FrontKind::WebSocketApi)
        };
        config.fronts.iter().any(has_authorizer).then(|| Self {
            config,
            routes: config
                .routes
                .iter()
                .map(|route| (route.matched.to_string(), verdict(route, config)))
                .collect(),
            revocations: revocations(config),
        })
    }

    pub(super) fn tell(&self) {
        let authorizer = &self.config.authorizer;
        let behind =
            if authorizer.alone { "nothing decides behind it" } else { "the dispatcher decides again" };
        if authorizer.cache.is_zero() {
            say!("authorizer: no answer is kept, {behind}");
        } else {
            let sources: Vec<_> = authorizer.identity_sources.iter().map(ToString::to_string).collect();
            let sources = sources.join(", ");
            say!("authorizer: answers are kept for {:?} by {sources}; {behind}", authorizer.cache);
        }
        for (route, verdict) in &self.routes {
            let open = if authorizer.alone && matches!(verdict, Verdict::Unasked(_)) {
                "; alone it lets everybody in, unless its API has a dispatcher"
            } else {
                ""
            };
            say!("  {route}: {}{open}", verdict.said());
        }
        say!("what is taken back lets in for at most:");
        for Revocation { what, within } in &self.revocations {
            match within {
                Some(within) => say!("  {what}: {within:?}"),
                None => say!("  {what}: until the next deployment"),
            }
        }
    }

    pub(super) fn as_json(&self) -> Value {
        let authorizer = &self.config.authorizer;
        let route =
            |(route, verdict): &(String, Verdict)| json!({ "route": route, "answers": verdict.word() });
        let revocation = |Revocation { what, within }: &Revocation| json!({ "what": what, "seconds": within.map(|within| within.as_secs_f64()) });
        json!({
            "cache_seconds": authorizer.cache.as_secs(),
            "identity_sources": authorizer.identity_sources.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "alone": authorizer.alone,
            "routes": self.routes.iter().map(route).collect::<Vec<_>>(),
            "revocations": self.revocations.iter().map(revocation).collect::<Vec<_>>(),
        })
    }
}

fn verdict(route: &Route, config: &Config) -> Verdict {
    match route.matched {
        RouteMatch::Invoke(_) => Verdict::Unasked("an invocation is not decided without its payload"),
        RouteMatch::Socket(ref rule) if !rule.is_opening() => {
            Verdict::Unasked("an API asks before it opens a connection, and not again")
        }
        _ if route.takes_webhooks() => Verdict::Unasked("a webhook's signature covers the body"),
        _ if !route.authorizer && route.is_anonymous() => {
            Verdict::Unasked("a caller may show no credentials")
        }
        _ if route.auth == [Credential::Iam] => Verdict::Unasked("its API checks the signatures itself"),
        _ if !route.authorizer => Verdict::Unasked("the route says so"),
        RouteMatch::Socket(_) => Verdict::Reused(Reuse::Never),
        RouteMatch::Http { .. } => Verdict::Reused(Reuse::of(&config.authorizer)),
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Unasked(_) => "none",
            Self::Reused(Reuse::Never) => "never-reused",
            Self::Reused(Reuse::Own) => "own",
            Self::Reused(Reuse::Shared) => "shared",
        }
    }

    fn said(self) -> String {
        match self {
            Self::Unasked(why) => format!("no authorizer, since {why}"),
            Self::Reused(Reuse::Never) => "asked about each request".to_owned(),
            Self::Reused(Reuse::Own) => "an answer of its own for each method and path".to_owned(),
            Self::Reused(Reuse::Shared) => {
                "one policy of exact ARNs, shared with the other routes".to_owned()
            }
        }
    }
}
