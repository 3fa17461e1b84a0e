use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// Whose certificates servers are believed by: those that the system trusts, and further ones that the constructor names.
pub(super) struct Trust {
    further: Vec<CertificateDer<'static>>,
    /// Read when the first server is called over TLS: reading them costs milliseconds of every cold start.
    config: OnceLock<Option<ClientConfig>>,
}

impl Trust {
    pub(super) fn new(further: Vec<CertificateDer<'static>>) -> Self {
        Self { further, config: OnceLock::new() }
    }

    /// What TLS is spoken with, without a protocol on top (ALPN); `None` where there is no root to trust.
    pub(super) fn config(&self) -> Option<&ClientConfig> {
        self.config.get_or_init(|| client_config(&self.further)).as_ref()
    }
}

fn client_config(further: &[CertificateDer<'static>]) -> Option<ClientConfig> {
    let system = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems keep roots that no longer can be read beside those that can.
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(further.iter().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let verifier = verifier
        .inspect_err(|_| {
            tracing::error!("the system trusts no certificate, so no server can be called by HTTPS")
        })
        .ok()?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(builder.with_webpki_verifier(verifier).with_no_client_auth())
}
