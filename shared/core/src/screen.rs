use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_config::{Limit, LimitRule};
use doorward_model::{Call, HttpRequest, Refusal, Stage};
use jiff::Timestamp;

use crate::door::Door;
use crate::find::{Found, Subject};
use crate::invoke;
use crate::limit::{Level, Slot};
use crate::recent::{Bounds, Recent};

/// A call whose size is in bounds and whose address does not flood.
pub(crate) struct Screened<'c>(Found<'c>);

impl<'c> Screened<'c> {
    /// A call of a request that was screened already.
    pub(crate) fn again(found: Found<'c>) -> Self {
        Self(found)
    }

    pub(crate) fn found(&self) -> &Found<'c> {
        &self.0
    }

    pub(crate) fn into_found(self) -> Found<'c> {
        self.0
    }
}

/// What one sandbox lets through per address before any cryptography: floods of bad tokens cost no signature checks.
pub(crate) struct Screen {
    rate: Limit,
    levels: Arc<Mutex<Recent<IpAddr, Level>>>,
}

/// Addresses that one generation holds: who was not seen since is forgotten.
const GENERATION: usize = 8_192;

impl Screen {
    pub(crate) fn new(rate: NonZeroU64) -> Self {
        let rule = LimitRule::Rate { units: rate.get(), period: Duration::from_secs(1), burst: rate };
        let levels = Arc::new(Mutex::new(Recent::new(Bounds::entries(GENERATION))));
        Self { rate: Limit::hard(String::new(), rule), levels }
    }

    /// Another rate over the same addresses: a new bundle is no new chance for who floods.
    pub(crate) fn renew(&self, rate: NonZeroU64) -> Self {
        Self { levels: Arc::clone(&self.levels), ..Self::new(rate) }
    }

    /// Takes one look for `address`, or says how long to wait.
    fn look(&self, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let slot = Slot::at(&self.rate, now);
        // A poisoned lock holds plain numbers, which stay good.
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let level = levels.get_or_insert(&network(address), slot.unused());
        if slot.refuses(*level, 1, now) {
            return Err(slot.note(*level, 1, now).reset);
        }
        *level = slot.after(*level, 1, now);
        Ok(())
    }
}

/// IPv6 callers hold a /64 each; IPv4-mapped addresses are IPv4.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl Door {
    /// Bounds what a stranger can cost. Events come from pinned services, which bound how often they come.
    pub(crate) fn screen<'c>(&self, found: Found<'c>, call: &mut Call) -> Result<Screened<'c>, Refusal> {
        self.enter(call, Stage::Screen);
        bound(&found, self.rules.config().door.max_body)?;
        if let Subject::Http(http) = found.subject() {
            self.screen_request(http.request)?;
        }
        Ok(Screened(found))
    }

    /// Whether the address of a request may cost another look.
    pub(crate) fn screen_request(&self, request: &HttpRequest) -> Result<(), Refusal> {
        // Callers whose front names no address share one.
        let address = request.source_ip.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let looked = self.screen.look(address, self.ports.clock.now());
        looked.map_err(|retry_after| Refusal::Flooded { retry_after })
    }
}

/// Holds a payload to `limit`, in bytes.
pub(crate) fn bound(found: &Found<'_>, limit: usize) -> Result<(), Refusal> {
    let (bytes, limit) = match found.subject() {
        Subject::Http(http) => {
            let kind = http.invocation.as_ref().map(|invocation| invocation.kind);
            (http.request.body.len(), kind.map_or(limit, |kind| invoke::bound(kind, limit)))
        }
        Subject::Event { record, .. } => (record.payload.len_hint(), limit),
    };
    if bytes > limit { Err(Refusal::TooLarge { limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn an_address_has_its_own_rate_and_a_v6_network_shares_one() {
        let screen = Screen::new(NonZeroU64::new(2).unwrap());
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let look = |address: &str| screen.look(address.parse().unwrap(), now).is_ok();
        assert_eq!([look("192.0.2.1"), look("192.0.2.1"), look("192.0.2.1")], [true, true, false]);
        assert!(look("192.0.2.2"));
        assert!(!look("::ffff:192.0.2.1"));
        assert_eq!([look("2001:db8::1"), look("2001:db8::2"), look("2001:db8::3")], [true, true, false]);
        assert!(look("2001:db8:0:1::1"));
    }

    #[test]
    fn memory_is_bounded_under_a_flood_of_addresses() {
        let screen = Screen::new(NonZeroU64::new(1).unwrap());
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        for n in 0..(GENERATION as u32 * 4) {
            let _ = screen.look(Ipv4Addr::from_bits(n).into(), now);
        }
        assert!(screen.levels.lock().unwrap().len() <= 2 * GENERATION);
    }

    #[test]
    fn who_keeps_flooding_is_remembered_across_generations() {
        let screen = Screen::new(NonZeroU64::new(1).unwrap());
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let flooder: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(screen.look(flooder, now).is_ok());
        for n in 0..(GENERATION as u32 * 2) {
            let _ = screen.look(Ipv4Addr::from_bits(n).into(), now);
            if n % 1000 == 0 {
                assert!(screen.look(flooder, now).is_err());
            }
        }
    }
}
