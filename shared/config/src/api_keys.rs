use doorward_model::Fault;
use http::HeaderName;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, FORWARDED, HOST, PROXY_AUTHORIZATION,
};

use crate::checked::ApiKeys;
use crate::reader::Value;
use crate::report::{Reported, quote};
use crate::request_context;

/// Prefix of the keys of a door that chooses none.
const PREFIX: &str = "dwk";
/// The longest prefix, in bytes.
const LONGEST_PREFIX: usize = 12;

/// Header fields that say something else of a request, which its target must hear of, or which end at the front.
const TAKEN: [HeaderName; 7] =
    [ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, FORWARDED, HOST, PROXY_AUTHORIZATION];

/// What holds where there is no `[api_keys]`.
pub(crate) fn default() -> ApiKeys {
    ApiKeys { prefix: PREFIX.to_owned(), header: request_context::X_API_KEY }
}

/// Reads `[api_keys]`.
pub(crate) fn read(value: Value<'_>) -> Result<ApiKeys, Reported> {
    value.section("`[api_keys]`", |section| {
        let prefix = section.or("prefix", PREFIX.to_owned(), |value| value.parse(prefix));
        let header = section.or("header", request_context::X_API_KEY, |value| value.parse(header));
        Ok(ApiKeys { prefix: prefix?, header: header? })
    })
}

fn prefix(text: &str) -> Result<String, Fault> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if (1..=LONGEST_PREFIX).contains(&text.len()) && plain {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} cannot begin an API key", quote(text)));
    Err(fault.hint(format!("use 1 to {LONGEST_PREFIX} letters and digits, such as `shop`")))
}

fn header(text: &str) -> Result<HeaderName, Fault> {
    let name = request_context::field(text)?;
    if name == AUTHORIZATION {
        let fault = Fault::new("a key in `authorization` is a bearer token");
        return Err(fault.hint("keys are taken there too: name another field here, or leave `header` out"));
    }
    let holds_others = TAKEN.contains(&name) || name.as_str().starts_with("x-forwarded-");
    if holds_others {
        let fault = Fault::new(format!("the header field {} has another meaning", quote(text)));
        return Err(fault.hint("name one that holds nothing but the key, such as `x-api-key`"));
    }
    Ok(name)
}
