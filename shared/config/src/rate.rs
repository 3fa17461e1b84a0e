use std::time::Duration;

use doorward_model::Fault;

use crate::checked::Window;
use crate::report::quote;

/// The largest quota: what every reader of JSON holds exactly (RFC 8259 section 6, 2^53 - 1).
pub(crate) const MOST_QUOTA: u64 = 9_007_199_254_740_991;

/// Periods of a rate: the word in the file, the word in names of limits, seconds.
const PERIODS: [(&str, &str, u64); 4] =
    [("s", "second", 1), ("m", "minute", 60), ("h", "hour", 60 * 60), ("d", "day", 24 * 60 * 60)];

/// Units per period: `5/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) units: u64,
    pub(crate) period: Duration,
    /// `second`, `minute`, `hour` or `day`.
    pub(crate) word: &'static str,
}

/// Units per calendar window: `1000/month`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) units: u64,
    pub(crate) window: Window,
    /// `minute`, `hour`, `day` or `month`.
    pub(crate) word: &'static str,
}

/// Reads `5/s`, `100/m`, `1000/h` or `10/d`. At most a million units per second: the meter counts in microseconds.
pub(crate) fn parse_rate(text: &str) -> Result<Rate, Fault> {
    let fault = || {
        let fault = Fault::new(format!("{} is not a rate", quote(text)));
        match parse_quota(text) {
            Ok(_) => fault.hint(format!("a calendar window is a quota: write `quota = \"{text}\"`")),
            Err(_) => fault.hint("write units and one of `s`, `m`, `h` and `d`, such as `5/s`"),
        }
    };
    let (units, unit) = split(text).ok_or_else(fault)?;
    let (_, word, seconds) = PERIODS.iter().find(|(unit_word, ..)| *unit_word == unit).ok_or_else(fault)?;
    if units > seconds.saturating_mul(1_000_000) {
        return Err(Fault::new(format!("{} is more than a million per second", quote(text))));
    }
    Ok(Rate { units, period: Duration::from_secs(*seconds), word })
}

/// Reads `1000/month`, `100/day`, `50/hour` or `10/minute`.
pub(crate) fn parse_quota(text: &str) -> Result<Quota, Fault> {
    const WINDOWS: [(&str, Window); 4] =
        [("minute", Window::Minute), ("hour", Window::Hour), ("day", Window::Day), ("month", Window::Month)];
    let fault = || {
        let fault = Fault::new(format!("{} is not a quota", quote(text)));
        fault.hint("write units and one of `minute`, `hour`, `day` and `month`, such as `1000/month`")
    };
    let (units, unit) = split(text).ok_or_else(fault)?;
    let (word, window) = WINDOWS.into_iter().find(|(word, _)| *word == unit).ok_or_else(fault)?;
    if units > MOST_QUOTA {
        return Err(Fault::new(format!("{} is more than {MOST_QUOTA} units", quote(text))));
    }
    Ok(Quota { units, window, word })
}

fn split(text: &str) -> Option<(u64, &str)> {
    let (units, unit) = text.split_once('/')?;
    let digits = units.bytes().all(|byte| byte.is_ascii_digit());
    Some((units.parse().ok().filter(|_| digits)?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rate(text: &str, units: u64, seconds: u64) {
        let Rate { units: found, period, .. } = parse_rate(text).unwrap();
        assert_eq!((found, period.as_secs()), (units, seconds));
    }

    #[test]
    fn rates_and_quotas_are_read() {
        rate("5/s", 5, 1);
        rate("100/m", 100, 60);
        rate("1000/h", 1000, 3600);
        rate("10/d", 10, 86_400);
        rate("0/s", 0, 1);
        rate("1000000/s", 1_000_000, 1);
        let quota = Quota { units: 1000, window: Window::Month, word: "month" };
        assert_eq!(parse_quota("1000/month"), Ok(quota));
    }

    #[test]
    fn anything_else_is_neither() {
        for text in [
            "",
            "5",
            "/s",
            "5/",
            "-5/s",
            "+5/s",
            "5 /s",
            "5/ s",
            "5/sec",
            "5/s/s",
            "1000001/s",
            "99999999999999999999/s",
        ] {
            assert!(parse_rate(text).is_err(), "{text}");
            assert!(parse_quota(text).is_err(), "{text}");
        }
        assert!(parse_quota("9007199254740992/month").is_err());
        assert!(parse_quota("5/s").is_err());
    }
}
