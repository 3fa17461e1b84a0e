use doorward_config::{Config, IdentitySource};
use doorward_model::{FrontVerified, HttpRequest};
use http::header::AUTHORIZATION;

/// Takes from a request what could prove a caller and does not tell callers apart: an answer that came of it would be
/// reused for who does not show it.
pub(crate) fn narrow(request: &mut HttpRequest, config: &Config) {
    let sources = &config.authorizer.identity_sources;
    for field in [&AUTHORIZATION, &config.api_keys.header] {
        if !sources.iter().any(|source| matches!(source, IdentitySource::Header(name) if name == field)) {
            request.headers.remove(field);
        }
    }
    // No identity source stands for what the front verified.
    request.verified = FrontVerified::default();
}
