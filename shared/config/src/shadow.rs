use crate::checked::Shadow;
use crate::location;
use crate::reader::Value;
use crate::report::Reported;

/// Reads `[shadow]`.
pub(crate) fn read(value: Value<'_>) -> Result<Shadow, Reported> {
    value.section("`[shadow]`", |section| {
        section.required("policies", |value| {
            Ok(Shadow { folder: value.parse(location::parse_file)?, place: value.place() })
        })
    })
}
