use std::error::Error;

use doorward_model::TargetFault;
use hyper_util::client::legacy;
use rustls::CertificateError;

use super::connect::NoConnectionInTime;
use super::resolve::NameFault;

/// Why there was no answer, in words of our own: what a server sent is never quoted.
pub(super) fn target_fault(error: &legacy::Error) -> TargetFault {
    if let Some(fault) = find::<NameFault>(error) {
        return match fault {
            NameFault::Unknown => TargetFault::Unreachable(fault.to_string()),
            NameFault::NotAdmitted(_) => TargetFault::Address(fault.to_string()),
        };
    }
    if error.is_connect() {
        return TargetFault::Unreachable(connect_cause(error));
    }
    let Some(error) = find::<hyper::Error>(error) else {
        return TargetFault::Reset("it broke".to_owned());
    };
    if error.is_canceled() {
        // hyper says so where the request is still whole: nothing of it was sent.
        return TargetFault::Unreachable("it closed the connection before the request".to_owned());
    }
    if error.is_parse_too_large() {
        return TargetFault::Unreadable("its head is too large".to_owned());
    }
    if error.is_parse() {
        return TargetFault::Unreadable("its head is not that of an HTTP answer".to_owned());
    }
    TargetFault::Reset(if error.is_incomplete_message() { "it was closed" } else { "it broke" }.to_owned())
}

fn connect_cause(error: &legacy::Error) -> String {
    if find::<NoConnectionInTime>(error).is_some() {
        return NoConnectionInTime.to_string();
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls_cause(tls).to_owned();
    }
    let cause = match find::<std::io::Error>(error).map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionRefused) => "the connection was refused",
        Some(std::io::ErrorKind::TimedOut) => return NoConnectionInTime.to_string(),
        Some(std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof) => {
            "the connection was closed before it was set up"
        }
        _ => "no connection can be made",
    };
    cause.to_owned()
}

fn tls_cause(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(error) = error else { return "the TLS handshake failed" };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is of an issuer that is not trusted"
        }
        CertificateError::Revoked => "its certificate is revoked",
        _ => "its certificate is not valid",
    }
}

/// The first error of this type in the chain of causes. `io::Error` hides what it wraps from `source`, so it is looked into.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
