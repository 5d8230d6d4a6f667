use std::{collections::BTreeSet, fmt};

use super::{BuildId, Event, QUEUE, RepoKey, Resource, Stored};

/// The three classes, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockClass {
    Issue = 1,
    Queue = 2,
    Build = 3,
}

impl fmt::Display for LockClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issue => "issue",
            Self::Queue => "queue",
            Self::Build => "build",
        })
    }
}

/// One lock: its class and, within a tenant, its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockKey {
    pub class: LockClass,
    pub key: String,
}

impl LockKey {
    pub fn issue(repo: RepoKey, asker: &str) -> Self {
        Self { class: LockClass::Issue, key: format!("{}/{asker}", repo.repo_id) }
    }

    pub fn queue(repo: RepoKey, queue: &str) -> Self {
        Self { class: LockClass::Queue, key: format!("{}/{queue}", repo.repo_id) }
    }

    pub fn build(resource: &Resource) -> Self {
        Self { class: LockClass::Build, key: resource.0.clone() }
    }
}

impl fmt::Display for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lock {}", self.class, self.key)
    }
}

/// All locks that one transaction takes, at once and in ascending order: so there are no deadlocks by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockPlan {
    pub tenant_id: i64,
    pub keys: BTreeSet<LockKey>,
}

/// A turn needs a key that its plan lacks: roll back and start again with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan lacks the {0}")]
pub struct NotPlanned(pub LockKey);

/// What is read without locks to make a plan: who holds slots, and who may be promoted.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// The builds with a lease, and the first of the queue: (build, issue lock's asker, named resources).
    pub builds: Vec<(BuildId, String, Vec<String>)>,
    /// The named resources of the policy in force.
    pub named: Vec<String>,
}

impl LockPlan {
    /// Everything that `events` may touch. The queue and its own slot are always in it: each turn ends with promotion.
    pub fn new(repo: RepoKey, events: &[Stored], glance: &Glance) -> Self {
        let mut keys =
            BTreeSet::from([LockKey::queue(repo, QUEUE), LockKey::build(&Resource::slot_of(repo, QUEUE))]);
        keys.extend(
            events
                .iter()
                .filter_map(|stored| stored.event.issue())
                .map(|n| LockKey::issue(repo, &n.to_string())),
        );
        let named = glance.builds.iter().flat_map(|(_, _, named)| named).chain(&glance.named);
        keys.extend(named.map(|name| LockKey::build(&Resource::named(repo, name))));
        keys.extend(glance.builds.iter().map(|(_, asker, _)| LockKey::issue(repo, asker)));
        keys.extend(events.iter().filter_map(|stored| match &stored.event {
            Event::Lift { resource, .. } => Some(LockKey::build(resource)),
            _ => None,
        }));
        Self { tenant_id: repo.tenant_id, keys }
    }

    pub fn of_class(&self, class: LockClass) -> impl Iterator<Item = &LockKey> {
        self.keys.iter().filter(move |key| key.class == class)
    }
}
