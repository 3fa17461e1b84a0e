//! Which bodies a REST API treats as binary.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;

use super::inbound::Inbound;
use super::payload_1::EventBody;
use super::reply_1::Encoded;

/// A REST API's binary media types.
#[derive(Debug)]
pub(super) struct BinaryMediaTypes(Vec<String>);

impl BinaryMediaTypes {
    pub(super) fn new(types: Vec<String>) -> Self {
        Self(types.into_iter().map(|media_type| media_type.to_ascii_lowercase()).collect())
    }

    /// Whether the first of the media types that a header lists is one of them.
    fn lists(&self, value: Option<String>) -> bool {
        let value = value.unwrap_or_default().to_ascii_lowercase();
        let first = value.split([',', ';']).next().unwrap_or_default().trim();
        self.0.iter().any(|own| own == "*/*" || own == first)
    }

    /// A body of one of the types is encoded; any other one is text, whatever it was.
    pub(super) fn event_body(&self, inbound: &Inbound) -> EventBody {
        if inbound.body.is_empty() {
            return EventBody { text: None, encoded: false };
        }
        if self.lists(inbound.header(&header::CONTENT_TYPE)) {
            return EventBody { text: Some(STANDARD.encode(&inbound.body)), encoded: true };
        }
        EventBody { text: Some(String::from_utf8_lossy(&inbound.body).into_owned()), encoded: false }
    }

    /// What becomes of an answer in base64: the first type that the caller accepts decides.
    pub(super) fn answer(&self, inbound: &Inbound) -> Encoded {
        if self.lists(inbound.header(&header::ACCEPT)) { Encoded::Decode } else { Encoded::Keep }
    }
}
