//! Slots come and go here, and nowhere else.

use super::{
    super::{EndedLease, GrantKind, Lease, LeaseState, ReleaseOutcome, Resource},
    Build, BuildId, Effect, Ending, LockKey, NotPlanned, QUEUE, Slots, Status, Turn, Verdict,
};

impl Turn {
    /// Starts builds from the head of the queue for as long as the head can take *all* that it needs. Nobody
    /// overtakes a head that waits, and nobody holds half.
    pub(super) fn promote(&mut self) -> Result<(), NotPlanned> {
        self.state.locks.require(&LockKey::queue(self.state.repo, QUEUE))?;
        loop {
            let Some(head) = self.state.head().cloned() else {
                self.out.look_again = self.state.unloaded > 0 && self.has_free_place();
                return Ok(());
            };
            let Some(slots) = self.available(&head)? else { return Ok(()) };
            self.start(&head, slots)?;
        }
    }

    /// A slot of each resource that the build needs, or nothing.
    pub(super) fn available(&self, build: &Build) -> Result<Option<Vec<(Resource, i32)>>, NotPlanned> {
        let needs = build.needs();
        for resource in &needs {
            self.state.locks.require(&LockKey::build(resource))?;
        }
        let slots = self.state.free_slots(&needs);
        Ok(slots.map(|slots| needs.into_iter().zip(slots).collect()))
    }

    fn has_free_place(&self) -> bool {
        self.state.free_slots(&[Resource::slot_of(self.state.repo, QUEUE)]).is_some()
    }

    fn start(&mut self, head: &Build, slots: Vec<(Resource, i32)>) -> Result<(), NotPlanned> {
        let now = self.state.now;
        self.change(head.build_id, None, |build| {
            build.status = Status::Starting;
            build.starting_at = Some(now);
        })?;
        self.grant_all(head, slots);
        self.effect(Effect::Dispatch { build: head.build_id });
        self.mirror(head.issue);
        Ok(())
    }

    pub(super) fn grant_all(&mut self, build: &Build, slots: Vec<(Resource, i32)>) {
        for (resource, slot) in slots {
            self.grant(build, resource, slot);
        }
    }

    fn grant(&mut self, build: &Build, resource: Resource, slot: i32) {
        let now = self.state.now;
        let token = self.state.resources.tokens.get(&resource).copied().unwrap_or(0) + 1;
        self.count(LockKey::build(&resource), token);
        self.state.resources.tokens.insert(resource.clone(), token);
        self.audit(
            Some(build.build_id),
            "lease",
            Some("free"),
            Some("held"),
            Some(&unit(&resource, slot, token)),
        );
        let lease = Lease {
            tenant_id: build.tenant_id,
            resource: resource.clone(),
            slot,
            token,
            repo_id: build.repo_id,
            build_id: build.build_id,
            kind: if build.is_manual() { GrantKind::Manual } else { GrantKind::Dispatch },
            state: LeaseState::Held,
            granted_at: now,
            heartbeat_at: now,
            expires_at: now + chrono::TimeDelta::seconds(build.timeout_seconds),
        };
        self.state.resources.leases.insert((resource, slot), lease);
    }

    pub(super) fn release_all(&mut self, build: BuildId) -> Result<(), NotPlanned> {
        self.release_as(build, ReleaseOutcome::Released)
    }

    /// A build lock is touched with the issue lock of whoever holds it.
    fn require_locks_of(&self, build: BuildId) -> Result<(), NotPlanned> {
        for lease in self.state.resources.of_build(build) {
            if let Some(build) = self.state.builds.get(&build) {
                self.state.locks.require(&build.issue_lock())?;
            }
            self.state.locks.require(&LockKey::build(&lease.resource))?;
        }
        Ok(())
    }

    fn release_as(&mut self, build: BuildId, outcome: ReleaseOutcome) -> Result<(), NotPlanned> {
        self.require_locks_of(build)?;
        let leases: Vec<Lease> = self.state.resources.of_build(build).cloned().collect();
        for lease in leases {
            self.release(lease, outcome);
        }
        Ok(())
    }

    fn release(&mut self, lease: Lease, outcome: ReleaseOutcome) {
        let unit = unit(&lease.resource, lease.slot, lease.token);
        self.audit(Some(lease.build_id), "lease", Some(lease.state.as_str()), Some("free"), Some(&unit));
        let key = (lease.resource.clone(), lease.slot);
        self.state.resources.leases.remove(&key);
        // What was granted in this very turn was never written.
        if self.leases_before.leases.get(&key).is_some_and(|before| before.token == lease.token) {
            self.out.released.push(EndedLease { lease, outcome });
        }
    }

    /// Keeps a silent holder's slots from being handed on.
    pub(super) fn quarantine(&mut self, build: BuildId) -> Result<(), NotPlanned> {
        self.require_locks_of(build)?;
        let mut changed = Vec::new();
        for lease in self.state.resources.leases.values_mut().filter(|lease| lease.build_id == build) {
            if lease.state != LeaseState::Quarantined {
                lease.state = LeaseState::Quarantined;
                changed.push(unit(&lease.resource, lease.slot, lease.token));
            }
        }
        for unit in changed {
            self.audit(Some(build), "lease", Some("held"), Some("quarantined"), Some(&unit));
        }
        Ok(())
    }

    /// Notes GitHub's answer that the run goes on. Webhooks do not count: they may be late by hours.
    pub(super) fn heartbeat(&mut self, build: BuildId) -> Result<(), NotPlanned> {
        let Some(answered_at) = self.answered_at else { return Ok(()) };
        self.require_locks_of(build)?;
        for lease in self.state.resources.leases.values_mut().filter(|lease| lease.build_id == build) {
            lease.heartbeat_at = lease.heartbeat_at.max(answered_at);
        }
        Ok(())
    }

    /// An operator says that the run is over. All slots of the build come back, and it ends if it had not.
    pub(super) fn lift(
        &mut self,
        resource: &Resource,
        slot: i32,
        reason: &str,
    ) -> Result<Verdict, NotPlanned> {
        let Some(lease) = self.state.resources.leases.get(&(resource.clone(), slot)).cloned() else {
            return Ok(Verdict::Ignored("nobody holds this slot"));
        };
        if lease.state != LeaseState::Quarantined {
            return Ok(Verdict::Ignored("the slot is not quarantined"));
        }
        let why = format!("{}: {reason}", unit(resource, slot, lease.token));
        self.audit(Some(lease.build_id), "lift", Some("quarantined"), Some("free"), Some(&why));
        self.release_as(lease.build_id, ReleaseOutcome::Lifted)?;
        let holder = self.state.builds.get(&lease.build_id).map(|build| (build.status, build.ending.clone()));
        if let Some((status, ending)) = holder.filter(|(status, _)| !status.is_terminal()) {
            let (end, ending) = match ending {
                Some(Ending::TimedOut) => (Status::TimedOut, Ending::TimedOut),
                _ if status == Status::Cancelling => {
                    (Status::Cancelled, Ending::Lifted { reason: reason.to_owned() })
                }
                _ => (Status::Lost, Ending::Lifted { reason: reason.to_owned() }),
            };
            self.end(lease.build_id, end, ending, Slots::GiveBack)?;
        }
        Ok(Verdict::Applied)
    }

    /// Sorts out, at the end of the turn, which leases are new and which were renewed.
    pub(super) fn collect_leases(&mut self) {
        for (key, lease) in &self.state.resources.leases {
            match self.leases_before.leases.get(key) {
                Some(before) if before == lease => {}
                Some(before) if before.token == lease.token => self.out.renewed.push(lease.clone()),
                _ => self.out.granted.push(lease.clone()),
            }
        }
    }
}

/// A slot and its grant, as the audit names them: `queue/default[0] token 5`.
fn unit(resource: &Resource, slot: i32, token: i64) -> String {
    format!("{}[{slot}] token {token}", resource.name())
}
