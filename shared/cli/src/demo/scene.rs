use async_trait::async_trait;

use super::act::Act;
use super::stage::Stage;
use crate::output::Failure;

/// A part of the demo. Each is a file below `scenes/`.
#[async_trait]
pub(crate) trait Scene: Send + Sync {
    /// What it shows, in a few words.
    fn title(&self) -> &'static str;

    /// Whether the tour has it; the tour stays short.
    fn in_tour(&self) -> bool;

    /// Makes its calls.
    async fn play(&self, stage: &Stage) -> Result<Vec<Act>, Failure>;
}
