//! What a process prints, line by line, each with the invocation it was printed in.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::unix::pipe;

use super::runtime_api::RuntimeApi;
use crate::logs::Logs;

/// Longest line taken as one; the rest of a longer one follows as lines of its own.
const LINE_LIMIT: usize = 256 * 1024;
const CHUNK: usize = 16 * 1024;
/// Most chunks read at a time. Together they are larger than a pipe, so that one [`Output::drain`] takes all that
/// has been printed before it, yet a process that never stops to print cannot hold its caller for ever.
const CHUNKS: usize = 64;

/// The reading end of a process's standard output or error.
///
/// [`follow`](Self::follow) reads as the process prints. [`drain`](Self::drain) is for the moments that divide what
/// belongs to one invocation from what belongs to the next: a process has printed its lines before it reports its
/// answer, but a follower may come to read them only later.
pub(super) struct Output {
    pipe: pipe::Receiver,
    unfinished: Mutex<Vec<u8>>,
    function: String,
    logs: Logs,
    api: Arc<RuntimeApi>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Drained {
    /// Nobody can print any more.
    Ended,
    /// There may be more to read at once.
    More,
}

impl Output {
    pub(super) fn new(pipe: OwnedFd, function: String, logs: Logs, api: Arc<RuntimeApi>) -> io::Result<Self> {
        let pipe = pipe::Receiver::from_owned_fd(pipe)?;
        Ok(Self { pipe, unfinished: Mutex::default(), function, logs, api })
    }

    /// Records lines until the pipe is closed.
    pub(super) async fn follow(self: Arc<Self>) {
        while self.pipe.readable().await.is_ok() {
            match self.take(|chunk| self.pipe.try_read(chunk)) {
                Ok(Drained::More) => tokio::task::yield_now().await,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(Drained::Ended) | Err(_) => return,
            }
        }
    }

    /// Records what has been printed so far; `WouldBlock` when that is all for now.
    pub(super) fn drain(&self) -> io::Result<Drained> {
        // Straight from the system: what tokio knows of the pipe may be older than what has been printed.
        self.take(|chunk| rustix::io::read(&self.pipe, chunk).map_err(io::Error::from))
    }

    fn take(&self, mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<Drained> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunk = vec![0; CHUNK];
        for _ in 0..CHUNKS {
            match read(&mut chunk) {
                Ok(0) => {
                    self.record(&mut unfinished);
                    return Ok(Drained::Ended);
                }
                Ok(length) => self.append(&mut unfinished, chunk.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Drained::More)
    }

    fn append(&self, unfinished: &mut Vec<u8>, chunk: &[u8]) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(piece);
            if piece.ends_with(b"\n") || unfinished.len() >= LINE_LIMIT {
                self.record(unfinished);
            }
        }
    }

    fn record(&self, line: &mut Vec<u8>) {
        if !line.is_empty() {
            let text = String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned();
            self.logs.record(&self.function, self.api.latest_id().as_deref(), text);
            line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    fn output() -> (io::PipeWriter, Output, Logs) {
        let (reader, writer) = io::pipe().unwrap();
        let (_deliveries, waiting) = mpsc::channel(1);
        let api = RuntimeApi::new("f".into(), "arn".into(), Duration::from_secs(1), waiting, None);
        let logs = Logs::default();
        let output = Output::new(reader.into(), "f".into(), logs.clone(), Arc::new(api)).unwrap();
        (writer, output, logs)
    }

    fn lines(logs: &Logs) -> Vec<String> {
        logs.find("").into_iter().map(|line| line.text).collect()
    }

    #[tokio::test]
    async fn takes_at_once_what_has_been_printed() {
        let (mut process, output, logs) = output();
        process.write_all(b"one\r\ntwo\n\nthree").unwrap();
        assert_eq!(output.drain().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(lines(&logs), ["one", "two", ""]);
        process.write_all(b" and four").unwrap();
        drop(process);
        assert_eq!(output.drain().unwrap(), Drained::Ended);
        assert_eq!(lines(&logs), ["one", "two", "", "three and four"]);
    }

    #[tokio::test]
    async fn follows_lines_that_are_longer_than_the_pipe() {
        let (mut process, output, logs) = output();
        let following = tokio::spawn(Arc::new(output).follow());
        let text = "x".repeat(LINE_LIMIT + 10);
        let printing = tokio::task::spawn_blocking(move || process.write_all(text.as_bytes()).unwrap());
        printing.await.unwrap();
        following.await.unwrap();
        assert_eq!(lines(&logs).concat().len(), LINE_LIMIT + 10);
        assert!(lines(&logs).len() >= 2);
    }
}
