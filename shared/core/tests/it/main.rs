//! The pipeline over stand-ins: every refusal, every record, and the counted work of a call.

mod admission;
mod events;
mod keys;
mod refusals;
mod shop;
mod stores_away;
mod tokens;
mod work;
