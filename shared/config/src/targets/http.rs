use std::net::IpAddr;

use doorward_model::Fault;
use http::Uri;
use ipnet::IpNet;

use crate::checked::{Credentials, Endpoint, HttpTarget, Protocol, TargetKind};
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::size;

use super::address::Address;
use super::host::{self, HostFault};
use super::{credentials, endpoint, fields, network};

/// Reads what a target that speaks HTTP has.
pub(super) fn read(
    section: &mut Section<'_>,
    value: Value<'_>,
) -> Result<(TargetKind, Vec<Endpoint>), Reported> {
    let protocol = section.or("protocol", Protocol::default(), |value| {
        value.choice(&[("auto", Protocol::Auto), ("http1", Protocol::Http1), ("http2", Protocol::Http2)])
    });
    let networks = section.or("networks", Vec::new(), |value| value.nonempty_set(|item| item.parse(network)));
    let credentials =
        section.optional("credentials", |value| credentials::read(value).map(|read| (read, value)));
    let identity = section.optional("identity", credentials::identity);
    let headers = fields::of_requests(section, "headers");
    let answer_headers = fields::optional(section, "answer_headers");
    let preserve_host = section.or("preserve_host", false, |value| {
        let wanted = value.flag()?;
        if wanted && protocol.as_ref().is_ok_and(|protocol| *protocol == Protocol::Http2) {
            // RFC 9113 section 8.3.1.
            let fault = Fault::new("HTTP/2 names one host for connection and request");
            return Err(value.fault(fault.hint("leave `protocol` out, or `preserve_host`")));
        }
        Ok(wanted)
    });
    let max_answer = section.optional("max_answer", size::read_answer);
    let stated = credentials?;
    let target = HttpTarget {
        protocol: protocol?,
        networks: networks?,
        credentials: stated.as_ref().map(|(credentials, _)| credentials.clone()),
        identity: identity?,
        headers: headers?,
        answer_headers: answer_headers?,
        preserve_host: preserve_host?,
        max_answer: max_answer?,
    };
    if let Some((credentials, value)) = &stated {
        credentials::check_place(credentials, &target).map_err(|fault| value.fault(fault))?;
    }
    let endpoints = endpoint::list(value, "url", |value| value.parse(|text| base_url(text, &target)))?;
    Ok((TargetKind::Http(target), endpoints))
}

/// `https://a.example/base`: scheme, host and the path that all requests begin with.
pub(super) fn base_url(text: &str, target: &HttpTarget) -> Result<Address, Fault> {
    let wrong = |why: &str| {
        let fault = Fault::new(format!("{} is no address of a server: {why}", quote(text)));
        fault.hint("write scheme, host and where it has one its path: `https://catalog.example/v1`")
    };
    if text.contains('@') {
        // They are not repeated.
        let fault = Fault::new("the address of a server holds credentials, which must not stand in the file");
        return Err(fault.hint("leave them out, and set `credentials` with a reference to a secret"));
    }
    let uri: Uri = text.parse().map_err(|_| wrong("it cannot be read"))?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong("its scheme is neither `https` nor `http`"));
    };
    if authority.host().is_empty() {
        return Err(wrong("it names no host"));
    }
    host::check(authority, target).map_err(|fault| match fault {
        HostFault::Unreadable(why) => wrong(why),
        HostFault::NotCalled(fault) => fault,
    })?;
    if text.contains(['?', '#']) {
        return Err(wrong("it has a query or a fragment"));
    }
    let plain = |segment: &str| segment != "." && segment != ".." && !segment.contains(['%', '\\', '{', '}']);
    let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
    if !path.split('/').skip(1).all(|segment| plain(segment) && !segment.is_empty()) {
        return Err(wrong("its path holds empty or dot segments, escapes or braces"));
    }
    let shows_secret =
        matches!(&target.credentials, Some(credentials) if !matches!(credentials, Credentials::SigV4 { .. }));
    if shows_secret && is_sent_in_the_clear(&uri) {
        let fault =
            Fault::new(format!("the target's credentials would be sent to {} in the clear", quote(text)));
        return Err(fault.hint("use `https`; `http` is for this machine"));
    }
    Ok(Address { text: text.strip_suffix('/').unwrap_or(text).to_owned(), region: None })
}

/// A network in CIDR notation that is not public.
fn network(text: &str) -> Result<IpNet, Fault> {
    let network: IpNet = text.parse().map_err(|_| {
        let fault = Fault::new(format!("{} is no network", quote(text)));
        fault.hint("write an address and the length of its prefix: `10.0.0.0/16`")
    })?;
    if network.trunc() != network {
        let fault = Fault::new(format!("{} has bits set behind its prefix", quote(text)));
        return Err(fault.hint(format!("write `{}`", network.trunc())));
    }
    if network::is_never(network.network()) {
        return Err(Fault::new(format!("{} is never called", quote(text))).hint(network::NEVER));
    }
    Ok(network)
}

/// Whether what goes there can be read on its way: it is neither sent over TLS nor stays on this machine.
pub(super) fn is_sent_in_the_clear(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() != Some("https") && !is_here
}
