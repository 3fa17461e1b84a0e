use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::decimal;

/// What a plan's units cost, a calendar month at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// What it is stated in.
    pub currency: Currency,
    /// The first units of a caller's month cost nothing.
    pub included: u64,
    /// What the others cost, each unit by the tier that it falls into. The bounds rise, and the last tier has none.
    pub tiers: Vec<Tier>,
    /// What a unit of these actions costs instead: it is neither among the included ones nor counted by the tiers.
    pub actions: BTreeMap<String, Decimal>,
}

/// `{ up_to = 100000, unit = "0.0008" }`: graduated, so that a unit's price depends on how many came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The last unit of the month that it prices, included ones counted; `None` where it prices all the rest.
    pub up_to: Option<u64>,
    /// What a unit costs.
    pub unit: Decimal,
}

/// An alphabetic code of ISO 4217: `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency with this code, if it has the form of one.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// Its three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimal places of its minor unit (ISO 4217 table A.1): 2 where the table says nothing else.
    #[must_use]
    pub fn places(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
            | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Price {
    /// As it stands in a plan's definition: members in one order, numbers written in one way.
    pub(crate) fn to_json(&self) -> Value {
        let Self { currency, included, tiers, actions } = self;
        let tiers = tiers.iter().map(|Tier { up_to, unit }| match up_to {
            Some(up_to) => json!({ "unit": unit.normalize().to_string(), "up_to": up_to }),
            None => json!({ "unit": unit.normalize().to_string() }),
        });
        let actions =
            actions.iter().map(|(action, unit)| (action.clone(), Value::from(unit.normalize().to_string())));
        json!({
            "actions": actions.collect::<Map<_, _>>(),
            "currency": currency.code(),
            "included": included,
            "tiers": tiers.collect::<Vec<_>>(),
        })
    }

    /// The price that [`Self::to_json`] made `value` of.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let unit = |value: &Value| decimal::parse(value.as_str()?).ok();
        let tier = |value: &Value| {
            let up_to = value.get("up_to").map(|bound| bound.as_u64().ok_or(())).transpose().ok()?;
            Some(Tier { up_to, unit: unit(value.get("unit")?)? })
        };
        let actions = value.get("actions")?.as_object()?.iter();
        Some(Self {
            currency: Currency::new(value.get("currency")?.as_str()?)?,
            included: value.get("included")?.as_u64()?,
            tiers: value.get("tiers")?.as_array()?.iter().map(tier).collect::<Option<_>>()?,
            actions: actions
                .map(|(action, value)| Some((action.clone(), unit(value)?)))
                .collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_three_capitals() {
        for code in ["EUR", "JPY", "KWD"] {
            assert_eq!(Currency::new(code).unwrap().to_string(), code);
        }
        for code in ["", "eur", "EU", "EURO", "EU1", "ÉU"] {
            assert_eq!(Currency::new(code), None, "{code}");
        }
    }

    #[test]
    fn minor_units_are_those_of_iso_4217() {
        let places = |code| Currency::new(code).unwrap().places();
        assert_eq!(["JPY", "EUR", "USD", "KWD", "CLF"].map(places), [0, 2, 2, 3, 4]);
    }

    #[test]
    fn a_price_reads_back() {
        let price = Price {
            currency: Currency::new("EUR").unwrap(),
            included: 1_000,
            tiers: vec![
                Tier { up_to: Some(u64::MAX), unit: Decimal::new(8, 4) },
                Tier { up_to: None, unit: Decimal::ZERO },
            ],
            actions: BTreeMap::from([("createOrder".to_owned(), Decimal::new(1, 2))]),
        };
        assert_eq!(Price::from_json(&price.to_json()), Some(price));
    }

    #[test]
    fn anything_else_is_no_price() {
        let good = json!({ "actions": {}, "currency": "EUR", "included": 0, "tiers": [{ "unit": "1" }] });
        assert!(Price::from_json(&good).is_some());
        for (member, value) in [
            ("actions", json!({ "a": 1 })),
            ("currency", json!("eur")),
            ("included", json!(-1)),
            ("tiers", json!([{ "unit": "1", "up_to": "5" }])),
            ("tiers", json!([{ "unit": "-1" }])),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert_eq!(Price::from_json(&bad), None, "{bad}");
        }
    }
}
