use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use doorward_config::{Endpoint, Target};
use doorward_core::ports::{AnswerBound, Forward, ForwardMessage, StreamTime, Targets};
use doorward_model::{Body, Reply, ReplyForm, TargetFault};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

/// A front that carries whole answers of at most so many bytes.
#[derive(Debug)]
pub struct BoundedFront {
    largest: AtomicUsize,
}

impl BoundedFront {
    /// A front that takes answers whole, of at most `largest` bytes.
    #[must_use]
    pub fn new(largest: usize) -> Self {
        Self { largest: AtomicUsize::new(largest) }
    }

    /// From now on the front carries so much.
    pub fn carry(&self, largest: usize) {
        self.largest.store(largest, Ordering::SeqCst);
    }
}

impl AnswerBound for BoundedFront {
    fn fits(&self, _: ReplyForm, _: StatusCode, _: &HeaderMap, body: &[u8]) -> Result<(), String> {
        if body.len() > self.largest.load(Ordering::SeqCst) {
            return Err("it is larger than the front can carry".to_owned());
        }
        Ok(())
    }
}

type Script = Box<dyn Fn(&str, Duration) -> Result<Reply, TargetFault> + Send + Sync>;

/// Targets that answer as a test says, and remember what they were sent.
pub struct ScriptedTargets {
    script: Mutex<Script>,
    sent: Mutex<Vec<String>>,
    went: Mutex<Vec<String>>,
    within: Mutex<Duration>,
    stream_within: Mutex<Option<StreamTime>>,
    withheld: Mutex<Vec<String>>,
    fields: Mutex<HeaderMap>,
    invoked: Mutex<Vec<String>>,
    batches: Mutex<Vec<Vec<String>>>,
}

impl Default for ScriptedTargets {
    fn default() -> Self {
        let targets = Self {
            script: Mutex::new(Box::new(|_, _| Err(TargetFault::TimedOut))),
            sent: Mutex::default(),
            went: Mutex::default(),
            within: Mutex::default(),
            stream_within: Mutex::default(),
            withheld: Mutex::default(),
            fields: Mutex::default(),
            invoked: Mutex::default(),
            batches: Mutex::default(),
        };
        targets.answer(200, "{}");
        targets
    }
}

impl ScriptedTargets {
    /// From now on every target answers so, with a JSON body.
    pub fn answer(&self, status: u16, body: &'static str) {
        self.script(move || {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
            Ok(Reply { status, headers, body: Body::from(body.as_bytes().to_vec()) })
        });
    }

    /// From now on every target answers 201 with a JSON body that comes in these chunks.
    pub fn stream(&self, chunks: &'static [&'static str]) {
        self.script(move || {
            let headers =
                HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
            let chunks = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
            let body = Body::Stream(Box::pin(futures_util::stream::iter(chunks)));
            Ok(Reply { status: StatusCode::CREATED, headers, body })
        });
    }

    /// From now on every target fails so.
    pub fn fail(&self, fault: TargetFault) {
        self.script(move || Err(fault.clone()));
    }

    /// From now on every target answers as `script` says.
    pub fn respond(&self, script: impl Fn() -> Result<Reply, TargetFault> + Send + Sync + 'static) {
        self.script(script);
    }

    /// From now on the endpoint at each address answers as `script` says.
    pub fn respond_at(&self, script: impl Fn(&str) -> Result<Reply, TargetFault> + Send + Sync + 'static) {
        self.respond_within(move |address, _| script(address));
    }

    /// The same by the time that is left to it, too.
    pub fn respond_within(
        &self,
        script: impl Fn(&str, Duration) -> Result<Reply, TargetFault> + Send + Sync + 'static,
    ) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    fn script(&self, script: impl Fn() -> Result<Reply, TargetFault> + Send + Sync + 'static) {
        self.respond_at(move |_| script());
    }

    /// Addresses of the endpoints that were called since the last time, in order.
    #[must_use]
    pub fn went(&self) -> Vec<String> {
        std::mem::take(&mut *self.went.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How long the last one was waited for.
    #[must_use]
    pub fn within(&self) -> Duration {
        *self.within.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the last one's answer may pass on while it comes in; `None` where it must come whole.
    #[must_use]
    pub fn stream_within(&self) -> Option<StreamTime> {
        *self.stream_within.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `target action` of every call that got here, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What invocations asked of targets since the last time: type, qualifier, payload, client context, whether for the log.
    #[must_use]
    pub fn invoked(&self) -> Vec<String> {
        std::mem::take(&mut *self.invoked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The items of the records that went together, since the last time, in order.
    #[must_use]
    pub fn batches(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut *self.batches.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Header fields of the request that the last target was sent.
    #[must_use]
    pub fn fields(&self) -> HeaderMap {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `Accept-Encoding` of it.
    #[must_use]
    pub fn encoding(&self) -> Option<String> {
        self.fields().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// Names of the header fields that the last target must not see.
    #[must_use]
    pub fn withheld(&self) -> Vec<String> {
        self.withheld.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Targets for ScriptedTargets {
    async fn send(
        &self,
        target: &Target,
        endpoint: &Endpoint,
        forward: Forward<'_>,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        let line = format!("{} {}", target.name, forward.call.action.as_deref().unwrap_or("?"));
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        match forward.message {
            ForwardMessage::Http { withheld, request, .. } => {
                self.fields.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&request.headers);
                *self.withheld.lock().unwrap_or_else(PoisonError::into_inner) =
                    withheld.iter().map(ToString::to_string).collect();
            }
            ForwardMessage::Invoke { .. } | ForwardMessage::CloudEvent { .. } => {}
            ForwardMessage::Event { records } => {
                let items = records.iter().map(|record| record.item.clone().unwrap_or_default()).collect();
                self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(items);
            }
        }
        let invoked = match forward.message {
            ForwardMessage::Invoke { payload, kind, qualifier, client_context, log_tail } => {
                let payload = String::from_utf8_lossy(payload);
                let context = client_context.map(|context| json!(context).to_string()).unwrap_or_default();
                let (qualifier, tail) = (qualifier.unwrap_or("-"), if log_tail { " tail" } else { "" });
                Some(format!("{kind} {qualifier} {payload} {context}{tail}").trim_end().to_owned())
            }
            ForwardMessage::Http { request, path, .. } => {
                let (method, body) = (&request.method, String::from_utf8_lossy(&request.body));
                Some(format!("{method} {path} {body}"))
            }
            ForwardMessage::CloudEvent { text, event_type } => Some(format!("{event_type} {text}")),
            ForwardMessage::Event { .. } => None,
        };
        self.invoked.lock().unwrap_or_else(PoisonError::into_inner).extend(invoked);
        self.went.lock().unwrap_or_else(PoisonError::into_inner).push(endpoint.address.clone());
        *self.within.lock().unwrap_or_else(PoisonError::into_inner) = within;
        *self.stream_within.lock().unwrap_or_else(PoisonError::into_inner) = forward.stream;
        (self.script.lock().unwrap_or_else(PoisonError::into_inner))(&endpoint.address, within)
    }
}
