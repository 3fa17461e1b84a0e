use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The kinds of service through which calls enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrontKind {
    /// An API Gateway HTTP API, named by its API id.
    HttpApi,
    /// A Lambda function URL, named by its URL id.
    FunctionUrl,
    /// An S3 bucket that notifies, named by the bucket.
    Bucket,
}

impl FrontKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::HttpApi, Self::FunctionUrl, Self::Bucket];

    /// The word before the colon in `fronts = ["http-api:a1b2c3"]`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::HttpApi => "http-api",
            Self::FunctionUrl => "function-url",
            Self::Bucket => "bucket",
        }
    }
}

/// One front, as a deployment pins it: `http-api:a1b2c3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Front {
    /// The kind of service.
    pub kind: FrontKind,
    /// The service's own id: API id, URL id, bucket name.
    pub id: String,
}

/// A text that names no front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a front: expected `http-api:ID`, `function-url:ID` or `bucket:NAME`")]
pub struct ParseFrontError(pub String);

impl FromStr for Front {
    type Err = ParseFrontError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || ParseFrontError(text.to_owned());
        let (word, id) = text.split_once(':').ok_or_else(fault)?;
        let kind = FrontKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(fault)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if id.is_empty() || !id.chars().all(plain) {
            return Err(fault());
        }
        Ok(Self { kind, id: id.to_owned() })
    }
}

impl fmt::Display for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.id)
    }
}

impl Serialize for Front {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_reads_back_as_it_is_written() {
        for text in ["http-api:a1b2c3", "function-url:abc", "bucket:my.receipts-1"] {
            assert_eq!(text.parse::<Front>().unwrap().to_string(), text);
        }
        for text in ["", "http-api", "http-api:", "gopher:x", "bucket:a b", "bucket:*"] {
            assert!(text.parse::<Front>().is_err(), "{text}");
        }
    }
}
