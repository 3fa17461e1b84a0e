use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use doorward_config::Protocol;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;

use super::*;

/// A certificate authority that nobody trusts but for the test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A server with a certificate for `name`, and with these protocols (ALPN).
    fn server(&self, name: &str, expired: bool, protocols: &[&str]) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = builder.unwrap().with_no_client_auth();
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// A server that speaks HTTP/2 alone, and counts its connections.
async fn http2(tls: Option<Arc<ServerConfig>>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let answer = service_fn(|request: Request<Incoming>| async move {
        assert_eq!(request.version(), Version::HTTP_2);
        let body = format!("{} {}", request.method(), request.uri());
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body))))
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let tls = tls.clone().map(tokio_rustls::TlsAcceptor::from);
            tokio::spawn(async move {
                match tls {
                    None => drop(server.serve_connection(TokioIo::new(stream), answer).await),
                    Some(tls) => {
                        let Ok(stream) = tls.accept(stream).await else { return };
                        drop(server.serve_connection(TokioIo::new(stream), answer).await);
                    }
                }
            });
        }
    });
    (address, connections)
}

#[tokio::test]
async fn https_is_spoken_with_whom_the_door_trusts() {
    let authority = Authority::new();
    let server = UnrulyServer::start_tls(authority.server("localhost", false, &[]), |_| ok("{}")).await;
    let base = format!("https://localhost:{}", server.address().port());
    let sender = Sender::with(Arc::new(SystemResolver), vec![authority.root()]);
    let target = local();
    for _ in 0..3 {
        assert_eq!(text(sender.send(Sent::get(&target, &base)).await.unwrap()).await, "{}");
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn a_certificate_that_is_not_good_says_why_and_nothing_is_sent() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (config, root, cause) in [
        (authority.server("localhost", false, &[]), other.root(), "of an issuer that is not trusted"),
        (authority.server("other.example", false, &[]), authority.root(), "for another name"),
        (authority.server("localhost", true, &[]), authority.root(), "has expired"),
    ] {
        let server = UnrulyServer::start_tls(config, |_| ok("{}")).await;
        let sender = Sender::with(Arc::new(SystemResolver), vec![root]);
        let base = format!("https://localhost:{}", server.address().port());
        let fault = sender.send(Sent::get(&local(), base)).await.unwrap_err();
        assert!(
            matches!(&fault, TargetFault::Unreachable(found) if found.contains(cause)),
            "{cause}: {fault}"
        );
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_not_spoken_to_in_the_clear() {
    let server = UnrulyServer::start(|_| ok("{}")).await;
    let base = format!("https://localhost:{}", server.address().port());
    let fault = Sender::new().send(Sent::get(&local(), base).within(LONG)).await.unwrap_err();
    assert!(matches!(fault, TargetFault::Unreachable(_)), "{fault}");
    assert!(server.requests().iter().all(|request| !request.start.starts_with("GET")));
}

#[tokio::test]
async fn http2_is_spoken_where_tls_agrees_on_it() {
    let authority = Authority::new();
    let (address, connections) = http2(Some(authority.server("localhost", false, &["h2"]))).await;
    let base = format!("https://localhost:{}", address.port());
    let sender = Sender::with(Arc::new(SystemResolver), vec![authority.root()]);
    let target = local();
    let calls = (0..10).map(|_| sender.send(Sent::get(&target, &base)));
    for answered in futures_util::future::join_all(calls).await {
        assert_eq!(text(answered.unwrap()).await, format!("GET {base}/orders/42"));
    }
    sender.send(Sent::get(&target, &base)).await.unwrap();
    assert!(connections.load(Ordering::SeqCst) < 11, "connections are shared");
    // To HTTP/1.1 what such a server says is no answer.
    let only = HttpTarget { protocol: Protocol::Http1, ..local() };
    let fault = sender.send(Sent::get(&only, &base)).await.unwrap_err();
    assert!(matches!(fault, TargetFault::Unreadable(_)), "{fault}");
}

#[tokio::test]
async fn http2_is_spoken_in_the_clear_where_it_is_declared() {
    let (address, connections) = http2(None).await;
    let (sender, target) = (Sender::new(), HttpTarget { protocol: Protocol::Http2, ..local() });
    let base = format!("http://{address}");
    for _ in 0..5 {
        let reply = sender.send(Sent::get(&target, &base)).await.unwrap();
        assert_eq!(text(reply).await, format!("GET {base}/orders/42"));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
