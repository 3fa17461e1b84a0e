use doorward_model::Fault;

use crate::report::quote;

/// Reads what `Invoke` takes as `FunctionName` (AWS Lambda API reference): `orders`, `orders:live`, or a full ARN of
/// a function with or without a qualifier.
pub(crate) fn parse(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split(':').collect();
    let valid = match parts.as_slice() {
        ["arn", partition, "lambda", region, account, "function", function @ ..] => {
            is_partition(partition) && is_region(region) && is_account(account) && is_function(function)
        }
        function => is_function(function),
    };
    if valid {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} names no Lambda function", quote(text)));
    Err(fault.hint("write a name, `name:alias`, or `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"))
}

pub(crate) fn is_partition(part: &str) -> bool {
    part.starts_with("aws") && part.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

pub(crate) fn is_region(part: &str) -> bool {
    let (first, last) = (part.split('-').next(), part.split('-').next_back());
    part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && first.is_some_and(|first| first.len() >= 2 && first.chars().all(|c| c.is_ascii_lowercase()))
        && last.is_some_and(|last| !last.is_empty() && last.chars().all(|c| c.is_ascii_digit()))
}

pub(crate) fn is_account(part: &str) -> bool {
    part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_function(parts: &[&str]) -> bool {
    match parts {
        [name] => is_word(name, 64),
        [name, qualifier] => is_word(name, 64) && (*qualifier == "$LATEST" || is_qualifier(qualifier)),
        _ => false,
    }
}

/// An alias or the number of a version.
pub(crate) fn is_qualifier(part: &str) -> bool {
    is_word(part, 128)
}

fn is_word(part: &str, longest: usize) -> bool {
    (1..=longest).contains(&part.len())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_as_lambda_names_it() {
        for text in [
            "orders",
            "orders:live",
            "orders:7",
            "orders:$LATEST",
            "arn:aws:lambda:eu-central-1:123456789012:function:orders",
            "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders:live",
            &"f".repeat(64),
        ] {
            assert_eq!(parse(text), Ok(text.to_owned()));
        }
        for text in [
            "",
            ":",
            "orders:",
            ":live",
            "or ders",
            "orders/x",
            "orders:$latest",
            "orders:a:b",
            "arn:aws:lambda:eu-central-1:123456789012:function:",
            "arn:aws:lambda:eu-central-1:1234:function:orders",
            "arn:aws:lambda:-1:123456789012:function:orders",
            "arn:aws:lambda:eu:123456789012:function:orders",
            "arn:aws:sqs:eu-central-1:123456789012:function:orders",
            "arn:gcp:lambda:eu-central-1:123456789012:function:orders",
            &"f".repeat(65),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
