//! The one crate that knows Cedar: it reads and checks a project's policies, states the schema that they are checked
//! against, and decides questions.
//!
//! # What a decision is
//! The engine's answer is stock Cedar's over the whole set, found by evaluating only the conditions of the policies whose
//! scope applies. On top of it lies a closed layer: where Cedar skips a policy that errs, an erring `forbid` counts as
//! satisfied; a principal of the type `Anonymous` is permitted only where the scope of a satisfied `permit` names it or its
//! type; and a question that does not fit the schema is denied before a policy sees it.
//!
//! # The three inputs
//! Policies read the payload as `context.input`. [`Input::Checked`] is decided plainly; where the contract lets a call
//! come without the payload, policies that read it err, so a `forbid` among them denies. [`Input::Absent`] (the authorizer
//! never sees a body) and [`Input::Faulty`] (the payload broke its contract) leave the policies that read the input
//! undecided, and are answered alike: such a `permit` counts as satisfied where its scope — principal, action and
//! resource — applies, such a `forbid` as not satisfied; every other policy is evaluated as written. So an allow means
//! "not refused yet": for `Absent` the dispatcher decides again with the payload, for `Faulty` the caller may learn
//! that the payload broke its contract. A deny is final for both. An action whose calls carry no input is decided
//! plainly whatever the input.
//!
//! # Candidates and records
//! [`Policies::judge`] asks a candidate set ([`Candidate`]) the same request; where its effect is another, that is noted
//! and nothing else. [`Judgement::facts`] is what the decision was made from, cut down to what the policies and the
//! candidates for the action read, and [`Redecider`] makes the decision again from it by other policies, or says which
//! of what they read was not kept.
//!
//! # Entities
//! `entities.json` gives attributes and parents to entities; the request adds the groups of its principal, the
//! attributes that its token gives it, the function of its resource, and what its path puts the resource in. No
//! attribute comes from both: a file that gives one which tokens give is refused. A decision loads the two entities and
//! what policies can reach from them, never the file, so its cost does not grow with the file. An entity that nothing
//! describes has no attributes: a policy that reads one errs.
//!
//! An action whose resource is read from a table ([`ActionSpec::load`]) is asked about with the entity that the item
//! makes ([`Policies::load`]), and with nothing else: the file may give no entity of such a type, and a question without
//! the item, or with one where none is read, does not fit. What the item's attributes name is taken from the file.

mod can;
mod compile;
mod decide;
mod deep_stack;
mod engine;
mod entities;
mod explain;
mod files;
mod impossible;
mod judge;
mod misfits;
mod question;
mod reads;
mod record;
mod schema;
mod text;
mod vocabulary;

pub use can::{Grant, Grounds, Reach};
pub use compile::{Policies, Validated, check_form};
pub use entities::loaded::Loaded;
pub use explain::{Applied, Clause, Explanation, Holds, Part, PolicyEffect};
pub use files::origins::PolicySource;
pub use judge::Judgement;
pub use misfits::Misfit;
pub use question::{CallContext, Connection, Context, Decision, Input, Invocation, Question};
pub use record::facts::Unwritable;
pub use record::redecide::{Redecider, Redecision};
pub use text::clauses::{Connective, Keyword};
pub use vocabulary::{
    ActionSpec, CallShape, Candidate, HttpShape, SourceFile, Sources, TokenShape, Vocabulary,
};
