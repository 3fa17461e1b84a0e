use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checked::HttpTarget;

impl HttpTarget {
    /// Whether the target may be at `address`: at a public one, or in a network that the configuration declares. Never
    /// where machines read their own metadata and credentials, whatever is declared.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        !is_never(address)
            && (is_public(address) || self.networks.iter().any(|network| network.contains(&address)))
    }
}

/// An IPv4 address that an IPv6 address stands for is judged as such.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6.to_ipv4_mapped().or_else(|| translated(v6)).map_or(address, IpAddr::V4),
    }
}

/// RFC 6052 section 2.1: what stands behind `64:ff9b::/96`.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

/// What a fault of such an address says.
pub(super) const NEVER: &str = "link-local addresses and those where machines read their own metadata and credentials are never called, whatever is declared";

/// Where no target is: link-local addresses, among them that of instance metadata (169.254.169.254), the metadata services
/// that are elsewhere, nobody, and everybody.
pub(super) fn is_never(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_never_v4(v4) || v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0,
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || METADATA_V6.iter().any(|(first, second)| v6.segments().starts_with(&[*first, *second]))
                || embedded(v6).into_iter().any(is_never_v4)
        }
    }
}

/// Metadata services at addresses that are not link-local: Azure's wire server ("What is IP address 168.63.129.16?", which is
/// public to look at) and Alibaba Cloud's ("ECS instance metadata").
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)];

/// The networks of EC2's (fd00:ec2::254) and Google Cloud's (fd20:ce::254).
const METADATA_V6: [(u16, u16); 2] = [(0xfd00, 0x0ec2), (0xfd20, 0x00ce)];

fn is_never_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || METADATA_V4.contains(&address)
}

/// Every IPv4 address that an IPv6 address may stand for, to somebody on the way: what is admitted because its IPv6 network is
/// declared may not lead to one that is never called.
fn embedded(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = address.octets();
    let at = |places: [usize; 4]| Ipv4Addr::from(places.map(|place| octets.get(place).copied().unwrap_or(0)));
    let last = at([12, 13, 14, 15]);
    match address.segments() {
        // IPv4-compatible (RFC 4291 section 2.5.5.1), IPv4-mapped (2.5.5.2) and IPv4-translated (RFC 2765 section 2.1).
        [0, 0, 0, 0, 0 | 0xffff, 0, _, _] | [0, 0, 0, 0, 0, 0xffff, _, _] => vec![last],
        // NAT64, well known and of a network's own (RFC 8215), with each length of its prefix (RFC 6052 section 2.2).
        [0x64, 0xff9b, ..] => NAT64.into_iter().map(at).collect(),
        // 6to4 (RFC 3056 section 2).
        [0x2002, ..] => vec![at([2, 3, 4, 5])],
        // Teredo (RFC 4380 section 4): its server, and its client with every bit turned.
        [0x2001, 0, ..] => vec![at([4, 5, 6, 7]), Ipv4Addr::from_bits(!last.to_bits())],
        // ISATAP (RFC 5214 section 6.1), whatever the network.
        [_, _, _, _, 0 | 0x0200, 0x5efe, _, _] => vec![last],
        _ => Vec::new(),
    }
}

/// Where the octets of the IPv4 address stand behind prefixes of 32, 40, 48, 56, 64 and 96 bits (RFC 6052 section 2.2): octet 8 is
/// left out.
const NAT64: [[usize; 4]; 6] =
    [[4, 5, 6, 7], [5, 6, 7, 9], [6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];

/// What IANA's registries of special-purpose addresses (RFC 6890) call globally reachable, without what stands for other
/// addresses: 6to4 (RFC 3056) and Teredo (RFC 4380).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4.octets()),
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            let special = matches!(
                (first, second),
                (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0x0000..=0x0fff)
            );
            first & 0xe000 == 0x2000 && !special
        }
    }
}

fn is_public_v4(octets: [u8; 4]) -> bool {
    !matches!(
        octets,
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(networks: &[&str]) -> HttpTarget {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        HttpTarget { networks, ..HttpTarget::default() }
    }

    #[track_caller]
    fn check(networks: &[&str], address: &str, admitted: bool) {
        assert_eq!(target(networks).admits(address.parse().unwrap()), admitted, "{address}");
    }

    #[test]
    fn only_public_addresses_are_admitted_undeclared() {
        for address in [
            "1.1.1.1",
            "168.63.129.17",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            check(&[], address, true);
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "3fff::1",
            "ff02::1",
            "5f00::1",
            "64:ff9b:1::1",
        ] {
            check(&[], address, false);
        }
    }

    #[test]
    fn an_address_that_stands_for_another_is_judged_as_that() {
        check(&[], "::ffff:127.0.0.1", false);
        check(&[], "::ffff:169.254.169.254", false);
        check(&[], "::ffff:1.1.1.1", true);
        check(&[], "64:ff9b::a9fe:a9fe", false);
        check(&[], "64:ff9b::7f00:1", false);
        check(&[], "64:ff9b::101:101", true);
        check(&["127.0.0.0/8"], "::ffff:127.0.0.1", true);
    }

    #[test]
    fn no_spelling_of_an_address_that_is_never_called_is_called() {
        for spelling in [
            "::169.254.169.254",
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            // RFC 6052 section 2.4, with 169.254.169.254 in the place of 192.0.2.33.
            "64:ff9b:a9fe:a9fe::",
            "64:ff9b:1a9:fea9:fe::",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1:a9:fe:a9fe::",
            "64:ff9b:1:0:a9:fea9:fe00:0",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "2001:0:a9fe:a9fe::",
            "2001:0:4136:e378:8000:63bf:5601:5601",
            "2001:db8::5efe:169.254.169.254",
            "fd12::200:5efe:169.254.169.254",
            "64:ff9b:1:a83f:81:1000::",
            "::ffff:0:100.100.100.200",
        ] {
            check(&["::/0", "0.0.0.0/0"], spelling, false);
        }
        // A public network's own.
        check(&[], "2606:4700::5efe:169.254.169.254", false);
    }

    #[test]
    fn a_declared_network_keeps_its_other_addresses() {
        for address in [
            "64:ff9b:1:a00:0:100::",
            "64:ff9b:1::10.0.0.1",
            "2002:a00:1::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fd12::5efe:10.0.0.1",
            "fd12::a9fe:a9fe",
            "::10.0.0.1",
        ] {
            check(&["::/0"], address, true);
        }
    }

    #[test]
    fn declared_networks_are_admitted_and_metadata_never() {
        check(&["10.1.0.0/16"], "10.1.2.3", true);
        check(&["10.1.0.0/16"], "10.2.2.3", false);
        check(&["fd00::/8"], "fd12::1", true);
        check(&["fd00::/8"], "fd00:ec2::254", false);
        check(&["fd00::/8"], "fd20:ce::254", false);
        check(&["0.0.0.0/0"], "168.63.129.16", false);
        check(&["100.64.0.0/10"], "100.100.100.200", false);
        check(&["100.64.0.0/10"], "100.100.100.201", true);
        check(&["::/0"], "::ffff:168.63.129.16", false);
        check(&["::/0"], "64:ff9b::a83f:8110", false);
        check(&["::/0"], "2002:a83f:8110::1", false);
        check(&["::/0"], "64:ff9b:1::6464:64c8", false);
        check(&["0.0.0.0/0", "::/0"], "169.254.169.254", false);
        check(&["0.0.0.0/0", "::/0"], "fe80::1", false);
        check(&["0.0.0.0/0", "::/0"], "0.0.0.0", false);
        check(&["::/0"], "64:ff9b:1::a9fe:a9fe", false);
        check(&["::/0"], "2002:a9fe:a9fe::1", false);
        check(&["64:ff9b:1::/48"], "64:ff9b:1::a00:1", true);
        check(&["::1/128"], "::1", true);
    }
}
