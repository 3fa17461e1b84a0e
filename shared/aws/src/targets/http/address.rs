use doorward_config::{Rewrite, Template, TemplatePart};
use doorward_model::{CanonicalPath, TargetFault};
use http::Uri;
use http::uri::Scheme;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 3986's unreserved characters, as [`CanonicalPath::encoded`] has it.
const VALUE: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Of a parameter in a path: no segment holds a slash, so one that is there parts those that a greedy parameter took.
const STRICT_SEGMENTS: AsciiSet = VALUE.remove(b'/');
/// The same with what is the same either way.
const SEGMENTS: AsciiSet = STRICT_SEGMENTS.remove(b':').remove(b'@');

/// What no query holds unescaped (WHATWG URL, "query percent-encode set"); whoever sent it meant what stands behind it. And
/// `;`, which to some servers parts parameters as `&` does: one that neither policies nor contract saw, or that was taken
/// off, could stand behind it.
const QUERY: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b';');

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) path: &'a CanonicalPath,
    /// Undecoded, as it came in.
    pub(super) query: &'a str,
    pub(super) parameters: &'a [(String, String)],
    pub(super) rewrite: Option<&'a Rewrite>,
    /// Whether all is escaped that can be, as AWS's own clients do it: its services may hold a signature against that form
    /// alone ("Create a signed AWS API request", IAM user guide: canonical URI).
    pub(super) strict: bool,
}

/// Where a request goes: always to scheme and host of `base`, whatever was asked for, and below its path.
///
/// # Errors
/// [`TargetFault::Unfit`] where path and query make no address.
pub(super) fn of_request(base: &str, asked: &Asked<'_>) -> Result<Uri, TargetFault> {
    let path = match asked.rewrite.and_then(|rewrite| rewrite.path.as_ref()) {
        Some(template) => {
            let escaped = if asked.strict { &STRICT_SEGMENTS } else { &SEGMENTS };
            rendered(template, asked.parameters, escaped, str::to_owned)?
        }
        None if asked.strict => asked.path.encoded(),
        None => asked.path.respelled(),
    };
    below(base, &path, &query(asked)?)
}

/// Where the records of an event go: to `base` itself.
pub(super) fn of_event(base: &str) -> Result<Uri, TargetFault> {
    below(base, "", "")
}

/// Scheme and host in lower case and without a port that is the scheme's own (RFC 3986 section 6.2.3), as they are signed.
fn below(base: &str, path: &str, query: &str) -> Result<Uri, TargetFault> {
    let unfit = |_| TargetFault::Unfit("path and query make no address");
    let base: Uri = base.parse().map_err(|_| TargetFault::Unfit("the target has no address"))?;
    let scheme = base.scheme().cloned().unwrap_or(Scheme::HTTPS);
    let usual = if scheme == Scheme::HTTP { 80 } else { 443 };
    let host = base.host().unwrap_or_default().to_ascii_lowercase();
    let stated = base.authority().is_some_and(|authority| authority.as_str().len() > host.len());
    let authority = match base.port_u16().filter(|port| *port != usual) {
        Some(port) => format!("{host}:{port}"),
        // A port that cannot be read is not the scheme's own in silence.
        None if stated && base.port_u16().is_none() => {
            return Err(TargetFault::Unfit("the target's port cannot be read"));
        }
        None => host,
    };
    let mut target = format!("{}{path}", base.path().trim_end_matches('/'));
    if target.is_empty() {
        target.push('/');
    }
    if !query.is_empty() {
        target.push('?');
        target.push_str(query);
    }
    Uri::builder().scheme(scheme).authority(authority).path_and_query(target).build().map_err(unfit)
}

fn rendered(
    template: &Template,
    parameters: &[(String, String)],
    escaped: &'static AsciiSet,
    literal: impl Fn(&str) -> String,
) -> Result<String, TargetFault> {
    let mut text = String::new();
    for part in &template.0 {
        match part {
            TemplatePart::Text(part) => text.push_str(&literal(part)),
            TemplatePart::Parameter(name) => {
                let value = parameters.iter().find(|(own, _)| own == name);
                let (_, value) = value.ok_or(TargetFault::Unfit("a path parameter is not there"))?;
                text.extend(utf8_percent_encode(value, escaped));
            }
        }
    }
    Ok(text)
}

/// The caller's query, without the parameters that are taken off or set, and with those that are set behind it.
fn query(asked: &Asked<'_>) -> Result<String, TargetFault> {
    if asked.query.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(TargetFault::Unfit("the query holds control characters"));
    }
    let own = Rewrite::default();
    let rewrite = asked.rewrite.unwrap_or(&own);
    if rewrite.set_query.is_empty() && rewrite.remove_query.is_empty() {
        return Ok(utf8_percent_encode(asked.query, &QUERY).to_string());
    }
    let is_kept = |pair: &&str| {
        let name = decoded(pair.split_once('=').map_or(*pair, |(name, _)| name));
        !pair.is_empty()
            && !rewrite.remove_query.contains(&name)
            && !rewrite.set_query.iter().any(|(set, _)| *set == name)
    };
    let kept = asked.query.split('&').filter(is_kept);
    let mut pairs: Vec<String> = kept.map(|pair| utf8_percent_encode(pair, &QUERY).to_string()).collect();
    for (name, template) in &rewrite.set_query {
        let literal = |text: &str| utf8_percent_encode(text, &VALUE).to_string();
        let value = rendered(template, asked.parameters, &VALUE, literal)?;
        pairs.push(format!("{}={value}", utf8_percent_encode(name, &VALUE)));
    }
    Ok(pairs.join("&"))
}

/// As WHATWG URL reads a name of `application/x-www-form-urlencoded`.
fn decoded(name: &str) -> String {
    percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use doorward_model::PathForm;

    use super::*;

    fn template(parts: &[&str]) -> Template {
        let part = |part: &&str| match part.strip_prefix(':') {
            Some(name) => TemplatePart::Parameter(name.to_owned()),
            None => TemplatePart::Text((*part).to_owned()),
        };
        Template(parts.iter().map(part).collect())
    }

    fn asked_for(
        base: &str,
        path: &str,
        query: &str,
        rewrite: Option<&Rewrite>,
    ) -> Result<String, TargetFault> {
        let path = CanonicalPath::parse(path, PathForm::Encoded).unwrap();
        let id = path.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        let parameters = [("id".to_owned(), id)];
        let asked = Asked { path: &path, query, parameters: &parameters, rewrite, strict: false };
        of_request(base, &asked).map(|uri| uri.to_string())
    }

    #[track_caller]
    fn check(base: &str, path: &str, query: &str, expected: &str) {
        assert_eq!(asked_for(base, path, query, None).unwrap(), expected);
    }

    #[test]
    fn a_request_goes_below_the_address_of_its_server() {
        check("https://a.example", "/", "", "https://a.example/");
        check("https://a.example/v1", "/", "", "https://a.example/v1/");
        check("https://A.Example:443/v1", "/orders/42", "a=1&b", "https://a.example/v1/orders/42?a=1&b");
        check("http://a.example:8080", "/orders", "", "http://a.example:8080/orders");
        check("http://[::1]:80", "/orders", "", "http://[::1]/orders");
        assert_eq!(of_event("https://a.example/hook").unwrap(), "https://a.example/hook");
        assert_eq!(of_event("https://a.example").unwrap(), "https://a.example/");
    }

    #[test]
    fn a_port_that_there_is_not_is_no_default_port() {
        for base in ["http://127.0.0.1:99999", "http://a.example:65536/v1", "https://a.example:"] {
            assert!(matches!(of_event(base), Err(TargetFault::Unfit(_))), "{base}");
        }
    }

    #[test]
    fn what_was_asked_for_is_encoded_once() {
        check("http://a", "/caf%C3%A9/a%20b%2B@c", "", "http://a/caf%C3%A9/a%20b%2B@c");
        check("http://a", "/@evil.example", "", "http://a/@evil.example");
        check("http://a", "/:8080@evil.example/things:batch", "", "http://a/:8080@evil.example/things:batch");
        let path = CanonicalPath::parse("/a:b@c+d", PathForm::Encoded).unwrap();
        let asked = Asked { path: &path, query: "", parameters: &[], rewrite: None, strict: true };
        assert_eq!(of_request("http://a", &asked).unwrap(), "http://a/a%3Ab%40c%2Bd");
        check("http://a", "/o", "q=a+b%20c&d=é \"<#", "http://a/o?q=a+b%20c&d=%C3%A9%20%22%3C%23");
        check("http://a", "/o", "u=http://x/?y=[1]", "http://a/o?u=http://x/?y=[1]");
        check("http://a", "/o", "a=1;admin=1&b=2%3b3", "http://a/o?a=1%3Badmin=1&b=2%3b3");
        for query in ["a=1\r\nx: y", "a=\0", "a=\x7f"] {
            assert!(matches!(asked_for("http://a", "/o", query, None), Err(TargetFault::Unfit(_))));
        }
    }

    #[test]
    fn a_path_is_rewritten_and_stays_one_of_as_many_segments() {
        let rewrite = |parts: &[&str]| Rewrite { path: Some(template(parts)), ..Rewrite::default() };
        let check = |parts: &[&str], path: &str, expected: &str| {
            assert_eq!(asked_for("http://a/v1", path, "q=1", Some(&rewrite(parts))).unwrap(), expected);
        };
        check(&["/items/", ":id"], "/orders/42", "http://a/v1/items/42?q=1");
        check(&["/items/o-", ":id", "/x"], "/orders/a%20b%40", "http://a/v1/items/o-a%20b@/x?q=1");
        check(&["/items/", ":id"], "/orders/a&b=c", "http://a/v1/items/a%26b%3Dc?q=1");
        check(&["/"], "/orders/42", "http://a/v1/?q=1");
        let fault = asked_for("http://a", "/o", "", Some(&rewrite(&["/", ":other"]))).unwrap_err();
        assert!(matches!(fault, TargetFault::Unfit(_)));
    }

    #[test]
    fn what_a_greedy_parameter_took_stays_as_many_segments() {
        let path = CanonicalPath::parse("/files/a%20b/c@d/%C3%A9", PathForm::Encoded);
        let parameters = [("rest".to_owned(), "a b/c@d/é".to_owned())];
        let rewrite = Rewrite {
            path: Some(template(&["/static/v-", ":rest"])),
            set_query: vec![("of".to_owned(), template(&[":rest"]))],
            ..Rewrite::default()
        };
        let path = path.unwrap();
        for (strict, expected) in [(true, "c%40d"), (false, "c@d")] {
            let rewrite = Some(&rewrite);
            let asked = Asked { path: &path, query: "", parameters: &parameters, rewrite, strict };
            assert_eq!(
                of_request("http://a", &asked).unwrap().to_string(),
                format!("http://a/static/v-a%20b/{expected}/%C3%A9?of=a%20b%2Fc%40d%2F%C3%A9")
            );
        }
    }

    #[test]
    fn a_parameter_that_is_set_is_there_once_however_it_was_spelled() {
        let rewrite = Rewrite {
            path: None,
            set_query: vec![
                ("tenant".to_owned(), template(&[":id"])),
                ("a b".to_owned(), template(&["1&2"])),
            ],
            remove_query: vec!["debug".to_owned()],
        };
        let check = |query: &str, expected: &str| {
            let asked = asked_for("http://a", "/o/me%26you", query, Some(&rewrite)).unwrap();
            assert_eq!(asked.split_once('?').unwrap().1, format!("{expected}tenant=me%26you&a%20b=1%262"));
        };
        check("", "");
        check("tenant=evil&x=1&t%65nant=evil&tenant", "x=1&");
        check("debug&x=1&debug=2&de%62ug=3", "x=1&");
        check("x=1;tenant=evil&a+b=9&a%20b=9", "x=1%3Btenant=evil&");
    }
}
