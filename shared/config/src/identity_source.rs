use std::fmt;

use doorward_model::{Fault, FrontKind};
use http::HeaderName;

use crate::report::quote;

/// A part of a request that API Gateway tells callers apart by: an authorizer's answer is reused for requests that are
/// alike in all of them, and a request that lacks one is refused without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// `header.authorization`: a header field.
    Header(HeaderName),
    /// `query.page`: a query parameter.
    Query(String),
    /// `method`.
    Method,
    /// `path`: the whole path, not the route that takes it.
    Path,
    /// `route`: the API's own word for what takes the request, beside its path: an HTTP API decodes a path before it is a
    /// source, and takes a route by what was sent.
    Route,
    /// `source_ip`.
    SourceIp,
    /// `domain`: the domain name that the request came by.
    Domain,
}

/// The longest name of a header field or a query parameter, in bytes.
const LONGEST_NAME: usize = 128;

impl IdentitySource {
    /// Reads the word of a list.
    ///
    /// # Errors
    /// What is wrong with it, and what is expected.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let named = |name: &str| (1..=LONGEST_NAME).contains(&name.len());
        let found = match (text, text.split_once('.')) {
            ("method", _) => Some(Self::Method),
            ("path", _) => Some(Self::Path),
            ("route", _) => Some(Self::Route),
            ("source_ip", _) => Some(Self::SourceIp),
            ("domain", _) => Some(Self::Domain),
            (_, Some(("header", name))) if named(name) => name.parse().ok().map(Self::Header),
            (_, Some(("query", name))) if named(name) && !name.chars().any(char::is_whitespace) => {
                Some(Self::Query(name.to_owned()))
            }
            _ => None,
        };
        found.ok_or_else(|| {
            Fault::new(format!("{} is no identity source", quote(text))).hint(
                "expected `header.NAME`, `query.NAME`, `method`, `path`, `route`, `source_ip` or `domain`",
            )
        })
    }

    /// As an API of this kind writes it; `None` where the kind has no such source.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>
    #[must_use]
    pub fn expression(&self, kind: FrontKind) -> Option<String> {
        let (request, context) = match kind {
            FrontKind::RestApi => ("method.request", "context"),
            FrontKind::HttpApi => ("$request", "$context"),
            FrontKind::WebSocketApi => ("route.request", "context"),
            _ => return None,
        };
        match self {
            Self::Header(name) => Some(format!("{request}.header.{name}")),
            Self::Query(name) => Some(format!("{request}.querystring.{name}")),
            // The opening of a connection has none of them.
            Self::Method | Self::Path | Self::Route if kind == FrontKind::WebSocketApi => None,
            Self::Method => Some(format!("{context}.httpMethod")),
            Self::Path => Some(format!("{context}.path")),
            Self::Route if kind == FrontKind::RestApi => Some(format!("{context}.resourcePath")),
            Self::Route => Some(format!("{context}.routeKey")),
            Self::SourceIp => Some(format!("{context}.identity.sourceIp")),
            Self::Domain => Some(format!("{context}.domainName")),
        }
    }
}

impl fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header.{name}"),
            Self::Query(name) => write!(f, "query.{name}"),
            Self::Method => f.write_str("method"),
            Self::Path => f.write_str("path"),
            Self::Route => f.write_str("route"),
            Self::SourceIp => f.write_str("source_ip"),
            Self::Domain => f.write_str("domain"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_writes_a_source_in_its_own_way() {
        for (word, rest, http, socket) in [
            (
                "header.Authorization",
                "method.request.header.authorization",
                "$request.header.authorization",
                Some("route.request.header.authorization"),
            ),
            (
                "query.Page",
                "method.request.querystring.Page",
                "$request.querystring.Page",
                Some("route.request.querystring.Page"),
            ),
            ("method", "context.httpMethod", "$context.httpMethod", None),
            ("path", "context.path", "$context.path", None),
            ("route", "context.resourcePath", "$context.routeKey", None),
            (
                "source_ip",
                "context.identity.sourceIp",
                "$context.identity.sourceIp",
                Some("context.identity.sourceIp"),
            ),
            ("domain", "context.domainName", "$context.domainName", Some("context.domainName")),
        ] {
            let source = IdentitySource::parse(word).unwrap();
            assert_eq!(source.expression(FrontKind::RestApi).as_deref(), Some(rest));
            assert_eq!(source.expression(FrontKind::HttpApi).as_deref(), Some(http));
            assert_eq!(source.expression(FrontKind::WebSocketApi).as_deref(), socket);
            assert_eq!(source.expression(FrontKind::Alb), None);
            assert_eq!(IdentitySource::parse(&source.to_string()).unwrap(), source);
        }
    }
}
