use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::{Bytes, BytesMut};
use doorward_core::ports::{Fetch, FetchError};
use http::Uri;
use http::uri::Scheme;

use crate::AwsClients;

const WITHIN: Duration = Duration::from_secs(5);

/// Reads public documents through the connector of the SDK clients, which follows no redirect.
#[derive(Debug, Clone)]
pub struct HttpsFetch {
    connector: SharedHttpConnector,
}

impl HttpsFetch {
    /// A reader on the clients' connector.
    #[must_use]
    pub fn new(clients: &AwsClients) -> Self {
        Self { connector: clients.connector.clone() }
    }

    async fn read(&self, url: &str, limit: usize) -> Result<Bytes, String> {
        check_url(url)?;
        let mut request = HttpRequest::get(url).map_err(|_| "the address cannot be sent".to_owned())?;
        request.headers_mut().insert("accept", "application/json");
        request.headers_mut().insert("user-agent", "doorward");
        let response = self.connector.call(request).await.map_err(|error| match error {
            error if error.is_timeout() => "the server did not answer in time".to_owned(),
            _ => "the server cannot be reached".to_owned(),
        })?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(format!("the server answered {status}"));
        }
        let mut stream = ByteStream::new(response.into_body());
        let mut body = BytesMut::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| "the answer ended early".to_owned())?;
            if body.len() + chunk.len() > limit {
                return Err(format!("the answer is larger than {limit} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[async_trait]
impl Fetch for HttpsFetch {
    async fn get(&self, url: &str, limit: usize) -> Result<Bytes, FetchError> {
        let read = tokio::time::timeout(WITHIN, self.read(url, limit)).await;
        read.unwrap_or_else(|_| Err("the server did not answer in time".to_owned()))
            .map_err(|cause| FetchError { url: url.to_owned(), cause })
    }
}

/// `https` to anyone, `http` to this machine only: keys that travel in the clear prove nobody.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|_| "it is not an absolute address".to_owned())?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err("it is not an absolute address".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err("an address must not hold credentials".to_owned());
    }
    if *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_loopback(authority.host())) {
        return Ok(());
    }
    Err("only `https` is read, or `http` on loopback".to_owned())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, allowed: bool) {
        assert_eq!(check_url(url).is_ok(), allowed, "{url}");
    }

    #[test]
    fn https_is_read_and_http_on_loopback_only() {
        check("https://id.example.com/.well-known/jwks.json", true);
        check("HTTPS://id.example.com", true);
        check("http://127.0.0.1:8080/jwks", true);
        check("http://127.9.9.9/jwks", true);
        check("http://[::1]:8080/jwks", true);
        check("http://localhost/jwks", true);
        check("http://id.example.com/jwks", false);
        check("http://127.0.0.1.example.com/jwks", false);
        check("http://localhost.example.com/jwks", false);
        check("http://127.0.0.1@example.com/jwks", false);
        check("https://user:secret@example.com/jwks", false);
        check("http://169.254.169.254/latest/meta-data", false);
        check("file:///etc/passwd", false);
        check("/jwks", false);
        check("", false);
    }
}
