//! Runs move builds: what GitHub reports, and what our own dispatches were answered.

use chrono::TimeDelta;

use super::{
    super::{By, DispatchAnswer, Phase, RunReport},
    AuditEntry, Build, BuildId, Effect, Ending, NotPlanned, Slots, Status, Turn, Verdict,
};

/// By how much GitHub's clock may be behind ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

impl Turn {
    pub(super) fn run(&mut self, report: &RunReport) -> Result<Verdict, NotPlanned> {
        match self.whose(report) {
            Whose::Of(id) => self.report(id, report),
            Whose::MaybeOurs => Ok(Verdict::Parked),
            Whose::LostOnes(id) if report.phase == Phase::Completed => {
                self.release_all(id)?;
                Ok(Verdict::Applied)
            }
            Whose::LostOnes(_) | Whose::Nobodys => Ok(Verdict::Ignored("not a run of ours")),
        }
    }

    fn whose(&self, report: &RunReport) -> Whose {
        let builds = || self.state.builds.values();
        if let Some(build) = builds().find(|build| build.run_id == Some(report.run_id)) {
            return Whose::Of(build.build_id);
        }
        if report.actor != self.state.bot || report.trigger != "workflow_dispatch" {
            return Whose::Nobodys;
        }
        let named = |build: &&Build| build.correlates && report.title.contains(&build.build_id.to_string());
        let possible = |build: &&Build| {
            build.run_id.is_none()
                && build.workflow == report.workflow
                && build.starting_at.is_some_and(|since| report.created_at + CLOCKS_DIFFER >= since)
        };
        let mut awaiting = builds().filter(possible).filter(|build| build.awaits_run()).peekable();
        if awaiting.peek().is_some() {
            return awaiting.find(named).map_or(Whose::MaybeOurs, |build| Whose::Of(build.build_id));
        }
        let keeps_slots = |build: &&Build| {
            build.status == Status::Lost && self.state.resources.of_build(build.build_id).next().is_some()
        };
        let mut lost =
            builds().filter(possible).filter(keeps_slots).filter(|build| !build.correlates || named(build));
        match (lost.next(), lost.next()) {
            (Some(build), None) => Whose::LostOnes(build.build_id),
            // Of several it may be any one's: a guess could free the slot of a run that is alive.
            _ => Whose::Nobodys,
        }
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
        let known = build.run_attempt.zip(build.run_phase);
        if known.is_some_and(|known| (report.attempt, report.phase) <= known) {
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
        self.heartbeat(id)?;
        if stop {
            self.effect(Effect::Cancel { build: id, run_id, force: false });
        }
        Ok(())
    }

    fn running(&mut self, id: BuildId) -> Result<(), NotPlanned> {
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
            ("success" | "neutral", _) => (Status::Succeeded, concluded),
            ("cancelled", Some(why)) => stopped(why),
            // Stopped on GitHub by someone with write there.
            ("cancelled", None) => (Status::Cancelled, Ending::Cancelled { by: By::Maintainer }),
            ("timed_out", _) => (Status::TimedOut, concluded),
            _ => (Status::Failed, concluded),
        };
        self.end(id, status, ending, Slots::GiveBack)
    }

    pub(super) fn run_gone(&mut self, run_id: i64) -> Result<Verdict, NotPlanned> {
        let holder = self.state.builds.values().find(|build| build.run_id == Some(run_id));
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
            // A run that is another build's says nothing about this one's.
            DispatchAnswer::NeverConfirmed | DispatchAnswer::Started { .. } => {
                self.end(id, Status::Lost, Ending::NeverConfirmed, Slots::Quarantine)?;
            }
        }
        Ok(Verdict::Applied)
    }

    fn is_known(&self, run_id: i64) -> bool {
        self.state.builds.values().any(|build| build.run_id == Some(run_id))
    }
}

/// How a build ends that was being stopped, once it is known that nothing runs: as we wanted it to.
fn stopped(why: Ending) -> (Status, Ending) {
    match why {
        Ending::TimedOut => (Status::TimedOut, why),
        why => (Status::Cancelled, why),
    }
}

enum Whose {
    Of(BuildId),
    /// Ours, and a dispatch of its workflow has no answer yet.
    MaybeOurs,
    /// Ours, and the only build that it can belong to was given up as lost; its slots are quarantined.
    LostOnes(BuildId),
    Nobodys,
}
