//! What a schema resource is called: a URI, or, where its document states none, the path of its file.

use doorward_model::percent_decode_exactly;
use referencing::Uri;

/// The longest identifier that is read or made, in bytes.
const MAX_BYTES: usize = 1_024;

/// The base that references in a schema resource are resolved against (RFC 3986 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ResourceId {
    /// A path in the library; one that begins with a slash is that of no file, but may be what an `$id` says.
    File(String),
    /// An absolute URI without its fragment, normalised (RFC 3986 section 6.2.2).
    Uri(String),
}

/// Why a reference leads to no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoId {
    /// Out of the folder that holds everything.
    Outside,
    /// To another machine, from a file.
    Remote,
    /// No URI reference.
    Malformed,
    /// Longer than 1,024 bytes.
    TooLong,
}

impl ResourceId {
    /// What `reference`, without its fragment, means where this is the base (RFC 3986 section 5.2).
    pub(crate) fn resolve(&self, reference: &str) -> Result<Self, NoId> {
        if reference.len() > MAX_BYTES {
            return Err(NoId::TooLong);
        }
        let resolved = match self {
            _ if has_scheme(reference) => {
                let uri = referencing::uri::from_str(reference).map_err(|_| NoId::Malformed)?;
                Self::Uri(uri.as_str().to_owned())
            }
            Self::Uri(base) => {
                let base = Uri::parse(base.as_str()).map_err(|_| NoId::Malformed)?;
                let uri = referencing::uri::resolve_against(&base, reference);
                Self::Uri(uri.map_err(|_| NoId::Malformed)?.as_str().to_owned())
            }
            Self::File(own) => Self::File(relative(own, reference)?),
        };
        let (Self::File(text) | Self::Uri(text)) = &resolved;
        if text.len() > MAX_BYTES { Err(NoId::TooLong) } else { Ok(resolved) }
    }

    pub(crate) fn len(&self) -> usize {
        let (Self::File(text) | Self::Uri(text)) = self;
        text.len()
    }
}

/// Whether `reference` is a URI, rather than relative to one.
pub(crate) fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']))
}

/// `path`, relative to the folder of the file `own`.
fn relative(own: &str, path: &str) -> Result<String, NoId> {
    let path = percent_decode_exactly(path).ok_or(NoId::Outside)?;
    if path.starts_with("//") || path.contains('?') {
        return Err(NoId::Remote);
    }
    if path.contains(['\\', '#']) || path.chars().any(char::is_control) {
        return Err(NoId::Outside);
    }
    let (root, path) = match path.strip_prefix('/') {
        Some(path) => ("/", path),
        None => ("", path.as_ref()),
    };
    let mut segments: Vec<&str> = if root.is_empty() { own.split('/').collect() } else { Vec::new() };
    segments.pop();
    let (folders, last) = path.rsplit_once('/').map_or((None, path), |(folders, last)| (Some(folders), last));
    for segment in folders.into_iter().flat_map(|folders| folders.split('/')).chain(Some(last)) {
        match segment {
            "." => {}
            ".." => drop(segments.pop().filter(|segment| !segment.is_empty()).ok_or(NoId::Outside)?),
            name => segments.push(name),
        }
    }
    match last {
        "" if folders.is_none() => return Err(NoId::Outside),
        // What is relative to a folder is in it.
        "." | ".." => segments.push(""),
        _ => {}
    }
    if folders.is_some_and(|folders| folders.split('/').any(str::is_empty)) {
        return Err(NoId::Outside);
    }
    Ok(format!("{root}{}", segments.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let base = ResourceId::File("contracts/shop/a.yaml".to_owned());
        let expected = expected.map(|path| ResourceId::File(path.to_owned()));
        assert_eq!(base.resolve(path).ok(), expected, "{path}");
    }

    #[test]
    fn paths_stay_in_the_folder_that_holds_everything() {
        check("b.yaml", Some("contracts/shop/b.yaml"));
        check("./b%20c.yaml", Some("contracts/shop/b c.yaml"));
        check("../common/b.yaml", Some("contracts/common/b.yaml"));
        check("../../b.yaml", Some("b.yaml"));
        check("../kinds/", Some("contracts/kinds/"));
        check("./..", Some("contracts/"));
        check("/schemas/b", Some("/schemas/b"));
        check("/schemas/../b", Some("/b"));
        for path in [
            "../../../b.yaml",
            "%2E%2E/../../b.yaml",
            "/../b.yaml",
            "//example.com/b.yaml",
            "b.yaml?x=1",
            "a//b.yaml",
            "a//",
            "a\\b.yaml",
            "b%00.yaml",
            "b%zz.yaml",
            "b%23.yaml",
            "",
        ] {
            check(path, None);
        }
    }

    #[test]
    fn uris_are_resolved_and_normalised() {
        let base = ResourceId::Uri("https://example.com/a/b.json".to_owned());
        for (reference, expected) in [
            ("c.json", "https://example.com/a/c.json"),
            ("../../c.json", "https://example.com/c.json"),
            ("/c", "https://example.com/c"),
            ("//Example.ORG/x/../%7Ec", "https://example.org/~c"),
            ("?q", "https://example.com/a/b.json?q"),
            ("HTTPS://EXAMPLE.com/a/./b.json", "https://example.com/a/b.json"),
            ("urn:example:a", "urn:example:a"),
            ("file:b.yaml", "file:b.yaml"),
        ] {
            assert_eq!(base.resolve(reference), Ok(ResourceId::Uri(expected.to_owned())), "{reference}");
        }
        let urn = ResourceId::Uri("urn:example:a".to_owned());
        assert_eq!(base.resolve("c d"), Err(NoId::Malformed));
        assert_eq!(urn.resolve("c.json"), Err(NoId::Malformed));
        let long = "c/".repeat(400);
        assert_eq!(base.resolve(&format!("{long}{long}")), Err(NoId::TooLong));
        let half = base.resolve(&long).unwrap();
        assert_eq!(half.resolve(&long), Err(NoId::TooLong));
    }
}
