/// What a route makes of the path and the query that its target is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// The path, beginning with a slash; `None` leaves the one that came in.
    pub path: Option<Template>,
    /// Query parameters that are set to this, whatever they were.
    pub set_query: Vec<(String, Template)>,
    /// Query parameters that are taken off.
    pub remove_query: Vec<String>,
}

/// A text with the values of path parameters in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(pub Vec<TemplatePart>);

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    /// This text.
    Text(String),
    /// The value of the path parameter with this name.
    Parameter(String),
}
