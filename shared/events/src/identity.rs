use doorward_model::{CallId, EventKind};
use sha2::{Digest, Sha256};

/// The id of the call of one record: the same parts have the same id, and no others have it.
pub(crate) fn of<'a>(kind: EventKind, parts: impl IntoIterator<Item = &'a str>) -> CallId {
    let mut digest = Sha256::new();
    for part in parts {
        // The lengths keep `a` + `bc` and `ab` + `c` apart.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    // 128 bits: who sends chooses texts but not the service's own ids, so a collision can only be met by chance, and at
    // 2^40 events that chance is 2^-49. The id stays short in tables and logs.
    let half = digest.finalize();
    let hex: String = half.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    CallId::new(format!("{}-{hex}", kind.word()))
}

/// The id of a record that cannot be told from its own repetition: its place in the invocation, whose id Lambda keeps
/// when it retries an asynchronous one (AWS Knowledge Center, page `lambda-function-duplicate-invocations`).
pub(crate) fn of_broken(kind: EventKind, invocation: &str, index: usize) -> CallId {
    of(kind, ["broken", invocation, &index.to_string()])
}
