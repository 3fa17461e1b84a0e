use std::collections::HashMap;

use doorward_config::{Route, RouteMatch, RouteMethod};
use doorward_model::{CanonicalPath, Socket, SocketEvent};
use http::Method;

use crate::invoke;

/// Finds the route of a canonical path.
#[derive(Debug, Default)]
pub(crate) struct Router {
    methods: HashMap<Method, Paths>,
    /// By the public name of a function: routes of the invoke door, which share one path.
    invocations: HashMap<String, usize>,
    /// By route key of a WebSocket API.
    sockets: HashMap<String, usize>,
}

/// The paths of one method, in the order in which HTTP APIs look at routes: a full match of a route and its method goes before
/// one with a greedy parameter, whatever else takes the path ("Working with routes for HTTP APIs", API Gateway guide). In each,
/// the first segment that differs decides, a literal one before a parameter, and this before a greedy one.
#[derive(Debug, Default)]
struct Paths {
    full: matchit::Router<Place>,
    greedy: matchit::Router<Place>,
}

/// What a method on a path leads to.
#[derive(Debug, Clone, Copy)]
enum Place {
    Route(usize),
    Invocations,
}

/// What is below it the door answers itself, or nobody.
const OWN: &str = "/.doorward";

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Match {
    /// The route's place in the configuration, and the decoded path parameters; a greedy one with the slashes between its
    /// segments.
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
        let mut router = Self::default();
        let mut any = Vec::new();
        for (place, route) in routes.iter().enumerate() {
            match &route.matched {
                RouteMatch::Http { method: RouteMethod::Only(method), path } => {
                    router.insert(method, path, Place::Route(place))?;
                }
                RouteMatch::Http { method: RouteMethod::Any, path } => any.push((path, Place::Route(place))),
                RouteMatch::Socket(rule) => drop(router.sockets.insert(rule.key.clone(), place)),
                RouteMatch::Invoke(rule) => {
                    if !router.takes_invocations() {
                        router.insert(&Method::POST, invoke::PATH, Place::Invocations)?;
                    }
                    router.invocations.insert(rule.function.name.clone(), place);
                }
            }
        }
        // A method that has its own route with the path is not theirs.
        for (path, place) in any {
            let inserted = RouteMethod::ALL.map(|method| router.insert(&method, path, place));
            if inserted.iter().all(Result::is_err) {
                return Err(path.clone());
            }
        }
        Ok(router)
    }

    fn insert(&mut self, method: &Method, path: &str, place: Place) -> Result<(), String> {
        let Paths { full, greedy } = self.methods.entry(method.clone()).or_default();
        let inserted = match path.strip_suffix("+}").and_then(|path| path.rsplit_once('{')) {
            Some((before, name)) => greedy.insert(format!("{before}{{*{name}}}"), place),
            None => full.insert(path, place),
        };
        inserted.map_err(|_| path.to_owned())
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
        match self.at(method, path) {
            Some((Place::Route(place), parameters)) => Match::Route(place, parameters),
            Some((Place::Invocations, parameters)) => {
                parameters.into_iter().next().map_or(Match::Nothing, |(_, name)| Match::Invocation(name))
            }
            None => match self.methods(path) {
                methods if methods.is_empty() => Match::Nothing,
                methods => Match::OtherMethods(methods),
            },
        }
    }

    /// The methods that lead somewhere at `path`, in their alphabetical order.
    pub(crate) fn methods(&self, path: &CanonicalPath) -> Vec<Method> {
        let mut methods: Vec<Method> = RouteMethod::ALL.into();
        methods.retain(|method| self.at(method, path).is_some());
        methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        methods
    }

    fn at(&self, method: &Method, path: &CanonicalPath) -> Option<(Place, Vec<(String, String)>)> {
        let text = path.as_str();
        if text == OWN || text.strip_prefix(OWN).is_some_and(|rest| rest.starts_with('/')) {
            return None;
        }
        let Paths { full, greedy } = self.methods.get(method)?;
        let found = full.at(text).or_else(|_| greedy.at(text)).ok()?;
        let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some((*found.value, parameters.collect()))
    }
}

#[cfg(test)]
mod tests;
