//! The HTTP fronts: an API Gateway HTTP API and a Lambda Function URL.

mod access_log;
mod authorizer;
mod authorizer_cache;
mod event;
mod function_url;
mod http_api;
mod iam_policy;
mod identity_source;
mod inbound;
mod reply;
mod route;
mod verdict;

pub(crate) use self::function_url::router as function_url_router;
pub(crate) use self::http_api::{HttpApiFront, router as http_api_router};
