use std::time::Duration;

use super::act::Act;
use super::scenes;
use super::stage::Stage;
use crate::output::{Failure, Format, say, say_title};

/// Everything that was played.
pub(crate) struct Played {
    pub(crate) acts: Vec<Act>,
}

/// Plays the scenes one after the other, telling people of each call as it is answered.
pub(crate) async fn play(stage: &Stage, all: bool, format: Format) -> Result<Played, Failure> {
    let mut acts = Vec::new();
    for scene in scenes::ALL.iter().filter(|scene| all || scene.in_tour) {
        if format == Format::Human {
            say_title(scene.title);
        }
        for act in (scene.play)(stage).await? {
            if format == Format::Human {
                tell(&act);
            }
            acts.push(act);
        }
    }
    Ok(Played { acts })
}

impl Played {
    pub(crate) fn all_as_expected(&self) -> bool {
        !self.acts.is_empty() && self.acts.iter().all(|act| act.unexpected.is_empty())
    }

    pub(crate) fn summary(&self, after: Duration) -> String {
        let expected = self.acts.iter().filter(|act| act.unexpected.is_empty()).count();
        format!(
            "{expected} of {} calls ended as expected, {:.1} s after the start",
            self.acts.len(),
            after.as_secs_f64()
        )
    }
}

fn tell(act: &Act) {
    say!("  asked     {}", act.asked);
    say!("  answered  {}", act.answered);
    for (nth, line) in act.why.iter().enumerate() {
        say!("  {:<9} {line}", if nth == 0 { "why" } else { "" });
    }
    if act.unexpected.is_empty() {
        say!("  ✓ as expected\n");
    } else {
        for difference in &act.unexpected {
            say!("  ✗ {difference}");
        }
        say!("");
    }
}
