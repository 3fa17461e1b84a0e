//! Several schemas that are compiled as one.

use std::sync::Arc;

use jsonschema::Validator;

use crate::bundle::{Bundle, Gathered};
use crate::checker::{Checker, build, document, translated};
use crate::entries;
use crate::vocabulary::Words;

/// Schemas that were gathered and compiled together.
pub(crate) struct Joint {
    validator: Arc<Validator>,
    words: Words,
}

impl Joint {
    /// Compiles the schemas that are the definitions `numbers`, which become the entries of one validator. `None` where one of
    /// them does not compile.
    pub(crate) fn compile(gathered: &Arc<Gathered>, numbers: &[usize]) -> Option<Self> {
        // Whether it is locatable is another question for each.
        let (definitions, words) = translated(&Bundle::of(gathered, 0, false));
        let references: Vec<_> = numbers.iter().map(|number| format!("#/$defs/{number}")).collect();
        let validator = build(&document(entries::choice(&references), definitions)).ok()?;
        Some(Self { validator: Arc::new(validator), words })
    }

    /// What checks values by the entry `entry`, which refers to the definitions `reached`.
    pub(crate) fn checker(&self, entry: usize, locatable: bool, reached: Vec<usize>) -> Checker {
        let vocabulary = self.words.vocabulary(reached);
        Checker::of(Arc::clone(&self.validator), entry, locatable, vocabulary)
    }
}
