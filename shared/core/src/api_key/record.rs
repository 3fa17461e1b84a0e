use jiff::Timestamp;

use super::text::KeyHash;
use crate::identify::is_id;

/// What is kept of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The key's hash; nothing else is kept of the key itself.
    pub hash: KeyHash,
    /// Its public name, which [`KeyHash::id`] gives.
    pub id: String,
    /// Whose it is: the principal `Client::"<owner>"`.
    pub owner: String,
    /// The plan that its calls are on, in place of the one that every caller is on.
    pub plan: Option<String>,
    /// What its owner is a member of when calling with it: `Group::"…"`.
    pub groups: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is good no more.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// What it is for, for operators.
    pub note: Option<String>,
}

/// Why a record makes no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsoundRecord {
    /// Its owner cannot be a principal's id.
    #[error("the owner is no id: use 1 to 512 bytes without control characters")]
    Owner,
    /// One of its groups cannot be a group's id.
    #[error("a group is no id: use 1 to 512 bytes without control characters")]
    Group,
    /// More groups than a key may have.
    #[error("a key has at most 64 groups")]
    Groups,
    /// Its note is too long to be kept.
    #[error("the note is longer than 1,024 bytes or has control characters")]
    Note,
    /// Its name is not the one of its hash.
    #[error("the id is another key's")]
    Id,
}

const MOST_GROUPS: usize = 64;
const LONGEST_NOTE: usize = 1024;

impl ApiKeyRecord {
    /// Whether it makes one caller and no other.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), UnsoundRecord> {
        let is_note = |note: &String| note.len() <= LONGEST_NOTE && !note.chars().any(char::is_control);
        if !is_id(&self.owner) {
            return Err(UnsoundRecord::Owner);
        }
        if self.groups.len() > MOST_GROUPS {
            return Err(UnsoundRecord::Groups);
        }
        if !self.groups.iter().all(|group| is_id(group)) {
            return Err(UnsoundRecord::Group);
        }
        if !self.note.iter().all(is_note) {
            return Err(UnsoundRecord::Note);
        }
        if self.id != self.hash.id() {
            return Err(UnsoundRecord::Id);
        }
        Ok(())
    }
}
