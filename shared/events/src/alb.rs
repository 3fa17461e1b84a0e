use std::net::{IpAddr, SocketAddr};

use doorward_model::{Front, FrontKind, FrontVerified, HttpRequest, Inbound, PathForm, ReplyForm};
use http::header::HOST;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::MalformedRequest;
use crate::members::Members;
use crate::parameters::{self, Given};
use crate::{fields, request, verified};

/// Reads a request of a load balancer ("Use Lambda functions as targets of an Application Load Balancer", Elastic Load
/// Balancing guide). A health check is a request like any other.
pub(crate) fn read(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
    reply: ReplyForm,
) -> Result<Inbound, MalformedRequest> {
    let mut document = Members::of(document);
    let mut elb = document.object("requestContext")?.object("elb")?;
    let arn = elb.text("targetGroupArn")?;
    let id = target_group(&arn).ok_or(MalformedRequest::Arn("requestContext.elb.targetGroupArn"))?;
    let front = Front { kind: FrontKind::Alb, id: id.to_owned() };
    let sent = request::headers(&mut document)?;
    let certificate = verified::alb_certificate(&sent)?;
    let headers = fields::received(&sent);
    let request = HttpRequest {
        method: request::method(&document.text("httpMethod")?)?,
        path: document.text("path")?,
        path_form: PathForm::Encoded,
        query: parameters::query(&mut document, Given::AsSent)?,
        body: request::body(&mut document)?,
        source_ip: source_ip(&headers),
        // The caller's own word: a load balancer attests no domain.
        host: headers.get(HOST).map(fields::text).unwrap_or_default(),
        headers,
        stage: None,
        socket: None,
        verified: FrontVerified { certificate, ..FrontVerified::default() },
        reply,
    };
    Ok(request::inbound(envelope, front, request))
}

/// `NAME/HASH` of `arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/HASH`.
fn target_group(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let is_group = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| !partition.is_empty())
        && parts.next() == Some("elasticloadbalancing")
        && parts.next().is_some_and(|region| !region.is_empty())
        && parts.next().is_some_and(|account| !account.is_empty());
    let id = parts.next()?.strip_prefix("targetgroup/")?;
    let (name, hash) = id.split_once('/')?;
    (is_group && !name.is_empty() && !hash.is_empty() && !hash.contains('/')).then_some(id)
}

/// The address that the load balancer saw: it writes it behind those that the caller may have sent, with the port
/// where it is set to keep that (`routing.http.xff_header_processing.mode` must be `append`, as it is by default).
fn source_ip(headers: &HeaderMap) -> Option<IpAddr> {
    const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    let line = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let last = line.to_str().ok()?.rsplit(',').next()?.trim();
    last.parse().ok().or_else(|| last.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_group_is_named_as_its_arn_ends() {
        let arn = |end: &str| format!("arn:aws:elasticloadbalancing:eu-central-1:123456789012:{end}");
        assert_eq!(
            target_group(&arn("targetgroup/orders/49e9d65c45c6791a")),
            Some("orders/49e9d65c45c6791a")
        );
        for end in
            ["targetgroup/orders", "targetgroup/orders/", "targetgroup//a", "targetgroup/a/b/c", "x/a/b", ""]
        {
            assert_eq!(target_group(&arn(end)), None, "{end}");
        }
        for arn in [
            "",
            "orders/a",
            "arn:aws:execute-api:r:1:targetgroup/a/b",
            "arn:aws:elasticloadbalancing::1:targetgroup/a/b",
        ] {
            assert_eq!(target_group(arn), None, "{arn}");
        }
    }

    #[track_caller]
    fn check(lines: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            fields::append(&mut headers, "X-Forwarded-For", line).unwrap();
        }
        assert_eq!(source_ip(&headers), expected.map(|address| address.parse().unwrap()), "{lines:?}");
    }

    #[test]
    fn the_address_is_the_one_that_the_load_balancer_wrote() {
        check(&[], None);
        check(&["203.0.113.7"], Some("203.0.113.7"));
        check(&["10.0.0.1, 203.0.113.7"], Some("203.0.113.7"));
        check(&["10.0.0.1", "10.0.0.2,203.0.113.7"], Some("203.0.113.7"));
        check(&["10.0.0.1, 203.0.113.7:4711"], Some("203.0.113.7"));
        check(&["2001:db8::1"], Some("2001:db8::1"));
        check(&["[2001:db8::1]:443"], Some("2001:db8::1"));
        check(&["203.0.113.7, unknown"], None);
        check(&[""], None);
    }
}
