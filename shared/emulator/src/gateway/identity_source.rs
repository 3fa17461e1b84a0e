//! Where an authorizer finds who calls.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html#http-api-lambda-authorizer.identity-sources>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>

use http::HeaderName;

use super::inbound::Inbound;
use super::stage::Stage;
use crate::EmulatorError;

/// A selection expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdentitySource {
    Header(HeaderName),
    QueryParameter(String),
    HttpMethod,
    Path,
    RouteKey,
    Stage,
    SourceIp,
    DomainName,
}

/// How the three kinds of API write their selection expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    HttpApi,
    Rest,
    WebSocket,
}

/// A request, and what its API calls the place that it asks for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) inbound: &'a Inbound,
    /// `$context.path`: decoded by an HTTP API, behind the stage and as it was sent to a REST API.
    pub(super) path: &'a str,
    /// The route key, or the path of the resource.
    pub(super) route: &'a str,
    pub(super) stage: &'a Stage,
}

impl IdentitySource {
    pub(super) fn parse_all(expressions: &[String], dialect: Dialect) -> Result<Vec<Self>, EmulatorError> {
        expressions.iter().map(|expression| Self::parse(expression, dialect)).collect()
    }

    fn parse(expression: &str, dialect: Dialect) -> Result<Self, EmulatorError> {
        let (request, context) = match dialect {
            Dialect::HttpApi => ("$request", "$context."),
            Dialect::Rest => ("method.request", "context."),
            Dialect::WebSocket => ("route.request", "context."),
        };
        let refused = || EmulatorError::IdentitySource(expression.to_owned());
        if let Some(name) = expression.strip_prefix(context) {
            return match (name, dialect) {
                ("httpMethod", Dialect::HttpApi | Dialect::Rest) => Ok(Self::HttpMethod),
                ("path", Dialect::HttpApi | Dialect::Rest) => Ok(Self::Path),
                ("routeKey", Dialect::HttpApi) | ("resourcePath", Dialect::Rest) => Ok(Self::RouteKey),
                ("stage", Dialect::Rest | Dialect::WebSocket) => Ok(Self::Stage),
                ("identity.sourceIp", _) => Ok(Self::SourceIp),
                ("domainName", _) => Ok(Self::DomainName),
                _ => Err(refused()),
            };
        }
        let parameter = expression.strip_prefix(request).ok_or_else(refused)?;
        match (parameter.strip_prefix(".header."), parameter.strip_prefix(".querystring.")) {
            (Some(name), _) => name.parse().map(Self::Header).map_err(|_| refused()),
            (_, Some(name)) if !name.is_empty() => Ok(Self::QueryParameter(name.to_owned())),
            _ => Err(refused()),
        }
    }

    /// The value, unless it is absent or empty.
    fn value(&self, asked: &Asked<'_>) -> Option<String> {
        let value = match self {
            Self::Header(name) => asked.inbound.header(name),
            Self::QueryParameter(name) => asked.inbound.query_parameters().remove(name),
            Self::HttpMethod => Some(asked.inbound.method.clone()),
            Self::Path => Some(asked.path.to_owned()),
            Self::RouteKey => Some(asked.route.to_owned()),
            Self::Stage => Some(asked.stage.name.clone()),
            Self::SourceIp => Some(asked.inbound.source_ip.to_string()),
            Self::DomainName => Some(asked.stage.domain_name.clone()),
        };
        value.filter(|value| !value.is_empty())
    }
}

/// The values of all sources in their order; `None` where one of them is absent or empty.
pub(super) fn identity(sources: &[IdentitySource], asked: &Asked<'_>) -> Option<Vec<String>> {
    sources.iter().map(|source| source.value(asked)).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::extract::ConnectInfo;
    use http::Request;
    use jiff::Timestamp;

    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, sources: &[&str], expected: Option<&[&str]>) {
        let request =
            Request::get("/a%20b?q=1&empty=").header("Authorization", "Bearer t").header("X-Empty", "");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40000)));
        let inbound = Inbound::new(head, peer, Timestamp::UNIX_EPOCH);
        let sources: Vec<_> = sources.iter().map(|source| (*source).to_owned()).collect();
        let sources = IdentitySource::parse_all(&sources, dialect).unwrap();
        let stage = Stage {
            api_id: "a1b2c3".to_owned(),
            name: "prod".to_owned(),
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            domain_name: "api.example.com".to_owned(),
            port: 443,
            certificate: None,
        };
        let asked = Asked { inbound: &inbound, path: "/a b", route: "GET /{x}", stage: &stage };
        let found = identity(&sources, &asked);
        assert_eq!(found, expected.map(|values| values.iter().map(|value| (*value).to_owned()).collect()));
    }

    #[test]
    fn every_source_must_be_there_and_not_empty() {
        check(Dialect::HttpApi, &["$request.header.authorization"], Some(&["Bearer t"]));
        check(
            Dialect::HttpApi,
            &["$request.querystring.q", "$context.httpMethod", "$context.path", "$context.routeKey"],
            Some(&["1", "GET", "/a b", "GET /{x}"]),
        );
        let context = ["$context.identity.sourceIp", "$context.domainName"];
        check(Dialect::HttpApi, &context, Some(&["127.0.0.1", "api.example.com"]));
        check(Dialect::HttpApi, &["$request.header.Authorization", "$request.header.X-Other"], None);
        check(Dialect::HttpApi, &["$request.header.X-Empty"], None);
        check(Dialect::HttpApi, &["$request.querystring.empty"], None);
        check(Dialect::HttpApi, &[], Some(&[]));
    }

    #[test]
    fn rest_and_websocket_apis_have_dialects_of_their_own() {
        check(
            Dialect::Rest,
            &["method.request.header.Authorization", "context.httpMethod", "context.path", "context.stage"],
            Some(&["Bearer t", "GET", "/a b", "prod"]),
        );
        check(Dialect::Rest, &["method.request.querystring.none"], None);
        check(Dialect::WebSocket, &["route.request.querystring.q", "context.stage"], Some(&["1", "prod"]));
    }

    #[track_caller]
    fn check_refused(dialect: Dialect, expressions: &[&str]) {
        for expression in expressions {
            assert!(IdentitySource::parse(expression, dialect).is_err(), "{expression}");
        }
    }

    #[test]
    fn refuses_expressions_it_does_not_know() {
        let unknown = [
            "",
            "Authorization",
            "$request.header.",
            "$request.header.a b",
            "$request.querystring.",
            "$request.body.x",
            "$context.requestId",
            "$stageVariables.x",
            "method.request.header.Authorization",
        ];
        check_refused(Dialect::HttpApi, &unknown);
        check_refused(
            Dialect::Rest,
            &["$request.header.a", "method.request.path.id", "context.identity.user"],
        );
        check_refused(Dialect::WebSocket, &["method.request.header.a", "context.path"]);
    }
}
