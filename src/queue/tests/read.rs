//! What a turn may read of the world, as the store's statements have it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Attempted, Build, BuildId, Effect, Event, Glance, LockClass, LockKey, LockPlan, Locks, QUEUE,
    QueueSettings, Resource, Resources, State, Status, Stored, Use,
};
use super::world::{BOT, REPO, World};

impl World {
    pub fn glance(&self, events: &[Stored]) -> Glance {
        let touched = self.loaded(events).into_values();
        let builds = touched.map(|build| (build.build_id, build.asker, build.resources)).collect();
        Glance { builds, named: vec!["gpu".into()] }
    }

    fn heads(&self, events: &[Stored]) -> Vec<&Build> {
        let mut queued: Vec<&Build> = self.queued().collect();
        queued.sort_by_key(|build| build.ticket);
        queued.truncate(self.heads.unwrap_or(events.len() + 4));
        queued
    }

    pub fn queued(&self) -> impl Iterator<Item = &Build> {
        self.open.values().filter(|build| build.status == Status::Queued)
    }

    /// As `read_state.sql` has it.
    fn loaded(&self, events: &[Stored]) -> BTreeMap<BuildId, Build> {
        let issues: BTreeSet<i64> = events.iter().filter_map(|stored| stored.event.issue()).collect();
        let runs: BTreeSet<i64> = events.iter().filter_map(|stored| stored.event.run()).collect();
        let of_issue = |build: &&Build| build.issue.is_some_and(|issue| issues.contains(&issue));
        let of_run = |build: &&Build| build.run_id.is_some_and(|run| runs.contains(&run));
        let approvals =
            events.iter().any(|stored| matches!(stored.event, Event::Look | Event::Access { .. }));
        let awaits = |build: &Build| approvals && build.status == Status::AwaitingApproval;
        let open = self
            .open
            .values()
            .filter(|build| of_issue(build) || of_run(build) || build.status.is_holder() || awaits(build));
        let mut last: BTreeMap<(Option<i64>, &str), &Build> = BTreeMap::new();
        for build in self.history.values().filter(of_issue) {
            let slot = last.entry((build.issue, build.build_type.as_str())).or_insert(build);
            if (build.requested_at, build.build_id) > (slot.requested_at, slot.build_id) {
                *slot = build;
            }
        }
        let keeps = |build: &&Build| self.leases.values().any(|lease| lease.build_id == build.build_id);
        let ended = self.history.values().filter(|build| of_run(build) || keeps(build));
        let all = open.chain(self.heads(events)).chain(last.into_values()).chain(ended);
        all.map(|build| (build.build_id, build.clone())).collect()
    }

    pub fn state(&self, events: &[Stored], plan: &LockPlan) -> State {
        let builds = self.loaded(events);
        let loaded = builds.values().filter(|build| build.status == Status::Queued).count();
        let unloaded = u32::try_from(self.queued().count() - loaded).expect("few");
        let heads = self.heads(events);
        let loaded_to = (unloaded > 0).then(|| heads.last().and_then(|build| build.ticket).unwrap_or(0));
        let keys = events.iter().flat_map(Stored::request_keys);
        let locks = plan.keys.iter().map(|key| (key.clone(), self.counters[key])).collect();
        let of_build = |(key, counter): (&LockKey, &i64)| {
            (key.class == LockClass::Build && plan.keys.contains(key))
                .then(|| (Resource(key.key.clone()), *counter))
        };
        let dispatches = self.outbox.values().filter_map(|row| match row.effect.effect {
            Effect::Dispatch { build } => Some(Attempted {
                build_id: build,
                effect_id: row.effect.effect_id,
                attempted: row.attempted.is_some(),
            }),
            _ => None,
        });
        let issues: BTreeSet<i64> = events.iter().filter_map(|stored| stored.event.issue()).collect();
        State {
            repo: REPO,
            now: self.now,
            locks: Locks(locks),
            settings: QueueSettings { limit: self.limit, permissions: BTreeMap::new() },
            access: self.access,
            workflows: workflows(),
            resources: Resources {
                capacity: self.capacities(),
                tokens: self.counters.iter().filter_map(of_build).collect(),
                leases: self.leases.clone(),
            },
            builds,
            unloaded,
            loaded_to,
            requests: keys.filter(|key| self.requests.contains(key)).collect(),
            cancel_marks: self.marks.iter().filter(|mark| issues.contains(&mark.issue)).copied().collect(),
            dispatches: dispatches.collect(),
            bot: BOT.into(),
        }
    }

    pub fn capacities(&self) -> BTreeMap<Resource, u32> {
        BTreeMap::from([
            (Resource::slot_of(REPO, QUEUE), self.concurrency),
            (Resource::named(REPO, "gpu"), self.gpu),
        ])
    }
}

/// What the policy's workflows make.
fn workflows() -> BTreeMap<String, Use> {
    let uses = ["desktop", "model", "traced"].map(|build_type| {
        let request = super::people::request(build_type, "v1");
        let build_type = build_type.to_owned();
        (request.workflow, Use { build_type, resources: request.resources, timeout_seconds: 7200 })
    });
    BTreeMap::from(uses)
}
