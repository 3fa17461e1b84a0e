//! Bodies of `multipart/form-data` (RFC 7578) as the parts that they are.
//!
//! The grammar is read here and not by a library: those that there are read on where others stop, while a body that two
//! readers would cut otherwise is to be refused. So is everything that RFC 2046 section 5.1 lets a reader skip (text before
//! the first delimiter and after the last, blanks behind a delimiter), lines that end in a line feed alone, and the
//! boundary anywhere but in a delimiter.

mod disposition;
mod grammar;
mod part;

pub(crate) use grammar::parts;
pub(crate) use part::Part;
