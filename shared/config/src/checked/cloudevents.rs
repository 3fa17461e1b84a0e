/// `cloudevents = { … }` of a route: each of its requests brings events, and each event has a rule of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEventsRule {
    /// The most events of one request.
    pub batch: usize,
    /// Names of extension attributes that policies read and `match` tests, beside the attributes that the specification has.
    pub extensions: Vec<String>,
    /// Origins that may ask by `OPTIONS` whether events are taken here (CloudEvents HTTP webhook specification, section 4);
    /// empty where nobody is answered.
    pub origins: Vec<String>,
}

/// The route that an event rule takes CloudEvents of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRoute {
    /// Its id.
    pub id: String,
    /// The names of extension attributes that it declares.
    pub extensions: Vec<String>,
}
