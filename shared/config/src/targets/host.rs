//! Which hosts and ports an address may name, as far as that is known before anything is resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use doorward_model::Fault;
use http::uri::Authority;

use crate::checked::HttpTarget;

use super::network;

/// Judges host and port of `authority`. A port is one of 1 to 65535 (RFC 9293 section 3.1: 0 is nobody's); a host is a name
/// or an address in the one form that everybody reads alike, at which the target may be.
///
/// # Errors
/// What is wrong, to be read behind the text that was judged; or a whole fault of its own.
pub(super) fn check(authority: &Authority, target: &HttpTarget) -> Result<(), HostFault> {
    let host = authority.host();
    if !has_port_or_none(authority) {
        return Err(HostFault::Unreadable("its port is none of 1 to 65535"));
    }
    match literal(host)? {
        Some(address) if !target.admits(address) => Err(HostFault::NotCalled(not_called(address))),
        Some(_) => Ok(()),
        None if is_loopback_name(host) && !LOOPBACK.iter().any(|address| target.admits(*address)) => {
            let fault = Fault::new(format!("the door does not call `{host}`: it names this machine"));
            let hint = "declare its network where that is meant: `networks = [\"127.0.0.0/8\"]`";
            Err(HostFault::NotCalled(fault.hint(hint)))
        }
        None => Ok(()),
    }
}

/// Whether what stands behind the host is nothing, or a port that there is.
pub(super) fn has_port_or_none(authority: &Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host());
    port == Some("")
        || port.and_then(|port| port.strip_prefix(':')).is_some_and(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
}

/// Why a host or its port is refused.
pub(super) enum HostFault {
    /// It cannot be read.
    Unreadable(&'static str),
    /// It can be read, and is not called.
    NotCalled(Fault),
}

/// What a name of this machine stands for (RFC 6761 section 6.3).
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// The names of this machine: that of RFC 6761 section 6.3, and those that systems come with in `/etc/hosts` (Debian and
/// Ubuntu, Fedora and Amazon Linux).
const LOOPBACK_NAMES: [&str; 8] = [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost4.localdomain4",
    "localhost6",
    "localhost6.localdomain6",
    "ip6-localhost",
    "ip6-loopback",
];

/// The address that `host` is, where it is no name.
fn literal(host: &str) -> Result<Option<IpAddr>, HostFault> {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address = inner.parse::<Ipv6Addr>();
        return address
            .map(|address| Some(IpAddr::V6(address)))
            .map_err(|_| HostFault::Unreadable("its address cannot be read"));
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(Some(IpAddr::V4(address)));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if is_number(name.rsplit('.').next().unwrap_or_default()) {
        return Err(HostFault::Unreadable(
            "its host ends in a number, which some read as an address and others do not; an address is four decimal numbers, as in `10.0.0.1`",
        ));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    match name.len() <= 253 && name.split('.').all(is_label) {
        true => Ok(None),
        false => Err(HostFault::Unreadable("its host is no name and no address")),
    }
}

/// The "ends in a number" of the WHATWG URL standard, section 3.5: hosts that end so are read as IPv4 addresses, in octal
/// and hexadecimal, with fewer than four parts, and by the resolvers of most systems too.
fn is_number(label: &str) -> bool {
    let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match digits {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn is_loopback_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    LOOPBACK_NAMES.contains(&name.as_str()) || name.ends_with(".localhost")
}

fn not_called(address: IpAddr) -> Fault {
    let fault = Fault::new(format!("the door does not call {address}: it is no public address"));
    match network::is_never(network::canonical(address)) {
        true => fault.hint(network::NEVER),
        false => fault.hint("declare its network where that is meant: `networks = [\"10.0.0.0/16\"]`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(networks: &[&str], authority: &str, expected: Option<&str>) {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let target = HttpTarget { networks, ..HttpTarget::default() };
        let told = match super::check(&authority.parse().unwrap(), &target) {
            Ok(()) => None,
            Err(HostFault::Unreadable(why)) => Some(why.to_owned()),
            Err(HostFault::NotCalled(fault)) => Some(fault.to_string()),
        };
        match (told.as_deref(), expected) {
            (None, None) => {}
            (Some(told), Some(expected)) if told.contains(expected) => {}
            (told, _) => panic!("{authority}: {told:?}"),
        }
    }

    #[test]
    fn a_host_that_some_read_as_another_address_is_told() {
        for host in [
            "127.1",
            "0x7f.1",
            "0X7F.1",
            "2130706433",
            "0177.0.0.1",
            "127.0.0.01",
            "127.0.0.1.",
            "0x7f000001",
            "0x",
            "1.2.3.4.5",
            "256.1.1.1",
            "a.example.1",
        ] {
            check(&["127.0.0.0/8"], host, Some("ends in a number"));
        }
        for host in ["a..example", ".", "a_b!.example", "a.example..", "a*"] {
            check(&[], host, Some("no name and no address"));
        }
        check(&[], "[::zz]", Some("cannot be read"));
        check(&[], "[fe80::1%25eth0]", Some("cannot be read"));
        for host in ["a.example", "A.example.", "stock_1", "0x7g.example", "1.example", "x0x1", "a.1b"] {
            check(&[], host, None);
        }
    }

    #[test]
    fn names_of_this_machine_are_declared_like_its_addresses() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "a.localhost",
            "b.a.Localhost.",
            "localhost.localdomain",
            "Localhost.LocalDomain.:80",
            "localhost4",
            "localhost6.",
            "localhost4.localdomain4",
            "LOCALHOST6.localdomain6.",
            "ip6-localhost",
            "IP6-loopback.",
        ] {
            check(&[], host, Some("names this machine"));
            check(&["10.0.0.0/8"], host, Some("names this machine"));
            check(&["127.0.0.0/8"], host, None);
            check(&["::1/128"], host, None);
        }
        for host in
            ["localhost.example", "notlocalhost", "localdomain", "a.localhost.localdomain", "ip6-allnodes"]
        {
            check(&[], host, None);
        }
    }

    #[test]
    fn a_port_is_one_that_there_is() {
        for port in [":0", ":65536", ":99999", ":4294967376", ":"] {
            check(&["127.0.0.0/8"], &format!("127.0.0.1{port}"), Some("its port"));
            check(&[], &format!("a.example{port}"), Some("its port"));
        }
        for port in ["", ":1", ":080", ":65535"] {
            check(&[], &format!("a.example{port}"), None);
        }
    }
}
