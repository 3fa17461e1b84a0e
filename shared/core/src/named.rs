use doorward_config::RequestContext;
use doorward_model::{AmbiguousParameter, HttpRequest, MalformedFault, QueryPairs};
use http::{HeaderMap, HeaderName};

/// The header fields and query parameters that a route names, as far as they are there: each has one reading. The
/// caller chose the values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
}

impl Named {
    /// Reads what `context` names. What stands twice is refused rather than chosen from: the target might choose
    /// otherwise.
    pub(crate) fn read(context: &RequestContext, request: &HttpRequest) -> Result<Self, MalformedFault> {
        let mut named = Self { headers: Vec::new(), query: Vec::new() };
        for name in &context.headers {
            let value = header(request, name)?;
            named.headers.extend(value.map(|value| (name.as_str().to_owned(), value)));
        }
        for name in &context.query {
            let value = QueryPairs::only(&request.query, name);
            let value = value.map_err(|AmbiguousParameter| MalformedFault::Query(name.clone()))?;
            named.query.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(named)
    }
}

/// The one value of a field that policies or the door's own rules go by; `None` where it is not there.
pub(crate) fn header(request: &HttpRequest, name: &HeaderName) -> Result<Option<String>, MalformedFault> {
    field(&request.headers, name).map_err(|Ambiguous| MalformedFault::Header(name.as_str().to_owned()))
}

/// A header field that has no reading, or more than one.
struct Ambiguous;

/// The one value of a field, without the white space around it (RFC 9110 section 5.5).
fn field(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Ambiguous> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Ambiguous);
    }
    let text = std::str::from_utf8(line.as_bytes()).map_err(|_| Ambiguous)?;
    Ok(Some(text.trim_matches([' ', '\t']).to_owned()))
}
