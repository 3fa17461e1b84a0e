//! AWS Signature Version 4 in the `Authorization` header, verified.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::inbound::{Inbound, decoded_form};
use crate::options::IamIdentity;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the clocks of signer and verifier may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// What stays as it is in a canonical request (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who may sign, and for which region.
#[derive(Debug)]
pub(crate) struct Signers {
    identities: Vec<IamIdentity>,
    region: String,
}

/// Why a request is not taken for one of a known caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignatureFault {
    #[error("the request is not signed")]
    Missing,
    #[error("the signature is incomplete or malformed")]
    Incomplete,
    #[error("the access key id or the session token is not known")]
    UnknownCredentials,
    #[error("the signature is older than five minutes, or as far in the future")]
    Expired,
    #[error("the signature does not fit the request")]
    Mismatch,
}

/// The parts of the `Authorization` header.
struct Claimed<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl Signers {
    pub(crate) fn new(identities: Vec<IamIdentity>, region: String) -> Self {
        Self { identities, region }
    }

    /// Who has signed this request for `service`.
    pub(super) fn verify(
        &self,
        inbound: &Inbound,
        service: &str,
        now: Timestamp,
    ) -> Result<&IamIdentity, SignatureFault> {
        if !inbound.headers.contains_key(AUTHORIZATION) {
            return Err(SignatureFault::Missing);
        }
        let authorization = only(inbound, &AUTHORIZATION)?;
        let claimed = Claimed::read(authorization).ok_or(SignatureFault::Incomplete)?;
        let time = only(inbound, &HeaderName::from_static("x-amz-date"))?;
        let signed_at = signing_time(time).ok_or(SignatureFault::Incomplete)?;
        if time.get(..8) != Some(claimed.date) || !claimed.covers(inbound) {
            return Err(SignatureFault::Incomplete);
        }
        let known = self.identities.iter().find(|identity| identity.access_key == claimed.access_key);
        let identity = known.ok_or(SignatureFault::UnknownCredentials)?;
        has_session(inbound, identity)?;
        if now.duration_since(signed_at).abs() > SKEW {
            return Err(SignatureFault::Expired);
        }
        if (claimed.region, claimed.service) != (&self.region, service) {
            return Err(SignatureFault::Mismatch);
        }
        let expected = signature(&claimed, &identity.secret_key, time, &canonical(inbound, &claimed)?);
        verify_slices_are_equal(expected.as_bytes(), claimed.signature.as_bytes())
            .map_err(|_| SignatureFault::Mismatch)?;
        Ok(identity)
    }

    /// Whether a request claims to be signed with the key of a known caller.
    pub(super) fn names_known_key(&self, inbound: &Inbound) -> bool {
        let claimed = only(inbound, &AUTHORIZATION).ok().and_then(Claimed::read);
        let known = |key: &str| self.identities.iter().any(|identity| identity.access_key == key);
        claimed.is_some_and(|claimed| known(claimed.access_key))
    }
}

impl<'a> Claimed<'a> {
    fn read(authorization: &'a str) -> Option<Self> {
        let parts = authorization.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in parts.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let known = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return None,
            };
            if known.replace(value).is_some() {
                return None;
            }
        }
        let scope: Vec<&str> = credential?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope.as_slice() else { return None };
        let signed_headers = signed_headers?.split(';').collect();
        Some(Self { access_key, date, region, service, signed_headers, signature: signature? })
    }

    /// Whether the signature covers the host, the time and whatever else AWS reads in headers; in the one order in
    /// which the names may stand.
    fn covers(&self, inbound: &Inbound) -> bool {
        let named = |name: &str| self.signed_headers.contains(&name);
        let of_aws = |name: &HeaderName| name.as_str().starts_with("x-amz-");
        self.signed_headers.is_sorted_by(|one, next| one < next)
            && named("host")
            && inbound.headers.keys().filter(|name| of_aws(name)).all(|name| named(name.as_str()))
    }
}

/// The value of a header that stands once.
fn only<'a>(inbound: &'a Inbound, name: &HeaderName) -> Result<&'a str, SignatureFault> {
    let mut values = inbound.headers.get_all(name).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or(SignatureFault::Incomplete)?;
    if values.next().is_some() { Err(SignatureFault::Incomplete) } else { Ok(value) }
}

fn has_session(inbound: &Inbound, identity: &IamIdentity) -> Result<(), SignatureFault> {
    let sent = inbound.headers.get("x-amz-security-token").map(HeaderValue::as_bytes);
    let same = match (&identity.session_token, sent) {
        (None, None) => true,
        (Some(own), Some(sent)) => verify_slices_are_equal(own.as_bytes(), sent).is_ok(),
        _ => false,
    };
    if same { Ok(()) } else { Err(SignatureFault::UnknownCredentials) }
}

/// `20261124T224828Z`.
fn signing_time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if (date.len(), time.len()) != (8, 6) || !format!("{date}{time}").bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    let (hour, minute, second) = (time.get(..2)?, time.get(2..4)?, time.get(4..)?);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().ok()
}

/// The canonical request.
fn canonical(inbound: &Inbound, claimed: &Claimed<'_>) -> Result<String, SignatureFault> {
    only(inbound, &HOST)?;
    let body = hex(digest(&SHA256, &inbound.body).as_ref());
    let declared = inbound.headers.get("x-amz-content-sha256").map(HeaderValue::as_bytes);
    if declared.is_some_and(|declared| declared != body.as_bytes()) {
        return Err(SignatureFault::Mismatch);
    }
    let mut lines = vec![inbound.method.clone(), canonical_path(&inbound.path), canonical_query(inbound)];
    for name in &claimed.signed_headers {
        let value = canonical_header(inbound, name).ok_or(SignatureFault::Mismatch)?;
        lines.push(format!("{name}:{value}"));
    }
    lines.extend([String::new(), claimed.signed_headers.join(";"), body]);
    Ok(lines.join("\n"))
}

/// Without dot segments and empty ones, and encoded once more than it was sent: so do all services but S3.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let encoded: Vec<String> =
        segments.iter().map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string()).collect();
    let ends_with_slash = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let end = if ends_with_slash && !encoded.is_empty() { "/" } else { "" };
    format!("/{}{end}", encoded.join("/"))
}

fn canonical_query(inbound: &Inbound) -> String {
    let encoded = |text: &str| utf8_percent_encode(&decoded_form(text), UNRESERVED).to_string();
    let mut pairs: Vec<(String, String)> =
        inbound.query_pairs().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// All values, their outer spaces removed and their inner ones made one; `None` where it was not sent.
fn canonical_header(inbound: &Inbound, name: &str) -> Option<String> {
    let values: Option<Vec<String>> = inbound
        .headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().ok().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    values.filter(|values| !values.is_empty()).map(|values| values.join(","))
}

fn signature(claimed: &Claimed<'_>, secret: &str, time: &str, canonical: &str) -> String {
    let Claimed { date, region, service, .. } = claimed;
    let keyed = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text.as_bytes());
    let mut key = keyed(format!("AWS4{secret}").as_bytes(), date);
    for part in [*region, *service, "aws4_request"] {
        key = keyed(key.as_ref(), part);
    }
    let hashed = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("{ALGORITHM}\n{time}\n{date}/{region}/{service}/aws4_request\n{hashed}");
    hex(keyed(key.as_ref(), &to_sign).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::extract::ConnectInfo;
    use bytes::Bytes;
    use http::Request;

    use super::SignatureFault::{Expired, Incomplete, Mismatch, Missing, UnknownCredentials};
    use super::*;

    /// The example credentials of AWS's documentation, with which its test vectors are signed.
    const KEY: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const TIME: &str = "20150830T123600Z";

    fn signers() -> Signers {
        let identity = IamIdentity {
            access_key: KEY.to_owned(),
            secret_key: SECRET.to_owned(),
            session_token: None,
            arn: "arn:aws:iam::123456789012:user/ada".to_owned(),
            account: "123456789012".to_owned(),
            user_id: "AIDAEXAMPLE".to_owned(),
            organization: None,
        };
        Signers::new(vec![identity], "us-east-1".to_owned())
    }

    fn inbound(method: &str, target: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Inbound {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40000)));
        Inbound { body: Bytes::from_static(body), ..Inbound::new(head, peer, Timestamp::UNIX_EPOCH) }
    }

    fn authorization(signed: &str, signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={KEY}/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        )
    }

    fn now() -> Timestamp {
        "2015-08-30T12:36:00Z".parse().unwrap()
    }

    /// `get-vanilla` and others of the AWS Signature Version 4 test suite.
    #[test]
    fn verifies_the_published_vectors() {
        for (method, target, signature) in [
            ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET",
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ] {
            let authorization = authorization("host;x-amz-date", signature);
            let headers = [
                ("Host", "example.amazonaws.com"),
                ("X-Amz-Date", TIME),
                ("Authorization", authorization.as_str()),
            ];
            let verified = signers();
            let verified = verified.verify(&inbound(method, target, &headers, b""), "service", now());
            assert_eq!(verified.map(|identity| identity.user_id.as_str()), Ok("AIDAEXAMPLE"), "{target}");
        }
    }

    const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

    /// The fault of `get-vanilla` with other headers.
    #[track_caller]
    fn check(authorization: &str, further: &[(&str, &str)], at: &str, fault: SignatureFault) {
        let mut headers = vec![("Host", "example.amazonaws.com"), ("X-Amz-Date", TIME)];
        if !authorization.is_empty() {
            headers.push(("Authorization", authorization));
        }
        headers.extend_from_slice(further);
        let signers = signers();
        let refused = signers.verify(&inbound("GET", "/", &headers, b""), "service", at.parse().unwrap());
        assert_eq!(refused.map(|_| ()), Err(fault), "{authorization} {further:?}");
    }

    #[test]
    fn refuses_what_is_not_exactly_signed() {
        const NOW: &str = "2015-08-30T12:36:00Z";
        let good = authorization("host;x-amz-date", VANILLA);
        check("", &[], NOW, Missing);
        check("Bearer x", &[], NOW, Incomplete);
        check(&good, &[("Authorization", &good)], NOW, Incomplete);
        check(&good, &[("X-Amz-Date", TIME)], NOW, Incomplete);
        check(&good, &[("X-Amz-Target", "unsigned")], NOW, Incomplete);
        check(&authorization("x-amz-date", VANILLA), &[], NOW, Incomplete);
        check(&authorization("x-amz-date;host", VANILLA), &[], NOW, Incomplete);
        check(&authorization("host;host;x-amz-date", VANILLA), &[], NOW, Incomplete);
        check(&format!("{good}, Signature={VANILLA}"), &[], NOW, Incomplete);
        check(&good.replace("20150830/", "20150831/"), &[], NOW, Incomplete);
        check(&good.replace(KEY, "AKIDOTHER"), &[], NOW, UnknownCredentials);
        check(&good.replace("us-east-1", "eu-central-1"), &[], NOW, Mismatch);
        check(&good.replace("/service/", "/lambda/"), &[], NOW, Mismatch);
        check(&authorization("host;x-amz-date", &VANILLA.to_uppercase()), &[], NOW, Mismatch);
        check(&authorization("host;x-amz-date", ""), &[], NOW, Mismatch);
        check(&authorization("host;x-absent;x-amz-date", VANILLA), &[], NOW, Mismatch);
        check(&good, &[], "2015-08-30T12:41:01Z", Expired);
        check(&good, &[], "2015-08-30T12:30:59Z", Expired);
    }

    #[test]
    fn method_path_query_and_body_are_part_of_it() {
        let good = authorization("host;x-amz-date", VANILLA);
        let headers =
            [("Host", "example.amazonaws.com"), ("X-Amz-Date", TIME), ("Authorization", good.as_str())];
        for (method, target, body) in
            [("PUT", "/", b"" as &[u8]), ("GET", "/x", b""), ("GET", "/?a", b""), ("GET", "/", b"x")]
        {
            let refused = signers();
            let refused = refused.verify(&inbound(method, target, &headers, body), "service", now());
            assert_eq!(refused.map(|_| ()), Err(Mismatch), "{method} {target}");
        }
    }

    #[test]
    fn paths_are_normalized_and_encoded_once_more() {
        for (path, canonical) in [
            ("/", "/"),
            ("", "/"),
            ("/a/b", "/a/b"),
            ("/a//b/./c/../d", "/a/b/d"),
            ("/a%2Fb", "/a%252Fb"),
            ("/a/", "/a/"),
            ("/../..", "/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }
}
