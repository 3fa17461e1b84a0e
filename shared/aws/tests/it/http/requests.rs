use doorward_config::{Template, TemplatePart};

use super::*;

/// The one request that a server saw, of what `change` makes of `GET /orders/42`.
async fn seen(
    target: &HttpTarget,
    base: &str,
    rewrite: Option<&Rewrite>,
    change: impl FnOnce(&mut HttpRequest),
) -> HttpMessage {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let mut sent = Sent::get(target, format!("http://{}{base}", server.address()));
    change(&mut sent.request);
    sent.rewrite = rewrite;
    assert_eq!(Sender::new().send(sent).await.unwrap().status, 200);
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    // The port is another one in every run.
    let mut request = requests.remove(0);
    for (_, value) in &mut request.fields {
        *value = value.replace(&server.address().to_string(), "server");
    }
    request
}

fn put(request: &mut HttpRequest, name: &'static str, value: &'static str) {
    request.headers.append(name, value.parse().unwrap());
}

#[tokio::test]
async fn a_request_is_sent_with_what_the_front_attests() {
    let request = seen(&local(), "/v1", None, |request| {
        request.source_ip = Some([203, 0, 113, 7].into());
        request.query = "a=1&b=x+y".into();
        put(request, "host", "evil.example");
        put(request, "x-forwarded-for", "10.0.0.1");
        put(request, "x-doorward-caller", "root");
        put(request, "accept-encoding", "gzip");
        put(request, "authorization", "Bearer theirs");
    })
    .await;
    assert_eq!(request.start, "GET /v1/orders/42?a=1&b=x+y HTTP/1.1");
    let mut fields = request.fields.clone();
    fields.sort();
    let expected = [
        ("accept-encoding", "gzip"),
        ("authorization", "Bearer theirs"),
        ("forwarded", "for=203.0.113.7;host=shop.example;proto=https"),
        ("host", "server"),
        ("via", "1.1 doorward"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-host", "shop.example"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_body_is_sent_with_its_length() {
    let request = seen(&local(), "", None, |request| {
        request.method = http::Method::PUT;
        request.body = "hello".into();
        put(request, "expect", "100-continue");
    })
    .await;
    assert_eq!((request.request_line().0, request.body.as_slice()), ("PUT", b"hello".as_slice()));
    assert_eq!(request.field("expect"), None);
}

#[tokio::test]
async fn a_route_says_what_becomes_of_path_and_query() {
    let rewrite = Rewrite {
        path: Some(Template(vec![
            TemplatePart::Text("/items/".into()),
            TemplatePart::Parameter("id".into()),
        ])),
        set_query: vec![("tenant".into(), Template(vec![TemplatePart::Text("t 1".into())]))],
        remove_query: vec!["debug".into()],
    };
    let request = seen(&local(), "/v2", Some(&rewrite), |request| {
        request.path = "/orders/a%20b".into();
        request.query = "debug=1&tenant=evil&q=1".into();
    })
    .await;
    assert_eq!(request.start, "GET /v2/items/a%20b?q=1&tenant=t%201 HTTP/1.1");
}

#[tokio::test]
async fn a_target_says_what_becomes_of_fields_and_host() {
    let mut target = local();
    target.preserve_host = true;
    target.headers.set.push(("x-version".parse().unwrap(), "2".parse().unwrap()));
    target.headers.remove.extend(["x-forwarded-for".parse().unwrap(), "x-debug".parse().unwrap()]);
    let request = seen(&target, "", None, |request| {
        request.source_ip = Some([203, 0, 113, 7].into());
        put(request, "x-debug", "1");
        put(request, "x-version", "1");
    })
    .await;
    assert_eq!(request.field("host"), Some("shop.example"));
    assert_eq!(request.field("x-version"), Some("2"));
    assert_eq!((request.field("x-debug"), request.field("x-forwarded-for")), (None, None));
}

#[tokio::test]
async fn what_is_no_request_is_not_sent() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let mut target = local();
    target.preserve_host = true;
    let changes: [fn(&mut HttpRequest); 4] = [
        |request| request.method = http::Method::CONNECT,
        |request| request.method = http::Method::TRACE,
        |request| request.query = "a=1 HTTP/1.1\r\nx: y".into(),
        |request| request.host = "shop.example\r\nx: y".into(),
    ];
    for change in changes {
        let mut sent = Sent::to(&target, &server);
        change(&mut sent.request);
        let fault = Sender::new().send(sent).await.unwrap_err();
        assert!(matches!(fault, TargetFault::Unfit(_)), "{fault}");
    }
    assert_eq!(server.connections(), 0);
}
