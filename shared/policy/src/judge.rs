use doorward_model::DecisionNote;

use crate::compile::Policies;
use crate::decide::{Asked, close, refuse};
use crate::question::{Decision, Question};

/// A decision, and what the candidate set would have decided.
#[derive(Debug)]
pub struct Judgement<'a> {
    /// What is enforced.
    pub decision: Decision,
    /// The candidate's answer where its effect is another. It is noted, never enforced.
    pub shadow: Option<DecisionNote>,
    /// The question as the policies saw it; `None` where it was denied before any did.
    pub(crate) asked: Option<Asked>,
    pub(crate) question: Question<'a>,
    pub(crate) policies: &'a Policies,
}

impl Policies {
    /// Decides `question` as [`Policies::decide`] does, and by the candidate set from the same request and entities. A
    /// question that no policy sees is denied whatever the policies are, so that there is no difference to note.
    #[must_use]
    pub fn judge<'a>(&'a self, question: &Question<'a>) -> Judgement<'a> {
        let (decision, shadow, asked) = match self.ask(question) {
            Err(reason) => (refuse(reason), None, None),
            Ok(asked) => {
                let decision = close(&self.engine, &asked);
                let candidate = self.shadow.as_ref().map(|engine| close(engine, &asked).note);
                let shadow = candidate.filter(|note| note.effect != decision.note.effect);
                (decision, shadow, Some(asked))
            }
        };
        Judgement { decision, shadow, asked, question: *question, policies: self }
    }
}
