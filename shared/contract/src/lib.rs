//! Data contracts: OpenAPI 3.0 and 3.1 documents and JSON Schemas (2020-12, draft 7), compiled once to checkers of
//! requests, answers and payloads of events, and to the neutral type tree of the JSON body.
//!
//! **Requests** ([`Operation::check_request`]): parameters, the media type, the JSON body. Parameters are of every style
//! that OpenAPI has in their place (path `simple`, `label`, `matrix`; query `form`, `spaceDelimited`, `pipeDelimited`,
//! `deepObject`; header field `simple`; cookie `form`), exploded or not: one value, a list, or an object one level deep; or
//! one JSON text (`content`). Delimiters are looked for before anything is decoded, so `%2C` within an item of a query is
//! data. In a path it is not, for the canonical path is decoded. `+` is a space in queries, also where `allowReserved` lets
//! reserved characters stand unencoded, which are taken in any case. Query parameters that the contract does not name
//! pass, unless an exploded object describes its `additionalProperties`: then it has them. What has two readings is a fault
//! of the contract (two parameters that read one name, lists and objects in several cookies) or of the request (dots in a
//! label that is not exploded).
//!
//! **Answers** ([`Operation::check_response`]): the status, the header fields that the contract describes (but
//! `Content-Type`; `Set-Cookie` line by line), the media type, the JSON body.
//!
//! **Payloads by themselves** ([`Schema`]): a JSON Schema document, or a schema within one or within an OpenAPI document.
//!
//! Bodies that are not JSON pass unread once their media type is modelled. `servers`, `security`, `callbacks`, `webhooks`,
//! `encoding` and `links` are not looked at.
//!
//! **References** lead to places in the files of one [`Library`], by relative paths, JSON Pointers and, in JSON Schema
//! documents, by `$anchor` (draft 7: `$id: "#name"`); nothing is fetched. A root `$id` names its document and moves no
//! reference. Each file is read in the dialect that it states, or in that of what refers to it. `$dynamicRef`,
//! `$recursiveRef` and an `$id` within are faults, and so is a keyword that another dialect would assert and the document's
//! own passes over (`dependencies` in 2020-12, `prefixItems` in draft 7).
//!
//! Formats that are asserted: `date-time`, `date`, `uuid`, `email`, `ipv4`, `ipv6`, `uri`. Every other `format` is
//! an annotation, as JSON Schema 2020-12 has it.
//!
//! **Bounds**: documents of 1 MiB, 64 levels; JSON texts of 64 levels, without duplicate names and without numbers that
//! would be rounded. Integers of 64 bits and decimals are compared, divided and told apart exactly. Patterns mean what
//! ECMA-262 means by them, and run in time linear in the text. References that lead back without descending into the
//! value, more than 32 in a row, and more than 10,000 schemas that one value is held against through choices of
//! references are faults of the contract; what of the rest could be tried twice is remembered. `uniqueItems` costs what
//! its items are long.
//!
//! No violation holds a value of the payload: only its place, bounded and escaped, and the rule. Names that the
//! contract does not declare stand apart from both, for the sender alone.

mod bundle;
mod charset;
mod checker;
mod claim;
mod coercion;
mod compile;
mod decimal;
mod definitions;
mod dialect;
mod diff;
mod document;
mod documents;
mod draft7;
mod dynamic_scope;
mod gather;
mod header_field;
mod keywords;
mod library;
mod links;
mod locating;
mod location;
mod looking;
mod media;
mod merge;
mod metaschemas;
mod omissions;
mod openapi30;
mod operation;
mod parameter;
mod pattern;
mod pointer;
mod query;
mod raw;
mod reference;
mod referring;
mod resource_id;
mod resources;
mod response;
mod rounding;
mod rule;
mod schema;
mod serialization;
mod shape;
mod source;
mod style;
mod subschemas;
mod vocabulary;

pub use diff::{Change, Severity, Site, Travels, changes};
pub use document::{Document, OperationName};
pub use library::Library;
pub use merge::{MergedOperation, merge};
pub use operation::{Operation, RequestFault, RequestParts};
pub use raw::RawDocument;
pub use schema::{Schema, check_form};
