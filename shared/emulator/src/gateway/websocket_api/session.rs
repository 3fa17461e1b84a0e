//! A connection from its upgrade to its end.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tungstenite::error::{CapacityError, Error, ProtocolError};

use super::WebSocketApiFront;
use super::connections::{Command, Opened};

/// The longest message and the longest frame, in bytes.
pub(super) const LONGEST_MESSAGE: usize = 128 * 1024;
pub(super) const LONGEST_FRAME: usize = 32 * 1024;
/// How long a connection may be idle, and open.
const IDLE: Duration = Duration::from_secs(10 * 60);
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// As many messages of one connection are worked on at once; those behind them wait.
const MOST_AT_ONCE: usize = 8;
/// How long, and for how many frames, the other side has to answer a closing frame.
const FAREWELL: Duration = Duration::from_secs(1);
const LAST_FRAMES: usize = 16;

/// Close codes (RFC 6455 section 7.4.1).
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const CANNOT_ACCEPT: u16 = 1003;
const NO_STATUS: u16 = 1005;
const ABNORMAL: u16 = 1006;
const NOT_A_TEXT: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// How a connection ended.
pub(super) struct End {
    pub(super) code: u16,
    pub(super) reason: String,
    /// Whether it is the gateway that ends it, and says so.
    by_gateway: bool,
    /// Whether the emulator itself ends, so that nobody is told.
    pub(super) with_emulator: bool,
}

impl End {
    fn by_gateway(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), by_gateway: true, with_emulator: false }
    }

    fn by_caller(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = match frame {
            Some(frame) => (frame.code, frame.reason.to_string()),
            None => (NO_STATUS, "Client-side close frame status not set".to_owned()),
        };
        Self { code, reason, by_gateway: false, with_emulator: false }
    }

    fn lost() -> Self {
        let reason = "Connection closed abnormally".to_owned();
        Self { code: ABNORMAL, reason, by_gateway: false, with_emulator: false }
    }
}

/// Keeps the connection until it ends, and tells how it did.
pub(super) async fn hold(
    front: &Arc<WebSocketApiFront>,
    opened: &Arc<Opened>,
    mut socket: WebSocket,
    mut commands: mpsc::Receiver<Command>,
) -> End {
    let last = Instant::now() + LONGEST;
    let mut idle = Instant::now() + IDLE;
    let mut working: JoinSet<Option<String>> = JoinSet::new();
    let mut closing = front.around.closing.clone();
    let end = loop {
        let said = tokio::select! {
            _ = closing.wait_for(|closing| *closing) => {
                break End { with_emulator: true, ..End::by_gateway(GOING_AWAY, "") };
            }
            () = tokio::time::sleep_until(last.min(idle)) => break End::by_gateway(GOING_AWAY, "Going away"),
            Some(command) = commands.recv() => match command {
                Command::Send(text, written) => Some((text, Some(written))),
                Command::Close => break End::by_gateway(NORMAL, "Connection Closed Normally"),
            },
            Some(answered) = working.join_next() => answered.ok().flatten().map(|text| (text, None)),
            message = socket.recv(), if working.len() < MOST_AT_ONCE => match message {
                Some(Ok(Message::Text(text))) => {
                    let (front, opened) = (Arc::clone(front), Arc::clone(opened));
                    working.spawn(async move { front.answer(&opened, &text).await });
                    None
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Binary(_))) => {
                    break End::by_gateway(CANNOT_ACCEPT, "binary frames are not supported");
                }
                Some(Ok(Message::Close(frame))) => break End::by_caller(frame),
                Some(Err(error)) => break unreadable(error),
                None => break End::lost(),
            },
        };
        idle = Instant::now() + IDLE;
        opened.touch();
        if let Some((text, written)) = said {
            if socket.send(Message::Text(text.into())).await.is_err() {
                break End::lost();
            }
            // Whoever asked may be gone.
            let _ = written.map(|written| written.send(()));
        }
    };
    // Nothing is asked of it any more.
    drop(commands);
    front.connections.remove(&opened.id);
    if end.by_gateway {
        close(socket, end.code, &end.reason).await;
    }
    end
}

fn unreadable(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(CapacityError::MessageTooLong { .. })) => {
            End::by_gateway(TOO_BIG, "the message or a frame of it is too long")
        }
        Some(Error::Utf8(_)) => End::by_gateway(NOT_A_TEXT, "a text is not UTF-8"),
        Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::lost(),
        Some(Error::Protocol(_)) => End::by_gateway(PROTOCOL_ERROR, "the frame is not legal"),
        _ => End::lost(),
    }
}

/// Says so, and waits for the other side for a little: whoever is gone by now does not need to be told.
async fn close(mut socket: WebSocket, code: u16, reason: &str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from(reason) };
    if socket.send(Message::Close(Some(frame))).await.is_err() {
        return;
    }
    let answered = async {
        for _ in 0..LAST_FRAMES {
            if !matches!(socket.recv().await, Some(Ok(_))) {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(FAREWELL, answered).await;
}
