//! What API Gateway does with the answers of a Lambda authorizer: what it asks for, what it keeps, and whom it lets pass.
//! Written from AWS's documentation alone, so that neither the door nor the emulator can be its own judge:
//!
//! - API Gateway guide, "Control access to HTTP APIs with AWS Lambda authorizers": identity sources, "Caching authorizer
//!   responses", both forms of the response, 500 for any other.
//! - API Gateway guide, "Configure an API Gateway Lambda authorizer" and "Output from an API Gateway Lambda authorizer":
//!   caching of policies in REST APIs, 401 where an identity source is missing, null or empty, the token source of `TOKEN`
//!   authorizers.
//! - API reference, `Authorizer` (v1) and `CreateAuthorizer` (v2): `identitySource`, `authorizerResultTtlInSeconds`.
//! - API Gateway quotas: an authorizer's answer has at most 8 KB.
//!
//! Where pages disagree the stricter one holds: a source that is named must be there with a TTL of 0 as well (API
//! reference), although the guide has REST APIs check nothing then. What no page says is named where it is chosen.

mod policy;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use policy::Effect;

/// The kinds of API that ask Lambda authorizers about requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayApi {
    /// A REST API with a `TOKEN` authorizer.
    RestToken,
    /// A REST API with a `REQUEST` authorizer.
    RestRequest,
    /// An HTTP API in payload format 1.0, which knows policies only.
    HttpApi1,
    /// An HTTP API in payload format 2.0 without simple responses.
    HttpApi2Policy,
    /// An HTTP API in payload format 2.0 with simple responses.
    HttpApi2Simple,
}

impl GatewayApi {
    fn is_rest(self) -> bool {
        matches!(self, Self::RestToken | Self::RestRequest)
    }
}

/// One identity source. All of them must be there, and none be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IdentitySource {
    /// `method.request.header.NAME`, `$request.header.NAME`; names without regard to case. Of a repeated field, a REST API
    /// takes the last value (as in `headers` of its events), an HTTP API all of them, joined by commas.
    Header(String),
    /// `method.request.querystring.NAME`, `$request.querystring.NAME`: repeated ones as header fields are.
    Query(String),
    /// `context.httpMethod`.
    Method,
    /// `context.path`.
    Path,
    /// `context.identity.sourceIp`.
    SourceIp,
    /// `$context.domainName`.
    DomainName,
    /// `$context.routeKey`, HTTP APIs only.
    RouteKey,
}

/// A request as far as the gateway looks at it before it asks.
#[derive(Debug, Clone, Copy)]
pub struct GatewayRequest<'a> {
    /// The header fields as they came.
    pub headers: &'a [(String, String)],
    /// The query parameters, decoded.
    pub query: &'a [(String, String)],
    /// `$context.httpMethod`.
    pub method: &'a str,
    /// `$context.path`.
    pub path: &'a str,
    /// `$context.identity.sourceIp`.
    pub source_ip: &'a str,
    /// `$context.domainName`.
    pub domain: &'a str,
    /// `$context.routeKey`.
    pub route_key: &'a str,
    /// The ARN of the method or route that is asked for.
    pub arn: &'a str,
}

/// What the authorizer's function came to.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionResult {
    /// It returned this.
    Returned(Value),
    /// It failed with this message.
    Failed(String),
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// It goes on to the integration, which finds this context as `requestContext.authorizer`.
    Passed(Map<String, Value>),
    /// The gateway answers, with the context of the denial where there is one.
    Refused {
        /// 401, 403 or 500.
        status: u16,
        /// What a gateway response could show of it.
        context: Map<String, Value>,
    },
}

impl Gate {
    fn refused(status: u16) -> Self {
        Self::Refused { status, context: Map::new() }
    }

    /// Whether the request goes on.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.context().is_some()
    }

    /// What goes on with the request; `None` where it does not.
    #[must_use]
    pub fn context(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Passed(context) => Some(context),
            Self::Refused { .. } => None,
        }
    }
}

/// The values of all identity sources, in their order; `None` where nothing may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKey(Option<Vec<String>>);

/// What the gateway does with a request before it asks anybody.
#[derive(Debug, PartialEq)]
pub enum Look {
    /// A source is missing: answered without asking.
    Answered(Gate),
    /// Judged by an answer that was kept since then.
    Kept(Gate, Timestamp),
    /// The function is to be asked; what it says is [`GatewayCache::take`]n under this key.
    Ask(CacheKey),
}

/// The cache of one authorizer of one API and stage.
#[derive(Debug)]
pub struct GatewayCache {
    api: GatewayApi,
    sources: Vec<IdentitySource>,
    ttl: Duration,
    kept: HashMap<Vec<String>, (Timestamp, Value)>,
}

impl GatewayCache {
    /// A cache that is empty. It keeps nothing where `ttl` is zero or there is no source.
    #[must_use]
    pub fn new(api: GatewayApi, sources: &[IdentitySource], ttl: Duration) -> Self {
        Self { api, sources: sources.to_vec(), ttl, kept: HashMap::new() }
    }

    /// Forgets everything (`FlushStageAuthorizersCache`).
    pub fn flush(&mut self) {
        self.kept.clear();
    }

    /// What the gateway knows of `request` at `now`.
    #[must_use]
    pub fn look(&self, request: &GatewayRequest<'_>, now: Timestamp) -> Look {
        let value = |source| self.value(source, request).filter(|value| !value.is_empty());
        let Some(values) = self.sources.iter().map(value).collect::<Option<Vec<String>>>() else {
            return Look::Answered(Gate::refused(401));
        };
        if self.ttl.is_zero() || values.is_empty() {
            return Look::Ask(CacheKey(None));
        }
        match self.kept.get(&values) {
            Some((since, answer)) if self.is_fresh(*since, now) => {
                Look::Kept(self.judge(answer, request.arn).unwrap_or_else(|| Gate::refused(500)), *since)
            }
            _ => Look::Ask(CacheKey(Some(values))),
        }
    }

    /// What becomes of `request`, of which the function said this at `now`. Only answers in the right form are kept.
    pub fn take(
        &mut self,
        key: CacheKey,
        result: FunctionResult,
        request: &GatewayRequest<'_>,
        now: Timestamp,
    ) -> Gate {
        let answer = match result {
            FunctionResult::Returned(answer) => answer,
            // "Unauthorized", exactly so, is answered 401; any other failure 500. Neither is an authorizer's result.
            FunctionResult::Failed(message) if message == "Unauthorized" => return Gate::refused(401),
            FunctionResult::Failed(_) => return Gate::refused(500),
        };
        let Some(gate) = self.judge(&answer, request.arn) else { return Gate::refused(500) };
        if let CacheKey(Some(values)) = key {
            self.kept.insert(values, (now, answer));
        }
        gate
    }

    fn is_fresh(&self, since: Timestamp, now: Timestamp) -> bool {
        now.duration_since(since).unsigned_abs() < self.ttl
    }

    fn value(&self, source: &IdentitySource, request: &GatewayRequest<'_>) -> Option<String> {
        let one = |values: Vec<&str>| match self.api.is_rest() {
            true => values.last().map(|value| (*value).to_owned()),
            false => (!values.is_empty()).then(|| values.join(",")),
        };
        let all = |pairs: &'_ [(String, String)], is: &dyn Fn(&str) -> bool| {
            let of_name = pairs.iter().filter(|(name, _)| is(name));
            one(of_name.map(|(_, value)| value.as_str()).collect())
        };
        match source {
            IdentitySource::Header(name) => all(request.headers, &|own| own.eq_ignore_ascii_case(name)),
            IdentitySource::Query(name) => all(request.query, &|own| own == name),
            IdentitySource::Method => Some(request.method.to_owned()),
            IdentitySource::Path => Some(request.path.to_owned()),
            IdentitySource::SourceIp => Some(request.source_ip.to_owned()),
            IdentitySource::DomainName => Some(request.domain.to_owned()),
            IdentitySource::RouteKey => Some(request.route_key.to_owned()),
        }
    }

    /// What `answer` says of `arn`; `None` where it has not the form that the API takes. A policy is evaluated anew for
    /// each request; a simple answer says the same of all.
    fn judge(&self, answer: &Value, arn: &str) -> Option<Gate> {
        const LARGEST: usize = 8 * 1024;
        if answer.to_string().len() > LARGEST {
            return None;
        }
        let members = answer.as_object()?;
        let context = match members.get("context") {
            None => Map::new(),
            Some(Value::Object(context)) => context.clone(),
            Some(_) => return None,
        };
        let is_scalar = |value: &Value| !value.is_object() && !value.is_array() && !value.is_null();
        if self.api.is_rest() && !context.values().all(is_scalar) {
            return None;
        }
        let is_allowed = if self.api == GatewayApi::HttpApi2Simple {
            members.get("isAuthorized")?.as_bool()?
        } else {
            let principal = members.get("principalId")?.as_str()?;
            let effect = policy::evaluate(members.get("policyDocument")?, arn).ok()?;
            !principal.is_empty() && effect == Effect::Allow
        };
        Some(if is_allowed { Gate::Passed(context) } else { Gate::Refused { status: 403, context } })
    }
}

#[cfg(test)]
mod tests;
