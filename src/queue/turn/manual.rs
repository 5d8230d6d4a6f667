//! Runs that nobody here dispatched: started by hand on GitHub, run again, or started as us for no build that there is.
//!
//! Such a run is there already, so it cannot wait: it takes what it uses if that is free and nobody waits for it. Else it
//! goes on outside the lock, and nothing that it uses is granted until it ends. We never stop what a person started.

use super::{
    super::{Person, Phase, RunReport, Trigger, Use},
    Build, LockKey, NotPlanned, Status, Turn, Verdict,
    create::Draft,
};
use crate::request::Request;

impl Turn {
    pub(super) fn by_hand(&mut self, report: &RunReport) -> Result<Verdict, NotPlanned> {
        let Some(counts_as) = self.counts_as(report) else {
            return Ok(Verdict::Ignored("no build is made by this workflow"));
        };
        // Noted also for a run that is over: what is told of it later must not look like news.
        if !self.note_request(&report.request_key()) || report.phase == Phase::Completed {
            return Ok(Verdict::Ignored("a run that is over, started by hand"));
        }
        self.observe(report, counts_as)?;
        Ok(Verdict::Applied)
    }

    /// A run made again counts as what it was before; else the policy says what its workflow makes.
    fn counts_as(&self, report: &RunReport) -> Option<Use> {
        let before = self.before(report).map(|build| Use {
            build_type: build.build_type.clone(),
            resources: build.resources.clone(),
            timeout_seconds: build.timeout_seconds,
        });
        before.or_else(|| self.state.workflows.get(&report.workflow).cloned())
    }

    /// The build of the latest earlier attempt.
    fn before(&self, report: &RunReport) -> Option<&Build> {
        let of_run = self.state.builds.values().filter(|build| build.run_id == Some(report.run_id));
        of_run.max_by_key(|build| build.attempt())
    }

    fn observe(&mut self, report: &RunReport, counts_as: Use) -> Result<(), NotPlanned> {
        let asker = format!("run:{}", report.run_id);
        self.state.locks.require(&LockKey::issue(self.state.repo, &asker))?;
        let starter = if report.started_by.is_empty() { &report.actor } else { &report.started_by };
        self.origin.actor.clone_from(starter);
        let follows = self.before(report).map(|build| build.build_id);
        let request = Request {
            build_type: counts_as.build_type,
            workflow: report.workflow.clone(),
            resources: counts_as.resources,
            timeout_seconds: counts_as.timeout_seconds.unsigned_abs(),
            ..Request::default()
        };
        let draft = Draft {
            asker,
            issue: None,
            comment: None,
            key: report.request_key(),
            trigger: Trigger::Manual,
            // Their id is in no report.
            person: &Person { id: 0, login: starter.clone() },
            default_ref: &report.head_sha,
            why: None,
        };
        let id = self.create(draft, &request, follows);
        let slots = match self.state.builds.get(&id) {
            Some(build) if self.state.waiting() == 0 => self.available(build)?,
            _ => None,
        };
        let (now, phase) = (self.state.now, report.phase);
        let why = if slots.is_some() { "started by hand" } else { "started by hand, outside the lock" };
        self.change(id, Some(why), |build| {
            build.status = Status::Starting;
            build.starting_at = Some(now);
            build.run_id = Some(report.run_id);
            build.run_attempt = Some(report.attempt);
            build.run_phase = Some(phase);
            build.run_url = Some(report.url.clone());
            build.head_sha = Some(report.head_sha.clone());
        })?;
        let run = format!("run {} attempt {}", report.run_id, report.attempt);
        self.audit(Some(id), "run", None, Some(&run), None);
        match (slots, self.state.builds.get(&id).cloned()) {
            (Some(slots), Some(build)) => self.grant_all(&build, slots),
            _ => self.tell_the_next(),
        }
        if phase == Phase::InProgress { self.running(id) } else { Ok(()) }
    }

    /// Whoever is next reads what holds them up. Those further back are not told, nor when it is over: an edit each, for
    /// every run, would be too many.
    pub(super) fn tell_the_next(&mut self) {
        let next = self.state.head().and_then(|build| build.issue);
        self.mirror(next);
    }
}
