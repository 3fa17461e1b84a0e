//! A proxy before DynamoDB that passes every byte on and counts connections and operations.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A running proxy; it ends with the test's process.
pub struct CountingProxy {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

/// What went through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many connections were opened.
    pub connections: usize,
    /// The operations, in order: `UpdateItem`, ….
    pub operations: Vec<String>,
}

const TARGET: &str = "x-amz-target: DynamoDB_20120810.";

impl CountingProxy {
    /// A proxy before `behind`, which need not listen yet.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let counted = Arc::clone(&seen);
        thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&counted);
                lock(&seen).connections += 1;
                thread::spawn(move || carry(caller, behind, &seen));
            }
        });
        Self { address, seen }
    }

    /// Where it listens: `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What went through until now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Copies both ways until either side ends. A head is looked at where it begins a read, as clients write it at once.
fn carry(mut caller: TcpStream, behind: SocketAddr, seen: &Mutex<Seen>) {
    let Ok(mut store) = TcpStream::connect(behind) else { return };
    let (Ok(mut answers), Ok(mut back)) = (store.try_clone(), caller.try_clone()) else { return };
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(length @ 1..) = caller.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..length]);
        for line in text.lines().filter_map(|line| line.strip_prefix(TARGET)) {
            lock(seen).operations.push(line.trim().to_owned());
        }
        if store.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = store.shutdown(Shutdown::Both);
}
