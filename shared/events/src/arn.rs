/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` ("Amazon Resource Names (ARNs)", IAM guide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// It may hold colons of its own.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// An ARN of `service` that names a region and an account; `None` for anything else.
    pub(crate) fn of(text: &'a str, service: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition) = (parts.next()?, parts.next()?);
        let found = Self {
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let is_account = found.account.len() == 12 && found.account.bytes().all(|byte| byte.is_ascii_digit());
        let whole = arn == "arn" && partition.starts_with("aws") && found.service == service;
        (whole && is_account && !found.region.is_empty() && !found.resource.is_empty()).then_some(found)
    }
}
