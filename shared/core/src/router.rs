use std::collections::HashMap;

use doorward_config::{Route, RouteMatch};
use doorward_model::{CanonicalPath, Socket, SocketEvent};
use http::Method;

use crate::invoke;

/// Finds the route of a canonical path.
#[derive(Debug, Default)]
pub(crate) struct Router {
    paths: matchit::Router<HashMap<Method, Place>>,
    /// By the public name of a function: routes of the invoke door, which share one path.
    invocations: HashMap<String, usize>,
    /// By route key of a WebSocket API.
    sockets: HashMap<String, usize>,
}

/// What a method on a path leads to.
#[derive(Debug, Clone, Copy)]
enum Place {
    Route(usize),
    Invocations,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Match {
    /// The route's place in the configuration, and the decoded path parameters.
    Route(usize, Vec<(String, String)>),
    /// A function is to be invoked; how it is named.
    Invocation(String),
    /// The path exists for these methods only, in their alphabetical order.
    OtherMethods(Vec<Method>),
    /// No route has this path.
    Nothing,
}

impl Router {
    /// A router over checked routes, whose paths do not conflict.
    ///
    /// # Errors
    /// The path that conflicts with one before it.
    pub(crate) fn new(routes: &[Route]) -> Result<Self, String> {
        let mut methods: HashMap<&str, HashMap<Method, Place>> = HashMap::new();
        let (mut sockets, mut invocations) = (HashMap::new(), HashMap::new());
        for (place, route) in routes.iter().enumerate() {
            match &route.matched {
                RouteMatch::Http { method, path } => {
                    methods.entry(path).or_default().insert(method.clone(), Place::Route(place));
                }
                RouteMatch::Socket(rule) => drop(sockets.insert(rule.key.clone(), place)),
                RouteMatch::Invoke(rule) => {
                    methods.entry(invoke::PATH).or_default().insert(Method::POST, Place::Invocations);
                    invocations.insert(rule.function.name.clone(), place);
                }
            }
        }
        let mut paths = matchit::Router::new();
        for (path, methods) in methods {
            paths.insert(path, methods).map_err(|_| path.to_owned())?;
        }
        Ok(Self { paths, invocations, sockets })
    }

    /// Whether some route is of the invoke door.
    pub(crate) fn takes_invocations(&self) -> bool {
        !self.invocations.is_empty()
    }

    /// The place of the route whose function has this public name.
    pub(crate) fn find_function(&self, name: &str) -> Option<usize> {
        self.invocations.get(name).copied()
    }

    /// What the route key of a WebSocket API leads to: a message of a key that no route has goes where its gateway would send
    /// it, if it had none either.
    pub(crate) fn find_socket(&self, socket: &Socket) -> Match {
        let own = self.sockets.get(&socket.route_key);
        let default = || match socket.event {
            SocketEvent::Message => self.sockets.get("$default"),
            SocketEvent::Connect | SocketEvent::Disconnect => None,
        };
        own.or_else(default).map_or(Match::Nothing, |place| Match::Route(*place, Vec::new()))
    }

    /// What `method` on `path` leads to.
    pub(crate) fn find(&self, method: &Method, path: &CanonicalPath) -> Match {
        let Ok(found) = self.paths.at(path.as_str()) else { return Match::Nothing };
        match found.value.get(method) {
            Some(Place::Invocations) => found
                .params
                .get("FunctionName")
                .map_or(Match::Nothing, |name| Match::Invocation(name.to_owned())),
            Some(Place::Route(place)) => {
                let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
                Match::Route(*place, parameters.collect())
            }
            None => {
                let mut allow: Vec<Method> = found.value.keys().cloned().collect();
                allow.sort_by(|a, b| a.as_str().cmp(b.as_str()));
                Match::OtherMethods(allow)
            }
        }
    }
}
