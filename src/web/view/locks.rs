//! The three locks as people see them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Visitor;
use crate::{
    policy::Catalogue,
    queue::LeaseState,
    store::{LeaseView, LockView},
};

/// Issue locks shown: the ones taken last.
const MAX_ISSUES: usize = 5;

#[derive(Serialize)]
pub(super) struct Locks {
    issue: Vec<Taken>,
    queue: Vec<Taken>,
    build: Vec<ResourceJson>,
}

/// A lock that lives as long as a transaction: who took it last.
#[derive(Serialize)]
struct Taken {
    /// The issue's number, `run:ID` for a run that was started by hand, or the queue's name.
    name: String,
    url: Option<String>,
    version: i64,
    /// Who took it last; for operators, with the process.
    holder: Option<String>,
    taken_at: Option<DateTime<Utc>>,
}

/// A build lock: something scarce with numbered slots.
#[derive(Serialize)]
struct ResourceJson {
    name: String,
    capacity: u32,
    version: i64,
    /// The last one given out.
    token: i64,
    taken_at: Option<DateTime<Utc>>,
    slots: Vec<Slot>,
}

#[derive(Serialize)]
struct Slot {
    slot: i32,
    state: SlotState,
    /// Of the holder.
    token: Option<i64>,
    since: Option<DateTime<Utc>>,
    /// When GitHub last said that the run goes on.
    heartbeat_at: Option<DateTime<Utc>>,
    build_type: Option<String>,
    status: Option<String>,
    issue: Option<i64>,
    issue_url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum SlotState {
    Free,
    Held,
    Quarantined,
}

impl Locks {
    pub fn new(
        catalogue: Option<&Catalogue>,
        locks: Vec<LockView>,
        leases: &[LeaseView],
        url: &str,
        visitor: Visitor,
    ) -> Self {
        let of_class = |class: i16| locks.iter().filter(move |lock| lock.class == class);
        let issues = of_class(1).take(MAX_ISSUES);
        Self {
            issue: issues.map(|lock| Taken::new(lock, Some(url), visitor)).collect(),
            queue: of_class(2).map(|lock| Taken::new(lock, None, visitor)).collect(),
            build: resources(catalogue, &of_class(3).collect::<Vec<_>>(), leases, url),
        }
    }
}

impl Taken {
    fn new(lock: &LockView, issues_of: Option<&str>, visitor: Visitor) -> Self {
        let name = name_of(&lock.key).to_owned();
        let holder = lock.holder.as_deref().map(|holder| match visitor {
            Visitor::Operator => holder,
            Visitor::Anybody => holder.split(' ').next().unwrap_or_default(),
        });
        Self {
            url: issues_of.map(|url| asker_url(url, &name)),
            name,
            version: lock.version,
            holder: holder.map(str::to_owned),
            taken_at: lock.taken_at,
        }
    }
}

/// Whoever asks is an issue, or a run that was started by hand.
fn asker_url(repository: &str, asker: &str) -> String {
    match asker.strip_prefix("run:") {
        Some(run) => format!("{repository}/actions/runs/{run}"),
        None => format!("{repository}/issues/{asker}"),
    }
}

/// A key without the repository's id.
fn name_of(key: &str) -> &str {
    key.split_once('/').map_or(key, |(_, name)| name)
}

/// All that is scarce: what has a lock or a lease, and what the policy names.
fn resources(
    catalogue: Option<&Catalogue>,
    locks: &[&LockView],
    leases: &[LeaseView],
    url: &str,
) -> Vec<ResourceJson> {
    let policy = catalogue.map(|catalogue| &catalogue.policy);
    let capacities: BTreeMap<&str, u32> = policy
        .into_iter()
        .flat_map(|policy| policy.named_resources.iter().map(|(name, named)| (name.as_str(), named.capacity)))
        .collect();
    let concurrency = policy.map_or(1, |policy| policy.queue.concurrency);
    let own = |name: &str| name.starts_with("queue/");
    let names: BTreeSet<(bool, &str)> = locks
        .iter()
        .map(|lock| name_of(&lock.key))
        .chain(leases.iter().map(|view| view.lease.resource.name()))
        .chain(capacities.keys().copied())
        .map(|name| (!own(name), name))
        .collect();
    names
        .into_iter()
        .map(|(named, name)| {
            let capacity = if named { capacities.get(name).copied().unwrap_or(0) } else { concurrency };
            let lock = locks.iter().find(|lock| name_of(&lock.key) == name);
            ResourceJson {
                name: name.to_owned(),
                capacity,
                version: lock.map_or(0, |lock| lock.version),
                token: lock.map_or(0, |lock| lock.counter),
                taken_at: lock.and_then(|lock| lock.taken_at),
                slots: slots(name, capacity, leases, url),
            }
        })
        .collect()
}

/// One per slot, free ones too; after a decrease also those above the capacity, until they have drained.
fn slots(resource: &str, capacity: u32, leases: &[LeaseView], url: &str) -> Vec<Slot> {
    let taken: BTreeMap<i32, &LeaseView> = leases
        .iter()
        .filter(|view| view.lease.resource.name() == resource)
        .map(|view| (view.lease.slot, view))
        .collect();
    let all: BTreeSet<i32> = (0..capacity.cast_signed()).chain(taken.keys().copied()).collect();
    all.into_iter()
        .map(|slot| taken.get(&slot).map_or_else(|| Slot::free(slot), |view| Slot::taken(view, url)))
        .collect()
}

impl Slot {
    fn free(slot: i32) -> Self {
        Self {
            slot,
            state: SlotState::Free,
            token: None,
            since: None,
            heartbeat_at: None,
            build_type: None,
            status: None,
            issue: None,
            issue_url: None,
        }
    }

    fn taken(view: &LeaseView, url: &str) -> Self {
        Self {
            slot: view.lease.slot,
            state: match view.lease.state {
                LeaseState::Held => SlotState::Held,
                LeaseState::Quarantined => SlotState::Quarantined,
            },
            token: Some(view.lease.token),
            since: Some(view.lease.granted_at),
            heartbeat_at: Some(view.lease.heartbeat_at),
            build_type: view.build_type.clone(),
            status: view.status.clone(),
            issue: view.issue,
            issue_url: view.issue.map(|issue| format!("{url}/issues/{issue}")),
        }
    }
}
