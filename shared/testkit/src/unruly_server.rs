//! A server that speaks HTTP/1.1, over TLS or not, and does to its callers on demand what servers do that are broken or
//! hostile. It works on bytes: a server library would not let them out.

use std::io::Result;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use crate::http1::HttpMessage;

/// What the server does with a request that it has read.
#[derive(Debug, Clone)]
pub enum Conduct {
    /// Answers, and reads the next one.
    Answer(HttpMessage),
    /// Answers, and closes the connection without having said that it would.
    AnswerAndClose(HttpMessage),
    /// Sends these bytes, and closes the connection.
    Send(Vec<u8>),
    /// Sends these bytes, and no more; the connection stays open.
    SendAndHang(Vec<u8>),
    /// Sends the first bytes, and the second ones again and again for as long as they are taken.
    SendForEver(Vec<u8>, Vec<u8>),
    /// Resets the connection (RST).
    Reset,
}

impl Conduct {
    /// Bytes that are sent before the connection is closed.
    #[must_use]
    pub fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }
}

type Script = dyn Fn(&HttpMessage) -> Conduct + Send + Sync;

/// A running server on loopback; it ends with the runtime of its test.
pub struct UnrulyServer {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<HttpMessage>>,
    connections: AtomicUsize,
    sent: AtomicUsize,
}

impl UnrulyServer {
    /// A server that does with each request what `script` says.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(script: impl Fn(&HttpMessage) -> Conduct + Send + Sync + 'static) -> Self {
        Self::launch(None, Arc::new(script)).await
    }

    /// The same over TLS.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start_tls(
        config: Arc<ServerConfig>,
        script: impl Fn(&HttpMessage) -> Conduct + Send + Sync + 'static,
    ) -> Self {
        Self::launch(Some(TlsAcceptor::from(config)), Arc::new(script)).await
    }

    #[expect(clippy::expect_used, reason = "a test without ports cannot go on")]
    async fn launch(tls: Option<TlsAcceptor>, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (tls, script, seen) = (tls.clone(), Arc::clone(&script), Arc::clone(&shared));
                // Callers that go away in the middle are what tests are about.
                tokio::spawn(async move {
                    match tls {
                        None => carry(stream, &*script, &seen).await,
                        Some(tls) => carry(tls.accept(stream).await?, &*script, &seen).await,
                    }
                });
            }
        });
        Self { address, seen }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests that it has read so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpMessage> {
        self.seen.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connections that it has taken so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Bytes that its callers have taken of what it sends for ever.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.seen.sent.load(Ordering::SeqCst)
    }
}

/// A connection that can be broken.
trait Breakable: AsyncRead + AsyncWrite + Unpin {
    fn reset(self) -> Result<()>;
}

impl Breakable for TcpStream {
    fn reset(self) -> Result<()> {
        self.set_zero_linger()
    }
}

impl Breakable for TlsStream<TcpStream> {
    fn reset(self) -> Result<()> {
        self.into_inner().0.set_zero_linger()
    }
}

async fn carry(stream: impl Breakable, script: &Script, seen: &Seen) -> Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = HttpMessage::read(&mut stream).await? {
        let conduct = script(&request);
        seen.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        match conduct {
            Conduct::Answer(answer) => answer.write(&mut stream).await?,
            Conduct::AnswerAndClose(answer) => {
                answer.write(&mut stream).await?;
                return stream.shutdown().await;
            }
            Conduct::Send(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Conduct::SendAndHang(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                return std::future::pending().await;
            }
            Conduct::SendForEver(head, more) => {
                stream.write_all(&head).await?;
                loop {
                    stream.write_all(&more).await?;
                    stream.flush().await?;
                    seen.sent.fetch_add(more.len(), Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            }
            Conduct::Reset => return stream.into_inner().reset(),
        }
    }
    Ok(())
}
