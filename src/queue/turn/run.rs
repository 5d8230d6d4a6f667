//! Runs move builds: what GitHub reports, and what our own dispatches were answered.

use super::{
    super::{By, DispatchAnswer, Phase, RunReport},
    AuditEntry, BuildId, Effect, Ending, NotPlanned, Slots, Status, Turn, Verdict,
    whose::Whose,
};

impl Turn {
    pub(super) fn run(&mut self, report: &RunReport) -> Result<Verdict, NotPlanned> {
        match self.whose(report) {
            Whose::Of(id) => self.report(id, report),
            Whose::Later | Whose::MaybeOurs => Ok(Verdict::Parked),
            Whose::Lost(lost) => self.of_a_lost_build(&lost, report),
            Whose::ByHand => self.by_hand(report),
            Whose::Nobodys => Ok(Verdict::Ignored("not a run of ours")),
        }
    }

    /// The slots come back with the run's end, which a later attempt proves too. Of several builds it may be any one's: a
    /// guess could free the slots of a run that is alive.
    fn of_a_lost_build(&mut self, lost: &[BuildId], report: &RunReport) -> Result<Verdict, NotPlanned> {
        if report.phase != Phase::Completed && report.attempt == 1 {
            return Ok(Verdict::Ignored("the slots of a lost build are kept for it"));
        }
        let of_one = if let [id] = lost { Some(*id) } else { None };
        if let Some(id) = of_one {
            self.release_all(id)?;
        }
        let verdict = self.by_hand(report)?;
        Ok(if of_one.is_some() { Verdict::Applied } else { verdict })
    }

    fn report(&mut self, id: BuildId, report: &RunReport) -> Result<Verdict, NotPlanned> {
        let Some(build) = self.state.builds.get(&id) else { return Ok(Verdict::Ignored("no such build")) };
        if build.status.is_terminal() {
            // A slot that was kept because nobody knew: now it is known.
            if report.phase == Phase::Completed {
                self.release_all(id)?;
            }
            return Ok(Verdict::Applied);
        }
        if build.run_phase.is_some_and(|known| report.phase <= known) {
            self.heartbeat(id)?;
            return Ok(Verdict::Applied);
        }
        if self.origin.source == "monitor" {
            self.audit(Some(id), AuditEntry::RECOVERED, None, Some("run"), Some("recovered a missed event"));
        }
        self.bind(id, report.run_id, &report.url)?;
        self.change(id, None, |build| {
            build.run_attempt = Some(report.attempt);
            build.run_phase = Some(report.phase);
            build.head_sha = Some(report.head_sha.clone());
        })?;
        self.hold_to_commit(id)?;
        match report.phase {
            Phase::Requested => self.heartbeat(id)?,
            Phase::InProgress => self.running(id)?,
            Phase::Completed => self.concluded(id, report.conclusion.as_deref().unwrap_or("unknown"))?,
        }
        Ok(Verdict::Applied)
    }

    /// Ties the run to its build. A stop that was asked for before the run was known is sent now.
    fn bind(&mut self, id: BuildId, run_id: i64, url: &str) -> Result<(), NotPlanned> {
        let Some(build) = self.state.builds.get(&id).filter(|build| build.run_id.is_none()) else {
            return Ok(());
        };
        let stop = build.status == Status::Cancelling;
        self.change(id, None, |build| {
            build.run_id = Some(run_id);
            build.run_url = Some(url.to_owned());
        })?;
        self.audit(Some(id), "run", None, Some(&format!("run {run_id}")), None);
        if stop {
            self.effect(Effect::Cancel { build: id, run_id, force: false });
        }
        Ok(())
    }

    pub(super) fn running(&mut self, id: BuildId) -> Result<(), NotPlanned> {
        let now = self.state.now;
        self.heartbeat(id)?;
        self.change(id, None, |build| {
            build.running_at = build.running_at.or(Some(now));
            if build.status == Status::Starting {
                build.status = Status::Running;
            }
        })?;
        let issue = self.state.builds.get(&id).and_then(|build| build.issue);
        self.mirror(issue);
        Ok(())
    }

    /// The run is over: the build ends, its slots come back.
    fn concluded(&mut self, id: BuildId, conclusion: &str) -> Result<(), NotPlanned> {
        let Some(build) = self.state.builds.get(&id) else { return Ok(()) };
        let concluded = Ending::Concluded { conclusion: conclusion.to_owned() };
        let (status, ending) = match (conclusion, build.ending.clone()) {
            // Whatever it came to, it is not what was approved.
            (_, Some(why @ Ending::OtherCommit)) => stopped(why),
            ("success" | "neutral", _) => (Status::Succeeded, concluded),
            ("cancelled", Some(why)) => stopped(why),
            // Stopped on GitHub by someone with write there.
            ("cancelled", None) => (Status::Cancelled, Ending::Cancelled { by: By::Maintainer }),
            ("timed_out", _) => (Status::TimedOut, concluded),
            _ => (Status::Failed, concluded),
        };
        self.end(id, status, ending, Slots::GiveBack)
    }

    pub(super) fn run_gone(&mut self, run_id: i64, attempt: i32) -> Result<Verdict, NotPlanned> {
        let mut builds = self.state.builds.values();
        let holder = builds.find(|build| build.run_id == Some(run_id) && build.attempt() == attempt);
        let Some((id, over)) = holder.map(|build| (build.build_id, build.status.is_terminal())) else {
            return Ok(Verdict::Ignored("not a run of ours"));
        };
        if over {
            self.release_all(id)?;
        } else {
            self.end(id, Status::Lost, Ending::RunGone, Slots::GiveBack)?;
        }
        Ok(Verdict::Applied)
    }

    pub(super) fn dispatched(&mut self, id: BuildId, answer: &DispatchAnswer) -> Result<Verdict, NotPlanned> {
        let Some(open) = self.state.builds.get(&id).filter(|build| build.awaits_run()) else {
            // A run's webhook was faster than the answer.
            return Ok(Verdict::Applied);
        };
        match answer {
            DispatchAnswer::Started { run_id, url } if !self.is_known(*run_id) => {
                self.bind(id, *run_id, url)?
            }
            DispatchAnswer::Refused { message } => {
                let refused = Ending::DispatchRefused { message: message.clone() };
                let (status, ending) = open.ending.clone().map_or((Status::Failed, refused), stopped);
                self.end(id, status, ending, Slots::GiveBack)?;
            }
            DispatchAnswer::NotStarted => self.concluded(id, "cancelled")?,
            DispatchAnswer::Moved { .. } if open.status == Status::Cancelling => {
                self.concluded(id, "cancelled")?
            }
            DispatchAnswer::Moved { commit } => self.moved(id, commit)?,
            // A run that is another build's says nothing about this one's.
            DispatchAnswer::NeverConfirmed | DispatchAnswer::Started { .. } => {
                self.end(id, Status::Lost, Ending::NeverConfirmed, Slots::Quarantine)?;
            }
        }
        Ok(Verdict::Applied)
    }

    /// A run whose first attempt is another build's, or that is run again right now.
    fn is_known(&self, run_id: i64) -> bool {
        let mut builds = self.state.builds.values().filter(|build| build.run_id == Some(run_id));
        builds.any(|build| build.attempt() == 1 || !build.status.is_terminal())
    }
}

/// How a build ends that was being stopped, once it is known that nothing runs: as we wanted it to.
fn stopped(why: Ending) -> (Status, Ending) {
    match why {
        Ending::TimedOut => (Status::TimedOut, why),
        why => (Status::Cancelled, why),
    }
}
