/// Sequence numbers of the records of one event.
pub(super) struct Numbers {
    /// Hexadecimal digits of the first record's own.
    pub(super) seed: String,
    /// The place of a record among them, from 0.
    pub(super) place: usize,
}

/// How many digits count on from the first record: Lambda hands over at most ten thousand.
const COUNTED: usize = 6;

impl Numbers {
    /// A decimal number of as many digits, larger than those of the records before it.
    pub(super) fn of(&self, digits: usize) -> String {
        let own = digits.saturating_sub(1 + COUNTED);
        let own: String =
            self.seed.bytes().cycle().skip(1).take(own).map(|byte| char::from(b'0' + byte % 10)).collect();
        format!("4{own}{:0COUNTED$}", self.place)
    }
}
