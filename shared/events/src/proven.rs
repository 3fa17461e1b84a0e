//! Header fields under which proxies hand on who they have proven the caller to be. Behind the door no such proxy stands, so
//! what a caller writes there is a claim that a server or a framework would take for a proof.

use http::HeaderName;

/// Fields by their whole names.
const NAMES: [&str; 15] = [
    // Authelia, Apache's mod_auth, and the variable `REMOTE_USER` of CGI (RFC 3875 section 4.1.11).
    "remote-email",
    "remote-group",
    "remote-groups",
    "remote-name",
    "remote-user",
    // Client certificates: Envoy, Azure App Service, and what nginx is mostly told to call them.
    "x-arr-clientcert",
    "x-client-cert",
    "x-client-dn",
    "x-client-verify",
    "x-forwarded-client-cert",
    // OAuth2 Proxy.
    "x-forwarded-access-token",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-user",
];

/// Fields by what their names begin with.
const PREFIXES: [&str; 13] = [
    // Client certificates: nginx, HAProxy and Traefik.
    "ssl-client-",
    "x-ssl-client-",
    "x-forwarded-tls-client-cert",
    // OAuth2 Proxy, Grafana, and the API server of Kubernetes ("Authenticating proxy").
    "x-auth-request-",
    "x-webauth-",
    "x-remote-",
    // Kong.
    "x-authenticated-",
    "x-consumer-",
    "x-credential-",
    // Azure App Service, Google Cloud's Identity-Aware Proxy, Cloudflare Access and Tailscale.
    "x-ms-client-principal",
    "x-goog-authenticated-user-",
    "cf-access-authenticated-user-",
    "tailscale-user-",
];

/// Whether a field of this name states what a proxy has proven.
pub(crate) fn is_proof(name: &HeaderName) -> bool {
    let name = name.as_str();
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proxies_prove_is_told_from_what_callers_say() {
        let is = |name: &str| is_proof(&HeaderName::from_bytes(name.as_bytes()).unwrap());
        for name in
            ["SSL-Client-Verify", "x-remote-user", "Remote-User", "x-auth-request-email", "x-client-cert"]
        {
            assert!(is(name), "{name}");
        }
        for name in [
            "authorization",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-client-version",
            "user-agent",
            "remote",
        ] {
            assert!(!is(name), "{name}");
        }
    }
}
