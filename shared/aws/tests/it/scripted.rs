//! A server that reads one request of each connection and does then as it was told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does with each request.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// Ends the connection with a reset.
    Reset,
    /// Ends the connection in peace, without a word.
    Close,
    /// Never answers.
    Hang,
    /// Sends these bytes and ends the connection.
    Answer(Vec<u8>),
}

impl Script {
    /// An answer as it should be.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        Self::Answer(format!("{text}\r\n{body}").into_bytes())
    }
}

/// It serves for as long as the test's runtime lives.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was sent, each whole.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(crate) async fn serve(script: Script) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            tokio::spawn(play(connection, script.clone(), Arc::clone(&seen)));
        }
    });
    Server { address, requests }
}

async fn play(mut connection: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    let request = read(&mut connection).await;
    seen.lock().unwrap().push(request);
    match script {
        Script::Reset => connection.set_zero_linger().unwrap(),
        Script::Close => {}
        Script::Hang => std::future::pending().await,
        Script::Answer(bytes) => connection.write_all(&bytes).await.unwrap(),
    }
}

async fn read(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        assert_ne!(connection.read_buf(&mut bytes).await.unwrap(), 0, "the request is whole");
    }
}
