use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::act::Act;
use super::stage::{Expect, Stage, TOKEN_FOLDER, in_shell};
use crate::calling::Answered;
use crate::output::Failure;

/// The name of the WebSocket API in the logs.
const FRONT: &str = "websocket-api";
const GATEWAY_REQUEST: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// How long an answer, or a line of the gateway's log, is waited for.
const LONGEST: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// A connection to the demo's WebSocket API.
pub(crate) struct Connection {
    socket: WebSocketStream<TcpStream>,
    /// The command that opens it.
    line: String,
}

impl Stage {
    /// Opens a connection as the caller whose token `file` holds, and holds what the system says of it against what is
    /// expected.
    pub(crate) async fn act_connected(
        &self,
        scene: &'static str,
        file: &str,
        expect: Expect<'_>,
    ) -> Result<(Connection, Act), Failure> {
        let url = self.door.emulator.websocket_api_url();
        let url = url.ok_or_else(|| Failure::new("the demo has no WebSocket API"))?;
        let before = self.access_lines().len();
        let mut request = url.into_client_request().map_err(Failure::new)?;
        let field = format!("Bearer {}", self.read(file)?);
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(&field).map_err(Failure::new)?);
        let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
        let stream = TcpStream::connect(authority.unwrap_or_default()).await.map_err(Failure::new)?;
        let (socket, answer) =
            tokio_tungstenite::client_async(request, stream).await.map_err(Failure::new)?;
        let line = format!("websocat -H \"authorization: Bearer $(cat {TOKEN_FOLDER}/{file})\" {url}");
        let access = self.access_line(before).await?;
        let answered = told(answer.status().as_u16(), &access, Bytes::new())?;
        let act = self.hold(scene, line.clone(), &answered, expect).await?;
        Ok((Connection { socket, line }, act))
    }

    /// Sends a message by the connection, and holds what is written to it in answer, and what the system says of it, against
    /// what is expected.
    pub(crate) async fn act_said(
        &self,
        scene: &'static str,
        connection: &mut Connection,
        message: &Value,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let before = self.access_lines().len();
        let text = message.to_string();
        let line = format!("printf %s {} | {}", in_shell(&text), connection.line);
        connection.socket.send(Message::text(text)).await.map_err(Failure::new)?;
        let heard = tokio::time::timeout(LONGEST, connection.socket.next()).await.map_err(Failure::new)?;
        let said = match heard {
            Some(Ok(Message::Text(text))) => Bytes::from(text.to_string()),
            Some(Ok(_)) | None => return Err(Failure::new("the connection has ended")),
            Some(Err(error)) => return Err(Failure::new(error)),
        };
        let access = self.access_line(before).await?;
        let status =
            access.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        self.hold(scene, line, &told(status.unwrap_or_default(), &access, said)?, expect).await
    }

    /// Ends the connection, and holds what the system says of it against what is expected.
    pub(crate) async fn act_left(
        &self,
        scene: &'static str,
        mut connection: Connection,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let before = self.access_lines().len();
        connection.socket.close(None).await.map_err(Failure::new)?;
        let access = self.access_line(before).await?;
        let status =
            access.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let answered = told(status.unwrap_or_default(), &access, Bytes::new())?;
        self.hold(scene, "the connection is closed".to_owned(), &answered, expect).await
    }

    /// What the WebSocket API has written to its log.
    fn access_lines(&self) -> Vec<Map<String, Value>> {
        let lines = self.door.emulator.logs().find(FRONT);
        let own = lines.iter().filter(|line| line.source == FRONT);
        own.filter_map(|line| serde_json::from_str(&line.text).ok()).collect()
    }

    /// The line that comes after so many others.
    async fn access_line(&self, before: usize) -> Result<Map<String, Value>, Failure> {
        let written = async {
            loop {
                if let Some(line) = self.access_lines().into_iter().nth(before) {
                    return line;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(LONGEST, written).await.map_err(Failure::new)
    }
}

/// What came of it, with the gateway's id for it.
fn told(status: u16, access: &Map<String, Value>, body: Bytes) -> Result<Answered, Failure> {
    let id = access.get("requestId").and_then(Value::as_str).unwrap_or_default();
    let id = HeaderValue::from_str(id).map_err(Failure::new)?;
    Ok(Answered { status, headers: HeaderMap::from_iter([(GATEWAY_REQUEST, id)]), body })
}
