/// The stack on which policies are read and checked, in bytes. Cedar descends once a bracket and once an operator of a
/// chain; where its validator nears the end of the stack, it gives a policy up without a word. Within the bounds of
/// [`nesting`](crate::files::nesting) it needs an eighth of this, also in builds that are not optimised. Only what is used
/// of it takes memory.
const STACK: usize = 64 * 1024 * 1024;

/// Does `work` on a stack of its own; on this one where there can be no other.
pub(crate) fn on_deep_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &work);
        worker.ok().and_then(|worker| worker.join().ok())
    })
    .unwrap_or_else(work)
}
