use jiff::{SignedDuration, Timestamp};

/// A time, or how long ago it was.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    moment_by(text, Timestamp::now())
}

fn moment_by(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let ago = doorward_config::parse_duration(text).ok().and_then(|ago| SignedDuration::try_from(ago).ok());
    let at = ago.and_then(|ago| now.checked_sub(ago).ok());
    at.ok_or_else(|| {
        "expected how long ago, such as `1h`, or a time such as `2026-11-24T12:00:00Z`".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_or_reckoned_back() {
        let now: Timestamp = "2026-11-25T06:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z"),
            ("1h", "2026-11-25T05:00:00Z"),
            ("2d", "2026-11-23T06:00:00Z"),
        ] {
            assert_eq!(moment_by(text, now), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "-1h", "1h ago", "99999999999d", "2026-11-24"] {
            assert!(moment_by(text, now).is_err(), "{text}");
        }
    }
}
