use jiff::Timestamp;

/// Why a client certificate that the front verified is nobody's here. No text holds anything of the certificate but times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is larger than a certificate may be.
    #[error("the client certificate is larger than {0} bytes")]
    TooLarge(usize),
    /// It is not one certificate as PEM (RFC 7468).
    #[error("what the front hands over is not one certificate as PEM")]
    Pem,
    /// It is no certificate in DER (RFC 5280).
    #[error("the client certificate cannot be read")]
    Der,
    /// An alternative name holds what no such name may, so that readers could differ over it.
    #[error("an alternative name of the client certificate has no one reading")]
    Names,
    /// It begins later.
    #[error("the client certificate is not valid before {0}")]
    NotYetValid(Timestamp),
    /// It has ended.
    #[error("the client certificate expired at {0}")]
    Expired(Timestamp),
    /// It has no subject, or a longer one than an id may be.
    #[error("the subject of the client certificate is empty or too long to be an id")]
    Subject,
}
