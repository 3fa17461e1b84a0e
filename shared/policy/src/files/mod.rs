//! The user's files: what they say, where it stands, and what is wrong with it.

pub(crate) mod diagnostics;
pub(crate) mod json_list;
pub(crate) mod links;
pub(crate) mod nesting;
pub(crate) mod origins;
pub(crate) mod policy_files;
