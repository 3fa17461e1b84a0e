use doorward_model::Fault;

/// The stack on which policies are read and checked, in bytes. Cedar descends once a bracket and once an operator of a
/// chain; where its validator nears the end of the stack, it gives a policy up without a word. Within the bounds of
/// [`nesting`](crate::files::nesting) it needs an eighth of this, also in builds that are not optimised. Only what is used
/// of it takes memory.
const STACK: usize = 64 * 1024 * 1024;

/// Does `work` on a stack of its own; `None` where there can be no other, since on a smaller one it might say that what
/// it never looked at is sound.
pub(crate) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        worker.ok().and_then(|worker| worker.join().ok())
    })
}

/// What is wrong where there can be no other stack.
pub(crate) fn fault() -> Fault {
    Fault::new("the policies cannot be checked: there is no thread for it, or it ended before its time")
}
