/// The stack on which policies are turned into JSON, in bytes: Cedar descends once an operator of a chain, so that a few
/// hundred `||` would end a usual stack. Only what is used of it takes memory.
const STACK: usize = 64 * 1024 * 1024;

/// Does `work` on a stack of its own; on this one where there can be no other.
pub(crate) fn on_deep_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &work);
        worker.ok().and_then(|worker| worker.join().ok())
    })
    .unwrap_or_else(work)
}
