//! What a server that speaks HTTP is told of a request beside method, path, query and payload, and what of its answer goes on.

use std::net::IpAddr;

use doorward_model::{Front, FrontKind, HttpRequest, Trace};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::fields;

/// An admitted request, of which a server is to see the fields.
#[derive(Debug, Clone, Copy)]
pub struct ServerRequest<'a> {
    /// The request as it came in.
    pub request: &'a HttpRequest,
    /// Where it came in.
    pub front: &'a Front,
    /// Header fields that hold credentials of the door's own, which stay with it.
    pub withheld: &'a [HeaderName],
    /// The trace to carry on.
    pub trace: &'a Trace,
    /// Whether the server is a third party to which the door proves itself: it is not sent the caller's own credentials and
    /// cookies.
    pub third_party: bool,
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The connection that the request came by, to which its target may have something to say.
const CONNECTION: HeaderName = HeaderName::from_static("x-doorward-connection");
/// What the gateway chose the message's route by.
const ROUTE_KEY: HeaderName = HeaderName::from_static("x-doorward-route-key");
const XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Under these names proxies state where a request comes from, and by which certificate (RFC 9440 section 4: whoever states
/// it takes off what callers say of it); a caller's own claims are none.
const FROM: [&str; 13] = [
    "client-cert",
    "client-cert-chain",
    "client-ip",
    "proxy-client-ip",
    "wl-proxy-client-ip",
    "x-envoy-external-address",
    "x-original-forwarded-for",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
];

/// Under these names frameworks read another method or path than those that were decided on; and `proxy` becomes the
/// variable `HTTP_PROXY` of programs with CGI-like variables (RFC 3875 section 4.1.18).
const INSTEAD: [&str; 10] = [
    "proxy",
    "x-envoy-original-path",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-host",
    "x-original-host",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// The fields that a server is sent, but for `Host`, credentials and the door's own. Of what a caller may say of where the
/// request comes from nothing passes: `Forwarded` (RFC 7239) and `X-Forwarded-*` hold what the front attests, one hop and
/// no chain, since nobody attests those before it. `Expect` is answered by the front, which has read the whole request.
#[must_use]
pub fn request_fields(sent: &ServerRequest<'_>) -> HeaderMap {
    let request = sent.request;
    let mut headers = fields::for_target(&request.headers, sent.withheld);
    let dropped: Vec<HeaderName> = headers.keys().filter(|name| is_dropped(name)).cloned().collect();
    for name in dropped {
        headers.remove(name);
    }
    if sent.third_party {
        headers.remove(AUTHORIZATION);
        headers.remove(COOKIE);
    }
    put_forwarded(sent, &mut headers);
    if let Some(socket) = &request.socket {
        let said = [(CONNECTION, &socket.connection), (ROUTE_KEY, &socket.route_key)];
        headers.extend(
            said.map(|(name, text)| Some((name, HeaderValue::from_str(text).ok()?))).into_iter().flatten(),
        );
    }
    let trace = [(TRACEPARENT, &sent.trace.traceparent), (XRAY, &sent.trace.xray)];
    for (name, value) in trace {
        headers.remove(&name);
        if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    // RFC 9110 section 7.6.3: a gateway that speaks HTTP names itself in each request that it sends on.
    headers.append(VIA, HeaderValue::from_static("1.1 doorward"));
    // Section 8.6: also of no content, where the method gives it a meaning.
    let has_content = [Method::POST, Method::PUT, Method::PATCH].contains(&request.method);
    if has_content || !request.body.is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    }
    headers
}

fn is_dropped(name: &HeaderName) -> bool {
    let text = name.as_str();
    [HOST, FORWARDED, EXPECT, CONTENT_LENGTH].contains(name)
        || text.starts_with("x-forwarded-")
        || FROM.contains(&text)
        || INSTEAD.contains(&text)
}

/// By these fields an answer acts on the whole origin that a browser had it from, or on its connections, and so on the door:
/// cookies, what is stored, transport, other addresses, client hints and reports (HTML, RFC 6797, RFC 7838, RFC 8942, Reporting
/// API, Network Error Logging); or it is for whoever showed credentials, which was the door (RFC 9110 section 11.6).
const OF_ORIGIN: [&str; 18] = [
    "accept-ch",
    "alt-svc",
    "authentication-info",
    "clear-site-data",
    "critical-ch",
    "expect-ct",
    "nel",
    "origin-agent-cluster",
    "public-key-pins",
    "public-key-pins-report-only",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "set-cookie",
    "set-cookie2",
    "set-login",
    "strict-transport-security",
    "www-authenticate",
];

/// The fields of an answer that may go to a caller: those of any target's, and of a `third_party`'s none that acts on the
/// door's origin, is for the door's credentials to answer, or is a proxy's.
#[must_use]
pub fn answer_fields(headers: &HeaderMap, third_party: bool) -> HeaderMap {
    let mut kept = fields::of_answer(headers);
    if third_party {
        let foreign =
            |name: &HeaderName| OF_ORIGIN.contains(&name.as_str()) || name.as_str().starts_with("proxy-");
        let foreign: Vec<HeaderName> = kept.keys().filter(|name| foreign(name)).cloned().collect();
        for name in foreign {
            kept.remove(name);
        }
    }
    kept
}

/// The host that the front answered for, where it is one: letters, digits, `-`, `.`, `_`, and a port or the brackets of an
/// IPv6 address.
#[must_use]
pub fn asked_host(request: &HttpRequest) -> Option<HeaderValue> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let host = request.host.as_str();
    let is_host = (1..=261).contains(&host.len()) && host.bytes().all(plain);
    is_host.then(|| HeaderValue::from_str(host).ok()).flatten()
}

fn put_forwarded(sent: &ServerRequest<'_>, headers: &mut HeaderMap) {
    let mut put = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    let mut pairs = vec![match sent.request.source_ip.map(|address| address.to_canonical()) {
        Some(address) => {
            put(FORWARDED_FOR, address.to_string());
            match address {
                IpAddr::V4(address) => format!("for={address}"),
                // RFC 7239 section 6.1.
                IpAddr::V6(address) => format!("for=\"[{address}]\""),
            }
        }
        None => "for=unknown".to_owned(),
    }];
    if let Some(host) = asked_host(sent.request).as_ref().and_then(|host| host.to_str().ok()) {
        put(FORWARDED_HOST, host.to_owned());
        let is_token = !host.contains([':', '[', ']']);
        pairs.push(if is_token { format!("host={host}") } else { format!("host=\"{host}\"") });
    }
    if let Some((scheme, port)) = asked_by(sent) {
        put(FORWARDED_PROTO, scheme.to_owned());
        put(FORWARDED_PORT, port.to_string());
        pairs.push(format!("proto={scheme}"));
    }
    put(FORWARDED, pairs.join(";"));
}

/// Scheme and port that the caller asked by. API Gateway and function URLs speak HTTPS alone; a load balancer says it in
/// fields that it writes over those of the caller ("HTTP headers and Application Load Balancers").
fn asked_by(sent: &ServerRequest<'_>) -> Option<(&'static str, u16)> {
    if sent.front.kind != FrontKind::Alb {
        return Some(("https", 443));
    }
    let stated = |name: HeaderName| sent.request.headers.get_all(name).iter().next_back()?.to_str().ok();
    let (scheme, usual) = match stated(FORWARDED_PROTO)? {
        "https" => ("https", 443),
        "http" => ("http", 80),
        _ => return None,
    };
    Some((scheme, stated(FORWARDED_PORT).and_then(|port| port.parse().ok()).unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use doorward_model::{FrontVerified, PathForm, ReplyForm, Socket, SocketEvent};

    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            fields::append(&mut headers, name, value).unwrap();
        }
        headers
    }

    fn request(source: &str, host: &str, pairs: &[(&str, &str)]) -> HttpRequest {
        HttpRequest {
            method: Method::GET,
            path: "/orders".into(),
            path_form: PathForm::Decoded,
            query: String::new(),
            headers: fields::received(&map(pairs)),
            body: Bytes::new(),
            source_ip: source.parse().ok(),
            host: host.into(),
            stage: None,
            socket: None,
            verified: FrontVerified::default(),
            reply: ReplyForm::V2,
        }
    }

    fn sent(front: &str, request: &HttpRequest, trace: &Trace, third_party: bool) -> Vec<String> {
        let front = front.parse().unwrap();
        let withheld = [HeaderName::from_static("x-api-key")];
        let sent = ServerRequest { request, front: &front, withheld: &withheld, trace, third_party };
        let mut lines: Vec<String> = request_fields(&sent)
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort_unstable();
        lines
    }

    #[track_caller]
    fn check(front: &str, source: &str, host: &str, pairs: &[(&str, &str)], expected: &[&str]) {
        let request = request(source, host, pairs);
        assert_eq!(sent(front, &request, &Trace::default(), false), expected);
    }

    #[test]
    fn a_message_brings_its_connection_and_its_route_key() {
        let of_caller = [("X-Doorward-Route-Key", "pay"), ("X-Doorward-Connection", "other=")];
        let mut request = request("203.0.113.7", "shop.example", &of_caller);
        request.socket = Some(Box::new(Socket {
            event: SocketEvent::Message,
            route_key: "order".into(),
            connection: "d6T1=".into(),
            message: Some("m1".into()),
            stage: "live".into(),
            connected: None,
            closed: None,
        }));
        let lines = sent("websocket-api:w1x2y3", &request, &Trace::default(), false);
        let own: Vec<&str> =
            lines.iter().map(String::as_str).filter(|line| line.starts_with("x-doorward-")).collect();
        assert_eq!(own, ["x-doorward-connection: d6T1=", "x-doorward-route-key: order"]);
    }

    #[test]
    fn where_a_request_comes_from_the_front_says_and_no_caller() {
        check(
            "http-api:a1b2c3",
            "203.0.113.7",
            "shop.example",
            &[
                ("Forwarded", "for=10.0.0.1"),
                ("X-Forwarded-For", "10.0.0.1"),
                ("X-Forwarded-Proto", "http"),
                ("X-Forwarded-User", "root"),
                ("X-Real-IP", "10.0.0.1"),
                ("True-Client-IP", "10.0.0.1"),
                ("Client-Cert", ":MIIB:"),
                ("Client-Cert-Chain", ":MIIB:"),
                ("X-Envoy-External-Address", "10.0.0.1"),
                ("Host", "evil.example"),
            ],
            &[
                "forwarded: for=203.0.113.7;host=shop.example;proto=https",
                "via: 1.1 doorward",
                "x-forwarded-for: 203.0.113.7",
                "x-forwarded-host: shop.example",
                "x-forwarded-port: 443",
                "x-forwarded-proto: https",
            ],
        );
        check(
            "alb:orders/49e9d65c45c6791a",
            "2001:db8::1",
            "shop.example:8080",
            &[
                ("X-Forwarded-Proto", "http"),
                ("X-Forwarded-Port", "8080"),
                ("X-Forwarded-For", "2001:db8::1"),
            ],
            &[
                "forwarded: for=\"[2001:db8::1]\";host=\"shop.example:8080\";proto=http",
                "via: 1.1 doorward",
                "x-forwarded-for: 2001:db8::1",
                "x-forwarded-host: shop.example:8080",
                "x-forwarded-port: 8080",
                "x-forwarded-proto: http",
            ],
        );
        check(
            "alb:orders/49e9d65c45c6791a",
            "",
            "shop.example\";for=1.1.1.1",
            &[("X-Forwarded-Proto", "gopher")],
            &["forwarded: for=unknown", "via: 1.1 doorward"],
        );
    }

    #[test]
    fn nothing_passes_that_has_a_server_read_another_request() {
        check(
            "function-url:abc",
            "192.0.2.1",
            "",
            &[
                ("X-HTTP-Method-Override", "DELETE"),
                ("X-Original-URL", "/admin"),
                ("X-Original-URI", "/admin"),
                ("X-Host", "evil.example"),
                ("Proxy", "http://evil.example"),
                ("Expect", "100-continue"),
                ("Content-Length", "5"),
                ("Connection", "x-one"),
                ("X-One", "1"),
                ("Upgrade", "h2c"),
                ("X-Doorward-Caller", "User::\"root\""),
                ("x_doorward_caller", "User::\"root\""),
                ("X-Amzn-Oidc-Identity", "root"),
                ("X-Api-Key", "dw_1"),
                ("Accept-Encoding", "gzip"),
                ("Via", "1.0 fred"),
            ],
            &[
                "accept-encoding: gzip",
                "forwarded: for=192.0.2.1;proto=https",
                "via: 1.0 fred",
                "via: 1.1 doorward",
                "x-forwarded-for: 192.0.2.1",
                "x-forwarded-port: 443",
                "x-forwarded-proto: https",
            ],
        );
    }

    #[test]
    fn a_third_party_is_not_sent_the_callers_credentials() {
        let request = request("", "", &[("Authorization", "Bearer x"), ("Cookie", "a=1"), ("Accept", "*/*")]);
        let lines = sent("http-api:a", &request, &Trace::default(), false);
        assert!(lines.iter().any(|line| line == "authorization: Bearer x"));
        assert!(lines.iter().any(|line| line == "cookie: a=1"));
        let lines = sent("http-api:a", &request, &Trace::default(), true);
        assert!(!lines.iter().any(|line| line.starts_with("authorization") || line.starts_with("cookie")));
        assert!(lines.iter().any(|line| line == "accept: */*"));
    }

    #[test]
    fn the_trace_is_the_one_that_was_read() {
        let trace = Trace { traceparent: Some("00-1-2-01".into()), xray: Some("Root=1-2\r\nx: y".into()) };
        let request = request("", "", &[("traceparent", "other"), ("tracestate", "a=b")]);
        let lines = sent("http-api:a", &request, &trace, false);
        assert!(lines.iter().any(|line| line == "traceparent: 00-1-2-01"));
        assert!(lines.iter().any(|line| line == "tracestate: a=b"));
        assert!(!lines.iter().any(|line| line.starts_with("x-amzn-trace-id")));
    }

    #[test]
    fn content_has_its_length() {
        let mut request = request("", "", &[]);
        let has = |request: &HttpRequest, length: &str| {
            sent("http-api:a", request, &Trace::default(), false)
                .contains(&format!("content-length: {length}"))
        };
        assert!(!has(&request, "0"));
        request.method = Method::POST;
        assert!(has(&request, "0"));
        request.body = Bytes::from_static(b"abc");
        assert!(has(&request, "3"));
    }

    #[test]
    fn an_answer_loses_what_holds_for_its_connection_and_what_is_the_doors() {
        let answered = map(&[
            ("Connection", "x-hop, close"),
            ("X-Hop", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Length", "3"),
            ("Proxy-Authenticate", "Basic"),
            ("X-Doorward-Caller", "x"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("WWW-Authenticate", "Basic"),
            ("Strict-Transport-Security", "max-age=1"),
            ("Clear-Site-Data", "*"),
            ("Alt-Svc", "clear"),
            ("Authentication-Info", "nextnonce=1"),
            ("Proxy-Status", "x"),
            ("Content-Encoding", "gzip"),
        ]);
        let names = |third_party: bool| {
            let answer = answer_fields(&answered, third_party);
            let mut names: Vec<String> = answer.iter().map(|(name, _)| name.to_string()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(
            names(false),
            [
                "alt-svc",
                "authentication-info",
                "clear-site-data",
                "content-encoding",
                "proxy-status",
                "set-cookie",
                "set-cookie",
                "strict-transport-security",
                "www-authenticate",
            ]
        );
        assert_eq!(names(true), ["content-encoding"]);
    }
}
