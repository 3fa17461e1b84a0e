use std::time::Duration;

use crate::checked::{Authorizer, AuthorizerAnswer};
use crate::reader::Value;
use crate::report::Reported;

/// What holds where there is no `[authorizer]`.
pub(crate) const DEFAULT: Authorizer =
    Authorizer { answer: AuthorizerAnswer::Simple, cache: Duration::ZERO, usage_identifier: false };

/// The longest time for which API Gateway keeps an authorizer's answer (API Gateway, `authorizerResultTtlInSeconds`).
const LONGEST_CACHE: Duration = Duration::from_secs(60 * 60);

/// Reads `[authorizer]`.
pub(crate) fn read(value: Value<'_>) -> Result<Authorizer, Reported> {
    value.section("`[authorizer]`", |section| {
        let answers = [("simple", AuthorizerAnswer::Simple), ("iam-policy", AuthorizerAnswer::IamPolicy)];
        let answer = section.or("answer", DEFAULT.answer, |value| value.choice(&answers));
        let cache =
            section.or("cache", DEFAULT.cache, |value| value.duration(Duration::ZERO..=LONGEST_CACHE));
        let usage_identifier = section.or("usage_identifier", DEFAULT.usage_identifier, Value::flag);
        Ok(Authorizer { answer: answer?, cache: cache?, usage_identifier: usage_identifier? })
    })
}
