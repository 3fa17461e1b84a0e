//! The fronts of a local door: one of each kind that the configuration pins, as its template deploys them.

use std::collections::BTreeSet;

use doorward_config::{AuthorizerAnswer, Config, Credential, Route, RouteMatch, SocketRule};
use doorward_emulator::{
    Access, Alb, Authorizer, AuthorizerForm, FunctionUrl, HttpApi, InvokeMode, Payload, RestApi,
    RestAuthorizer, RestAuthorizerKind, RestMethod, UrlAuth, WebSocketApi, WebSocketAuthorizer,
    WebSocketRoute,
};
use doorward_model::{Front, FrontKind};

use crate::local_door::{AUTHORIZER, DISPATCHER};

/// The path of the Lambda Invoke API.
const INVOCATIONS: &str = "/2015-03-31/functions/{FunctionName}/invocations";

/// The stage of APIs that have one by name.
const STAGE: &str = "prod";

/// What listens for requests.
pub(crate) struct LocalFronts {
    pub(crate) rest_api: Option<RestApi>,
    pub(crate) http_api: Option<HttpApi>,
    pub(crate) websocket_api: Option<WebSocketApi>,
    pub(crate) function_url: Option<FunctionUrl>,
    /// One of those that verify signatures.
    pub(crate) signed_function_url: Option<FunctionUrl>,
    pub(crate) alb: Option<Alb>,
}

/// The first front of each kind.
pub(crate) fn of(config: &Config) -> LocalFronts {
    let signed = |front: &&Front| config.iam.as_ref().is_some_and(|iam| iam.fronts.contains(*front));
    let pinned = |kind| {
        let front = config.fronts.iter().filter(|front| !signed(front)).find(|front| front.kind == kind);
        front.map(|front| front.id.clone())
    };
    let function_url = |id: String, auth| FunctionUrl {
        invoke_mode: mode(config, FrontKind::FunctionUrl, &id),
        id,
        function: DISPATCHER.to_owned(),
        auth,
    };
    LocalFronts {
        rest_api: pinned(FrontKind::RestApi).map(|id| rest_api(id, config)),
        http_api: pinned(FrontKind::HttpApi).map(|id| http_api(id, config)),
        websocket_api: pinned(FrontKind::WebSocketApi).map(|id| websocket_api(id, config)),
        function_url: pinned(FrontKind::FunctionUrl).map(|id| function_url(id, UrlAuth::None)),
        signed_function_url: config
            .fronts
            .iter()
            .find(signed)
            .map(|front| function_url(front.id.clone(), UrlAuth::AwsIam)),
        alb: pinned(FrontKind::Alb).map(|target_group| Alb {
            target_group,
            function: DISPATCHER.to_owned(),
            multi_value_headers: true,
            client_certificate: None,
        }),
    }
}

/// How the front takes answers.
fn mode(config: &Config, kind: FrontKind, id: &str) -> InvokeMode {
    match config.streams(&Front { kind, id: id.to_owned() }) {
        true => InvokeMode::Streamed,
        false => InvokeMode::Buffered,
    }
}

/// A key for each of the project's routes, and the door's own routes, which the dispatcher answers by itself.
fn routes(config: &Config) -> impl Iterator<Item = (String, Access)> {
    let routes = config.routes.iter().filter(|route| matches!(route.matched, RouteMatch::Http { .. }));
    let keys = routes.map(|route| (route.matched.to_string(), access(route)));
    // Signatures for an API name another service than SDKs of Lambda sign for; a token may come by one.
    let invocations = config.routes.iter().any(|route| route.invoke().is_some());
    let keys = keys.chain(invocations.then(|| (format!("POST {INVOCATIONS}"), Access::Open)));
    // Senders of events ask beforehand, without credentials, and so do browsers: `ANY` would have an authorizer asked.
    let asks = |route: &Route| {
        let sends_events = route.cloudevents.as_ref().is_some_and(|rule| !rule.origins.is_empty());
        sends_events || config.cors.is_some() && route.takes_any_method()
    };
    let asked = config.routes.iter().filter_map(move |route| match &route.matched {
        RouteMatch::Http { path, .. } if asks(route) => Some(format!("OPTIONS {path}")),
        _ => None,
    });
    let takes_options = |key: &String| config.routes.iter().any(|route| route.matched.to_string() == *key);
    let asked: BTreeSet<String> = asked.filter(|key| !takes_options(key)).collect();
    let keys = keys.chain(asked.into_iter().map(|key| (key, Access::Open)));
    let own = ["GET /.doorward/health", "GET /.doorward/usage"];
    keys.chain(own.map(|key| (key.to_owned(), Access::Open)))
}

/// What an API has before a route. A signature is checked by the API itself, which has room for nothing else then.
fn access(route: &Route) -> Access {
    if route.auth == [Credential::Iam] {
        Access::AwsIam
    } else if route.authorizer {
        Access::Authorizer
    } else {
        Access::Open
    }
}

/// The identity sources as an API of this kind writes them.
fn identity_sources(kind: FrontKind, config: &Config) -> Vec<String> {
    config.authorizer.identity_sources.iter().filter_map(|source| source.expression(kind)).collect()
}

fn http_api(id: String, config: &Config) -> HttpApi {
    let route = |(key, access)| doorward_emulator::Route {
        key,
        function: DISPATCHER.to_owned(),
        access,
        payload: Payload::V2,
    };
    HttpApi {
        id,
        routes: routes(config).map(route).collect(),
        authorizer: Some(Authorizer {
            function: AUTHORIZER.to_owned(),
            identity_sources: identity_sources(FrontKind::HttpApi, config),
            ttl: config.authorizer.cache,
            form: match config.authorizer.answer {
                AuthorizerAnswer::Simple => AuthorizerForm::SimpleV2,
                AuthorizerAnswer::IamPolicy => AuthorizerForm::PolicyV2,
            },
        }),
        client_certificate: None,
    }
}

fn rest_api(id: String, config: &Config) -> RestApi {
    let method = |(key, access)| RestMethod { key, function: DISPATCHER.to_owned(), access };
    let identity_sources = identity_sources(FrontKind::RestApi, config);
    RestApi {
        transfer_mode: mode(config, FrontKind::RestApi, &id),
        id,
        stage: STAGE.to_owned(),
        methods: routes(config).map(method).collect(),
        authorizer: Some(RestAuthorizer {
            function: AUTHORIZER.to_owned(),
            kind: RestAuthorizerKind::Request { identity_sources },
            ttl: config.authorizer.cache,
        }),
        binary_media_types: Vec::new(),
        access_denied: None,
        client_certificate: None,
    }
}

/// Where messages to a local door say which route they are for, as most WebSocket APIs are set up.
const ROUTE_SELECTION: &str = "$request.body.action";

/// A route for each of the project's route keys, and one for openings, which ask the authorizer. Each has a route response, so
/// that callers hear of refusals.
fn websocket_api(id: String, config: &Config) -> WebSocketApi {
    let route =
        |key: &str| WebSocketRoute { key: key.to_owned(), function: DISPATCHER.to_owned(), answers: true };
    let declared = config.routes.iter().filter_map(Route::socket).map(|rule| route(&rule.key));
    let opens = config.routes.iter().filter_map(Route::socket).any(SocketRule::is_opening);
    WebSocketApi {
        id,
        stage: STAGE.to_owned(),
        routes: declared.chain((!opens).then(|| route("$connect"))).collect(),
        route_selection: ROUTE_SELECTION.to_owned(),
        authorizer: Some(WebSocketAuthorizer {
            function: AUTHORIZER.to_owned(),
            identity_sources: identity_sources(FrontKind::WebSocketApi, config),
        }),
    }
}
