//! The management API of a WebSocket API: `@connections`, by which functions write to connections that are open.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;
use tokio::sync::oneshot;

use super::WebSocketApiFront;
use super::connections::Command;
use super::session::LONGEST_MESSAGE;
use crate::gateway::gateway_response::GatewayResponse;
use crate::gateway::inbound::Inbound;
use crate::gateway::reply::Reply;
use crate::gateway::signature::SignatureFault;

/// The service that such calls are signed for.
const SERVICE: &str = "execute-api";

/// The id of the connection that a path below the stage names; `None` where it is no path of this API.
pub(super) fn connection_id(below_stage: &str) -> Option<String> {
    let id = below_stage
        .strip_prefix("/@connections/")
        .or_else(|| below_stage.strip_prefix("/%40connections/"))?;
    let id = percent_decode_str(id).decode_utf8().ok()?;
    (!id.is_empty() && !id.contains('/')).then(|| id.into_owned())
}

/// Answers a call of it. Nobody calls under a known caller's name without its key, and nobody without a signature.
pub(super) async fn answer(
    front: &WebSocketApiFront,
    id: &str,
    mut inbound: Inbound,
    body: Body,
) -> Result<Reply, Reply> {
    inbound
        .read(body, LONGEST_MESSAGE)
        .await
        .map_err(|_| fault(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException"))?;
    let signers = &front.around.signers;
    match signers.verify(&inbound, SERVICE, inbound.received) {
        Ok(_) => {}
        Err(SignatureFault::UnknownCredentials) if !signers.names_known_key(&inbound) => {}
        Err(fault) => return Err(GatewayResponse::Signature(fault).reply()),
    }
    let gone = || fault(StatusCode::GONE, "GoneException");
    let (opened, commands) = front.connections.find(id).ok_or_else(gone)?;
    match inbound.method.as_str() {
        "GET" => Ok(Reply::json(StatusCode::OK, &opened.described().to_string())),
        "POST" => {
            let text = String::from_utf8(inbound.body.to_vec());
            let text = text.map_err(|_| fault(StatusCode::BAD_REQUEST, "BadRequestException"))?;
            let (written, is_written) = oneshot::channel();
            commands.send(Command::Send(text, written)).await.map_err(|_| gone())?;
            is_written.await.map_err(|_| gone())?;
            Ok(bare(StatusCode::OK))
        }
        "DELETE" => {
            commands.send(Command::Close).await.map_err(|_| gone())?;
            Ok(bare(StatusCode::NO_CONTENT))
        }
        _ => Err(GatewayResponse::MissingAuthenticationToken.reply()),
    }
}

fn bare(status: StatusCode) -> Reply {
    Reply { status, headers: HeaderMap::new(), body: Bytes::new() }
}

fn fault(status: StatusCode, name: &'static str) -> Reply {
    let mut reply = Reply::json(status, r#"{"message":null}"#);
    reply.headers.insert("x-amzn-errortype", HeaderValue::from_static(name));
    reply
}
