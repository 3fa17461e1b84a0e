//! Where a parameter stands.

use doorward_model::Fault;
use http::header::HeaderName;

use crate::documents::Documents;
use crate::pointer;

/// The four places of OpenAPI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    Query,
    Header(HeaderName),
    Cookie,
}

impl Location {
    /// Where the parameter `name` stands whose `in` is `place`; `Ok(None)` for header fields that OpenAPI takes out of
    /// contracts.
    pub(crate) fn read(
        documents: &Documents<'_>,
        at: &str,
        name: &str,
        place: &str,
    ) -> Result<Option<Self>, Fault> {
        let fault = |member: &str, message: String| Err(documents.fault(&pointer::join(at, member), message));
        Ok(Some(match place {
            "path" => Self::Path,
            "query" => Self::Query,
            "cookie" => Self::Cookie,
            "header"
                if ["accept", "content-type", "authorization"]
                    .contains(&name.to_ascii_lowercase().as_str()) =>
            {
                return Ok(None);
            }
            // The door drops such fields as they come in: other programs take `x_a` and `x-a` for the same.
            "header" if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                let message = format!("a header field named `{}` never gets here", pointer::shown(name));
                return fault("name", message)
                    .map_err(|fault: Fault| fault.hint("use letters, digits and dashes"));
            }
            "header" => match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => Self::Header(name),
                Err(_) => {
                    let message = format!("`{}` cannot be the name of a header field", pointer::shown(name));
                    return fault("name", message);
                }
            },
            other => {
                let message = format!("a parameter cannot stand in `{}`", pointer::shown(other));
                let hint = "expected `path`, `query`, `header` or `cookie`";
                return fault("in", message).map_err(|fault: Fault| fault.hint(hint));
            }
        }))
    }

    /// The part of a message that violations name.
    pub(crate) fn part(&self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header(_) => "header",
            Self::Cookie => "cookie",
        }
    }
}
