use std::ops::Range;

use doorward_model::{Fault, Place};

use crate::checked::{UnitsInput, UnitsOperator, UnitsTerm};
use crate::reader::with_hint;
use crate::report::quote;
use crate::suggestion::suggest;

/// The longest text, in bytes, the deepest nesting and the most operands.
const LONGEST: usize = 512;
const DEEPEST: usize = 16;
const MOST_OPERANDS: usize = 64;

/// A fault and the bytes of the text that it is about.
pub(crate) struct Misread {
    pub(crate) range: Range<usize>,
    pub(crate) fault: Fault,
}

type Found<T> = Result<T, Box<Misread>>;
type Term = UnitsTerm<UnitsInput>;

fn misread(range: Range<usize>, fault: Fault) -> Box<Misread> {
    Box::new(Misread { range, fault })
}

/// Reads a closed arithmetic: whole numbers, `context.input.<path>`, `context.request.bytes`, `+`, `-`, `*`, `/`,
/// parentheses, `min(…)` and `max(…)`. `place` says where a part of the text stands in the file.
pub(crate) fn term(text: &str, place: &dyn Fn(Range<usize>) -> Place) -> Found<Term> {
    if text.len() > LONGEST {
        let fault = Fault::new(format!("an arithmetic of {} bytes is too long", text.len()));
        return Err(misread(0..text.len(), fault.hint(format!("use at most {LONGEST} bytes"))));
    }
    let mut parser = Parser { text, place, at: 0, depth: 0, operands: 0 };
    let term = parser.sum()?;
    match parser.peek() {
        None => Ok(term),
        Some(c) => Err(parser.unexpected(c, "an operator or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    place: &'t dyn Fn(Range<usize>) -> Place,
    at: usize,
    depth: usize,
    operands: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is no white space.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Found<()> {
        if self.take(wanted) {
            return Ok(());
        }
        let expected = format!("`{wanted}`");
        Err(match self.peek() {
            Some(c) => self.unexpected(c, &expected),
            None => self.unfinished(&expected),
        })
    }

    fn unexpected(&self, found: char, expected: &str) -> Box<Misread> {
        let fault = Fault::new(format!("expected {expected}, found {}", quote(&found.to_string())));
        misread(self.at..self.at + found.len_utf8(), fault)
    }

    fn unfinished(&self, expected: &str) -> Box<Misread> {
        let end = self.text.len();
        misread(end..end, Fault::new(format!("expected {expected}, found the end")))
    }

    fn sum(&mut self) -> Found<Term> {
        self.chain(&[('+', UnitsOperator::Add), ('-', UnitsOperator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Found<Term> {
        self.chain(&[('*', UnitsOperator::Multiply), ('/', UnitsOperator::Divide)], Self::operand)
    }

    /// Operators of one rank, from left to right.
    fn chain(
        &mut self,
        operators: &[(char, UnitsOperator)],
        part: fn(&mut Self) -> Found<Term>,
    ) -> Found<Term> {
        let mut term = part(self)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.take(*sign)) {
            let right = part(self)?;
            term = UnitsTerm::Operation(*operator, Box::new(term), Box::new(right));
        }
        Ok(term)
    }

    fn operand(&mut self) -> Found<Term> {
        const EXPECTED: &str = "a number, `context.…`, `min`, `max` or `(`";
        let Some(first) = self.peek() else { return Err(self.unfinished(EXPECTED)) };
        let start = self.at;
        self.operands += 1;
        if self.operands > MOST_OPERANDS {
            let fault =
                Fault::new(format!("it has more than {MOST_OPERANDS} numbers, paths and parentheses"));
            return Err(misread(start..self.text.len(), fault));
        }
        match first {
            '(' => {
                self.at += 1;
                let term = self.nested(start, Self::sum)?;
                self.expect(')')?;
                Ok(term)
            }
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => match self.word() {
                "context" => self.path(start),
                "min" => Ok(UnitsTerm::Least(self.arguments(start)?)),
                "max" => Ok(UnitsTerm::Greatest(self.arguments(start)?)),
                word => {
                    let fault = Fault::new(format!("unknown word {}", quote(word)));
                    let known = suggest(word, ["context", "min", "max"]);
                    Err(misread(start..self.at, with_hint(fault, known)))
                }
            },
            other => Err(self.unexpected(other, EXPECTED)),
        }
    }

    fn nested<T>(&mut self, start: usize, read: fn(&mut Self) -> Found<T>) -> Found<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let fault = Fault::new(format!("it is nested deeper than {DEEPEST} levels"));
            return Err(misread(start..self.at, fault));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn number(&mut self) -> Found<Term> {
        let start = self.at;
        let word = self.word();
        let number = word.replace('_', "");
        number.parse().map(UnitsTerm::Number).map_err(|_| {
            let fault = Fault::new(format!("{} is not a whole number of 64 bits", quote(word)));
            misread(start..self.at, fault)
        })
    }

    /// Letters, digits and `_`.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn arguments(&mut self, start: usize) -> Found<Vec<Term>> {
        self.expect('(')?;
        let arguments = self.nested(start, |parser| {
            let mut arguments = vec![parser.sum()?];
            while parser.take(',') {
                arguments.push(parser.sum()?);
            }
            Ok(arguments)
        })?;
        self.expect(')')?;
        if arguments.len() < 2 {
            return Err(misread(start..self.at, Fault::new("expected at least two numbers to choose from")));
        }
        Ok(arguments)
    }

    /// What follows `context`: steps as Cedar writes them, `.name` or `["name"]`.
    fn path(&mut self, start: usize) -> Found<Term> {
        let mut steps = Vec::new();
        loop {
            if self.take('.') {
                self.peek();
                let step = self.word();
                if step.is_empty() {
                    return Err(match self.peek() {
                        Some(c) => self.unexpected(c, "a name"),
                        None => self.unfinished("a name"),
                    });
                }
                steps.push(step.to_owned());
            } else if self.take('[') {
                steps.push(self.quoted()?);
                self.expect(']')?;
            } else {
                break;
            }
        }
        let range = start..self.at;
        let mut names = steps.iter().map(String::as_str);
        match (names.next(), names.next(), names.next()) {
            (Some("request"), Some("bytes"), None) => Ok(UnitsTerm::RequestBytes),
            (Some("input"), Some(_), _) => {
                Ok(UnitsTerm::Input(UnitsInput { steps: steps.split_off(1), place: (self.place)(range) }))
            }
            _ => {
                let written = self.text.get(range.clone()).unwrap_or_default();
                let fault = Fault::new(format!("{} cannot be counted", quote(written)));
                let hint = "count `context.input.…`, a whole number or the `.size` of a list or text of the contract's, or \
                            `context.request.bytes`";
                Err(misread(range, fault.hint(hint)))
            }
        }
    }

    /// A name in quotes, without escapes.
    fn quoted(&mut self) -> Found<String> {
        self.expect('"')?;
        let rest = self.rest();
        let Some(end) = rest.find('"') else { return Err(self.unfinished("`\"`")) };
        let name = rest.get(..end).unwrap_or_default();
        if let Some(c) = name.chars().find(|c| *c == '\\' || c.is_control()) {
            return Err(self.unexpected(c, "a name without escapes"));
        }
        self.at += end + 1;
        Ok(name.to_owned())
    }
}
