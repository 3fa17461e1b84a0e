use std::fmt;

use doorward_config::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

/// Decimal places of every amount: those that a unit's price may have, so that sums need no more.
const PLACES: u32 = 9;

/// Money, exact: a whole number of billionths. What does not fit is no amount; nothing is ever rounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i128);

impl Amount {
    /// What `units` cost at `unit` each; `None` where it does not fit.
    #[must_use]
    pub fn of(units: u64, unit: Decimal) -> Option<Self> {
        let rest = PLACES.checked_sub(unit.scale())?;
        let billionths = unit.mantissa().checked_mul(10_i128.checked_pow(rest)?)?;
        Self(billionths.checked_mul(i128::from(units))?).held()
    }

    /// The sum; `None` where it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self(self.0.checked_add(other.0)?).held()
    }

    /// Only what a decimal of 96 bits holds.
    fn held(self) -> Option<Self> {
        Decimal::try_from_i128_with_scale(self.0, PLACES).ok().map(|_| self)
    }

    /// All of it, without trailing zeros.
    #[must_use]
    pub fn exact(self) -> Decimal {
        Decimal::try_from_i128_with_scale(self.0, PLACES).unwrap_or_default().normalize()
    }

    /// Rounded to `currency`'s minor unit, halves away from zero, with all of its places: `12.30`, and `12` in yen.
    #[must_use]
    pub fn rounded(self, currency: Currency) -> Decimal {
        let places = currency.places();
        let mut rounded = self.exact().round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(places);
        rounded
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.exact().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: u64, unit: &str) -> Option<Amount> {
        Amount::of(units, unit.parse().unwrap())
    }

    #[test]
    fn amounts_are_exact() {
        let shown = |units, unit| amount(units, unit).map(|amount| amount.to_string());
        assert_eq!(shown(99_000, "0.0008").as_deref(), Some("79.2"));
        assert_eq!(shown(0, "999999.999999999").as_deref(), Some("0"));
        assert_eq!(shown(3, "0.000000001").as_deref(), Some("0.000000003"));
        assert_eq!(shown(u64::MAX, "0.0008").as_deref(), Some("14757395258967641.292"));
        assert_eq!(shown(9_007_199_254_740_991, "0.000000001").as_deref(), Some("9007199.254740991"));
    }

    #[test]
    fn what_does_not_fit_is_no_amount() {
        assert_eq!(amount(u64::MAX, "999999.999999999"), None);
        let most = Amount(79_228_162_514_264_337_593_543_950_335);
        assert_eq!(most.exact().to_string(), "79228162514264337593.543950335");
        assert_eq!(most.plus(Amount(0)), Some(most));
        assert_eq!(most.plus(Amount(1)), None);
    }

    #[test]
    fn totals_are_rounded_to_the_minor_unit() {
        let rounded = |unit: &str, currency: &str| {
            amount(1, unit).unwrap().rounded(Currency::new(currency).unwrap()).to_string()
        };
        assert_eq!(rounded("0.005", "EUR"), "0.01");
        assert_eq!(rounded("0.015", "EUR"), "0.02");
        assert_eq!(rounded("0.025", "EUR"), "0.03");
        assert_eq!(rounded("0.004999999", "EUR"), "0.00");
        assert_eq!(rounded("12.3", "EUR"), "12.30");
        assert_eq!(rounded("12.5", "JPY"), "13");
        assert_eq!(rounded("12.0005", "KWD"), "12.001");
    }
}
