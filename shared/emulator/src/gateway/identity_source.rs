//! Where an authorizer finds who calls.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html#http-api-lambda-authorizer.identity-sources>

use http::HeaderName;

use super::inbound::Inbound;
use crate::EmulatorError;

/// A selection expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdentitySource {
    Header(HeaderName),
    QueryParameter(String),
    HttpMethod,
    Path,
    RouteKey,
}

impl IdentitySource {
    pub(super) fn parse(expression: &str) -> Result<Self, EmulatorError> {
        let refused = || EmulatorError::IdentitySource(expression.to_owned());
        if let Some(name) = expression.strip_prefix("$request.header.") {
            return name.parse().map(Self::Header).map_err(|_| refused());
        }
        match (expression.strip_prefix("$request.querystring."), expression) {
            (Some(name), _) if !name.is_empty() => Ok(Self::QueryParameter(name.to_owned())),
            (_, "$context.httpMethod") => Ok(Self::HttpMethod),
            (_, "$context.path") => Ok(Self::Path),
            (_, "$context.routeKey") => Ok(Self::RouteKey),
            _ => Err(refused()),
        }
    }

    /// The value, unless it is absent or empty.
    fn value(&self, inbound: &Inbound, route_key: &str) -> Option<String> {
        let value = match self {
            Self::Header(name) => inbound.header(name),
            Self::QueryParameter(name) => inbound.query_parameters().remove(name),
            Self::HttpMethod => Some(inbound.method.clone()),
            Self::Path => Some(inbound.decoded_path()),
            Self::RouteKey => Some(route_key.to_owned()),
        };
        value.filter(|value| !value.is_empty())
    }
}

/// The values of all sources in their order; `None` where one of them is absent or empty.
pub(super) fn identity(
    sources: &[IdentitySource],
    inbound: &Inbound,
    route_key: &str,
) -> Option<Vec<String>> {
    sources.iter().map(|source| source.value(inbound, route_key)).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::extract::ConnectInfo;
    use http::Request;
    use jiff::Timestamp;

    use super::*;

    #[track_caller]
    fn check(sources: &[&str], expected: Option<&[&str]>) {
        let request =
            Request::get("/a%20b?q=1&empty=").header("Authorization", "Bearer t").header("X-Empty", "");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40000)));
        let inbound = Inbound::new(head, peer, Timestamp::UNIX_EPOCH);
        let sources: Vec<_> = sources.iter().map(|source| IdentitySource::parse(source).unwrap()).collect();
        let found = identity(&sources, &inbound, "GET /{x}");
        assert_eq!(found, expected.map(|values| values.iter().map(|value| (*value).to_owned()).collect()));
    }

    #[test]
    fn every_source_must_be_there_and_not_empty() {
        check(&["$request.header.authorization"], Some(&["Bearer t"]));
        check(
            &["$request.querystring.q", "$context.httpMethod", "$context.path", "$context.routeKey"],
            Some(&["1", "GET", "/a b", "GET /{x}"]),
        );
        check(&["$request.header.Authorization", "$request.header.X-Other"], None);
        check(&["$request.header.X-Empty"], None);
        check(&["$request.querystring.empty"], None);
        check(&[], Some(&[]));
    }

    #[test]
    fn refuses_expressions_it_does_not_know() {
        for expression in [
            "",
            "Authorization",
            "$request.header.",
            "$request.header.a b",
            "$request.querystring.",
            "$request.body.x",
            "$context.requestId",
            "$stageVariables.x",
        ] {
            assert!(IdentitySource::parse(expression).is_err(), "{expression}");
        }
    }
}
