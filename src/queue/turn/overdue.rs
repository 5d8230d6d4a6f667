//! What time alone changes.

use chrono::TimeDelta;

use super::{
    super::Attempted, Build, BuildId, Effect, Ending, NotPlanned, Slots, Status, Turn, Verdict, why_of,
};

/// How long a cancel may take before it is forced: clean-up steps may still run.
const FORCE_AFTER: TimeDelta = TimeDelta::minutes(5);

impl Turn {
    pub(super) fn look(&mut self) -> Result<Verdict, NotPlanned> {
        let now = self.state.now;
        let overdue = |build: &&Build| {
            build.status.is_holder() && build.deadline().is_some_and(|deadline| now >= deadline)
        };
        let late: Vec<BuildId> =
            self.state.builds.values().filter(overdue).map(|build| build.build_id).collect();
        for id in late {
            if self.may_be_stopped(id) {
                if self.withdraw_dispatch(id) {
                    self.end(id, Status::TimedOut, Ending::TimedOut, Slots::GiveBack)?;
                    continue;
                }
                self.stop(id, Ending::TimedOut)?;
            }
            // Its time is up and its run is not known to have ended: nobody gets its slots before it is.
            self.quarantine(id)?;
        }
        self.force_slow_cancels()?;
        // First the time that did not count.
        self.keep_approvals()?;
        self.expire_approvals()?;
        Ok(Verdict::Applied)
    }

    /// Only a run of which GitHub said, since its time was up, that it goes on. While GitHub is away, or the run is still
    /// looked for, it may have ended well long ago. What a person started is theirs to stop.
    fn may_be_stopped(&self, id: BuildId) -> bool {
        let Some(build) = self.state.builds.get(&id) else { return false };
        let untried = |row: &Attempted| row.build_id == id && !row.attempted;
        let said_since = |deadline| {
            let mut leases = self.state.resources.of_build(id);
            leases.all(|lease| lease.heartbeat_at >= deadline)
        };
        let outlived_its_time = match build.run_id {
            Some(_) => build.deadline().is_some_and(said_since),
            None => self.state.dispatches.iter().any(untried),
        };
        outlived_its_time && !build.is_manual() && build.status != Status::Cancelling
    }

    /// Asks for a build's end: the locks stay held until GitHub says that the run is over.
    pub(super) fn stop(&mut self, id: BuildId, why: Ending) -> Result<(), NotPlanned> {
        let now = self.state.now;
        self.change(id, Some(&why_of(&why)), |build| {
            build.status = Status::Cancelling;
            build.stopping_at = Some(now);
            build.ending = Some(why);
        })?;
        let Some(build) = self.state.builds.get(&id) else { return Ok(()) };
        let (issue, run) = (build.issue, build.run_id);
        if let Some(run_id) = run {
            self.effect(Effect::Cancel { build: id, run_id, force: false });
        }
        self.mirror(issue);
        Ok(())
    }

    fn force_slow_cancels(&mut self) -> Result<(), NotPlanned> {
        let now = self.state.now;
        let slow = |build: &&Build| {
            build.status == Status::Cancelling
                && build.forced_at.is_none()
                && build.stopping_at.is_some_and(|since| now >= since + FORCE_AFTER)
        };
        let slow: Vec<(BuildId, i64)> = self
            .state
            .builds
            .values()
            .filter(slow)
            .filter_map(|build| Some((build.build_id, build.run_id?)))
            .collect();
        for (id, run_id) in slow {
            self.change(id, None, |build| build.forced_at = Some(now))?;
            self.audit(Some(id), "cancel", Some("asked"), Some("forced"), Some("the run goes on"));
            self.effect(Effect::Cancel { build: id, run_id, force: true });
        }
        Ok(())
    }
}
