//! What is done to a good request, one thing at a time. Each mutation is tried on every route.

mod fields;
mod methods;
mod paths;
mod queries;
mod tokens;

use fastrand::Rng;

use super::callers::{Callers, SUBJECTS};
use super::requests::Request;

/// One change to a request.
pub(crate) struct Mutation {
    pub(crate) name: String,
    pub(crate) apply: Apply,
}

type Apply = Box<dyn Fn(&mut Request, &Kit, &mut Rng) + Send + Sync>;

/// What mutations draw on.
pub(crate) struct Kit {
    pub(crate) callers: Callers,
    pub(crate) tokens: Tokens,
}

/// Tokens, signed once: a signature costs more than most decisions.
pub(crate) struct Tokens {
    good: Vec<String>,
    /// By subject, then by mutation.
    mutated: Vec<Vec<String>>,
}

impl Tokens {
    pub(crate) fn sign(callers: &Callers) -> Self {
        let attacks = tokens::attacks();
        let mutate =
            |subject| attacks.iter().map(|(_, make)| make(callers, callers.draft(subject))).collect();
        Self {
            good: SUBJECTS.iter().map(|subject| callers.draft(subject).sign()).collect(),
            mutated: SUBJECTS.iter().map(mutate).collect(),
        }
    }

    /// The good token of a subject.
    pub(crate) fn good(&self, subject: usize) -> &str {
        &self.good[subject]
    }
}

impl Kit {
    pub(crate) fn new(callers: Callers) -> Self {
        let tokens = Tokens::sign(&callers);
        Self { callers, tokens }
    }
}

/// Every mutation there is.
pub(crate) fn all() -> Vec<Mutation> {
    let of_token = tokens::attacks().into_iter().enumerate().map(|(at, (name, _))| Mutation {
        name: format!("token: {name}"),
        apply: Box::new(move |request, kit, _| {
            request.set("Authorization", format!("Bearer {}", kit.tokens.mutated[request.subject][at]));
        }),
    });
    paths::all()
        .into_iter()
        .chain(methods::all())
        .chain(fields::all())
        .chain(queries::all())
        .chain(of_token)
        .collect()
}

fn mutation(
    name: impl Into<String>,
    apply: impl Fn(&mut Request, &Kit, &mut Rng) + Send + Sync + 'static,
) -> Mutation {
    Mutation { name: name.into(), apply: Box::new(apply) }
}
