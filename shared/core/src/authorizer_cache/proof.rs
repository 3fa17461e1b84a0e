use std::collections::HashMap;

use doorward_config::{
    AuthorizerAnswer, Config, Credential, IdentitySource, PurposeRule, Route, RouteMatch, UnitsRule,
};
use doorward_model::{Fault, FrontKind, Reads};
use http::header::AUTHORIZATION;

use super::Reuse;

/// What the ARNs of a shared policy may take of an answer's 8 KB, in bytes.
const MAX_SHARED_BYTES: usize = 7 * 1024;
/// What an ARN has around method and path, in bytes: `"arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/…",`. A longer one
/// is of a long stage's name; an answer that grows too large for it is not given.
const AROUND: usize = 80;

/// Why answers of the authorizer would be wrong for requests that a gateway reuses them for, or for want of what it is
/// not given. `reads` is what the policies read, by action; `None` where that was looked at when they were packed, and
/// only what the environment may have changed since is.
pub(crate) fn faults(config: &Config, reads: Option<&HashMap<String, Reads>>) -> Vec<Fault> {
    let (everything, nothing) = (Reads::everything(), Reads::default());
    let proof = Proof { config, reuse: Reuse::of(&config.authorizer) };
    let mut faults = Vec::new();
    for route in guarded(config) {
        let reads = reads.map_or(&nothing, |reads| reads.get(&route.id).unwrap_or(&everything));
        faults.extend(proof.of_route(route, reads));
    }
    faults.extend(proof.of_all());
    if let Some(place) = &config.authorizer.place {
        faults = faults.into_iter().map(|fault| fault.at(place.clone())).collect();
    }
    faults
}

/// The routes that APIs ask the authorizer about and whose answers they may keep.
fn guarded(config: &Config) -> impl Iterator<Item = &Route> {
    let is_http = |route: &&Route| matches!(route.matched, RouteMatch::Http { .. });
    config.routes.iter().filter(|route| route.authorizer).filter(is_http)
}

struct Proof<'c> {
    config: &'c Config,
    reuse: Reuse,
}

impl Proof<'_> {
    fn of_route(&self, route: &Route, reads: &Reads) -> Vec<Fault> {
        let authorizer = &self.config.authorizer;
        let mut faults = Vec::new();
        if authorizer.alone && reads.context.reads(&["input"]) {
            let fault = Fault::new(format!(
                "policies of `{}` read the payload (`context.input`), which an authorizer alone never sees",
                route.id
            ));
            faults.push(fault.hint("put the dispatcher behind the authorizer and leave `alone` out"));
        }
        if authorizer.alone && !matches!(route.units, UnitsRule::Fixed(_)) {
            let fault = Fault::new(format!(
                "what calls of `{}` count for depends on what an authorizer alone never sees",
                route.id
            ));
            faults.push(fault.hint("set `units` to a number, or put the dispatcher behind the authorizer"));
        }
        if let (true, Some(source)) = (route.is_anonymous(), authorizer.identity_sources.first()) {
            let fault = Fault::new(format!(
                "nobody can call `{}` anonymously: APIs refuse who shows no `{source}` without asking",
                route.id
            ));
            faults.push(fault.hint("set `authorizer = false` on the route: the dispatcher decides"));
        }
        if self.reuse != Reuse::Never {
            faults.extend(self.of_credentials(route));
            faults.extend(self.of_reads(route, reads));
        }
        if self.reuse == Reuse::Shared {
            faults.extend(of_path(route));
        }
        faults
    }

    /// Whether what proves a caller is what tells callers apart. The first credentials that are shown count, so those
    /// that are no identity source may only come after those that are: these are always shown.
    fn of_credentials(&self, route: &Route) -> Option<Fault> {
        let has = |source: &IdentitySource| self.has(source);
        let token = IdentitySource::Header(AUTHORIZATION);
        let key = IdentitySource::Header(self.config.api_keys.header.clone());
        let mut proves = false;
        let mut hidden: Option<String> = None;
        for credential in &route.auth {
            let (name, shown_in) = match credential {
                Credential::Token(issuer) => (issuer.as_str(), vec![&token]),
                Credential::ApiKey => ("api-key", vec![&token, &key]),
                Credential::Certificate => ("certificate", Vec::new()),
                // Nothing of an authorizer's: APIs that verify signatures ask no authorizer, webhooks need the body, and
                // who comes without credentials is refused before.
                Credential::Iam | Credential::Webhook(_) | Credential::Anonymous => continue,
            };
            let visible = shown_in.iter().any(|source| has(source));
            if let (true, Some(earlier)) = (visible, &hidden) {
                let fault = Fault::new(format!(
                    "answers about `{}` cannot be reused: `{earlier}` counts before `{name}`, and may be shown where no \
                     identity source is",
                    route.id
                ));
                let hint = "put it behind the others in `auth`, or turn the cache off: `cache = \"0s\"`";
                return Some(fault.hint(hint));
            }
            proves |= visible;
            // Keys have two places. Where one of them is no identity source, a key may be there all the same.
            if shown_in.is_empty() || !shown_in.iter().all(|source| has(source)) {
                hidden.get_or_insert_with(|| name.to_owned());
            }
        }
        if proves || route.is_anonymous() {
            return None;
        }
        let fault = Fault::new(format!("no identity source holds credentials that `{}` accepts", route.id));
        Some(fault.hint("name the header field of its credentials, or set `authorizer = false` on the route"))
    }

    /// What else a decision depends on.
    fn of_reads(&self, route: &Route, reads: &Reads) -> Vec<Fault> {
        let context = &reads.context;
        let mut faults = Vec::new();
        if context.reads(&["now"]) {
            let fault = format!(
                "answers about `{}` cannot be reused: its policies read the time (`context.now`)",
                route.id
            );
            let hint = "turn the cache off with `cache = \"0s\"`, or set `authorizer = false` on the route";
            faults.push(Fault::new(fault).hint(hint));
        }
        let mut needed = Vec::new();
        if context.reads(&["request", "source_ip"]) {
            needed.push(IdentitySource::SourceIp);
        }
        needed.extend(route.context.headers.iter().cloned().map(IdentitySource::Header));
        needed.extend(route.context.query.iter().cloned().map(IdentitySource::Query));
        let mut needed: Vec<_> = needed.into_iter().map(|source| ("its policies read", source)).collect();
        if let Some(PurposeRule::Header { name, .. }) = &route.purpose {
            needed.push(("its purpose comes from", IdentitySource::Header(name.clone())));
        }
        for (who, source) in needed.into_iter().filter(|(_, source)| !self.has(source)) {
            let fault = format!(
                "answers about `{}` cannot be reused: {who} `{source}`, which is no identity source",
                route.id
            );
            let hint = "add it to `identity_sources`, turn the cache off with `cache = \"0s\"`, or set `authorizer = false` \
                        on the route";
            faults.push(Fault::new(fault).hint(hint));
        }
        faults
    }

    /// What holds for all routes at once.
    fn of_all(&self) -> Vec<Fault> {
        let Config { authorizer, domains, api_keys, .. } = self.config;
        let mut faults = Vec::new();
        match self.reuse {
            Reuse::Never => {}
            Reuse::Own => {
                if !domains.is_empty() && !self.has(&IdentitySource::Domain) {
                    let fault = "answers cannot be reused: with `[[domains]]`, one path may be two routes";
                    faults.push(Fault::new(fault).hint("add `domain` to `identity_sources`"));
                }
                // Of `/a%2Fb` an HTTP API says `/a/b`, whose answer it would be given.
                let has_parameters = |route: &Route| route.matched.to_string().contains('{');
                if authorizer.alone
                    && self.has_http_api()
                    && !self.has(&IdentitySource::Route)
                    && guarded(self.config).any(has_parameters)
                {
                    let fault = "answers cannot be reused: an HTTP API tells two of its routes by one path, for it decodes it before";
                    faults.push(Fault::new(fault).hint("add `route` to `identity_sources`"));
                }
            }
            Reuse::Shared => {
                if authorizer.answer == AuthorizerAnswer::Simple && self.has_http_api() {
                    let fault =
                        "a simple answer that is reused holds for every method and path of an HTTP API";
                    let hint =
                        "add `method` and `path` to `identity_sources`, or set `answer = \"iam-policy\"`";
                    faults.push(Fault::new(fault).hint(hint));
                }
                let shown_in = [&AUTHORIZATION, &api_keys.header];
                let credentials =
                    shown_in.iter().filter(|name| self.has(&IdentitySource::Header((**name).clone())));
                if credentials.count() > 1 {
                    let fault = "a policy that is shared is about one caller, and two fields may name two";
                    faults.push(Fault::new(fault).hint("keep one of the header fields of credentials"));
                }
                let arn = |route: &Route| AROUND + route.matched.to_string().len();
                let bytes: usize = guarded(self.config).map(arn).sum();
                if bytes > MAX_SHARED_BYTES {
                    let fault = format!(
                        "a policy of all routes may take {bytes} bytes, more than the {MAX_SHARED_BYTES} that an answer has for it"
                    );
                    let hint = "add `method` and `path` to `identity_sources`, so that each has an answer of its own";
                    faults.push(Fault::new(fault).hint(hint));
                }
            }
        }
        faults
    }

    fn has_http_api(&self) -> bool {
        let fronts = &self.config.fronts;
        fronts.is_empty() || fronts.iter().any(|front| front.kind == FrontKind::HttpApi)
    }

    fn has(&self, source: &IdentitySource) -> bool {
        self.config.authorizer.identity_sources.contains(source)
    }
}

/// Whether one exact ARN stands for a route: `*` in a policy goes across `/`, in the place of a method too, and no
/// documentation says whether the path in an ARN is percent-encoded.
fn of_path(route: &Route) -> Option<Fault> {
    let RouteMatch::Http { method, path } = &route.matched else { return None };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | '_' | '~');
    let why = if method.only().is_none() {
        "it takes any method"
    } else if path.contains('{') {
        "its path has parameters"
    } else if !path.chars().all(is_plain) {
        "its path holds characters that an ARN may write in two ways"
    } else {
        return None;
    };
    let fault = Fault::new(format!(
        "answers about `{}` cannot be shared between routes: {why}, and no exact ARN stands for it",
        route.id
    ));
    let hint = "add `method` and `path` to `identity_sources`, so that each path has an answer of its own, turn the cache off \
                with `cache = \"0s\"`, or set `authorizer = false` on the route";
    Some(fault.hint(hint))
}
