//! Data contracts: OpenAPI 3.0 and 3.1 documents, compiled once to checkers of requests and answers and to the
//! neutral type tree of the JSON body.
//!
//! What a checker holds a message to: parameters (path, query, header, cookie), the media type, the JSON body; of
//! an answer its status, media type and JSON body. Bodies that are not JSON pass unread once their media type is
//! modelled. `servers`, `security`, `callbacks`, `webhooks` and the headers of answers are not looked at.
//!
//! Formats that are asserted: `date-time`, `date`, `uuid`, `email`, `ipv4`, `ipv6`, `uri`. Every other `format` is
//! an annotation, as JSON Schema 2020-12 has it.
//!
//! No violation holds a value of the payload: only its place, bounded and escaped, and the rule. Names that the
//! contract does not declare stand apart from both, for the sender alone.

mod anchors;
mod bundle;
mod charset;
mod checker;
mod claim;
mod coercion;
mod compile;
mod decimal;
mod dialect;
mod diff;
mod document;
mod documents;
mod draft7;
mod header_field;
mod keywords;
mod library;
mod links;
mod locating;
mod location;
mod looking;
mod media;
mod merge;
mod omissions;
mod openapi30;
mod operation;
mod parameter;
mod pointer;
mod query;
mod raw;
mod reference;
mod response;
mod rule;
mod schema;
mod serialization;
mod shape;
mod source;
mod style;
mod vocabulary;

pub use diff::{Change, Severity, Site, Travels, changes};
pub use document::{Document, OperationName};
pub use library::Library;
pub use merge::{MergedOperation, merge};
pub use operation::{Operation, RequestFault, RequestParts};
pub use raw::RawDocument;
pub use schema::{Schema, check_form};
