use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use doorward_core::ports::Clock as _;
use doorward_core::{Answer, Bundle, Door, Ports, Rules};
use doorward_model::Message;
use doorward_testkit::{Lines, ManualClock, MemoryLedger, World, http};
use http::Method;
use jiff::Timestamp;

use super::items::{Network, SimulatedItems};
use crate::DynamoLimits;

/// A sandbox: a door of its own, with a clock of its own.
pub(super) struct Sandbox {
    door: Arc<Door>,
    clock: Arc<ManualClock>,
}

/// A call under way.
pub(super) struct Flight {
    pub(super) sandbox: usize,
    /// The last part of the caller's address.
    pub(super) caller: u8,
    /// The sandbox's clock when it came in.
    pub(super) since: Timestamp,
    future: Pin<Box<dyn Future<Output = u16>>>,
}

/// What every sandbox stands on, but for its limits and its clock.
pub(super) struct Ground {
    rules: Arc<Rules>,
    ports: Ports,
}

/// The address whose limits are `source-ip#192.0.2.CALLER`.
pub(super) fn address(caller: u8) -> std::net::IpAddr {
    std::net::Ipv4Addr::new(192, 0, 2, caller).into()
}

impl Ground {
    /// Ground for doors over `config`.
    pub(super) fn new(config: &str, now: Timestamp) -> Self {
        let policy = "@id(\"all\") permit (principal == Anonymous::\"anonymous\", action, resource);";
        let files = [("all.cedar".to_owned(), policy.to_owned())].into();
        let bundle = Bundle { config: ("doorward.toml".to_owned(), config.to_owned()), files };
        let rules = Rules::compile(&bundle, |_| None).unwrap_or_else(|faults| panic!("{faults}"));
        let world =
            World::new(config, &[("all.cedar", policy)], now).unwrap_or_else(|faults| panic!("{faults}"));
        Self { rules: Arc::new(rules), ports: world.ports }
    }

    pub(super) fn sandbox(&self, network: &Arc<Network>, now: Timestamp) -> Sandbox {
        let clock = Arc::new(ManualClock::at(now));
        let ports = Ports {
            clock: Arc::clone(&clock) as _,
            limits: Arc::new(DynamoLimits::over(SimulatedItems(Arc::clone(network)))),
            ledger: Arc::new(MemoryLedger::default()),
            journal: Arc::new(Lines::default()),
            ..self.ports.clone()
        };
        Sandbox { door: Arc::new(Door::new(Arc::clone(&self.rules), ports)), clock }
    }
}

impl Sandbox {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Begins a call of `caller`.
    pub(super) fn call(&self, sandbox: usize, caller: u8, id: u64) -> Flight {
        let since = self.now();
        let mut inbound = http(&format!("call-{id}"), Method::GET, "/x", &[], "", since);
        if let Message::Http(request) = &mut inbound.message {
            request.source_ip = Some(address(caller));
        }
        // The platform sets no end: what waits, waits for the schedule.
        inbound.deadline = Timestamp::MIN;
        let door = Arc::clone(&self.door);
        let future = Box::pin(async move {
            match door.serve(inbound).await {
                Answer::Http(reply) => reply.status.as_u16(),
                Answer::Event(answer) => panic!("an event's answer: {answer:?}"),
            }
        });
        Flight { sandbox, caller, since, future }
    }

    /// Hands in what it holds, as at SIGTERM.
    pub(super) fn close(&self) {
        let door = Arc::clone(&self.door);
        let mut closing: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move { door.close().await });
        while closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {}
    }
}

impl Flight {
    /// Lets it go on to where it waits; its status once it is answered.
    pub(super) fn step(&mut self) -> Option<u16> {
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(status) => Some(status),
            Poll::Pending => None,
        }
    }
}
