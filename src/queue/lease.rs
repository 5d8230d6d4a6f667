use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{BuildId, RepoKey};

/// Something scarce that is held: a queue's own slot, or a named resource. It has a capacity, i.e. numbered slots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resource(pub String);

impl Resource {
    pub fn slot_of(repo: RepoKey, queue: &str) -> Self {
        Self(format!("{}/queue/{queue}", repo.repo_id))
    }

    pub fn named(repo: RepoKey, name: &str) -> Self {
        Self(format!("{}/{name}", repo.repo_id))
    }

    /// As people write it: without the repository's id.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    Held,
    /// Its holder went silent: not handed on until GitHub says that the run ended, or a person lifts it.
    Quarantined,
}

impl LeaseState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How a slot came to be held. The other kinds come with what grants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    Dispatch,
    /// A person started the run while the slot was free and nobody waited for it.
    Manual,
}

/// One taken slot, the durable form of a build lock. The fields are the columns of the table `lease`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    pub tenant_id: i64,
    pub resource: Resource,
    pub slot: i32,
    /// The fencing token: grows with every grant of the resource.
    pub token: i64,
    pub repo_id: i64,
    pub build_id: BuildId,
    pub kind: GrantKind,
    pub state: LeaseState,
    pub granted_at: DateTime<Utc>,
    /// When GitHub last said that the run had not ended.
    pub heartbeat_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The resources under lock: capacities, who holds which slot, and the last token of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    pub capacity: BTreeMap<Resource, u32>,
    pub tokens: BTreeMap<Resource, i64>,
    pub leases: BTreeMap<(Resource, i32), Lease>,
}

impl Resources {
    /// The lowest free slot below the capacity. After a decrease higher slots only drain, and count as taken.
    pub fn free_slot(&self, resource: &Resource) -> Option<i32> {
        let capacity = self.capacity.get(resource).copied().unwrap_or(0);
        let taken: BTreeSet<i32> = self.of(resource).map(|lease| lease.slot).collect();
        if taken.len() >= capacity as usize {
            return None;
        }
        (0..capacity.cast_signed()).find(|slot| !taken.contains(slot))
    }

    pub fn of<'a>(&'a self, resource: &'a Resource) -> impl Iterator<Item = &'a Lease> {
        self.leases.values().filter(move |lease| lease.resource == *resource)
    }

    pub fn of_build(&self, build: BuildId) -> impl Iterator<Item = &Lease> {
        self.leases.values().filter(move |lease| lease.build_id == build)
    }
}
