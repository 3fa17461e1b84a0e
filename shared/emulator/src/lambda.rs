//! The Lambda service: invocations, their limits, and where functions run.

mod asynchronous;
mod environment;
mod event_stream;
mod invocation;
mod invoke_api;
mod output;
mod pool;
mod regions;
mod remote;
mod runtime_api;
mod sandbox;
mod streaming;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::environment::World;
pub(crate) use self::invocation::{Answer, Invocation, InvokeFault, new_trace};
pub(crate) use self::invoke_api::router;
pub(crate) use self::remote::Remote;
pub(crate) use self::streaming::{Chunks, StreamedAnswer};

use self::asynchronous::EventQueue;
use self::pool::FunctionPool;
use self::regions::Regions;
use crate::options::FunctionSpec;

/// Most bytes of a synchronous invocation's payload and of its answer (6 MB).
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const SYNCHRONOUS_LIMIT: usize = 6 * 1024 * 1024;
/// Most bytes of an asynchronous invocation's payload (1 MB).
const ASYNCHRONOUS_LIMIT: usize = 1024 * 1024;

/// What to do with an invocation while a function runs as many processes as it may.
#[derive(Debug, Clone, Copy)]
enum AtCapacity {
    /// Refuse it, as Lambda does for synchronous invocations.
    Throttle,
    /// Keep it waiting, as Lambda's queue of asynchronous invocations does.
    Wait,
}

type Pools = BTreeMap<String, Arc<FunctionPool>>;

/// Where functions run.
pub(crate) enum Functions {
    /// Child processes, by function name.
    Host(Pools),
    /// Another Invoke API.
    Remote(Box<Remote>),
}

impl Functions {
    pub(crate) fn host(specs: Vec<FunctionSpec>, world: Arc<World>) -> Self {
        let pool =
            |spec: FunctionSpec| (spec.name.clone(), Arc::new(FunctionPool::new(spec, Arc::clone(&world))));
        Self::Host(specs.into_iter().map(pool).collect())
    }
}

/// The Lambda service of one account. Whatever region the Invoke API is asked for, the same functions run.
pub(crate) struct Lambda {
    world: Arc<World>,
    functions: Functions,
    events: EventQueue,
    regions: Regions,
}

impl Lambda {
    pub(crate) fn new(world: Arc<World>, functions: Functions) -> Self {
        Self { world, functions, events: EventQueue::new(), regions: Regions::default() }
    }

    /// From now on the Invoke API fails for `region`, or no longer does.
    pub(crate) fn set_region_away(&self, region: &str, away: bool) {
        self.regions.set_away(region, away);
    }

    /// Whether `function` may exist. Only a hosted function is known not to.
    pub(crate) fn knows(&self, function: &str) -> bool {
        match &self.functions {
            Functions::Host(pools) => pools.contains_key(function),
            Functions::Remote(_) => true,
        }
    }

    pub(crate) fn function_arn(&self, function: &str) -> String {
        self.world.function_arn(function)
    }

    /// Invokes `function` and waits for its answer. The invocation itself runs on when the caller goes away.
    pub(crate) async fn invoke(&self, function: &str, invocation: Invocation) -> Result<Answer, InvokeFault> {
        within(SYNCHRONOUS_LIMIT, &invocation)?;
        self.run(function, invocation, AtCapacity::Throttle).await
    }

    /// As [`Lambda::invoke`], from an event source, which waits while the function runs as often as it may.
    pub(crate) async fn invoke_from_source(
        &self,
        function: &str,
        invocation: Invocation,
    ) -> Result<Answer, InvokeFault> {
        within(SYNCHRONOUS_LIMIT, &invocation)?;
        self.run(function, invocation, AtCapacity::Wait).await
    }

    /// Queues an invocation of `function` whose answer nobody waits for.
    pub(crate) fn invoke_later(
        self: &Arc<Self>,
        function: &str,
        invocation: Invocation,
    ) -> Result<(), InvokeFault> {
        within(ASYNCHRONOUS_LIMIT, &invocation)?;
        self.require(function)?;
        self.events.submit(Arc::clone(self), function.to_owned(), invocation)
    }

    /// Returns as soon as no asynchronous invocation is queued, running or waiting for its retry.
    pub(crate) async fn idle(&self) {
        self.events.idle().await;
    }

    /// Makes sure that one process of `function` waits for the next invocation: how long it took from its start
    /// until it asked for work, or `None` where functions run elsewhere.
    pub(crate) async fn prewarm(&self, function: &str) -> Result<Option<Duration>, InvokeFault> {
        match self.require(function)? {
            Some(pool) => pool.prewarm().await.map(Some),
            None => Ok(None),
        }
    }

    /// The pool of `function`; `None` where functions run elsewhere.
    fn require(&self, function: &str) -> Result<Option<&Arc<FunctionPool>>, InvokeFault> {
        match &self.functions {
            Functions::Remote(_) => Ok(None),
            Functions::Host(pools) => self.hosted(pools, function).map(Some),
        }
    }

    fn hosted<'a>(&self, pools: &'a Pools, function: &str) -> Result<&'a Arc<FunctionPool>, InvokeFault> {
        pools.get(function).ok_or_else(|| InvokeFault::NotFound(self.world.function_arn(function)))
    }

    async fn run(
        &self,
        function: &str,
        invocation: Invocation,
        at_capacity: AtCapacity,
    ) -> Result<Answer, InvokeFault> {
        match &self.functions {
            Functions::Host(pools) => self.hosted(pools, function)?.invoke(invocation, at_capacity).await,
            Functions::Remote(remote) => remote.invoke(function, invocation).await,
        }
    }
}

fn within(limit: usize, invocation: &Invocation) -> Result<(), InvokeFault> {
    match invocation.payload.len() {
        bytes if bytes > limit => Err(InvokeFault::TooLarge { limit }),
        _ => Ok(()),
    }
}
