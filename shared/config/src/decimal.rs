use doorward_model::Fault;
use rust_decimal::Decimal;

use crate::report::quote;

/// Digits after the point, at most.
pub(crate) const PLACES: u32 = 9;
/// Digits before the point, at most.
const WHOLE: usize = 6;

/// Reads a price: `0.0008`, `12` or `0`. Digits and one point: no sign, no exponent, nothing left out. The bounds hold
/// the product with any month's units within what a decimal holds exactly.
pub(crate) fn parse(text: &str) -> Result<Decimal, Fault> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let leading = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || !digits(places) || leading {
        let fault = Fault::new(format!("{} is not a price", quote(text)));
        return Err(fault.hint("write digits and one point, such as `0.0008`"));
    }
    if places.len() > PLACES as usize {
        return Err(Fault::new(format!("{} has more than {PLACES} decimal places", quote(text))));
    }
    if whole.len() > WHOLE {
        return Err(Fault::new(format!("{} is a million or more", quote(text))));
    }
    text.parse().map_err(|_| Fault::new(format!("{} is not a price", quote(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        for text in ["0", "12", "0.0008", "0.10", "999999.999999999"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_price() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1E-3",
            "1,5",
            " 1",
            "1 ",
            "1_000",
            "01",
            "00.5",
            "NaN",
            "1.2.3",
            "٣",
            "0.0000000001",
            "1000000",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
