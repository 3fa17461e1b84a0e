//! A request as a front has received it, whole and within its size limit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::lambda::new_trace;

/// Headers that belong to one connection (RFC 9110, 7.6.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str())
}

/// A request with its whole body.
#[derive(Debug)]
pub(super) struct Inbound {
    pub(super) method: String,
    /// As it was sent.
    pub(super) path: String,
    /// As it was sent, without its `?`.
    pub(super) query: String,
    pub(super) protocol: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) source_ip: IpAddr,
    pub(super) received: Timestamp,
    /// A trace header for a request that came without one.
    pub(super) own_trace: String,
}

/// The body is larger than the front takes.
#[derive(Debug)]
pub(super) struct BodyTooLarge;

/// Address of the peer, as every front's listener provides it.
pub(crate) type Peer = ConnectInfo<std::net::SocketAddr>;

impl Inbound {
    /// Everything but the body, which may turn out to be too large.
    pub(super) fn new(head: http::request::Parts, peer: Peer, received: Timestamp) -> Self {
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            protocol: format!("{:?}", head.version),
            headers: head.headers,
            body: Bytes::new(),
            source_ip: peer.0.ip(),
            received,
            own_trace: new_trace(received),
        }
    }

    pub(super) async fn read(&mut self, body: Body, limit: usize) -> Result<(), BodyTooLarge> {
        // A caller that goes away in the middle of its body ends the same way; nobody reads that answer.
        self.body = to_bytes(body, limit).await.map_err(|_| BodyTooLarge)?;
        Ok(())
    }

    /// The caller's X-Ray trace header, or one of its own, the same for all that are asked about it.
    pub(super) fn trace(&self) -> String {
        let own = self.headers.get("x-amzn-trace-id").and_then(|trace| trace.to_str().ok());
        own.unwrap_or(&self.own_trace).to_owned()
    }

    /// All values of a header, joined by commas.
    pub(super) fn header(&self, name: &HeaderName) -> Option<String> {
        let mut values = self.headers.get_all(name).iter().peekable();
        values.peek()?;
        Some(values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(","))
    }

    /// What a function sees as headers: names in lower case, several values joined by commas, cookies and the
    /// headers of the connection apart.
    pub(super) fn header_fields(&self) -> BTreeMap<String, String> {
        let listed = |name: &&HeaderName| **name != header::COOKIE && !is_hop_by_hop(name);
        let field = |name: &HeaderName| Some((name.as_str().to_owned(), self.header(name)?));
        self.headers.keys().filter(listed).filter_map(field).collect()
    }

    /// All headers but those of the connection, each with all its values: names in lower case.
    pub(super) fn header_values(&self) -> BTreeMap<String, Vec<String>> {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in self.headers.iter().filter(|(name, _)| !is_hop_by_hop(name)) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            fields.entry(name.as_str().to_owned()).or_default().push(value);
        }
        fields
    }

    /// `X-Forwarded-For` with the caller's own address behind what the caller has sent.
    pub(super) fn forwarded_for(&self) -> String {
        let own = self.source_ip.to_string();
        let sent = self.header(&HeaderName::from_static("x-forwarded-for"));
        sent.map_or_else(|| own.clone(), |sent| format!("{sent}, {own}"))
    }

    /// When it was received, in the form of access logs.
    pub(super) fn access_time(&self) -> String {
        self.received.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
    }

    pub(super) fn cookies(&self) -> Vec<String> {
        let values = self.headers.get_all(header::COOKIE).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .map(str::trim)
            .filter(|cookie| !cookie.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Names and values of the query as they were sent, in their order.
    pub(super) fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// Decoded names and values of the query.
    pub(super) fn query_values(&self) -> BTreeMap<String, Vec<String>> {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in self.query_pairs() {
            parameters.entry(decoded_form(name)).or_default().push(decoded_form(value));
        }
        parameters
    }

    /// Decoded names and values, several values of a name joined by commas.
    pub(super) fn query_parameters(&self) -> BTreeMap<String, String> {
        self.query_values().into_iter().map(|(name, values)| (name, values.join(","))).collect()
    }

    pub(super) fn decoded_path(&self) -> String {
        percent_decode_str(&self.path).decode_utf8_lossy().into_owned()
    }
}

pub(super) fn decoded_form(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
