use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One repository of one tenant: the lane, and the prefix of every key.
///
/// `tenant_id` is the owning account's id (`repository.owner.id`), which survives a reinstalled App.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepoKey {
    pub tenant_id: i64,
    pub repo_id: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BuildId(pub Uuid);

impl std::fmt::Display for BuildId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes UUIDv7 from the time and the randomness that it is given, so that a turn can be repeated exactly.
#[derive(Clone, Debug)]
pub struct Ids {
    millis: u64,
    seed: u64,
    made: u16,
}

impl Ids {
    pub fn new(now: DateTime<Utc>, seed: u64) -> Self {
        Self { millis: now.timestamp_millis().unsigned_abs(), seed, made: 0 }
    }

    pub fn make(&mut self) -> Uuid {
        let mut random = [0; 10];
        // The version's bits leave 12 for the count; when they are used up the next millisecond is taken.
        random[..2].copy_from_slice(&self.made.to_be_bytes());
        random[2..].copy_from_slice(&self.seed.to_be_bytes());
        let id = uuid::Builder::from_unix_timestamp_millis(self.millis, &random).into_uuid();
        self.made = (self.made + 1) % 0x1000;
        self.millis += u64::from(self.made == 0);
        id
    }
}
