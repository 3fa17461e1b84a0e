//! The header field, and what is made of it: draft-ietf-httpapi-idempotency-key-header.

use doorward_model::{EntityName, IdempotencyFault};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};

use crate::bundle::hexadecimal;
use crate::find::HttpCall;
use crate::invoke::Invocation;
use crate::send::IDEMPOTENCY_KEY;

/// The longest key, in bytes: what most APIs that take keys say.
const LONGEST: usize = 255;

/// The key that the request brings; `None` where it brings none.
///
/// It is a string of RFC 8941 (section 3.3.3), in quotes, as the draft has it. Most clients send it bare, as the APIs
/// do that the draft was drawn from, so that is taken for the same: visible ASCII without `"`, `\`, `,` and `;`.
/// Parameters, of which the draft defines none, and a second field are refused.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<String>, IdempotencyFault> {
    let mut fields = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(IdempotencyFault::Malformed("the field is repeated"));
    }
    let text = field.to_str().map_err(|_| IdempotencyFault::Malformed("it is not ASCII"))?;
    let text = text.trim_matches(' ');
    let key = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted).ok_or(IdempotencyFault::Malformed("it is no string of RFC 8941"))?,
        None if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,;".contains(&byte)) => {
            text.to_owned()
        }
        None => return Err(IdempotencyFault::Malformed("it is neither a string of RFC 8941 nor a bare key")),
    };
    match key.len() {
        0 => Err(IdempotencyFault::Malformed("it is empty")),
        1..=LONGEST => Ok(Some(key)),
        _ => Err(IdempotencyFault::Malformed("it is longer than 255 bytes")),
    }
}

/// What stands up to the closing quote, which is the end.
fn unquoted(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => return rest.next().is_none().then_some(key),
            '\\' => key.push(rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            plain @ ' '..='~' => key.push(plain),
            _ => return None,
        }
    }
}

/// Of `key` as `caller` gives it to `route`: no two callers and no two routes share one.
pub(super) fn id(caller: &EntityName, route: &str, key: &str) -> String {
    digest([caller.type_name.as_bytes(), caller.id.as_bytes(), route.as_bytes(), key.as_bytes()])
}

/// Of what is asked for: another method, path, query, media type or body, or another kind of invocation, makes it
/// another request.
pub(super) fn fingerprint(http: &HttpCall<'_>) -> String {
    let request = http.request;
    let media_type = request.headers.get(CONTENT_TYPE).map_or(&[][..], http::HeaderValue::as_bytes);
    digest([
        request.method.as_str().as_bytes(),
        http.path.as_str().as_bytes(),
        request.query.as_bytes(),
        media_type,
        &request.body,
        http.invocation.as_deref().map(Invocation::distinct).unwrap_or_default().as_bytes(),
    ])
}

/// Each part behind its length, so that none can pass for the end of another.
fn digest<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[track_caller]
    fn check(fields: &[&str], expected: Result<Option<&str>, &str>) {
        let field = |text: &&str| (IDEMPOTENCY_KEY, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        let headers = fields.iter().map(field).collect();
        let read = read(&headers).map_err(|fault| fault.to_string());
        let expected = expected.map(|key| key.map(str::to_owned));
        match (read, expected) {
            (Err(fault), Err(expected)) => assert!(fault.ends_with(expected), "{fields:?}: {fault}"),
            (read, expected) => assert_eq!(read, expected.map_err(str::to_owned), "{fields:?}"),
        }
    }

    #[test]
    fn a_key_is_a_string_or_bare() {
        let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        check(&[], Ok(None));
        check(&[&format!("\"{uuid}\"")], Ok(Some(uuid)));
        check(&[uuid], Ok(Some(uuid)));
        check(&[r#""a \"b\" \\ c, d; e""#], Ok(Some(r#"a "b" \ c, d; e"#)));
        check(&["  QWx=/+:@~  "], Ok(Some("QWx=/+:@~")));
        check(&[&"k".repeat(255)], Ok(Some(&"k".repeat(255))));
        check(&[&format!("\"{}\"", "\\\\".repeat(255))], Ok(Some(&"\\".repeat(255))));
    }

    #[test]
    fn what_is_no_single_key_is_refused() {
        check(&["a", "a"], Err("the field is repeated"));
        check(&[""], Err("it is empty"));
        check(&["\"\""], Err("it is empty"));
        check(&[&"k".repeat(256)], Err("it is longer than 255 bytes"));
        check(&[&format!("\"{}\"", "k".repeat(256))], Err("it is longer than 255 bytes"));
        for broken in
            [r#"""#, r#""a"#, r#""a" b"#, r#""a", "b""#, r#""a";q=1"#, r#""a\b""#, r#""a\"#, "\"a\tb\""]
        {
            check(&[broken], Err("it is no string of RFC 8941"));
        }
        for broken in ["a, b", "a b", "a;q=1", r#"a"b""#, "a\tb"] {
            check(&[broken], Err("neither a string of RFC 8941 nor a bare key"));
        }
        check(&["schlüssel"], Err("it is not ASCII"));
    }

    #[test]
    fn keys_of_different_callers_and_routes_are_different() {
        let id = |type_name: &str, id: &str, route: &str, key: &str| {
            super::id(&EntityName::new(type_name, id), route, key)
        };
        let own = id("User", "alice", "createOrder", "k");
        assert_eq!(own, id("User", "alice", "createOrder", "k"));
        assert_eq!(own.len(), 64);
        let others = [
            id("User", "bob", "createOrder", "k"),
            id("Client", "alice", "createOrder", "k"),
            id("User", "alice", "createOrders", "k"),
            id("User", "alicecreateOrder", "", "k"),
            id("User", "alice", "createOrder", "l"),
        ];
        assert!(others.iter().all(|other| *other != own));
    }
}
