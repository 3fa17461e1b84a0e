use std::time::Duration;

use bytes::Bytes;
use doorward_core::ports::Clock;
use doorward_model::TargetFault;
use http::uri::Scheme;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::{Instant, timeout_at};

use super::client::Connections;
use super::fault::target_fault;

/// A request, whole.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// One request after the other over the connections of one target, until a deadline.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) connections: &'a Connections,
    pub(super) clock: &'a dyn Clock,
    pub(super) deadline: Instant,
    /// How long a connection is waited for, within that.
    pub(super) connect: Duration,
}

impl Exchange<'_> {
    /// The head of the answer.
    ///
    /// # Errors
    /// [`TargetFault`]; before there is a connection, always one that says that nothing was sent.
    pub(super) async fn send(&self, outgoing: Outgoing) -> Result<Response<Incoming>, TargetFault> {
        let secure = outgoing.uri.scheme() != Some(&Scheme::HTTP);
        let client = self.connections.client(secure, self.clock.now())?;
        let mut request = Request::new(Full::new(outgoing.body));
        *request.method_mut() = outgoing.method;
        *request.uri_mut() = outgoing.uri;
        *request.headers_mut() = outgoing.headers;
        let connection = capture_connection(&mut request);
        let mut answered = client.request(request);
        let connected = self.deadline.min(Instant::now() + self.connect);
        let begun = timeout_at(connected, &mut answered).await;
        let answered = match begun {
            Err(_) if connection.connection_metadata().is_some() => timeout_at(self.deadline, answered).await,
            begun => begun,
        };
        match answered {
            Ok(answered) => answered.map_err(|error| target_fault(&error)),
            Err(_) if connection.connection_metadata().is_none() => {
                Err(TargetFault::Unreachable("there was no connection in time".to_owned()))
            }
            Err(_) => Err(TargetFault::TimedOut),
        }
    }

    /// Status and body of the answer, which is for the door itself; at most `largest` bytes.
    pub(super) async fn whole(
        &self,
        outgoing: Outgoing,
        largest: usize,
    ) -> Result<(u16, Bytes), TargetFault> {
        let answer = self.send(outgoing).await?;
        let status = answer.status().as_u16();
        let body = timeout_at(self.deadline, Limited::new(answer.into_body(), largest).collect());
        let body = body.await.map_err(|_| TargetFault::TimedOut)?;
        let body = body.map_err(|error| match error.is::<http_body_util::LengthLimitError>() {
            true => TargetFault::Unreadable(format!("it is larger than {largest} bytes")),
            false => TargetFault::Reset("it was broken off".to_owned()),
        })?;
        Ok((status, body.to_bytes()))
    }

    /// Until when to wait for what must be there before: three quarters of the time that is left, so that some is left to call in.
    pub(super) fn before(&self) -> Instant {
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) * 3 / 4
    }
}
