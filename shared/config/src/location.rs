use std::net::{Ipv4Addr, Ipv6Addr};

use doorward_model::Fault;
use http::Uri;
use http::uri::Authority;

use crate::report::quote;

/// Reads a URL from which keys may be fetched: `https`, or `http` where the request does not leave the machine.
pub(crate) fn parse_url(text: &str) -> Result<String, Fault> {
    let malformed = |why: &str| Fault::new(format!("{} is not a usable URL: {why}", quote(text)));
    // `Uri` drops a fragment without a word.
    if text.contains('#') {
        return Err(malformed("it has a fragment"));
    }
    let uri: Uri = text.parse().map_err(|_| malformed("it cannot be read"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(malformed("it has no scheme or no host").hint("write it as `https://…`"));
    };
    if authority.as_str().contains('@') {
        return Err(malformed("it holds credentials"));
    }
    let host = authority.host();
    let port = authority.as_str().strip_prefix(host);
    if host.is_empty() || !(port == Some("") || authority.port_u16().is_some()) {
        return Err(malformed("its host or port cannot be read"));
    }
    match scheme {
        "https" => Ok(text.to_owned()),
        "http" if is_loopback(authority) => Ok(text.to_owned()),
        "http" => {
            let fault = malformed("keys fetched over `http` can be replaced on the way");
            Err(fault.hint("use `https`; `http` is for `localhost`, `127.0.0.0/8` and `[::1]`"))
        }
        _ => Err(malformed("its scheme is neither `https` nor `http`")),
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()))
}

/// Reads the path of a file below the configuration's folder.
pub(crate) fn parse_file(text: &str) -> Result<String, Fault> {
    let fault = |why: &str| {
        let fault = Fault::new(format!("{} {why}", quote(text)));
        Err(fault.hint("write a path below the folder of the configuration"))
    };
    let drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if text.starts_with('/') || drive {
        return fault("is an absolute path");
    }
    if text.contains('\\') || text.chars().any(char::is_control) {
        return fault("holds a backslash or a control character");
    }
    if text.split('/').any(|segment| segment == "..") {
        return fault("leaves the folder of the configuration");
    }
    if text.split('/').any(|segment| segment.is_empty() || segment == ".") {
        return fault("holds an empty or a dot segment");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for url in [
            "https://id.example.com/.well-known/jwks.json",
            "https://id.example.com:8443/keys?v=1",
            "https://[2001:db8::1]/keys",
            "http://localhost:9000/keys",
            "http://LOCALHOST/keys",
            "http://127.0.0.1:1/",
            "http://127.8.9.10/",
            "http://[::1]:8080/keys",
        ] {
            assert_eq!(parse_url(url), Ok(url.to_owned()));
        }
        for url in [
            "",
            "keys.json",
            "/keys",
            "id.example.com",
            "ftp://id.example.com/",
            "http://id.example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "http://127.1/",
            "http://2130706433/",
            "http://0.0.0.0/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost@evil.example/",
            "https://user:secret@id.example.com/",
            "https://user@/",
            "https://",
            "https:///keys",
            "https://:443/",
            "https://id.example.com:99999/",
            "https://id.example.com:/",
            "https://id.example.com/#keys",
            "https://[/",
            "https://a b/",
        ] {
            assert!(parse_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn files_stay_below_the_configuration() {
        for path in ["shop.yaml", "contracts/shop.yaml", "a/b/..c", "...", "ä/b.json"] {
            assert_eq!(parse_file(path), Ok(path.to_owned()));
        }
        for path in
            ["", "/etc/passwd", "../x", "a/../../x", "..", "./x", "a//b", "a/", "a\\..\\b", "C:/x", "a\0"]
        {
            assert!(parse_file(path).is_err(), "{path}");
        }
    }
}
