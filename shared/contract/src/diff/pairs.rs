//! The pairs of schemas that one question compares: what is known of them, and what is taken for known.
//!
//! Values are finite, so that of a pair which is met again within itself, what holds of all its parts holds (R. Amadio
//! and L. Cardelli, Subtyping Recursive Types, 1993; B. Pierce, Types and Programming Languages, 21.9): it is taken to
//! hold while it is open. What fails in spite of that fails for good. What holds is kept for as long as nothing that it
//! leaned on failed: it is provisional until the outermost of those closed, and asked anew where one of them fails.

use std::collections::HashMap;
use std::rc::Rc;

use super::conjunction::{Conjunction, Key};
use super::include::{Found, Level};

/// Nesting of the pairs that are looked at; those further down are taken to hold, and looked at by themselves.
const MAX_DEPTH: usize = 48;
/// What leans on nothing.
const NOTHING: usize = usize::MAX;
/// What leans on a pair that is put off: those that are open are counted from 1.
const PUT_OFF: usize = 0;

/// What was found of a pair.
struct Answer {
    found: Rc<Vec<Found>>,
    level: Option<Level>,
    /// The outermost open pair that it leans on.
    leans_on: usize,
}

/// A pair that is being compared.
struct Open {
    pair: usize,
    /// How many answers were provisional before.
    mark: usize,
    leans_on: usize,
    /// Whether a choice was made by what is provisional, which does not stand among what was found.
    chose: bool,
    /// Whether something was taken to hold because this pair is open.
    is_leaned_on: bool,
}

/// The two sides of a pair.
pub(super) type Sides<'a> = Rc<(Conjunction<'a>, Conjunction<'a>)>;

#[derive(Default)]
pub(super) struct Pairs<'a> {
    numbers: HashMap<(Key, Key), usize>,
    sides: Vec<Sides<'a>>,
    answers: HashMap<usize, Answer>,
    /// Pairs that fail, whether all that is found of them is known or not.
    failed: HashMap<usize, Level>,
    open: Vec<Open>,
    provisional: Vec<usize>,
    put_off: Vec<usize>,
}

impl<'a> Pairs<'a> {
    /// The number that the pair goes by.
    pub(super) fn number(&mut self, from: &Conjunction<'a>, to: &Conjunction<'a>) -> usize {
        let next = self.sides.len();
        let sides = &mut self.sides;
        *self.numbers.entry((from.key(), to.key())).or_insert_with(|| {
            sides.push(Rc::new((from.clone(), to.clone())));
            next
        })
    }

    pub(super) fn sides(&self, pair: usize) -> Option<Sides<'a>> {
        self.sides.get(pair).map(Rc::clone)
    }

    /// What was found of a pair that is not open.
    pub(super) fn found(&self, pair: usize) -> Option<Rc<Vec<Found>>> {
        self.answers.get(&pair).map(|answer| Rc::clone(&answer.found))
    }

    pub(super) fn fails(&self, pair: usize) -> bool {
        self.failed.contains_key(&pair)
    }

    /// The worst that is found of a pair, where it is known or taken for known; `None` asks to compare it.
    pub(super) fn known(&mut self, pair: usize) -> Option<Option<Level>> {
        if let Some(answer) = self.answers.get(&pair) {
            let (level, leans_on) = (answer.level, answer.leans_on);
            if leans_on == NOTHING || self.fails(pair) {
                return Some(level);
            }
            self.lean(leans_on);
            return Some(level.min(Some(Level::Assumed)).or(Some(Level::Assumed)));
        }
        let open = self.open.iter().position(|open| open.pair == pair);
        let is_deep = self.open.len() > MAX_DEPTH;
        match (open, self.failed.get(&pair)) {
            (None, _) if !is_deep => None,
            (_, Some(level)) => Some(Some(*level)),
            (Some(nth), None) => {
                self.open.get_mut(nth)?.is_leaned_on = true;
                self.lean(nth + 1);
                Some(Some(Level::Assumed))
            }
            (None, None) => {
                self.put_off.push(pair);
                self.lean(PUT_OFF);
                Some(Some(Level::Assumed))
            }
        }
    }

    fn lean(&mut self, on: usize) {
        if let Some(open) = self.open.last_mut() {
            open.leans_on = open.leans_on.min(on);
        }
    }

    pub(super) fn open(&mut self, pair: usize) {
        let mark = self.provisional.len();
        self.open.push(Open { pair, mark, leans_on: NOTHING, chose: false, is_leaned_on: false });
    }

    /// Closes the pair that was opened last with what was `found` of it. Where a choice was made because it was taken to
    /// hold, and it does not, there is no answer: it is to be compared again.
    pub(super) fn close(&mut self, found: Vec<Found>) -> Option<Option<Level>> {
        let closed = self.open.pop()?;
        let level = found.iter().map(|found| found.level).min();
        let failed = level.filter(|level| *level < Level::Note);
        if let Some(level) = failed {
            let is_new = self.failed.insert(closed.pair, level).is_none();
            if is_new && closed.is_leaned_on {
                self.forget(closed.mark);
                if closed.chose {
                    return None;
                }
            }
        }
        let own = self.open.len() + 1;
        let leans_on = if closed.leans_on < own { closed.leans_on } else { NOTHING };
        if failed.is_none() {
            self.settle(closed.mark, own, leans_on);
            self.lean(leans_on);
        }
        // What fails is told whole, but where a choice was made.
        let is_provisional = leans_on != NOTHING && (failed.is_none() || closed.chose);
        let kept = if is_provisional { leans_on } else { NOTHING };
        self.answers.insert(closed.pair, Answer { found: Rc::new(found), level, leans_on: kept });
        if is_provisional {
            self.provisional.push(closed.pair);
        }
        let is_assumed = is_provisional && failed.is_none();
        Some(if is_assumed {
            Some(level.map_or(Level::Assumed, |level| level.min(Level::Assumed)))
        } else {
            level
        })
    }

    /// Drops what became provisional since `mark`.
    fn forget(&mut self, mark: usize) {
        for pair in self.provisional.split_off(mark.min(self.provisional.len())) {
            self.answers.remove(&pair);
        }
    }

    /// Has what became provisional since `mark`, and leans on the pair `own` or on one within it, lean on what `own` leans
    /// on, which closes.
    fn settle(&mut self, mark: usize, own: usize, leans_on: usize) {
        for pair in self.provisional.split_off(mark.min(self.provisional.len())) {
            let Some(answer) = self.answers.get_mut(&pair) else { continue };
            if answer.leans_on >= own {
                answer.leans_on = leans_on;
            }
            if answer.leans_on != NOTHING {
                self.provisional.push(pair);
            }
        }
    }

    /// Begins to ask whether something holds where nobody is told why it does not.
    pub(super) fn begin_choice(&mut self) -> usize {
        self.open.last_mut().map_or(NOTHING, |open| std::mem::replace(&mut open.leans_on, NOTHING))
    }

    /// Ends that; `before` is what [`Self::begin_choice`] gave.
    pub(super) fn end_choice(&mut self, before: usize, holds: bool) {
        if let Some(open) = self.open.last_mut() {
            open.chose |= holds && open.leans_on != NOTHING;
            open.leans_on = open.leans_on.min(before);
        }
    }

    /// A pair that was put off and is not compared yet.
    pub(super) fn next_put_off(&mut self) -> Option<usize> {
        self.put_off.pop()
    }

    /// With no pair open any more: whether all that was put off holds, what leaned on it is kept.
    pub(super) fn conclude(&mut self, all_hold: bool) {
        if all_hold { self.settle(0, PUT_OFF, NOTHING) } else { self.forget(0) }
    }
}
