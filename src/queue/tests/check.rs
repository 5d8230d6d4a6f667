//! What the database refuses, and what must hold after every turn.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::super::{
    AuditEntry, Build, BuildId, Changes, Effect, Event, Lease, LeaseState, LockKey, QUEUE, Reaction,
    Resource, Status, Step, Stored, Verdict,
};
use super::world::{REPO, Row, World};
use crate::request::Asked;

impl World {
    /// As `write_changes.sql` does it, with its guards and the schema's.
    pub(super) fn write(&mut self, locks: &BTreeSet<LockKey>, changes: &Changes) {
        self.check_status_steps(changes);
        check_audit(changes);
        for build in &changes.ended {
            if build.version > 1 {
                let old = self.open.remove(&build.build_id).expect("an open build ends");
                assert_eq!(old.version, build.version - 1, "the version that was read");
            }
            assert!(build.status.is_terminal() && build.ended_at.is_some() && build.ending.is_some());
            assert!(self.history.insert(build.build_id, build.clone()).is_none(), "a build ends once");
        }
        for build in &changes.builds {
            let old = self.open.insert(build.build_id, build.clone());
            assert_eq!(
                old.as_ref().map_or(0, |old| old.version),
                build.version - 1,
                "the version that was read"
            );
            if let Some(old) = old {
                assert_eq!(written_over(&old, build), *build, "a column that an update does not write");
            }
        }
        self.write_leases(changes);
        for (key, counter) in &changes.counters {
            assert!(locks.contains(key), "{key} is counted without being held");
            self.counters.insert(key.clone(), *counter);
        }
        for (_, effect_id) in &changes.withdrawn {
            let rows = self.outbox.len();
            self.outbox.retain(|_, row| row.effect.effect_id != *effect_id || row.attempted.is_some());
            assert_eq!(self.outbox.len() + 1, rows, "withdrawn was what nobody had tried");
        }
        for effect in &changes.effects {
            self.decided.push(effect.effect.clone());
            let row = Row { effect: effect.clone(), attempted: None };
            self.outbox.entry(effect.effect_key.clone()).or_insert(row);
        }
        for issue in &changes.mirrors {
            *self.wanted.entry(*issue).or_default() += 1;
        }
        for key in &changes.requests {
            assert!(self.requests.insert(key.clone()), "the key of a request is unique");
        }
        for mark in &changes.cancel_marks {
            if !self.marks.iter().any(|own| (own.issue, own.comment_id) == (mark.issue, mark.comment_id)) {
                self.marks.push(*mark);
            }
        }
    }

    fn write_leases(&mut self, changes: &Changes) {
        for ended in &changes.released {
            let lease =
                self.leases.remove(&(ended.lease.resource.clone(), ended.lease.slot)).expect("a lease");
            assert_eq!(
                (lease.build_id, lease.token),
                (ended.lease.build_id, ended.lease.token),
                "owner and token"
            );
            if ended.outcome == super::super::ReleaseOutcome::Lifted {
                self.lifted.insert(lease.build_id);
            }
        }
        let mut granted: Vec<&Lease> = changes.granted.iter().collect();
        granted.sort_by_key(|lease| lease.token);
        for lease in granted {
            let last = self.tokens.insert(lease.resource.clone(), lease.token).unwrap_or(0);
            assert!(lease.token > last, "tokens only grow");
            let slot = (lease.resource.clone(), lease.slot);
            assert!(self.leases.insert(slot, lease.clone()).is_none(), "one holder per slot");
            let of_it = self.leases.values().filter(|own| own.resource == lease.resource).count();
            let capacity = self.capacities()[&lease.resource];
            assert!(
                of_it <= capacity as usize && lease.slot < capacity.cast_signed(),
                "granted beyond the capacity"
            );
        }
        for lease in &changes.renewed {
            let own = self.leases.get_mut(&(lease.resource.clone(), lease.slot)).expect("a lease");
            assert_eq!(own.token, lease.token, "the lease that was read");
            *own = lease.clone();
        }
    }

    pub(super) fn settle_inbox(&mut self, events: &[Stored], verdicts: &[Verdict], changes: &Changes) {
        for (stored, verdict) in events.iter().zip(verdicts) {
            if *verdict == Verdict::Parked {
                self.parked.push(stored.clone());
            }
        }
        if changes.unpark {
            self.inbox.append(&mut self.parked);
        }
        if changes.look_again {
            self.receive(Event::Look);
        }
    }

    /// The audit tells every step; each must follow from the one before and be allowed.
    fn check_status_steps(&self, changes: &Changes) {
        let mut at: BTreeMap<BuildId, String> =
            self.open.values().map(|build| (build.build_id, build.status.as_str().to_owned())).collect();
        for entry in changes.audit.iter().filter(|entry| entry.what == "status") {
            let (id, before) = (entry.build_id.expect("a build"), entry.before.clone().expect("a status"));
            let after = entry.after.clone().expect("a status");
            let known = at.insert(id, after.clone()).unwrap_or_else(|| "requested".into());
            assert_eq!(known, before, "steps follow each other");
            assert!(status(&before).may_become(status(&after)), "{before} may not become {after}");
        }
        for build in changes.builds.iter().chain(&changes.ended) {
            assert_eq!(at[&build.build_id], build.status.as_str(), "no step outside the audit");
        }
    }

    /// What must hold between the state before and after a turn.
    pub(super) fn check_step(&self, before: &Self, changes: &Changes) {
        let started = changes.builds.iter().filter(|build| build.status == Status::Starting);
        let started = started
            .filter(|build| before.open.get(&build.build_id).is_none_or(|b| b.status != Status::Starting));
        let first_waiting = self.queued().map(Build::order).min();
        for build in started {
            assert!(first_waiting.is_none_or(|waiting| build.order() < waiting), "somebody was overtaken");
        }
        if let Some(head) = self.queued().min_by_key(|build| build.order()).filter(|_| !changes.look_again) {
            let resources = super::super::Resources {
                capacity: self.capacities(),
                tokens: BTreeMap::new(),
                leases: self.leases.clone(),
            };
            let blocked = head.needs().iter().any(|resource| resources.free_slot(resource).is_none());
            assert!(blocked, "the head waits although all that it needs is free");
        }
    }

    /// Who was told "done" has a build that is on its way, or was cancelled by a later comment.
    pub(super) fn check_answer(&self, stored: &Stored) {
        let (Event::Comment(event), Some(facts)) = (&stored.event, &stored.facts) else { return };
        let [Step::Ask { asked: Asked::Valid(request) }] = &facts.steps[..] else { return };
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
        for build in self.open.values().chain(self.history.values()) {
            let told = |effect: &&Effect| matches!(effect, Effect::Outcome { build: own, .. } if *own == build.build_id);
            let times = self.decided.iter().filter(told).count();
            // The status comment alone says what must be corrected.
            let due = build.status.is_terminal() && build.status != Status::Invalid;
            assert_eq!(times, usize::from(due), "outcomes of a build that is {:?}", build.status);
            let sent = |effect: &&Effect| **effect == Effect::Dispatch { build: build.build_id };
            assert!(self.decided.iter().filter(sent).count() <= 1, "dispatched twice");
            let issue = build.issue.expect("an issue");
            assert!(times > 0 || self.wanted.contains_key(&issue), "the status comment is not wanted");
        }
    }

    fn check_schema(&self) {
        let mut per_issue = BTreeSet::new();
        let mut runs = BTreeSet::new();
        let mut places = BTreeSet::new();
        for build in self.open.values() {
            assert!(!build.status.is_terminal() && build.status != Status::Requested);
            assert!(per_issue.insert((build.issue, &build.build_type)), "one open build per issue and type");
            assert!(build.run_id.is_none_or(|run| runs.insert(run)), "one open build per run");
            assert!(build.status != Status::Running || build.run_id.is_some());
            if build.status == Status::Queued {
                assert!(build.queued_at.is_some() && places.insert(build.ticket.expect("a ticket")));
            }
        }
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
            assert_eq!(held, needs, "what a build holds that is {:?}", build.status);
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
        for run in self.hub.runs.values().filter(|run| run.is_alive() && !self.lifted.contains(&run.build)) {
            let build = self.open.get(&run.build).or_else(|| self.history.get(&run.build)).expect("a build");
            let since = build.starting_at.expect("it was started") - TimeDelta::minutes(1);
            // A run whose build was lifted can be taken for one of a lost build that started at the same time.
            let confused =
                |other: &&super::hub::Run| self.lifted.contains(&other.build) && other.created_at >= since;
            if build.status == Status::Lost && self.hub.runs.values().any(|other| confused(&other)) {
                continue;
            }
            assert_eq!(
                self.leases_of(run.build).len(),
                build.needs().len(),
                "given away while {run:?} is alive"
            );
        }
    }
}

/// What comes, is granted, is given back or is quarantined has its row, and every row says who and from where.
fn check_audit(changes: &Changes) {
    let rows = |what: &str, after: &str| {
        let it = |entry: &&AuditEntry| entry.what == what && entry.after.as_deref() == Some(after);
        changes.audit.iter().filter(it).count()
    };
    let new = changes.builds.iter().chain(&changes.ended).filter(|build| build.version == 1).count();
    assert_eq!(rows("request", "requested"), new, "each new build is put down");
    // What is granted and given back in one turn has both rows.
    let (held, free) = (rows("lease", "held"), rows("lease", "free"));
    assert!(held >= changes.granted.len() && free >= changes.released.len(), "each lease is put down");
    assert_eq!(held - changes.granted.len(), free - changes.released.len());
    assert!(changes.audit.iter().all(|entry| !entry.actor.is_empty() && !entry.source.is_empty()));
}

/// The columns that `write_changes.sql` updates.
fn written_over(old: &Build, new: &Build) -> Build {
    let new = new.clone();
    Build {
        version: new.version,
        status: new.status,
        priority: new.priority,
        ticket: new.ticket,
        queued_at: new.queued_at,
        starting_at: new.starting_at,
        running_at: new.running_at,
        stopping_at: new.stopping_at,
        forced_at: new.forced_at,
        run_id: new.run_id,
        run_attempt: new.run_attempt,
        run_phase: new.run_phase,
        run_url: new.run_url,
        head_sha: new.head_sha,
        ending: new.ending,
        ..old.clone()
    }
}

fn status(name: &str) -> Status {
    serde_json::from_value(name.into()).expect("a status")
}
