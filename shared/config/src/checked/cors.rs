use std::time::Duration;

use http::HeaderName;

/// `[cors]`: pages of other origins that browsers let call the door (Fetch Standard, section 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Origins as browsers send them, `https://shop.example`; empty where any may call.
    pub origins: Vec<String>,
    /// Fields of requests that a page may set beside those that every page may.
    pub headers: Vec<HeaderName>,
    /// Fields of answers that a page may read beside those that every page may.
    pub expose: Vec<HeaderName>,
    /// Whether browsers send cookies and let pages read what comes of them.
    pub credentials: bool,
    /// For how long browsers remember what they were told.
    pub max_age: Duration,
}
