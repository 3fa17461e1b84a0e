use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::error::ApiError;

/// The body of an answer with status 200, of at most `largest` bytes.
pub(super) async fn read(answer: HttpResponse, largest: usize) -> Result<Vec<u8>, ApiError> {
    let status = answer.status().as_u16();
    let stated = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::Cut)?;
        if body.len() + chunk.len() > largest {
            return Err(ApiError::TooLarge(largest));
        }
        body.extend_from_slice(&chunk);
    }
    if status == 200 {
        return Ok(body);
    }
    let stated = stated.or_else(|| error_type(&body)).or_else(|| error_code(&body));
    match stated.as_deref().and_then(word) {
        // Whether it is there, only a refusal of the question says.
        Some(word) if (400..500).contains(&status) => Err(ApiError::Refused(word)),
        word => Err(ApiError::Failed { status, word }),
    }
}

/// `__type` of AWS JSON.
fn error_type(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get("__type")?.as_str().map(str::to_owned)
}

/// `ErrorResponse/Error/Code` of AWS Query.
fn error_code(body: &[u8]) -> Option<String> {
    element(std::str::from_utf8(body).ok()?, "Code").map(str::to_owned)
}

/// The text between the first `<name>` and what ends it, where it has no markup of its own.
pub(crate) fn element<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (text, rest) = rest.split_once('<')?;
    rest.strip_prefix(&format!("/{name}>")).map(|_| text.trim())
}

/// The word in `prefix#Word:http://…`, if it is one. SQS names some with dots: `AWS.SimpleQueueService.NonExistentQueue`.
pub(crate) fn word(text: &str) -> Option<String> {
    let word = text.rsplit('#').next()?.split(':').next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    ((1..=64).contains(&word.len()) && word.chars().all(plain)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_one_word() {
        let check = |text, expected: Option<&str>| assert_eq!(word(text).as_deref(), expected);
        check("ResourceNotFoundException", Some("ResourceNotFoundException"));
        check("com.amazonaws.ssm#ParameterNotFound", Some("ParameterNotFound"));
        check("ParameterNotFound:http://internal.amazon.com/", Some("ParameterNotFound"));
        check("AWS.SimpleQueueService.NonExistentQueue", Some("AWS.SimpleQueueService.NonExistentQueue"));
        check("", None);
        check("not a word", None);
    }

    #[test]
    fn an_element_is_read_of_xml() {
        let check = |document, expected: Option<&str>| assert_eq!(element(document, "Code"), expected);
        check(
            "<ErrorResponse><Error>\n<Type>Sender</Type><Code> NotFound </Code></Error></ErrorResponse>",
            Some("NotFound"),
        );
        check("<Code>a", None);
        check("<Code>a<b/></Code>", None);
        check("<Codes>a</Codes>", None);
        check("", None);
    }
}
