use doorward_model::{CanonicalPath, Fault, PathFault, PathForm};

use crate::report::quote;

/// The path of a route: literal segments, written decoded, and parameters that are whole segments. The last one may be greedy:
/// `{path+}` takes one segment or more, to the end of the path ("Working with routes for HTTP APIs", API Gateway guide).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathTemplate {
    /// As it was written, which is its canonical form.
    pub(crate) text: String,
    /// Names of its parameters, each once, in order.
    pub(crate) parameters: Vec<String>,
}

impl PathTemplate {
    /// Reads `/orders/{id}` and `/files/{path+}`.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mut parameters = Vec::new();
        let mut literal = Vec::new();
        let mut segments = text.split('/').peekable();
        while let Some(segment) = segments.next() {
            match parameter(segment, segments.peek().is_none())? {
                Some(name) if parameters.contains(&name) => {
                    return Err(Fault::new(format!("the path has the parameter {} twice", quote(&name))));
                }
                Some(name) => {
                    parameters.push(name);
                    // Any plain segment stands for all that a caller may put there.
                    literal.push("x");
                }
                None => literal.push(segment),
            }
        }
        check_canonical(text, &literal.join("/"))?;
        if matches!(literal.as_slice(), ["", ".doorward", ..]) {
            return Err(Fault::new(format!(
                "{} is reserved: the door answers below `/.doorward/`",
                quote(text)
            )));
        }
        Ok(Self { text: text.to_owned(), parameters })
    }

    /// The path without the names of its parameters: two routes of one method whose paths have the same are one too many.
    pub(crate) fn shape(&self) -> String {
        shape(&self.text)
    }
}

/// The path of a route without the names of its parameters.
pub(crate) fn shape(path: &str) -> String {
    let segment = |segment: &str| match (segment.starts_with('{'), segment.ends_with("+}")) {
        (false, _) => segment.to_owned(),
        (true, false) => "{}".to_owned(),
        (true, true) => "{+}".to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The name in a segment `{name}`, or `{name+}` of the last one, `None` for a literal segment.
fn parameter(segment: &str, is_last: bool) -> Result<Option<String>, Fault> {
    if !segment.contains(['{', '}']) {
        return Ok(None);
    }
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let greedy = inner.and_then(|inner| inner.strip_suffix('+'));
    if greedy.is_some() && !is_last {
        let fault = Fault::new(format!("{} takes all that is left of the path", quote(segment)));
        return Err(fault.hint("only the last segment can: leave out the `+`, or what stands behind it"));
    }
    let name = greedy.or(inner).filter(|name| {
        name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    match name {
        Some(name) => Ok(Some(name.to_owned())),
        None => {
            let fault = Fault::new(format!("{} is not a parameter", quote(segment)));
            Err(fault
                .hint("a parameter is a whole segment and its name letters, digits and `_`: `/orders/{id}`"))
        }
    }
}

/// Routes are compared with canonical paths: one that is not canonical would never match.
fn check_canonical(text: &str, literal: &str) -> Result<(), Fault> {
    match CanonicalPath::parse(literal, PathForm::Decoded) {
        Ok(_) => Ok(()),
        Err(PathFault::TrailingSlash) => {
            let fault = Fault::new(format!("the path {} ends with a slash", quote(text)));
            Err(fault.hint("leave the last slash out"))
        }
        Err(PathFault::DoubleEncoding) => {
            let fault = Fault::new(format!("the path {} is percent-encoded", quote(text)));
            Err(fault
                .hint("write the characters themselves: callers' paths are decoded before they are matched"))
        }
        Err(fault) => Err(Fault::new(format!("{fault}: {}", quote(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_whole_segments() {
        let template = PathTemplate::parse("/orders/{id}/items/{item_2}").unwrap();
        assert_eq!(template.parameters, ["id", "item_2"]);
        for text in ["/", "/orders", "/{id}", "/café/a b", "/Orders", "/a*b", "/a:b", "/100%"] {
            assert_eq!(PathTemplate::parse(text).unwrap().text, text);
        }
    }

    #[test]
    fn only_the_last_parameter_takes_what_is_left() {
        for (text, name) in [("/{proxy+}", "proxy"), ("/files/{path+}", "path"), ("/a/{b}/{c_1+}", "c_1")] {
            let template = PathTemplate::parse(text).unwrap();
            assert_eq!(template.parameters.last().map(String::as_str), Some(name), "{text}");
        }
    }

    #[test]
    fn paths_that_differ_in_names_alone_have_one_shape() {
        let shape = |text| PathTemplate::parse(text).unwrap().shape();
        assert_eq!(shape("/a/{b}/{c+}"), "/a/{}/{+}");
        assert_eq!(shape("/a/{x}/{y+}"), shape("/a/{b}/{c+}"));
        assert_ne!(shape("/a/{b}"), shape("/a/{b+}"));
        assert_eq!(shape("/a+/b"), "/a+/b");
    }

    #[test]
    fn a_path_that_could_never_match_is_refused() {
        for text in [
            "",
            "orders",
            "//",
            "/orders/",
            "/orders//x",
            "/a/../b",
            "/a/.",
            "/a%20b",
            "/a;b",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a\0",
            "/{}",
            "/{id",
            "/id}",
            "/a{id}",
            "/{id}.json",
            "/{a}{b}",
            "/{id+}/x",
            "/{id++}",
            "/{+}",
            "/{+id}",
            "/x{id+}",
            "/{id}+",
            "/{id}/{id+}",
            "/{*rest}",
            "/{a-b}",
            "/{1}",
            "/{{id}}",
            "/{id}/{id}",
            "/.doorward",
            "/.doorward/usage",
            "/.doorward/{x}",
            "/.doorward/{x+}",
        ] {
            assert!(PathTemplate::parse(text).is_err(), "{text}");
        }
        assert!(PathTemplate::parse("/.doorwards").is_ok());
    }
}
