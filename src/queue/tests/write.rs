//! What the database would do with a turn's changes, and what it refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Access, AuditEntry, Build, BuildId, Changes, Effect, Ending, Event, Lease, LockKey, Phase, Status,
    Stored, Verdict,
};
use super::world::{Row, World};

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
            let told = build.issue.is_some() && build.ending.as_ref().is_some_and(Ending::is_told);
            if !told || self.access == Access::Deleted {
                self.untold.insert(build.build_id);
            }
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
            match effect.effect {
                Effect::Dispatch { build } => *self.dispatched.entry(build).or_default() += 1,
                Effect::Outcome { build, .. } => *self.told.entry(build).or_default() += 1,
                _ => {}
            }
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
            self.taken.insert(lease.build_id);
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
            match &stored.event {
                _ if *verdict == Verdict::Parked => self.parked.push(stored.clone()),
                Event::Run(report) if report.phase == Phase::Completed => {
                    self.over.insert((report.run_id, report.attempt));
                }
                _ => {}
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
        approval: new.approval,
        ..old.clone()
    }
}

fn status(name: &str) -> Status {
    serde_json::from_value(name.into()).expect("a status")
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
