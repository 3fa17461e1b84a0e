use std::collections::HashMap;

use doorward_config::{Route, RouteMatch};
use doorward_model::CanonicalPath;
use http::Method;

/// Finds the route of a canonical path.
#[derive(Debug, Default)]
pub(crate) struct Router {
    paths: matchit::Router<HashMap<Method, usize>>,
    /// By route key of a WebSocket API.
    sockets: HashMap<String, usize>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Match {
    /// The route's place in the configuration, and the decoded path parameters.
    Route(usize, Vec<(String, String)>),
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
        let mut methods: HashMap<&str, HashMap<Method, usize>> = HashMap::new();
        let mut sockets = HashMap::new();
        for (place, route) in routes.iter().enumerate() {
            match &route.matched {
                RouteMatch::Http { method, path } => {
                    methods.entry(path).or_default().insert(method.clone(), place);
                }
                RouteMatch::Socket(key) => drop(sockets.insert(key.clone(), place)),
            }
        }
        let mut paths = matchit::Router::new();
        for (path, methods) in methods {
            paths.insert(path, methods).map_err(|_| path.to_owned())?;
        }
        Ok(Self { paths, sockets })
    }

    /// What the route key of a WebSocket API leads to.
    pub(crate) fn find_socket(&self, key: &str) -> Match {
        self.sockets.get(key).map_or(Match::Nothing, |place| Match::Route(*place, Vec::new()))
    }

    /// What `method` on `path` leads to.
    pub(crate) fn find(&self, method: &Method, path: &CanonicalPath) -> Match {
        let Ok(found) = self.paths.at(path.as_str()) else { return Match::Nothing };
        match found.value.get(method) {
            Some(place) => {
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
