use doorward_config::PublicFunction;

/// How a caller names a function: `orders`, `123456789012:function:orders` or an ARN, each with or without `:qualifier`
/// (`FunctionName` of "Invoke", AWS Lambda API reference). The parts are compared with what is declared, and not looked at
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FunctionName<'a> {
    /// Partition and region, of an ARN.
    region: Option<(&'a str, &'a str)>,
    account: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) qualifier: Option<&'a str>,
}

impl<'a> FunctionName<'a> {
    /// Reads the segment of the path; `None` for what has none of the forms.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let (region, account, rest) = match parts.as_slice() {
            ["arn", partition, "lambda", region, account, "function", rest @ ..] => {
                (Some((*partition, *region)), Some(*account), rest)
            }
            [account, "function", rest @ ..] if !rest.is_empty() && is_account(account) => {
                (None, Some(*account), rest)
            }
            rest => (None, None, rest),
        };
        let (name, qualifier) = match rest {
            [name] => (*name, None),
            [name, qualifier] => (*name, Some(*qualifier)),
            _ => return None,
        };
        Some(Self { region, account, name, qualifier })
    }

    /// Whether `declared` is meant. A place that is not declared is nobody's: who names a function of some account means that
    /// account's.
    pub(crate) fn names(&self, declared: &PublicFunction) -> bool {
        let place = declared.place.as_ref();
        self.name == declared.name
            && self.account.is_none_or(|account| place.is_some_and(|place| place.account == account))
            && self.region.is_none_or(|(partition, region)| {
                place.is_some_and(|place| place.partition == partition && place.region == region)
            })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use doorward_config::FunctionPlace;

    use super::*;

    fn declared(arn: bool) -> PublicFunction {
        let place = arn.then(|| FunctionPlace {
            partition: "aws".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "123456789012".to_owned(),
        });
        PublicFunction { name: "orders".to_owned(), place }
    }

    /// The qualifier of what names the function that is declared with, or without, its place.
    #[track_caller]
    fn check(text: &str, arn: bool, expected: Option<Option<&str>>) {
        let named = FunctionName::parse(text).filter(|name| name.names(&declared(arn)));
        assert_eq!(named.map(|name| name.qualifier), expected, "{text}");
    }

    #[test]
    fn a_function_is_named_in_three_forms() {
        for (text, qualifier) in [
            ("orders", None),
            ("orders:live", Some("live")),
            ("orders:$LATEST", Some("$LATEST")),
            ("orders:", Some("")),
        ] {
            check(text, false, Some(qualifier));
            for before in ["", "123456789012:function:", "arn:aws:lambda:eu-west-1:123456789012:function:"] {
                check(&format!("{before}{text}"), true, Some(qualifier));
            }
        }
    }

    #[test]
    fn what_is_elsewhere_or_has_no_form_names_nothing() {
        for text in [
            "",
            ":",
            "Orders",
            "orders ",
            "orders:a:b",
            "order",
            "function:orders",
            "000000000001:function:orders",
            "123456789012:orders",
            "12345678901:function:orders",
            "arn:aws:lambda:eu-west-1:000000000001:function:orders",
            "arn:aws:lambda:us-east-1:123456789012:function:orders",
            "arn:aws-cn:lambda:eu-west-1:123456789012:function:orders",
            "arn:aws:lambda:eu-west-1::function:orders",
            "arn:aws:lambda:eu-west-1:123456789012:function",
            "arn:aws:lambda:eu-west-1:123456789012:function:",
            "arn:aws:lambda:eu-west-1:123456789012:function:orders:a:b",
            "arn:aws:lambda:eu-west-1:123456789012:layer:orders",
            "arn:aws:sqs:eu-west-1:123456789012:orders",
            "eu-west-1:123456789012:function:orders",
        ] {
            check(text, true, None);
            check(text, false, None);
        }
        // Whose account it is was not said.
        check("123456789012:function:orders", false, None);
        check("arn:aws:lambda:eu-west-1:123456789012:function:orders", false, None);
    }
}
