//! Server Objects (OpenAPI 3.0 and 3.1): the path that goes before those of the operations.

use serde_json::Value;

use crate::documents::Documents;
use crate::pointer;

/// The URL of a Server Object, its variables replaced by their defaults.
pub(crate) fn expanded(server: &Value) -> String {
    let mut url = server.get("url").and_then(Value::as_str).unwrap_or("/").to_owned();
    let variables = server.get("variables").and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        let default = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), default);
    }
    url
}

/// URLs that one Server Object may stand for.
const MOST_URLS: usize = 256;

/// The URLs of a Server Object with every value that the variables of its path may have; `None` where they are too many.
/// Those of the host are replaced by their defaults.
pub(crate) fn expansions(server: &Value) -> Option<Vec<String>> {
    let url = server.get("url").and_then(Value::as_str).unwrap_or("/");
    let variables = server.get("variables").and_then(Value::as_object);
    let mut urls = vec![url.to_owned()];
    for (name, variable) in variables.into_iter().flatten() {
        let braced = format!("{{{name}}}");
        let mut values = vec![variable.get("default").and_then(Value::as_str).unwrap_or_default()];
        if base_path(url).contains(&braced) {
            let listed = variable.get("enum").and_then(Value::as_array).into_iter().flatten();
            values.extend(listed.filter_map(Value::as_str));
        }
        values.sort_unstable();
        values.dedup();
        if !url.contains(&braced) {
            continue;
        }
        if urls.len().saturating_mul(values.len()) > MOST_URLS {
            return None;
        }
        let filled = urls.iter().flat_map(|url| values.iter().map(|value| url.replace(&braced, value)));
        urls = filled.collect();
    }
    Some(urls)
}

/// The path of a server's URL, without the slash at its end: `/v1`, or nothing where it is the root.
pub(crate) fn base_path(url: &str) -> String {
    let rest = url.split(['?', '#']).next().unwrap_or_default();
    let authority = rest.split_once("://").map(|(_, behind)| behind).or_else(|| rest.strip_prefix("//"));
    let path = match authority {
        Some(authority) => authority.find('/').and_then(|at| authority.get(at..)).unwrap_or(""),
        None => rest.strip_prefix('.').unwrap_or(rest),
    };
    let path = path.trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

/// The base paths of the operation at `at` in the Path Item Object at `item`: of its own servers, else of those of its
/// path, else of the document's, with every value that their variables may have. What has variables without a default is none.
pub(crate) fn base_paths(documents: &Documents<'_>, item: &str, at: &str) -> Vec<String> {
    let servers = [at, item, ""].into_iter().find_map(|holder| {
        let servers = documents.value(&pointer::join(holder, "servers"))?.as_array()?;
        (!servers.is_empty()).then_some(servers)
    });
    let urls = |server: &Value| expansions(server).unwrap_or_else(|| vec![expanded(server)]);
    let paths = servers.into_iter().flatten().flat_map(urls).map(|url| base_path(&url));
    paths.filter(|path| !path.contains(['{', '}'])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_path_of_a_server_goes_before_those_of_the_operations() {
        for (url, path) in [
            ("/", ""),
            ("", ""),
            ("/v1", "/v1"),
            ("/v1/", "/v1"),
            ("v1", "/v1"),
            ("./v1", "/v1"),
            ("https://shop.example", ""),
            ("https://shop.example/", ""),
            ("https://shop.example:8443/a/b/", "/a/b"),
            ("//shop.example/v1?x=/y#/z", "/v1"),
        ] {
            assert_eq!(base_path(url), path, "{url}");
        }
    }

    #[test]
    fn variables_stand_for_their_defaults() {
        let server = json!({
            "url": "https://{region}.shop.example/{version}",
            "variables": {"region": {"default": "eu"}, "version": {"default": "v2", "enum": ["v1", "v2"]}},
        });
        assert_eq!(expanded(&server), "https://eu.shop.example/v2");
        assert_eq!(expanded(&json!({})), "/");
        let all = expansions(&server).unwrap();
        assert_eq!(all, ["https://eu.shop.example/v1", "https://eu.shop.example/v2"]);
        let values: Vec<String> = (0..300).map(|nth| format!("v{nth}")).collect();
        let many = json!({"url": "/{v}", "variables": {"v": {"default": "v1", "enum": values}}});
        assert_eq!(expansions(&many), None);
    }
}
