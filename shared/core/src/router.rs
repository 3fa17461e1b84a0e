use std::collections::HashMap;

use doorward_config::{Route, RouteMatch, RouteMethod};
use doorward_model::{CanonicalPath, Socket, SocketEvent};
use http::Method;

use crate::invoke;

/// Finds the route of a canonical path.
#[derive(Debug, Default)]
pub(crate) struct Router {
    root: Node,
    /// By the public name of a function: routes of the invoke door, which share one path.
    invocations: HashMap<String, usize>,
    /// By route key of a WebSocket API.
    sockets: HashMap<String, usize>,
}

/// Where the paths of routes have come to, segment by segment. Each node is looked at once for a path at most, since one way
/// leads to it.
#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// Routes that end here.
    full: Methods,
    /// Routes whose last parameter takes all that is left from here.
    greedy: Methods,
}

/// The routes of one path.
#[derive(Debug, Default)]
struct Methods {
    own: HashMap<Method, End>,
    any: Option<End>,
}

/// A route at the end of its path.
#[derive(Debug, Clone)]
struct End {
    place: Place,
    /// The names of its parameters, and which segments they are, counted from 0.
    parameters: Vec<(String, usize)>,
    is_greedy: bool,
}

/// What a method on a path leads to.
#[derive(Debug, Clone, Copy)]
enum Place {
    Route(usize),
    Invocations,
}

impl Methods {
    /// Whether it was not taken.
    fn insert(&mut self, method: &RouteMethod, end: End) -> bool {
        match method {
            RouteMethod::Any => self.any.replace(end).is_none(),
            RouteMethod::Only(method) => self.own.insert(method.clone(), end).is_none(),
        }
    }

    fn get(&self, method: &Method) -> Option<&End> {
        let any = self.any.as_ref().filter(|_| RouteMethod::ALL.contains(method));
        self.own.get(method).or(any)
    }
}

/// Routes are looked at in the order of HTTP APIs: a full match of a route and its method goes before one with a greedy
/// parameter, whatever else takes the path ("Working with routes for HTTP APIs", API Gateway guide). Of each kind, the first
/// segment that differs decides, a literal one before a parameter, and this before a greedy one.
impl Node {
    fn full(&self, method: &Method, path: &[&str]) -> Option<&End> {
        let Some((first, rest)) = path.split_first() else { return self.full.get(method) };
        let literal = self.literals.get(*first).and_then(|node| node.full(method, rest));
        literal.or_else(|| self.parameter.as_ref()?.full(method, rest))
    }

    fn greedy(&self, method: &Method, path: &[&str]) -> Option<&End> {
        let (first, rest) = path.split_first()?;
        let literal = self.literals.get(*first).and_then(|node| node.greedy(method, rest));
        let inner = literal.or_else(|| self.parameter.as_ref()?.greedy(method, rest));
        inner.or_else(|| self.greedy.get(method))
    }
}

impl End {
    /// The decoded parameters of a path that led here.
    fn parameters(&self, path: &[&str]) -> Vec<(String, String)> {
        let value = |at: usize, is_last: bool| match self.is_greedy && is_last {
            true => path.get(at..).unwrap_or_default().join("/"),
            false => path.get(at).copied().unwrap_or_default().to_owned(),
        };
        let last = self.parameters.len().saturating_sub(1);
        let all = self.parameters.iter().enumerate();
        all.map(|(nth, (name, at))| (name.clone(), value(*at, nth == last))).collect()
    }
}

/// The first segment of paths that the door answers itself, or nobody.
const OWN: &str = ".doorward";

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
        for (place, route) in routes.iter().enumerate() {
            match &route.matched {
                RouteMatch::Http { method, path } => router.insert(method, path, Place::Route(place))?,
                RouteMatch::Socket(rule) => drop(router.sockets.insert(rule.key.clone(), place)),
                RouteMatch::Invoke(rule) => {
                    if !router.takes_invocations() {
                        let post = RouteMethod::Only(Method::POST);
                        router.insert(&post, invoke::PATH, Place::Invocations)?;
                    }
                    router.invocations.insert(rule.function.name.clone(), place);
                }
            }
        }
        Ok(router)
    }

    fn insert(&mut self, method: &RouteMethod, path: &str, place: Place) -> Result<(), String> {
        let mut end = End { place, parameters: Vec::new(), is_greedy: false };
        let mut node = &mut self.root;
        for (at, segment) in segments(path).into_iter().enumerate() {
            let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
                node = node.literals.entry(segment.to_owned()).or_default();
                continue;
            };
            let greedy = name.strip_suffix('+');
            end.parameters.push((greedy.unwrap_or(name).to_owned(), at));
            end.is_greedy = greedy.is_some();
            if !end.is_greedy {
                node = node.parameter.get_or_insert_default();
            }
        }
        let methods = if end.is_greedy { &mut node.greedy } else { &mut node.full };
        methods.insert(method, end).then_some(()).ok_or_else(|| path.to_owned())
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
        let segments = segments(path.as_str());
        match self.end(method, &segments) {
            Some(end) => match (end.place, end.parameters(&segments)) {
                (Place::Route(place), parameters) => Match::Route(place, parameters),
                (Place::Invocations, parameters) => {
                    parameters.into_iter().next().map_or(Match::Nothing, |(_, name)| Match::Invocation(name))
                }
            },
            None => match self.methods(path) {
                methods if methods.is_empty() => Match::Nothing,
                methods => Match::OtherMethods(methods),
            },
        }
    }

    /// The methods that lead somewhere at `path`, in their alphabetical order.
    pub(crate) fn methods(&self, path: &CanonicalPath) -> Vec<Method> {
        let segments = segments(path.as_str());
        let mut methods: Vec<Method> = RouteMethod::ALL.into();
        methods.retain(|method| self.end(method, &segments).is_some());
        methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        methods
    }

    fn end(&self, method: &Method, path: &[&str]) -> Option<&End> {
        if path.first() == Some(&OWN) {
            return None;
        }
        self.root.full(method, path).or_else(|| self.root.greedy(method, path))
    }
}

/// The segments of a canonical path; `/` has none.
fn segments(path: &str) -> Vec<&str> {
    let rest = path.strip_prefix('/').unwrap_or(path);
    if rest.is_empty() { Vec::new() } else { rest.split('/').collect() }
}

#[cfg(test)]
mod tests;
