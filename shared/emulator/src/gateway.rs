//! The fronts: API Gateway's REST, HTTP and WebSocket APIs, a Lambda Function URL and a load balancer.
//!
//! ```text
//!  rest_api ───┬── route ── authorizer ── payload_1 ─┐
//!  http_api ───┤              │  │        payload_2 ─┼── integration ── reply, reply_1
//!  websocket ──┘   identity_source  verdict          │
//!  function_url ──────────── signature ── payload_2 ─┤
//!  alb ──────────────────────────────────────────────┘
//! ```

mod access_log;
mod alb;
mod authorizer;
mod authorizer_cache;
mod caller;
mod client_certificate;
mod function_url;
mod gateway_response;
mod http_api;
mod iam_policy;
mod identity_source;
mod inbound;
mod integration;
mod media_types;
mod payload_1;
mod payload_2;
mod reply;
mod reply_1;
mod request_id;
mod rest_api;
mod route;
mod signature;
mod stage;
mod streamed;
mod surroundings;
mod verdict;
mod websocket_api;

pub(crate) use self::alb::router as alb_router;
pub(crate) use self::caller::{CallFault, read_call};
pub(crate) use self::function_url::router as function_url_router;
pub(crate) use self::http_api::{HttpApiFront, router as http_api_router};
pub(crate) use self::inbound::Peer;
pub(crate) use self::rest_api::{RestApiFront, router as rest_api_router};
pub(crate) use self::signature::Signers;
pub(crate) use self::surroundings::Surroundings;
pub(crate) use self::websocket_api::{WebSocketApiFront, router as websocket_api_router};
