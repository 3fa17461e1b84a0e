//! Addresses of servers, as targets of their kind name them.

/// Scheme and host, and the path behind them with its slash; `None` for what is no address of a server.
pub(super) fn split(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let fine = !host.is_empty() && !host.contains(['{', '}', '$', '@', ' ']);
    fine.then(|| {
        (
            format!("{}://{host}", scheme.to_ascii_lowercase()),
            if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        )
    })
}

/// A name for a target at `host`: its first label that says something.
pub(super) fn name(base: &str) -> String {
    let host = base.rsplit("://").next().unwrap_or(base).split(':').next().unwrap_or(base);
    let mut labels = host.split('.').filter(|label| !["www", "api"].contains(label));
    super::names::slug(labels.next().unwrap_or("backend"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parted_into_base_and_path() {
        let split = |url| split(url).map(|(base, path)| format!("{base} {path}"));
        assert_eq!(
            split("https://api.shop.example/v2/{id}?x=1").as_deref(),
            Some("https://api.shop.example /v2/{id}")
        );
        assert_eq!(split("HTTP://10.0.0.1:8080").as_deref(), Some("http://10.0.0.1:8080 /"));
        for url in [
            "/v1",
            "https://{host}/v1",
            "https://${x}/",
            "ftp://a.example",
            "https:///x",
            "https://a@b.example",
        ] {
            assert_eq!(split(url), None, "{url}");
        }
        assert_eq!(name("https://api.shop.example"), "shop");
    }
}
