use std::fmt;

use http::Method;

/// Which methods a route takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RouteMethod {
    /// `ANY`: each of [`Self::ALL`] for which no other route has the same path.
    Any,
    /// This one.
    Only(Method),
}

impl RouteMethod {
    /// Methods that API Gateway and function URLs pass on, which are those that `ANY` stands for ("Set up a method request in
    /// API Gateway", API Gateway guide). No route takes another one.
    pub const ALL: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];

    /// The method, where there is one alone.
    #[must_use]
    pub fn only(&self) -> Option<&Method> {
        match self {
            Self::Any => None,
            Self::Only(method) => Some(method),
        }
    }

    /// As API Gateway writes it in route keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "ANY",
            Self::Only(method) => method.as_str(),
        }
    }
}

impl fmt::Display for RouteMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
