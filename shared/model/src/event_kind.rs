use std::collections::BTreeMap;

use crate::{Field, Shape};

/// The event sources that the door reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// S3 event notifications, sent by the bucket itself.
    S3,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 1] = [Self::S3];

    /// The word in `source = "s3"`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::S3 => "s3",
        }
    }

    /// What `match` may test and policies read as `context.event`, beside `source`, `type`, `region` and `account`.
    #[must_use]
    pub fn attributes(self) -> BTreeMap<String, Field> {
        let text = || Shape::Text { values: Vec::new() };
        let field = |name: &str, shape, required| (name.to_owned(), Field { shape, required });
        match self {
            Self::S3 => BTreeMap::from([
                field("bucket", text(), true),
                field("key", text(), true),
                field("size", Shape::Long, false),
                field("version", text(), false),
                field("user", text(), false),
            ]),
        }
    }
}
