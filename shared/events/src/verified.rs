//! What a front verified of a caller, as its events state it. But for the load balancer's certificate, none of it
//! stands where a caller could write it.

use doorward_model::{FrontClaims, IamCaller, ListForm};
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::fault::MalformedRequest;
use crate::members::Members;

/// Whose signature payload format 1.0 states in `requestContext.identity`: all of it is `null` where none was verified.
pub(crate) fn iam_of_identity(identity: &mut Members) -> Result<Option<IamCaller>, MalformedRequest> {
    let Some(arn) = identity.optional_text("userArn")? else { return Ok(None) };
    let user = identity.optional_text("user")?;
    let caller = identity.optional_text("caller")?;
    Ok(Some(IamCaller {
        arn,
        account: identity.text("accountId")?,
        organization: identity.optional_text("principalOrgId")?,
        unique_id: user.or(caller),
    }))
}

/// Whose signature payload format 2.0 states in `requestContext.authorizer.iam`.
pub(crate) fn iam_of_authorizer(authorizer: &mut Members) -> Result<Option<IamCaller>, MalformedRequest> {
    let Some(mut iam) = authorizer.optional_object("iam")? else { return Ok(None) };
    Ok(Some(IamCaller {
        arn: iam.text("userArn")?,
        account: iam.text("accountId")?,
        organization: iam.optional_text("principalOrgId")?,
        unique_id: iam.optional_text("userId")?,
    }))
}

/// The claims that the JWT authorizer of an HTTP API verified. What a Lambda authorizer says stands in
/// `authorizer.lambda`, so nothing else can be `authorizer.jwt`.
pub(crate) fn jwt_claims(authorizer: &mut Members) -> Result<Option<FrontClaims>, MalformedRequest> {
    let Some(mut jwt) = authorizer.optional_object("jwt")? else { return Ok(None) };
    let claims = jwt.object("claims")?.into_map();
    Ok(Some(FrontClaims { lists: ListForm::Bracketed, claims }))
}

/// The claims that the Cognito authorizer of a REST API verified. A Lambda authorizer's context stands in the same
/// place, and holds texts, numbers and flags only: an object named `claims` is not from there.
pub(crate) fn cognito_claims(context: &mut Members) -> Result<Option<FrontClaims>, MalformedRequest> {
    let Some(authorizer) = context.optional_object("authorizer")? else { return Ok(None) };
    Ok(match authorizer.into_map().remove("claims") {
        Some(Value::Object(claims)) => Some(FrontClaims { lists: ListForm::Commas, claims }),
        _ => None,
    })
}

/// The certificate in `clientCert.clientCertPem` of `place`.
pub(crate) fn certificate(place: &mut Members) -> Result<Option<String>, MalformedRequest> {
    match place.optional_object("clientCert")? {
        Some(mut certificate) => certificate.text("clientCertPem").map(Some),
        None => Ok(None),
    }
}

/// The certificate that a load balancer verified (mutual TLS in verify mode): PEM, percent-encoded but for `+`, `=` and
/// `/`. In passthrough mode it verifies nothing and writes another field, beside which this one is the caller's.
pub(crate) fn alb_certificate(headers: &HeaderMap) -> Result<Option<String>, MalformedRequest> {
    const LEAF: HeaderName = HeaderName::from_static("x-amzn-mtls-clientcert-leaf");
    const PASSED_THROUGH: HeaderName = HeaderName::from_static("x-amzn-mtls-clientcert");
    if headers.contains_key(PASSED_THROUGH) {
        return Ok(None);
    }
    let mut leaves = headers.get_all(LEAF).iter();
    let Some(leaf) = leaves.next() else { return Ok(None) };
    if leaves.next().is_some() {
        return Err(MalformedRequest::ClientCertificate);
    }
    let text = leaf.to_str().map_err(|_| MalformedRequest::ClientCertificate)?;
    let whole =
        |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(whole) {
        return Err(MalformedRequest::ClientCertificate);
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| MalformedRequest::ClientCertificate)?;
    Ok(Some(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::append;

    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: Result<Option<&str>, MalformedRequest>) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            append(&mut headers, name, value).unwrap();
        }
        assert_eq!(alb_certificate(&headers), expected.map(|pem| pem.map(str::to_owned)));
    }

    #[test]
    fn a_load_balancers_certificate_has_one_reading() {
        const LEAF: &str = "X-Amzn-Mtls-Clientcert-Leaf";
        check(&[], Ok(None));
        let leaf = "-----BEGIN%20CERTIFICATE-----%0AMIIB+a/b==%0A-----END%20CERTIFICATE-----%0A";
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB+a/b==\n-----END CERTIFICATE-----\n";
        check(&[(LEAF, leaf)], Ok(Some(pem)));
        check(&[(LEAF, leaf), ("X-Amzn-Mtls-Clientcert", leaf)], Ok(None));
        check(&[("X-Amzn-Mtls-Clientcert", leaf)], Ok(None));
        let faulty = Err(MalformedRequest::ClientCertificate);
        check(&[(LEAF, leaf), (LEAF, leaf)], faulty.clone());
        for text in ["%", "a%4", "%zz", "%FF", "é"] {
            check(&[(LEAF, text)], faulty.clone());
        }
    }
}
