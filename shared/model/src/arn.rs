/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` ("Amazon Resource Names (ARNs)", IAM guide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// `sqs`
    pub service: &'a str,
    /// `eu-central-1`
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// It may hold colons of its own.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// An ARN of `service` that names a region and an account; `None` for anything else.
    #[must_use]
    pub fn of(text: &'a str, service: &str) -> Option<Self> {
        let found = Self::split(text)?;
        let is_account = found.account.len() == 12 && found.account.bytes().all(|byte| byte.is_ascii_digit());
        let whole = found.service == service && is_account && is_region(found.region);
        (whole && !found.resource.is_empty()).then_some(found)
    }

    /// The bucket of `arn:aws:s3:::BUCKET`: such an ARN names neither region nor account.
    #[must_use]
    pub fn bucket(text: &'a str) -> Option<&'a str> {
        let found = Self::split(text)?;
        let is_bucket = found.service == "s3" && found.region.is_empty() && found.account.is_empty();
        Some(found.resource).filter(|name| is_bucket && !name.is_empty())
    }

    fn split(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition) = (parts.next()?, parts.next()?);
        let found = Self {
            partition,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (arn == "arn" && partition.starts_with("aws")).then_some(found)
    }
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
