use std::time::Duration;

use doorward_model::Fault;

use crate::report::quote;

/// Units of one duration, in milliseconds. A day is 24 hours.
const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60 * 1000), ("h", 60 * 60 * 1000), ("d", 24 * 60 * 60 * 1000)];

/// A day of 24 hours.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads `200ms`, `5s`, `1m`, `1h` or `90d`: one whole number and one unit.
///
/// # Errors
/// A fault without place, where the text is anything else.
pub fn parse(text: &str) -> Result<Duration, Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let read = || {
        let (number, unit) = text.split_at_checked(digits)?;
        let (_, milliseconds) = UNITS.iter().find(|(word, _)| *word == unit)?;
        Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(*milliseconds)?))
    };
    read().ok_or_else(|| {
        let fault = Fault::new(format!("{} is not a duration", quote(text)));
        fault.hint("write a whole number and one of `ms`, `s`, `m`, `h` and `d`, such as `30s`")
    })
}

/// The shortest text that [`parse`] reads as `duration`, which has whole milliseconds.
pub(crate) fn render(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let (word, unit) = UNITS
        .iter()
        .rev()
        .find(|(_, unit)| milliseconds > 0 && milliseconds.is_multiple_of(u128::from(*unit)))
        .unwrap_or(&("s", 1000));
    format!("`{}{word}`", milliseconds / u128::from(*unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, milliseconds: u64) {
        let duration = parse(text).unwrap();
        assert_eq!(duration, Duration::from_millis(milliseconds));
        assert_eq!(render(duration), format!("`{text}`"));
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        check("0s", 0);
        check("200ms", 200);
        check("5s", 5000);
        check("90s", 90_000);
        check("1m", 60_000);
        check("1h", 3_600_000);
        check("90d", 7_776_000_000);
        assert_eq!(parse("60s").map(render), Ok("`1m`".to_owned()));
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "+1s",
            "1.5s",
            "1 s",
            " 1s",
            "1s ",
            "1S",
            "1min",
            "1h30m",
            "٣s",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
