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
//! **Forms** (`application/x-www-form-urlencoded` and `multipart/form-data`, RFC 7578) are held to the schema of their
//! fields, in requests and answers. What stands under a name is read as the schemas of that name say, under `properties` and
//! patterns, among alternatives and conditions: as a JSON text where they have objects, a number or truth value, a text, a
//! file, or a list with a field for each item (`encoding`: `style`, `explode`, `contentType`). Several ways are tried in this
//! order: the first one counts whose value those of the schemas take that hold in any case; where alternatives or conditions
//! speak of the name as well, the form is good if the whole is in one of them. What begins as an object is one, and no text.
//! A form that no way leads to, or more than 64, is a fault of the contract. `a[]` and `a[b]` are refused where the contract
//! has `a`, unless its style is `deepObject`.
//!
//! A part is a file where its schema has `format: binary`, `contentMediaType` or no type, or its encoding a media type that
//! is neither text nor JSON. Files are held to their number, their media type and their length, in bytes (OpenAPI 3.1,
//! "Considerations for File Uploads"); what `contentEncoding` encodes stays the text that it is. A part is of a media type
//! that `encoding` states, where none means `text/plain`; else of that of its schema, or of none. Texts are UTF-8 and have
//! no `filename`. Refused is what two readers would cut or name otherwise: text around the parts, blanks or line feeds alone
//! at a delimiter, the boundary within a part, folded lines, escapes in names, a `filename*` that says something else,
//! `Content-Transfer-Encoding` but 7bit, 8bit and binary, nested multiparts.
//!
//! **Other bodies**: one text in UTF-8 where the schema speaks of characters or numbers, and bytes where it speaks of a
//! length only. A schema of more (`application/xml` with an object) is a fault in a request; under a range (`*/*`) such
//! bodies are unmodelled; answers of that kind pass unread. So does all that has no schema, or one that says nothing but
//! that it is a string.
//!
//! Bodies that are not JSON are not handed over, and have no type tree.
//!
//! `callbacks`, `webhooks` and `links` are not looked at, `servers` and `security` only where documents are compared.
//!
//! **References** lead to places in the files of one [`Library`]; nothing is fetched. A reference is resolved against the
//! `$id` around it (JSON Schema Core 2020-12 section 8.2.1; draft 7 section 8.2), or against the path of its file where
//! there is none, and then means the schema that is called so by its `$id`: in the same file, in another one, or a
//! meta-schema of a dialect that is carried; else the file of that path. From a document with an `$id` a relative path
//! leads to the file beside it, too. Within what it leads to, JSON Pointers and `$anchor` (draft 7: `$id: "#name"`) go on.
//! `$dynamicRef` means the outermost `$dynamicAnchor` (section 8.2.3.2): a schema is compiled for each dynamic scope in
//! which it is met, so that the type tree, comparisons and the merged document know its one meaning there. Each file is
//! read in the dialect that it states, or in that of what refers to it; a schema with an `$id` may state its own. In
//! OpenAPI documents these names are of version 3.1. Faults are: names that clash or are none, `$recursiveRef` (of
//! 2019-09), and a keyword that another dialect would assert and the document's own passes over (`dependencies` in
//! 2020-12, `prefixItems` in draft 7).
//!
//! **`readOnly` and `writeOnly`** mean the same in OpenAPI 3.1 as in 3.0: a required member is required the one way only.
//! Answers must not hold a `writeOnly` one, whichever of the alternatives they fit (`anyOf`, `oneOf`, `if`, `contains`) describes
//! it; requests may hold a `readOnly` one. JSON Schemas by themselves know neither.
//!
//! Formats that are asserted: of texts, in ASCII, `date-time`, `date`, `time`, `duration`, `uuid`, `email`, `hostname`,
//! `ipv4`, `ipv6`, `uri`, `uri-reference` and `byte` (base64, RFC 4648 section 4); of whole numbers, `int32`, `int64` and
//! `uint64`, which are ranges. Every other `format` is an annotation, as JSON Schema 2020-12 has it.
//!
//! **Bounds**: documents of 16 MiB, 2,000,000 names and values, 64 levels; JSON texts of 64 levels, without duplicate names and without numbers that
//! would be rounded. Forms of 1,000 fields; parts with 16 header fields, of 8 KiB together. Integers of 64 bits and decimals are compared, divided and told apart exactly. Patterns mean what
//! ECMA-262 means by them, and run in time linear in the text. References that lead back without descending into the
//! value, more than 32 in a row, and more than 10,000 schemas that one value is held against through choices of
//! references are faults of the contract; what of the rest could be tried twice is remembered. So are identifiers beyond
//! 1,024 bytes, names of one document beyond 4 MiB with their places, more than 2,000 schemas of one, and dynamic scopes
//! that multiply schemas beyond 8 MiB. `uniqueItems` costs what its items are long.
//!
//! No violation holds a value of the payload: only its place, bounded and escaped, and the rule. Names that the
//! contract does not declare stand apart from both, for the sender alone.

mod bundle;
mod charset;
mod checker;
mod claim;
mod coercion;
mod compile;
mod content_type;
mod decimal;
mod definitions;
mod dialect;
mod diff;
mod document;
mod documents;
mod draft7;
mod dynamic_scope;
mod engine;
mod entries;
mod field_encoding;
mod form_body;
mod form_object;
mod formats;
mod gather;
mod gathering;
mod header_field;
mod held;
mod joint;
mod keywords;
mod library;
mod links;
mod locating;
mod location;
mod looking;
mod media;
mod merge;
mod metaschemas;
mod multipart;
mod multipart_body;
mod omissions;
mod one_way;
mod openapi30;
mod operation;
mod parameter;
mod pattern;
mod pointer;
mod query;
mod raw;
mod reading;
mod reference;
mod referring;
mod resource_id;
mod resources;
mod response;
mod rounding;
mod rule;
mod said;
mod schema;
mod serialization;
mod servers;
mod shape;
mod shared;
mod source;
mod style;
mod subschemas;
mod unread;
mod vocabulary;

pub use diff::{Change, NOT_COMPARED, Severity, Site, Travels, changes};
pub use document::{Document, OperationName};
pub use library::Library;
pub use merge::{MergedOperation, merge};
pub use operation::{Operation, RequestFault, RequestParts};
pub use raw::RawDocument;
pub use schema::{Schema, check_form};
