use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::{Bytes, BytesMut};

use crate::AwsClients;
use crate::fetch::check_url;

/// As long as a gateway waits for its function ("Quotas for configuring and running an HTTP API", API Gateway guide).
const WITHIN: Duration = Duration::from_secs(30);
/// The most bytes of an answer that are read.
const LARGEST: usize = 1024 * 1024;

/// Status, header fields and body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// Names and values; what is no text is left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl AwsClients {
    /// Sends `body` to `url` by `POST`, through the connector of the clients, which follows no redirect.
    ///
    /// # Errors
    /// Why there is no answer, for people: an address that is neither `https` nor this machine, a field that cannot be sent, a
    /// server that is away, and an answer that is too large.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Posted, String> {
        check_url(url)?;
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| "the request cannot be sent".to_owned())?;
        request.set_uri(url).map_err(|_| "the address cannot be sent".to_owned())?;
        for (name, value) in headers {
            let sent = request.headers_mut().try_append(name.clone(), value.clone());
            sent.map_err(|_| format!("the header `{name}` cannot be sent"))?;
        }
        let asked = async {
            let response = self.connector.call(request).await;
            let response = response.map_err(|_| "the server cannot be reached".to_owned())?;
            let status = response.status().as_u16();
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let mut stream = ByteStream::new(response.into_body());
            let mut body = BytesMut::new();
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(|_| "the answer ended early".to_owned())?;
                if body.len() + chunk.len() > LARGEST {
                    return Err(format!("the answer is larger than {LARGEST} bytes"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Posted { status, headers, body: body.freeze() })
        };
        let answered = tokio::time::timeout(WITHIN, asked).await;
        answered.unwrap_or_else(|_| Err("the server did not answer in time".to_owned()))
    }
}
