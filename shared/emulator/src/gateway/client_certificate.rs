//! The certificate that callers of a front with mutual TLS are taken to have shown.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use x509_parser::pem::Pem;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use crate::EmulatorError;

/// What a load balancer leaves as it is in the certificate's PEM.
const SAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'+')
    .remove(b'=')
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the headers of a load balancer begin with that tell of a certificate.
pub(super) const MTLS_PREFIX: &str = "x-amzn-mtls-";

/// A certificate, read once at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientCertificate {
    pem: String,
    /// Distinguished names as RFC 2253 writes them: the last part first.
    subject: String,
    issuer: String,
    serial: Vec<u8>,
    not_before: Instant,
    not_after: Instant,
}

/// One end of the validity, as API Gateway and as a load balancer write it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Instant {
    openssl: String,
    iso: String,
}

impl ClientCertificate {
    /// Reads the first certificate of a PEM text.
    pub(super) fn parse(text: &str) -> Result<Self, EmulatorError> {
        let refused = || EmulatorError::ClientCertificate;
        let pem = Pem::iter_from_buffer(text.as_bytes()).next().and_then(Result::ok).ok_or_else(refused)?;
        let certificate = pem.parse_x509().map_err(|_| refused())?;
        let instant = |time: ASN1Time| {
            let at = jiff::Timestamp::from_second(time.timestamp()).map_err(|_| refused())?;
            Ok::<_, EmulatorError>(Instant {
                openssl: at.strftime("%b %e %H:%M:%S %Y GMT").to_string(),
                iso: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            })
        };
        Ok(Self {
            pem: text.to_owned(),
            subject: rfc2253(certificate.subject()).ok_or_else(refused)?,
            issuer: rfc2253(certificate.issuer()).ok_or_else(refused)?,
            serial: certificate.raw_serial().to_vec(),
            not_before: instant(certificate.validity().not_before)?,
            not_after: instant(certificate.validity().not_after)?,
        })
    }

    /// `clientCert` in the context of API Gateway's events.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
    pub(super) fn to_json(&self) -> Value {
        json!({
            "clientCertPem": self.pem,
            "subjectDN": self.subject,
            "issuerDN": self.issuer,
            "serialNumber": hex(&self.serial, ":"),
            "validity": { "notBefore": self.not_before.openssl, "notAfter": self.not_after.openssl },
        })
    }

    /// What a load balancer that verifies adds to a request.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html>
    pub(super) fn headers(&self) -> [(&'static str, String); 5] {
        let validity = format!("NotBefore={};NotAfter={}", self.not_before.iso, self.not_after.iso);
        [
            ("x-amzn-mtls-clientcert-serial-number", hex(&self.serial, "").to_uppercase()),
            ("x-amzn-mtls-clientcert-issuer", self.issuer.clone()),
            ("x-amzn-mtls-clientcert-subject", self.subject.clone()),
            ("x-amzn-mtls-clientcert-validity", validity),
            ("x-amzn-mtls-clientcert-leaf", utf8_percent_encode(&self.pem, SAFE).to_string()),
        ]
    }
}

fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

/// `CN=client,O=Example`; `None` where a value is no text.
fn rfc2253(name: &X509Name<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for relative in name.iter_rdn() {
        let attribute = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
            let id = attribute.attr_type();
            let short = x509_parser::objects::oid2abbrev(id, x509_parser::objects::oid_registry());
            let label = short.map_or_else(|_| id.to_id_string(), str::to_owned);
            Some(format!("{label}={}", escaped(attribute.as_str().ok()?)))
        };
        parts.push(relative.iter().map(attribute).collect::<Option<Vec<_>>>()?.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

/// RFC 2253, 2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (at, character) in value.chars().enumerate() {
        let at_an_end = (at == 0 && matches!(character, ' ' | '#')) || (at == last && character == ' ');
        if at_an_end || matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}
