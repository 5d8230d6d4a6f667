//! What must hold after every turn.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::super::{
    Access, Build, BuildId, Changes, Effect, Ending, Event, GrantKind, Lease, LeaseState, LockKey, Phase,
    QUEUE, Reaction, Resource, Resources, Status, Step, Stored,
};
use super::world::{Before, REPO, World};
use crate::request::Asked;

impl World {
    /// What must hold between the state before and after a turn.
    pub(super) fn check_step(&mut self, before: &Before, changes: &Changes) {
        let is_new = |build: &&Build| {
            before.open.get(&build.build_id).is_none_or(|before| before.status != Status::Starting)
        };
        let started = changes.builds.iter().filter(|build| build.status == Status::Starting);
        let started = started.filter(|build| !build.is_manual()).filter(is_new);
        let first_waiting = self.queued().map(Build::order).min();
        for build in started {
            assert!(first_waiting.is_none_or(|waiting| build.order() < waiting), "somebody was overtaken");
        }
        self.check_turns_left(before);
        self.check_grants(before, changes);
        self.check_timed_out(changes);
        let head = self.queued().min_by_key(|build| build.order());
        if let Some(head) = head.filter(|_| !changes.look_again && self.access == Access::Active) {
            let resources = Resources {
                capacity: self.capacities(),
                tokens: BTreeMap::new(),
                leases: self.leases.clone(),
            };
            let blocked = head.needs().iter().any(|resource| resources.free_slot(resource).is_none())
                || self.outside().any(|run| run.needs().iter().any(|own| head.needs().contains(own)));
            assert!(blocked, "the head waits although all that it needs is free");
        }
    }

    /// Nobody starves: only those who were there before it are started before one that waits.
    fn check_turns_left(&mut self, before: &Before) {
        let waits = |build: &Build| build.status == Status::Queued;
        let left = |build: &&Build| self.open.get(&build.build_id).is_none_or(|now| !waits(now));
        let left = before.open.values().filter(|build| waits(build)).filter(left).count();
        let waiting: Vec<(BuildId, i64)> =
            self.queued().map(|build| (build.build_id, build.ticket.expect("a ticket"))).collect();
        self.ahead.retain(|id, _| waiting.iter().any(|(waiting, _)| waiting == id));
        for (id, ticket) in &waiting {
            let now = waiting.iter().filter(|(_, other)| other < ticket).count();
            let was = self.ahead.insert(*id, now);
            assert!(was.is_none_or(|was| now <= was && was - now <= left), "the line before {id:?} grew");
        }
    }

    pub(super) fn outside(&self) -> impl Iterator<Item = &Build> {
        let outside = |build: &&Build| build.is_manual() && self.leases_of(build.build_id).is_empty();
        self.open.values().filter(outside)
    }

    /// A run outside the lock keeps what it uses from everybody, and a run started by hand overtakes nobody.
    fn check_grants(&self, before: &Before, changes: &Changes) {
        let was_outside = |run: &&Build| {
            let held = before.leases.values().any(|lease| lease.build_id == run.build_id);
            before.open.contains_key(&run.build_id) && !held
        };
        let used: Vec<Resource> = self.outside().filter(was_outside).flat_map(Build::needs).collect();
        let waited = self.queued().any(|build| {
            before.open.get(&build.build_id).is_some_and(|before| before.status == Status::Queued)
        });
        for lease in &changes.granted {
            assert!(!used.contains(&lease.resource), "granted beside a run outside the lock: {lease:?}");
            assert!(lease.kind != GrantKind::Manual || !waited, "taken by hand from those who waited");
            let holder = self.open.get(&lease.build_id).or_else(|| self.history.get(&lease.build_id));
            let by_hand = holder.expect("a holder").is_manual();
            assert_eq!(by_hand, lease.kind == GrantKind::Manual);
        }
    }

    /// Only what GitHub said, after its time was up, to go on.
    fn check_timed_out(&self, changes: &Changes) {
        let stopped = changes.builds.iter().filter(|build| build.ending == Some(Ending::TimedOut));
        for build in stopped.filter(|build| build.run_id.is_some()) {
            assert!(!build.is_manual(), "a person's run was stopped");
            let deadline = build.deadline().expect("it was started");
            let said = self.leases_of(build.build_id).iter().all(|lease| lease.heartbeat_at >= deadline);
            assert!(said, "timed out although nobody knows that it goes on: {build:?}");
        }
    }

    /// Who was told "done" has a build that is on its way, or was cancelled by a later comment.
    pub(super) fn check_answer(&self, stored: &Stored) {
        if let Event::Run(report) = &stored.event
            && self.hub.runs.get(&report.run_id).is_some_and(|run| run.build.is_none() || report.attempt > 1)
        {
            let has_it = self
                .builds()
                .any(|build| (build.run_id, build.attempt()) == (Some(report.run_id), report.attempt));
            assert!(has_it || report.phase == Phase::Completed, "nobody minds the run {report:?}");
        }
        let (Event::Comment(event), Some(facts)) = (&stored.event, &stored.facts) else { return };
        if matches!(self.access, Access::Deleted | Access::Transferred) {
            return;
        }
        let [Step::Ask { asked: Asked::Valid(request), .. }] = &facts.steps[..] else { return };
        if self.reactions().last() != Some(&Reaction::Done) {
            return;
        }
        let on_its_way = self.open.values().any(|build| {
            (build.issue, &build.inputs) == (Some(event.issue), &request.inputs)
                && build.status != Status::Cancelling
        });
        let born_cancelled = self.history.values().any(|build| build.comment_id == Some(event.comment_id));
        assert!(on_its_way || born_cancelled, "the wish was granted and forgotten");
    }

    /// What must hold after every turn.
    pub(super) fn check(&self) {
        self.check_schema();
        self.check_leases();
        self.check_runs();
        let queue = LockKey::queue(REPO, QUEUE);
        if self.open.is_empty() && self.leases.is_empty() {
            assert_eq!(self.counters.get(&queue).copied().unwrap_or(0), 0, "an emptied queue is reset");
        }
        for build in self.builds() {
            let times = self.told.get(&build.build_id).copied().unwrap_or(0);
            // The status comment alone says what must be corrected.
            let due = build.status.is_terminal()
                && build.status != Status::Invalid
                && !self.untold.contains(&build.build_id);
            assert_eq!(times, u32::from(due), "outcomes of a build that is {:?}", build.status);
            // Once more for each time that the branch had moved before anything was sent.
            let may = 1 + self.hub.moved.get(&build.build_id).copied().unwrap_or(0);
            let dispatched = self.dispatched.get(&build.build_id).copied().unwrap_or(0);
            assert!(dispatched <= may, "dispatched {dispatched} times");
            let wanted = build.issue.is_none_or(|issue| self.wanted.contains_key(&issue));
            let untold = self.untold.contains(&build.build_id);
            assert!(times > 0 || wanted || untold, "the status comment is not wanted");
        }
    }

    pub(super) fn builds(&self) -> impl Iterator<Item = &Build> {
        self.open.values().chain(self.history.values())
    }

    fn check_schema(&self) {
        let mut per_issue = BTreeSet::new();
        let mut runs = BTreeSet::new();
        let mut places = BTreeSet::new();
        for build in self.open.values() {
            assert!(!build.status.is_terminal() && build.status != Status::Requested);
            let per_issue = build.issue.is_none_or(|issue| per_issue.insert((issue, &build.build_type)));
            assert!(per_issue, "one open build per issue and type");
            assert!(build.run_id.is_none_or(|run| runs.insert(run)), "one open build per run");
            assert!(build.status != Status::Running || build.run_id.is_some());
            let run = build.run_id.map(|run_id| (run_id, build.attempt()));
            assert!(run.is_none_or(|run| !self.over.contains(&run)), "open after its run: {build:?}");
            if build.status == Status::Queued {
                assert!(build.queued_at.is_some() && places.insert(build.ticket.expect("a ticket")));
            }
        }
        let mut attempts = BTreeSet::new();
        let of_runs = self.builds().filter_map(|build| Some((build.run_id?, build.attempt())));
        assert!(of_runs.into_iter().all(|run| attempts.insert(run)), "two builds of one run's attempt");
    }

    pub(super) fn leases_of(&self, build: BuildId) -> Vec<&Lease> {
        self.leases.values().filter(|lease| lease.build_id == build).collect()
    }

    fn check_leases(&self) {
        for build in self.open.values() {
            let held: BTreeSet<Resource> =
                self.leases_of(build.build_id).iter().map(|l| l.resource.clone()).collect();
            let needs =
                if build.status.is_holder() { build.needs().into_iter().collect() } else { BTreeSet::new() };
            let outside = build.is_manual() && held.is_empty();
            assert!(outside || held == needs, "held by a build that is {:?}: {held:?}", build.status);
            let answer = |stored: &Stored| matches!(stored.event, Event::Dispatched { build: own, .. } if own == build.build_id);
            let pending = self
                .outbox
                .values()
                .find(|row| row.effect.effect == Effect::Dispatch { build: build.build_id });
            assert!(
                !build.awaits_run() || pending.is_some() || self.inbox.iter().any(answer),
                "nobody will ever say what became of the dispatch"
            );
            let untried = pending.is_some_and(|row| row.attempted.is_none());
            assert!(
                !untried || build.status == Status::Starting,
                "would be dispatched while {:?}",
                build.status
            );
        }
        for lease in self.leases.values().filter(|lease| !self.open.contains_key(&lease.build_id)) {
            assert_eq!(self.history[&lease.build_id].status, Status::Lost, "a slot was not given back");
            assert_eq!(lease.state, LeaseState::Quarantined);
        }
    }

    /// No slot is given away while its run may be alive.
    fn check_runs(&self) {
        for run in self.hub.runs.values().filter(|run| run.is_alive()) {
            let Some(id) = run.build.filter(|id| !self.lifted.contains(id)) else { continue };
            let build = self.open.get(&id).or_else(|| self.history.get(&id)).expect("a build");
            let since = build.starting_at.expect("it was started") - TimeDelta::minutes(1);
            // A run whose build was lifted can be taken for one of a lost build that started at the same time.
            let was_lifted =
                |other: &super::hub::Run| other.build.is_some_and(|id| self.lifted.contains(&id));
            let confused = |other: &super::hub::Run| was_lifted(other) && other.created_at >= since;
            if build.status == Status::Lost && self.hub.runs.values().any(confused) {
                continue;
            }
            assert_eq!(self.leases_of(id).len(), build.needs().len(), "given away while {run:?} is alive");
        }
    }
}
