use std::error::Error;
use std::io;

use doorward_model::{BodyError, TargetFault};
use h2::Reason;
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
    match find::<h2::Error>(error) {
        Some(error) if is_refused(error) => {
            return TargetFault::Unreachable("it did not take the request".to_owned());
        }
        Some(error) if error.is_library() => {
            return TargetFault::Unreadable("it is not an answer of HTTP/2".to_owned());
        }
        Some(_) | None => {}
    }
    if error.is_parse_too_large() {
        return TargetFault::Unreadable("its head is too large".to_owned());
    }
    if error.is_parse() {
        return TargetFault::Unreadable("its head is not that of an HTTP answer".to_owned());
    }
    TargetFault::Reset(if error.is_incomplete_message() { "it was closed" } else { "it broke" }.to_owned())
}

/// Why a body has no end that can be used.
pub(super) fn body_fault(error: &hyper::Error) -> BodyError {
    match is_malformed(error) {
        true => BodyError::Unreadable("it is not that of an HTTP answer".to_owned()),
        false => BodyError::Cut("the server broke it off".to_owned()),
    }
}

/// Whether the server says itself that it did nothing for the request (RFC 9113 section 8.7): it refused its stream, or its
/// `GOAWAY` names a last stream below it. The library gives the streams that are not below the error of the connection's end.
fn is_refused(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}

/// Whether it is we who break off, since what came is against the rules of HTTP/2, or of a body's chunks (RFC 9112 section 7.1).
fn is_malformed(error: &hyper::Error) -> bool {
    if let Some(error) = find::<h2::Error>(error) {
        return error.is_library();
    }
    let kind = find::<io::Error>(error).map(io::Error::kind);
    // rustls' own errors come as such, too.
    matches!(kind, Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
        && find::<rustls::Error>(error).is_none()
}

fn connect_cause(error: &legacy::Error) -> String {
    if find::<NoConnectionInTime>(error).is_some() {
        return NoConnectionInTime.to_string();
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls_cause(tls).to_owned();
    }
    let cause = match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "the connection was refused",
        Some(io::ErrorKind::TimedOut) => return NoConnectionInTime.to_string(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
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
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
