//! Where a front puts something before the path of the door's own routes, and how it is taken off: one rule, for the
//! authorizer and the dispatcher alike.
//!
//! - The request came by a host that `[[domains]]` declares: its base path stands there. Only API Gateway has such domains,
//!   and attests which one it was: at a load balancer the host is the caller's own word, and must not choose between two
//!   readings of one path.
//! - Else, the front has put a named stage there: it stands there.
//! - Else, nothing stands there.
//!
//! Where it ought to stand and does not, nothing is found: with and without it would be two paths with one reading.

use doorward_config::Domain;
use doorward_model::{CanonicalPath, FrontKind, HttpRequest, Inbound, MalformedFault, Message, Refusal};

use crate::rules::Rules;

impl Rules {
    /// The path of a request within the door's routes, as its front gave it; `None` where nothing can be there.
    pub(crate) fn own_path<'r>(&self, kind: FrontKind, request: &'r HttpRequest) -> Option<&'r str> {
        let is_attested = matches!(kind, FrontKind::RestApi | FrontKind::HttpApi);
        let domain = is_attested.then(|| declared(&self.config().domains, &request.host)).flatten();
        match (domain, &request.stage) {
            (Some(domain), _) => after(&request.path, domain.base_path.strip_prefix('/').unwrap_or_default()),
            (None, Some(stage)) => after(&request.path, stage),
            (None, None) => Some(&request.path),
        }
    }

    /// The one reading of the path of a request, which the decision is about.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where something is missing before it, [`Refusal::Malformed`] where it has no reading.
    pub(crate) fn canonical_path(
        &self,
        kind: FrontKind,
        request: &HttpRequest,
    ) -> Result<CanonicalPath, Refusal> {
        let path = self.own_path(kind, request).ok_or(Refusal::NotFound)?;
        CanonicalPath::parse(path, request.path_form)
            .map_err(|fault| Refusal::Malformed(MalformedFault::Path(fault)))
    }

    /// The path that the decision about a request is about; `None` for what has none.
    #[must_use]
    pub fn path_of(&self, inbound: &Inbound) -> Option<CanonicalPath> {
        match &inbound.message {
            Message::Http(request) => self.canonical_path(inbound.front.kind, request).ok(),
            Message::Event(_) => None,
        }
    }
}

fn declared<'d>(domains: &'d [Domain], host: &str) -> Option<&'d Domain> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let name = name.strip_suffix('.').unwrap_or(name);
    domains.iter().find(|domain| domain.name.eq_ignore_ascii_case(name))
}

/// What follows `/before` in `path`, with its slash; all of it where `before` is empty.
fn after<'p>(path: &'p str, before: &str) -> Option<&'p str> {
    if before.is_empty() {
        return Some(path);
    }
    match path.strip_prefix('/')?.strip_prefix(before)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, before: &str, expected: Option<&str>) {
        assert_eq!(after(path, before), expected, "{path} after {before}");
    }

    #[test]
    fn what_stands_before_a_path_is_whole_segments() {
        check("/prod/orders", "", Some("/prod/orders"));
        check("/prod/orders", "prod", Some("/orders"));
        check("/prod", "prod", Some("/"));
        check("/prod/", "prod", Some("/"));
        check("/prod/prod/orders", "prod", Some("/prod/orders"));
        check("/prod//orders", "prod", Some("//orders"));
        check("/shop/v1/orders", "shop/v1", Some("/orders"));
        for path in [
            "/production/orders",
            "/orders",
            "/",
            "",
            "prod/orders",
            "//prod/orders",
            "/Prod/orders",
            "/%70rod/x",
        ] {
            check(path, "prod", None);
        }
    }

    #[test]
    fn a_host_is_compared_without_case_port_and_last_dot() {
        let domain = |name: &str| Domain { name: name.to_owned(), base_path: "/".to_owned() };
        let domains = [domain("api.example.com"), domain("other.example.com")];
        for host in [
            "api.example.com",
            "API.Example.COM",
            "api.example.com.",
            "api.example.com:443",
            "api.example.com.:443",
        ] {
            assert_eq!(
                declared(&domains, host).map(|domain| domain.name.as_str()),
                Some("api.example.com"),
                "{host}"
            );
        }
        for host in [
            "",
            ".",
            ":443",
            "api.example.com..",
            "xapi.example.com",
            "api.example.com.evil.example",
            "example.com",
        ] {
            assert!(declared(&domains, host).is_none(), "{host}");
        }
    }
}
