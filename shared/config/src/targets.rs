use std::time::Duration;

use crate::checked::Target;
use crate::lambda_name;
use crate::names::{self, Names};
use crate::reader::Section;
use crate::report::Reported;

/// For how long the door waits where `timeout` is not set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest that a Lambda function runs, the door's own included (AWS Lambda quotas).
const LONGEST_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Reads `[[targets]]` and declares their names.
pub(crate) fn read(document: &mut Section<'_>, names: &mut Names) -> Result<Vec<Target>, Reported> {
    document.sections("targets", "`[[targets]]`", |section| {
        let name = section.required("name", |value| names.declare(value, names::plain));
        let lambda = section.required("lambda", |value| value.parse(lambda_name::parse));
        let timeout = section.or("timeout", DEFAULT_TIMEOUT, |value| {
            value.duration(Duration::from_millis(1)..=LONGEST_TIMEOUT)
        });
        Ok(Target { name: name?, lambda: lambda?, timeout: timeout? })
    })
}
