//! Who calls a service of AWS that stands here: whoever may, but nobody under a known caller's name without its key.

use axum::extract::Request;
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use super::inbound::{Inbound, Peer};
use super::signature::{SignatureFault, Signers};
use crate::options::IamIdentity;

/// A call that was read as a whole.
pub(crate) struct Call<'a> {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// None where it is not signed, or with credentials that nobody is known by.
    pub(crate) caller: Option<&'a IamIdentity>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CallFault {
    #[error("the request is larger than {0} bytes")]
    TooLarge(usize),
    #[error("{0}")]
    Signature(String),
}

/// Reads a call of `service`, of at most `limit` bytes.
pub(crate) async fn read_call<'a>(
    signers: &'a Signers,
    service: &str,
    limit: usize,
    peer: Peer,
    request: Request,
) -> Result<Call<'a>, CallFault> {
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    inbound.read(body, limit).await.map_err(|_| CallFault::TooLarge(limit))?;
    let caller = match signers.verify(&inbound, service, inbound.received) {
        Ok(identity) => Some(identity),
        Err(SignatureFault::Missing) => None,
        Err(SignatureFault::UnknownCredentials) if !signers.names_known_key(&inbound) => None,
        Err(fault) => return Err(CallFault::Signature(fault.to_string())),
    };
    Ok(Call { headers: inbound.headers, body: inbound.body, caller })
}
