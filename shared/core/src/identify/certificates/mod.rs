//! Callers whose client certificate the front verified. The front checks the chain; that the certificate is valid now is
//! checked here again, by the door's own clock.

mod distinguished_name;

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_config::{CertificateId, Certificates};
use doorward_model::entity_type::CERTIFICATE;
use doorward_model::{
    AuthFault, CertificateFault, Claim, ClaimType, Claims, EntityName, Principal, Refusal, TrustLevel,
};
use jiff::Timestamp;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;
use x509_cert::{Certificate, TbsCertificate};

use super::is_id;
use crate::find::HttpCall;

/// The largest certificate that is looked at, as PEM: fronts take no larger ones in a header.
const MAX_PEM: usize = 16 * 1024;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Whose certificate the request's front verified; `None` where it is not said to verify any, or was shown none.
pub(super) fn caller(http: &HttpCall<'_>, now: Timestamp) -> Result<Option<Principal>, Refusal> {
    let (Some(pem), Some(rules)) = (&http.request.verified.certificate, &http.rules.certificates) else {
        return Ok(None);
    };
    if !rules.fronts.contains(http.front) {
        return Ok(None);
    }
    principal(pem, rules.id, now)
        .map(Some)
        .map_err(|fault| Refusal::Unauthenticated(AuthFault::Certificate(fault)))
}

/// The attributes that policies read of a certificate.
pub(crate) fn attributes() -> Claims {
    let claim = |ty| Claim { ty, required: false };
    let texts = ["subject", "issuer", "serial", "fingerprint"].map(|name| (name, ClaimType::Text));
    let others = [("names", ClaimType::Texts), ("expires", ClaimType::Instant)];
    texts.into_iter().chain(others).map(|(name, ty)| (name.to_owned(), claim(ty))).collect()
}

/// A caller whom a policy test names: its id is one of its attributes.
pub(crate) fn stated(caller: &Principal, rules: &Certificates) -> Option<Principal> {
    (caller.name.type_name == CERTIFICATE).then(|| {
        let mut attributes = caller.attributes.clone();
        attributes.insert(attribute(rules.id).to_owned(), json!(caller.name.id));
        Principal { attributes, claims: Map::new(), trust: TrustLevel::Attested, ..caller.clone() }
    })
}

fn attribute(id: CertificateId) -> &'static str {
    match id {
        CertificateId::Subject => "subject",
        CertificateId::Fingerprint => "fingerprint",
    }
}

fn principal(pem: &str, id: CertificateId, now: Timestamp) -> Result<Principal, CertificateFault> {
    let der = read_pem(pem)?;
    let certificate = Certificate::from_der(&der).map_err(|_| CertificateFault::Der)?;
    let tbs = certificate.tbs_certificate();
    let expires = check_validity(tbs, now)?;
    let subject = distinguished_name::text(tbs.subject()).ok_or(CertificateFault::Der)?;
    let issuer = distinguished_name::text(tbs.issuer()).ok_or(CertificateFault::Der)?;
    let fingerprint = format!("sha256:{}", hex(&Sha256::digest(&der)));
    let own = match id {
        CertificateId::Subject if is_id(&subject) => subject.clone(),
        CertificateId::Subject => return Err(CertificateFault::Subject),
        CertificateId::Fingerprint => fingerprint.clone(),
    };
    let mut attributes = Map::from_iter([
        ("subject".to_owned(), json!(subject)),
        ("issuer".to_owned(), json!(issuer)),
        ("serial".to_owned(), json!(hex(tbs.serial_number().as_bytes()))),
        ("fingerprint".to_owned(), json!(fingerprint)),
        ("names".to_owned(), json!(names(tbs)?)),
    ]);
    // One that never ends (RFC 5280 section 4.1.2.5) has no time that policies could read.
    if let Some(at) = expires {
        attributes.insert("expires".to_owned(), json!(at));
    }
    Ok(Principal {
        name: EntityName::new(CERTIFICATE, own),
        trust: TrustLevel::Attested,
        parents: Vec::new(),
        claims: Map::new(),
        attributes,
        plan: None,
    })
}

/// The one certificate of the text, in DER. Nothing may stand around it, so that no two readers take different ones.
fn read_pem(pem: &str) -> Result<Vec<u8>, CertificateFault> {
    if pem.len() > MAX_PEM {
        return Err(CertificateFault::TooLarge(MAX_PEM));
    }
    let inner = pem.trim_ascii().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let base64: String = inner
        .ok_or(CertificateFault::Pem)?
        .chars()
        .filter(|c| !matches!(c, '\n' | '\r' | ' ' | '\t'))
        .collect();
    STANDARD.decode(base64).map_err(|_| CertificateFault::Pem)
}

/// When it ends; `None` where that is beyond what a time can be.
fn check_validity(tbs: &TbsCertificate, now: Timestamp) -> Result<Option<Timestamp>, CertificateFault> {
    let (from, until) = (instant(tbs.validity().not_before), instant(tbs.validity().not_after));
    match (from, until) {
        (Some(from), _) if now < from => Err(CertificateFault::NotYetValid(from)),
        (None, _) => Err(CertificateFault::NotYetValid(Timestamp::MAX)),
        // The second that is named is the last one in which it is valid.
        (_, Some(until)) if now.as_second() > until.as_second() => Err(CertificateFault::Expired(until)),
        (_, until) => Ok(until),
    }
}

fn instant(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// The alternative names that policies read, each behind its kind: those of other kinds name nothing that they know.
fn names(tbs: &TbsCertificate) -> Result<Vec<String>, CertificateFault> {
    let extension = tbs.get_extension::<SubjectAltName>().map_err(|_| CertificateFault::Names)?;
    let Some((_, SubjectAltName(all))) = extension else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for name in &all {
        names.extend(match name {
            GeneralName::DnsName(name) => Some(written("dns", name.as_str())?),
            GeneralName::UniformResourceIdentifier(uri) => Some(written("uri", uri.as_str())?),
            GeneralName::Rfc822Name(name) => Some(written("email", name.as_str())?),
            GeneralName::IpAddress(octets) => Some(address(octets.as_bytes())?),
            GeneralName::OtherName(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::EdiPartyName(_)
            | GeneralName::RegisteredId(_) => None,
        });
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// A name that holds a NUL or a blank is one name to some readers and another to others.
fn written(kind: &str, name: &str) -> Result<String, CertificateFault> {
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(format!("{kind}:{name}"));
    }
    Err(CertificateFault::Names)
}

fn address(octets: &[u8]) -> Result<String, CertificateFault> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Ok(format!("ip:{}", Ipv4Addr::from(octets)));
    }
    let octets = <[u8; 16]>::try_from(octets).map_err(|_| CertificateFault::Names)?;
    Ok(format!("ip:{}", Ipv6Addr::from(octets)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
