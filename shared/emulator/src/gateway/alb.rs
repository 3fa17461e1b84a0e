//! An Application Load Balancer in front of a function.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access_log::{self, Trail};
use super::client_certificate::{ClientCertificate, MTLS_PREFIX};
use super::inbound::{Inbound, Peer};
use super::integration::integrate;
use super::payload_1::last_values;
use super::reply::Reply;
use super::reply_1;
use super::surroundings::Surroundings;
use crate::EmulatorError;
use crate::options::Alb;

/// Name of the front in the logs.
const FRONT: &str = "alb";
/// Largest body of a request, and largest answer of a function.
const LIMIT: usize = 1024 * 1024;

struct AlbFront {
    target_group_arn: String,
    function: String,
    multi_value_headers: bool,
    certificate: Option<ClientCertificate>,
    port: u16,
    around: Surroundings,
}

pub(crate) fn router(
    alb: Alb,
    address: SocketAddr,
    around: Surroundings,
) -> Result<axum::Router, EmulatorError> {
    around.require([alb.function.as_str()])?;
    let (region, account, group) = (&around.region, &around.account, &alb.target_group);
    let front = AlbFront {
        target_group_arn: format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{group}"),
        function: alb.function,
        multi_value_headers: alb.multi_value_headers,
        certificate: alb.client_certificate.as_deref().map(ClientCertificate::parse).transpose()?,
        port: address.port(),
        around,
    };
    Ok(axum::Router::new().fallback(handle).with_state(Arc::new(front)))
}

impl AlbFront {
    async fn answer(&self, inbound: &mut Inbound, body: Body, trail: &mut Trail) -> Reply {
        if inbound.headers.contains_key(header::UPGRADE) {
            return page(StatusCode::BAD_REQUEST);
        }
        if inbound.read(body, LIMIT).await.is_err() {
            return page(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let event = self.event(inbound);
        let (lambda, function) = (&self.around.lambda, &self.function);
        let Ok(payload) = integrate(lambda, function, event, inbound.trace(), None, trail).await else {
            return page(StatusCode::BAD_GATEWAY);
        };
        let reply = Some(&payload).filter(|payload| payload.len() <= LIMIT);
        let reply = reply.and_then(|payload| reply_1::read_alb(payload, self.multi_value_headers).ok());
        reply.unwrap_or_else(|| {
            trail.integration_error =
                Some("the answer is too large or not of the target group's form".into());
            page(StatusCode::BAD_GATEWAY)
        })
    }

    fn event(&self, inbound: &Inbound) -> Bytes {
        let headers = self.headers(inbound);
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in inbound.query_pairs() {
            query.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        let (body, encoded) = body(inbound);
        let mut event = Map::new();
        let context = json!({ "elb": { "targetGroupArn": self.target_group_arn } });
        event.insert("requestContext".into(), context);
        event.insert("httpMethod".into(), inbound.method.as_str().into());
        event.insert("path".into(), inbound.path.as_str().into());
        if self.multi_value_headers {
            event.insert("multiValueQueryStringParameters".into(), json!(query));
            event.insert("multiValueHeaders".into(), json!(headers));
        } else {
            event.insert("queryStringParameters".into(), json!(last_values(&query)));
            event.insert("headers".into(), json!(last_values(&headers)));
        }
        event.insert("body".into(), body.into());
        event.insert("isBase64Encoded".into(), encoded.into());
        Value::Object(event).to_string().into()
    }

    fn headers(&self, inbound: &Inbound) -> BTreeMap<String, Vec<String>> {
        let mut fields = inbound.header_values();
        let own = [
            ("x-amzn-trace-id", inbound.trace()),
            ("x-forwarded-for", inbound.forwarded_for()),
            ("x-forwarded-port", self.port.to_string()),
            ("x-forwarded-proto", "http".to_owned()),
        ];
        fields.extend(own.map(|(name, value)| (name.to_owned(), vec![value])));
        if let Some(certificate) = &self.certificate {
            // Nobody but the load balancer may say who has shown a certificate.
            fields.retain(|name, _| !name.starts_with(MTLS_PREFIX));
            fields.extend(certificate.headers().map(|(name, value)| (name.to_owned(), vec![value])));
        }
        fields
    }
}

/// Text of a few types stays text unless it is compressed; everything else becomes base64.
fn body(inbound: &Inbound) -> (String, bool) {
    let content_type = inbound.header(&header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/")
        || matches!(essence, "application/json" | "application/javascript" | "application/xml");
    match std::str::from_utf8(&inbound.body) {
        Ok("") => (String::new(), false),
        Ok(text) if is_text && !inbound.headers.contains_key(header::CONTENT_ENCODING) => {
            (text.to_owned(), false)
        }
        _ => (STANDARD.encode(&inbound.body), true),
    }
}

/// What a load balancer answers itself.
fn page(status: StatusCode) -> Reply {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let html = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(header::SERVER, HeaderValue::from_static("awselb/2.0"));
    Reply { status, headers, body: html.into() }
}

async fn handle(State(front): State<Arc<AlbFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let request_id = Uuid::new_v4().to_string();
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let mut reply = front.answer(&mut inbound, body, &mut trail).await;
    access_log::record(&front.around.logs, FRONT, &request_id, &inbound, &reply, &trail, started);
    reply.headers.remove(header::CONTENT_LENGTH);
    reply.into_response()
}
