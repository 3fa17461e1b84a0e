use std::pin::Pin;

use super::act::Act;
use super::stage::Stage;
use crate::output::Failure;

/// A part of the demo. Each is the `SCENE` of a file below `scenes/`.
pub(crate) struct Scene {
    /// What it shows, in a few words.
    pub(crate) title: &'static str,
    /// Whether the tour has it; the tour stays short.
    pub(crate) in_tour: bool,
    /// Makes its calls.
    pub(crate) play: for<'s> fn(&'s Stage) -> Playing<'s>,
}

/// A scene under way.
pub(crate) type Playing<'s> = Pin<Box<dyn Future<Output = Result<Vec<Act>, Failure>> + Send + 's>>;
