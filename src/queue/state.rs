use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Access, Attempted, Build, BuildId, LockKey, NotPlanned, RepoKey, Resource, Resources, Role, Status,
};

/// A `/cancel`, kept because it also counts for a `/build` with a lower comment id that arrives after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelMark {
    pub issue: i64,
    pub comment_id: i64,
    pub author_id: i64,
    /// The author had write: it counts for everybody's `/build`, else for their own.
    pub for_all: bool,
    pub at: DateTime<Utc>,
}

/// From the policy in force, for one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How many builds may wait.
    pub limit: u32,
    /// What commands need where that is not their usual role.
    pub permissions: BTreeMap<String, Role>,
}

/// What a run counts as that nobody here dispatched: which build type, and what it holds for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub build_type: String,
    pub resources: Vec<String>,
    pub timeout_seconds: i64,
}

/// The locks that the turn holds, with the counter on each one's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locks(pub BTreeMap<LockKey, i64>);

impl Locks {
    /// # Errors
    /// [`NotPlanned`] when the key was not taken.
    pub fn require(&self, key: &LockKey) -> Result<(), NotPlanned> {
        if self.0.contains_key(key) { Ok(()) } else { Err(NotPlanned(key.clone())) }
    }
}

/// The part of one repository's state that a turn may need, read after all locks were got.
///
/// A batch does not load a whole queue: `builds` has those of the events' issues (open ones, and the last ended of each
/// type), those of the events' runs (also ended ones: else a late report looks like one about a lost build's run), those
/// that hold slots (also ended ones whose slot is quarantined), and the first of the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub repo: RepoKey,
    /// The database's clock, read once under the locks: the only now.
    pub now: DateTime<Utc>,
    pub locks: Locks,
    pub settings: QueueSettings,
    pub access: Access,
    /// The workflows that the policy names, by file; of several build types with one workflow the first by name.
    pub workflows: BTreeMap<String, Use>,
    pub resources: Resources,
    pub builds: BTreeMap<BuildId, Build>,
    /// How many wait in the queue beyond those in `builds`.
    pub unloaded: u32,
    /// If any do: the ticket up to which the queue is loaded without a gap. Those of the events' issues may stand further
    /// back, behind some that are not loaded.
    pub loaded_to: Option<i64>,
    /// Which of the events' request keys were seen before.
    pub requests: BTreeSet<String>,
    /// The latest `/cancel`s in the events' issues.
    pub cancel_marks: Vec<CancelMark>,
    /// Dispatches that stand in the outbox.
    pub dispatches: Vec<Attempted>,
    /// The login that GitHub shows for what we do, e.g. `trilock[bot]`.
    pub bot: String,
}

impl State {
    pub fn queued(&self) -> impl Iterator<Item = &Build> {
        self.builds.values().filter(|build| build.status == Status::Queued)
    }

    /// The next to start, if it is known.
    pub fn head(&self) -> Option<&Build> {
        let known =
            |build: &&Build| self.loaded_to.is_none_or(|last| build.ticket.is_some_and(|own| own <= last));
        self.queued().min_by_key(|build| build.order()).filter(known)
    }

    /// Runs that somebody started by hand while what they use was taken or waited for: they hold no slot.
    pub fn outside(&self) -> impl Iterator<Item = &Build> {
        let holds_none = |build: &&Build| self.resources.of_build(build.build_id).next().is_none();
        self.builds.values().filter(|build| build.is_manual() && build.status.is_holder()).filter(holds_none)
    }

    /// The lowest free slots of all these, or nothing: also while a run outside the lock uses one of them.
    pub fn free_slots(&self, needs: &[Resource]) -> Option<Vec<i32>> {
        let used = self.outside().any(|run| run.needs().iter().any(|own| needs.contains(own)));
        if used {
            return None;
        }
        needs.iter().map(|resource| self.resources.free_slot(resource)).collect()
    }

    pub fn waiting(&self) -> u32 {
        self.unloaded + u32::try_from(self.queued().count()).unwrap_or(u32::MAX)
    }

    pub fn open_in_issue(&self, issue: i64) -> impl Iterator<Item = &Build> {
        self.builds.values().filter(move |build| build.issue == Some(issue) && !build.status.is_terminal())
    }

    /// The last build of this type in the issue, open or ended.
    pub fn last_of(&self, issue: i64, build_type: &str) -> Option<&Build> {
        self.builds
            .values()
            .filter(|build| build.issue == Some(issue) && build.build_type == build_type)
            .max_by_key(|build| (!build.status.is_terminal(), build.requested_at, build.build_id))
    }
}
