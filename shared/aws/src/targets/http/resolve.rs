use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use async_trait::async_trait;
use doorward_config::HttpTarget;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// What names stand for.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// Every address of `host`.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the system resolves names, odd spellings of addresses (`127.1`, `0x7f.1`, `2130706433`) among them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A name that no address is known for, or none that a target may be at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameFault {
    #[error("its name cannot be resolved")]
    Unknown,
    #[error("{0} is no public address, and in none of its `networks`")]
    NotAdmitted(IpAddr),
}

/// Resolves a name once for each connection, which goes to an address that was checked and to no other: a name that stands
/// for another address at the next look-up (DNS rebinding) is checked again then.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) names: Arc<dyn Resolve>,
    pub(super) target: Arc<HttpTarget>,
}

impl Checked {
    /// The addresses of `host` at which the target may be.
    async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, NameFault> {
        let found = self.names.resolve(host).await.map_err(|_| NameFault::Unknown)?;
        let first = *found.first().ok_or(NameFault::Unknown)?;
        let admitted: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| self.target.admits(*address))
            .map(|address| SocketAddr::new(address, 0))
            .collect();
        if admitted.is_empty() { Err(NameFault::NotAdmitted(first)) } else { Ok(admitted) }
    }
}

impl Service<Name> for Checked {
    type Response = IntoIter<SocketAddr>;
    type Error = NameFault;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NameFault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NameFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let checked = self.clone();
        Box::pin(async move { Ok(checked.addresses(name.as_str()).await?.into_iter()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(Vec<IpAddr>);

    #[async_trait]
    impl Resolve for Names {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.clone())
        }
    }

    async fn addresses(
        names: Arc<dyn Resolve>,
        networks: &[&str],
        host: &str,
    ) -> Result<Vec<String>, NameFault> {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let target = Arc::new(HttpTarget { networks, ..HttpTarget::default() });
        let found = Checked { names, target }.addresses(host).await?;
        Ok(found.iter().map(|address| address.ip().to_string()).collect())
    }

    #[track_caller]
    fn check(found: &[&str], networks: &[&str], expected: Result<&[&str], &str>) {
        let names = Names(found.iter().map(|address| address.parse().unwrap()).collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let kept = runtime.block_on(addresses(Arc::new(names), networks, "a.example"));
        match expected {
            Ok(expected) => assert_eq!(kept.unwrap(), expected, "{found:?}"),
            Err(cause) => assert!(kept.unwrap_err().to_string().contains(cause), "{found:?}"),
        }
    }

    #[test]
    fn addresses_that_are_not_admitted_are_dropped() {
        check(&["1.1.1.1", "10.0.0.1", "2606:4700::1"], &[], Ok(&["1.1.1.1", "2606:4700::1"]));
        check(&["10.0.0.1", "1.1.1.1"], &["10.0.0.0/8"], Ok(&["10.0.0.1", "1.1.1.1"]));
        check(&["169.254.169.254", "10.0.0.1"], &["10.0.0.0/8"], Ok(&["10.0.0.1"]));
        check(&["10.0.0.1", "169.254.169.254"], &[], Err("10.0.0.1 is no public address"));
        check(&["::ffff:169.254.169.254"], &["0.0.0.0/0"], Err("169.254.169.254"));
        check(&[], &[], Err("cannot be resolved"));
    }

    #[tokio::test]
    async fn odd_spellings_of_addresses_are_seen_through() {
        for host in ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "127.0.0.1"] {
            let fault = addresses(Arc::new(SystemResolver), &[], host).await.unwrap_err();
            assert!(matches!(fault, NameFault::NotAdmitted(address) if address.is_loopback()), "{host}");
        }
    }
}
