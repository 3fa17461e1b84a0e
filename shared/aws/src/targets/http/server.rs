use std::sync::Arc;

use doorward_config::{HttpTarget, Protocol};

use super::client::{Connections, Wiring};
use super::credentials::Tokens;
use super::vault::Vault;

/// What is kept of one target between calls.
pub(super) struct Server {
    target: Arc<HttpTarget>,
    connections: Connections,
    tokens: Tokens,
}

impl Server {
    pub(super) fn new(wiring: &Arc<Wiring>, vault: &Arc<Vault>, target: HttpTarget) -> Self {
        let target = Arc::new(target);
        // HTTP/2 names one host for connection and request (`:authority`, RFC 9113 section 8.3.1).
        let protocol = if target.preserve_host { Protocol::Http1 } else { target.protocol };
        let connections = |protocol| Connections::new(Arc::clone(wiring), Arc::clone(&target), protocol);
        Self {
            connections: connections(protocol),
            // The token endpoint may speak another protocol, and is held to the same networks.
            tokens: Tokens::new(Arc::clone(&target), connections(Protocol::Auto), Arc::clone(vault)),
            target,
        }
    }

    pub(super) fn target(&self) -> &HttpTarget {
        &self.target
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}
