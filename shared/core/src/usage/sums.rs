use std::ops::{Add, AddAssign, Neg, Sub};

/// What is summed up; negative in a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls.
    pub calls: i64,
    /// What they consumed, in the plan's units.
    pub units: i64,
    /// Payload bytes in.
    pub bytes_in: i64,
    /// Payload bytes out.
    pub bytes_out: i64,
    /// From coming in to the answer, in microseconds.
    pub duration_us: i64,
}

impl Sums {
    /// Each sum and the name of its attribute.
    #[must_use]
    pub fn named(&self) -> [(&'static str, i64); 5] {
        [
            ("calls", self.calls),
            ("units", self.units),
            ("bytes_in", self.bytes_in),
            ("bytes_out", self.bytes_out),
            ("duration_us", self.duration_us),
        ]
    }

    /// The sums that `look_up` finds by the names of their attributes.
    pub fn from_named(mut look_up: impl FnMut(&str) -> i64) -> Self {
        Self {
            calls: look_up("calls"),
            units: look_up("units"),
            bytes_in: look_up("bytes_in"),
            bytes_out: look_up("bytes_out"),
            duration_us: look_up("duration_us"),
        }
    }

    /// Whether nothing is summed up.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    fn zip(self, other: Self, with: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            calls: with(self.calls, other.calls),
            units: with(self.units, other.units),
            bytes_in: with(self.bytes_in, other.bytes_in),
            bytes_out: with(self.bytes_out, other.bytes_out),
            duration_us: with(self.duration_us, other.duration_us),
        }
    }
}

impl Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, i64::saturating_add)
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Sums {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.zip(other, i64::saturating_sub)
    }
}

impl Neg for Sums {
    type Output = Self;

    fn neg(self) -> Self {
        Self::default() - self
    }
}
