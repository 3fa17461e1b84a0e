use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::output::Failure;

/// An answer, as a caller sees it.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A plain HTTP client for the local door, bounded in time and size.
pub(crate) struct Caller(Client<HttpConnector, Full<Bytes>>);

const LONGEST: Duration = Duration::from_secs(60);
const LARGEST: usize = 8 * 1024 * 1024;

impl Caller {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    pub(crate) async fn call(&self, request: http::Request<Full<Bytes>>) -> Result<Answered, Failure> {
        let uri = request.uri().clone();
        let failed = |error: &dyn std::fmt::Display| Failure::new(format!("no answer from `{uri}`: {error}"));
        let answer = tokio::time::timeout(LONGEST, async {
            let (head, body) = self.0.request(request).await.map_err(|error| failed(&error))?.into_parts();
            let body = Limited::new(body, LARGEST).collect().await.map_err(|error| failed(&error))?;
            Ok(Answered { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
        });
        answer.await.map_err(|error| failed(&error))?
    }
}
