use sha2::{Digest, Sha256};

use super::{Bucket, BucketError, Group, GroupError};

/// The longest key of a row within its partition, in bytes, and room for `#15`: a sort key has 1,024
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const LONGEST_ITEM: usize = 1000;
/// What the key of a row begins with that is too long to be written out.
const LONG: &str = "long#";

/// An aggregate: the calls of one group in one bucket. In the table it may be several items, whose sums add up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    /// When they came in.
    pub bucket: Bucket,
    /// What they are summed up by.
    pub group: Group,
}

/// Why an item is no aggregate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum RowError {
    #[error("`{0}` is no partition of aggregates")]
    Owner(String),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error("`{0}` is not where its group is")]
    Item(String),
}

impl Row {
    /// What the partition of every aggregate begins with.
    pub const PREFIX: &str = "usage#";

    /// How many partitions the aggregates of a bucket are spread over, by caller: one takes a thousand writes a second.
    pub const SHARDS: u8 = 16;

    /// The partition of its items: `usage#2026-11-24T12#a`.
    #[must_use]
    pub fn owner(&self) -> String {
        Self::owner_of(self.bucket, shard(&self.group.caller))
    }

    /// One of the partitions of a bucket, by the number of its shard, below [`Self::SHARDS`].
    #[must_use]
    pub fn owner_of(bucket: Bucket, shard: u8) -> String {
        format!("{}{bucket}#{shard:x}", Self::PREFIX)
    }

    /// The key of its items within the partition. A row that many write to at once has more than one item, told apart by
    /// `spread`; the first is 0.
    #[must_use]
    pub fn item(&self, spread: u8) -> String {
        let key = self.group.key();
        let key = if key.len() > LONGEST_ITEM { format!("{LONG}{}", hex(key.as_bytes())) } else { key };
        if spread == 0 { key } else { format!("{key}#{spread}") }
    }

    /// What the keys of a caller's items begin with: those that are written out, and those that are not, of all callers.
    #[must_use]
    pub fn items_of(caller: &str) -> [String; 2] {
        let text = serde_json::Value::from(caller).to_string();
        [format!("[{text},"), LONG.to_owned()]
    }

    /// The text of the group where the key is too long to hold it: the item's attribute `group`.
    #[must_use]
    pub fn group_attribute(&self) -> Option<String> {
        Some(self.group.key()).filter(|key| key.len() > LONGEST_ITEM)
    }

    /// Whether `owner` is a partition of aggregates.
    #[must_use]
    pub fn is_owner(owner: &str) -> bool {
        owner.starts_with(Self::PREFIX)
    }

    /// The row of which an item is one, and its number among them.
    ///
    /// # Errors
    /// [`RowError`] for an item that is no aggregate, or stands where its row's are not.
    pub fn read(owner: &str, item: &str, group: Option<&str>) -> Result<(Self, u8), RowError> {
        let bucket = owner.strip_prefix(Self::PREFIX).and_then(|rest| rest.rsplit_once('#'));
        let (bucket, _) = bucket.ok_or_else(|| RowError::Owner(owner.to_owned()))?;
        // A group's text ends with a bracket, and so does no number.
        let (key, spread) = match item.rsplit_once('#') {
            Some((key, digits)) if !key.is_empty() && key != LONG.trim_end_matches('#') => {
                match digits.parse() {
                    Ok(spread) => (key, spread),
                    Err(_) => (item, 0),
                }
            }
            _ => (item, 0),
        };
        let group = Group::parse(group.unwrap_or(key))?;
        let row = Self { bucket: bucket.parse()?, group };
        if row.owner() == owner && row.item(spread) == item {
            Ok((row, spread))
        } else {
            Err(RowError::Item(item.to_owned()))
        }
    }
}

fn shard(caller: &str) -> u8 {
    Sha256::digest(caller.as_bytes()).first().map_or(0, |byte| byte >> 4)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_model::Outcome;

    fn row(caller: &str) -> Row {
        let group = Group {
            caller: caller.into(),
            action: Some("createOrder".into()),
            target: None,
            purpose: None,
            outcome: Outcome::Admitted,
            plan: None,
            plan_version: None,
        };
        Row { bucket: "2026-11-24T12".parse().unwrap(), group }
    }

    #[track_caller]
    fn check(row: &Row, spread: u8, owner: &str, item: &str) {
        assert_eq!((row.owner().as_str(), row.item(spread).as_str()), (owner, item));
        let group = row.group_attribute();
        assert_eq!(Row::read(owner, item, group.as_deref()), Ok((row.clone(), spread)));
    }

    #[test]
    fn a_row_reads_back() {
        let alice = r#"["User::\"alice\"","createOrder",null,null,"admitted",null,null]"#;
        let owner = "usage#2026-11-24T12#0";
        check(&row("User::\"alice\""), 0, owner, alice);
        check(&row("User::\"alice\""), 15, owner, &format!("{alice}#15"));
        check(
            &Row { bucket: "2026-11".parse().unwrap(), ..row("7#7") },
            3,
            "usage#2026-11#d",
            r#"["7#7","createOrder",null,null,"admitted",null,null]#3"#,
        );
    }

    #[test]
    fn a_long_group_has_a_short_key() {
        let long = row(&"\"\\".repeat(500));
        let item = long.item(0);
        assert_eq!(item.len(), 5 + 64);
        check(&long, 0, &long.owner(), &item);
        check(&long, 7, &long.owner(), &format!("{item}#7"));
    }

    #[test]
    fn what_stands_elsewhere_is_no_row() {
        let (alice, owner) = (row("alice"), row("alice").owner());
        let item = alice.item(0);
        for (owner, item, group) in [
            ("applied#x", item.as_str(), None),
            ("usage#2026-11-24T25#0", &item, None),
            ("usage#2026-11-24T12#", &item, None),
            (&owner.replace("usage", "Usage"), &item, None),
            (&owner, "[]", None),
            (&owner, &format!("{item}#0"), None),
            (&owner, &format!("{item}#256"), None),
            (&owner, "long#1", Some(alice.group.key().as_str())),
        ] {
            assert!(Row::read(owner, item, group).is_err(), "{owner} {item}");
        }
    }
}
