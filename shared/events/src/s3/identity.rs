use doorward_model::CallId;
use sha2::{Digest, Sha256};

/// The id of the call of one record: the same parts have the same id, and no others have it.
pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> CallId {
    let mut digest = Sha256::new();
    for part in parts {
        // The lengths keep `a` + `bc` and `ab` + `c` apart.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    // 128 bits: who uploads chooses the key but neither sequencer nor request id, so a collision can only be met by
    // chance, and at 2^40 events that chance is 2^-49. The id stays short in tables and logs.
    let half = digest.finalize();
    let hex: String = half.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    CallId::new(format!("s3-{hex}"))
}

/// The id of a record that cannot be told from its own repetition: its place in the invocation, whose id Lambda keeps
/// when it retries an asynchronous one (AWS Knowledge Center, page `lambda-function-duplicate-invocations`).
pub(super) fn of_broken(invocation: &str, index: usize) -> CallId {
    of(["broken", invocation, &index.to_string()])
}
