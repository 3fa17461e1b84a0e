use std::io;
use std::panic;

/// The stack of every thread that decides, in bytes: Cedar descends once an operator of a condition, and denies where it
/// nears the end of the stack. What it needs at the deepest that is accepted fits several times, also in builds that are
/// not optimised. Only what is used of it takes memory.
const STACK: usize = 64 * 1024 * 1024;

/// Runs the program that `main` makes to its end, on a runtime whose threads have stack enough for every policy that is
/// accepted.
///
/// # Errors
/// Where the system gives no thread.
pub fn block_on<T: Send>(main: impl AsyncFnOnce() -> T + Send) -> io::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build()?;
    std::thread::scope(|scope| {
        let run = || runtime.block_on(main());
        let program = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run)?;
        // A panic goes on as if it had been this thread's own.
        Ok(program.join().unwrap_or_else(|cause| panic::resume_unwind(cause)))
    })
}
