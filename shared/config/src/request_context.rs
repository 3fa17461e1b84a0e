use doorward_model::Fault;
use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};

use crate::reader::Value;
use crate::report::{Reported, quote};

/// `context = { headers = ["x-tenant"], query = ["page"] }`: what of a request's own words policies read. The caller
/// chooses these values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// Header fields, read as `context.request.headers`.
    pub headers: Vec<HeaderName>,
    /// Query parameters, decoded, read as `context.request.query`.
    pub query: Vec<String>,
}

/// The longest name of a header field or a query parameter, in bytes.
const LONGEST_NAME: usize = 128;

/// Header fields that prove a caller. Policies read the principal that comes of them.
const CREDENTIALS: [HeaderName; 4] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, X_API_KEY];

/// Where API keys are shown, unless the configuration says otherwise.
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Beginnings of header fields in which the door and AWS speak.
const RESERVED: [&str; 3] = ["x-doorward-", "x-amzn-", "x-amz-"];

/// Header fields that end at a front, or are written anew by every sender (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// Reads `context` of a route; `key_header` is the field that holds API keys.
pub(crate) fn read(value: Value<'_>, key_header: &HeaderName) -> Result<RequestContext, Reported> {
    value.section("`context`", |section| {
        let headers = section.optional("headers", |value| {
            value.nonempty_set(|item| item.parse(|text| header(text, key_header)))
        });
        let query = section.optional("query", |value| value.nonempty_set(|item| item.parse(parameter)));
        let (headers, query) = (headers?, query?);
        if headers.is_none() && query.is_none() {
            let fault = Fault::new("`context` names nothing");
            return Err(section.fault(fault.hint("list `headers` or `query`, or leave it out")));
        }
        Ok(RequestContext { headers: headers.unwrap_or_default(), query: query.unwrap_or_default() })
    })
}

/// Reads the name of a header field that holds no credentials; `key_header` is the field that holds API keys.
pub(crate) fn header(text: &str, key_header: &HeaderName) -> Result<HeaderName, Fault> {
    let name = field(text)?;
    if CREDENTIALS.contains(&name) || name == key_header {
        let fault = Fault::new(format!("the header field {} holds credentials", quote(text)));
        return Err(fault.hint("policies read who was proven by them: `principal` and `context.token`"));
    }
    Ok(name)
}

/// Reads the name of a header field that callers write and that gets to the door.
pub(crate) fn field(text: &str) -> Result<HeaderName, Fault> {
    // Fields with other characters are dropped as they come in: some programs take `x_a` and `x-a` for the same.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let name = HeaderName::from_bytes(text.as_bytes()).ok();
    let name = name.filter(|_| text.len() <= LONGEST_NAME && text.bytes().all(plain));
    let Some(name) = name else {
        let fault = Fault::new(format!("{} is not a header field that gets here", quote(text)));
        return Err(fault.hint(format!("use 1 to {LONGEST_NAME} letters, digits and `-`, as in `x-tenant`")));
    };
    let lower = name.as_str();
    if lower != text {
        let fault = Fault::new(format!("{} is not in lower case, as policies read it", quote(text)));
        return Err(fault.hint(format!("write {}", quote(lower))));
    }
    if RESERVED.iter().any(|prefix| lower.starts_with(prefix)) {
        let fault = Fault::new(format!("the header field {} is not the caller's to write", quote(lower)));
        return Err(fault.hint("such fields are the door's and AWS's own: name another"));
    }
    if HOP_BY_HOP.contains(&lower) {
        let fault = Fault::new(format!("the header field {} ends at the front", quote(lower)));
        return Err(fault.hint("name one that is passed on"));
    }
    Ok(name)
}

fn parameter(text: &str) -> Result<String, Fault> {
    if (1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} cannot name a query parameter", quote(text)));
    Err(fault.hint(format!("use 1 to {LONGEST_NAME} bytes without control characters")))
}
