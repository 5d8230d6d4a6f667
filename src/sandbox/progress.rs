//! How runs start, end and are cancelled, by hand or by themselves.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{
    Plant,
    record::Cancel,
    runs::RunStatus,
    world::{Refusal, World},
};

/// Runs that progress by themselves.
#[derive(Clone, Debug, Deserialize)]
pub struct AutoRuns {
    /// From the request to the runner taking it.
    pub queue_delay: Duration,
    /// The shortest and the longest run.
    pub duration: (Duration, Duration),
    /// The same for single workflows, by file name.
    #[serde(default)]
    pub durations: BTreeMap<String, (Duration, Duration)>,
    #[serde(default)]
    pub fails: Fails,
}

/// Which runs fail when they progress by themselves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fails {
    #[default]
    Never,
    /// Those whose input has this value.
    Input { name: String, value: String },
    /// This share of them, 0 to 1.
    Share(f64),
}

/// Something that happens to a run later. An attempt that is over by then is left alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Start { run: u64, attempt: u64 },
    Finish { run: u64, attempt: u64 },
    Cancelled { run: u64, attempt: u64 },
}

impl World {
    /// Runs that are asked for or started from now on progress by themselves, or do not.
    pub fn set_auto(&mut self, auto: Option<AutoRuns>) {
        self.options.auto = auto;
    }

    /// A runner takes the run's jobs.
    ///
    /// # Errors
    /// When there is no such run, or it is not queued.
    pub fn start_run(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.now();
        let run = self.known_run(id)?;
        if run.status != RunStatus::Queued {
            return Err(Refusal::unprocessable(format!("run {id} is not queued")));
        }
        run.status = RunStatus::InProgress;
        run.updated_at = now;
        for job in &mut run.jobs {
            job.started_at = Some(now);
        }
        let (attempt, file) = (run.attempt, run.file().to_owned());
        if let Some(times) = self.times_of(id, attempt) {
            times.started_at = Some(now);
        }
        self.emit_jobs(id, "in_progress")?;
        self.emit_run(id, "in_progress")?;
        if let Some(auto) = &self.options.auto {
            let (min, max) = auto.durations.get(&file).copied().unwrap_or(auto.duration);
            let duration = min + max.saturating_sub(min).mul_f64(self.share());
            self.later(duration, Step::Finish { run: id, attempt });
        }
        Ok(())
    }

    /// The run ends. `failed` names the job and the step that did not succeed; else it is the last job's last step.
    ///
    /// # Errors
    /// When there is no such run, or it is completed.
    pub fn finish_run(
        &mut self,
        id: u64,
        conclusion: &str,
        failed: Option<(&str, &str)>,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let run = self.known_run(id)?;
        if run.status == RunStatus::Completed {
            return Err(Refusal::unprocessable(format!("run {id} is completed")));
        }
        run.status = RunStatus::Completed;
        run.conclusion = Some(conclusion.to_owned());
        run.updated_at = now;
        let last = run.jobs.last().map(|j| j.name.clone());
        let bad_job = failed.map(|(job, _)| job.to_owned()).or(last);
        for job in &mut run.jobs {
            let bad =
                conclusion == "cancelled" || conclusion != "success" && bad_job.as_ref() == Some(&job.name);
            job.finish(if bad { conclusion } else { "success" }, failed.map(|(_, step)| step), now);
        }
        let (attempt, repo, file) = (run.attempt, run.repo.clone(), run.file().to_owned());
        if conclusion == "success" {
            let artifacts = self.workflow(&repo, &file)?.2.artifacts();
            let artifacts = artifacts.into_iter().map(|name| (self.new_id(), name)).collect();
            self.known_run(id)?.artifacts = artifacts;
        }
        let early = self.options.plant == Some(Plant::EarlyRelease);
        if let Some(times) = self.times_of(id, attempt) {
            let ran = now - times.started_at.unwrap_or(times.requested_at);
            let goes_on = if early { ran.max(TimeDelta::seconds(10)) } else { TimeDelta::zero() };
            times.completed_at = Some(now + goes_on);
            times.conclusion = Some(conclusion.to_owned());
        }
        self.emit_jobs(id, "completed")?;
        self.emit_run(id, "completed")
    }

    /// Asks a run to stop, which takes `cancel_takes`; forced, it stops at once.
    ///
    /// # Errors
    /// When there is no such run, or it is completed.
    pub fn cancel_run(&mut self, id: u64, forced: bool) -> Result<(), Refusal> {
        let at = self.now();
        let run = self.known_run(id)?;
        if run.status == RunStatus::Completed {
            return Err(Refusal::new(409, "Cannot cancel a workflow run that is completed."));
        }
        run.cancel_asked = true;
        let attempt = run.attempt;
        self.record.cancels.push(Cancel { at, run: id, forced });
        if forced {
            return self.finish_run(id, "cancelled", None);
        }
        self.later(self.options.cancel_takes, Step::Cancelled { run: id, attempt });
        Ok(())
    }

    pub(super) fn later(&mut self, after: Duration, step: Step) {
        let delta = TimeDelta::from_std(after).ok();
        // A time that no calendar shows never comes, e.g. for a run that ignores its cancel.
        let Some(at) = delta.and_then(|delta| self.now().checked_add_signed(delta)) else { return };
        let id = self.new_id();
        self.schedule.insert((at, id), step);
    }

    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.schedule.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is due.
    pub(super) fn tick(&mut self) {
        let now = self.now();
        while let Some(entry) = self.schedule.first_entry().filter(|e| e.key().0 <= now) {
            let step = entry.remove();
            let (Step::Start { run, attempt }
            | Step::Finish { run, attempt }
            | Step::Cancelled { run, attempt }) = step;
            if self.run(run).is_none_or(|r| r.attempt != attempt || r.status == RunStatus::Completed) {
                continue;
            }
            let done = match step {
                Step::Start { .. } => self.start_run(run),
                Step::Finish { .. } => {
                    let conclusion = if self.shall_fail(run) { "failure" } else { "success" };
                    self.finish_run(run, conclusion, None)
                }
                Step::Cancelled { .. } => self.finish_run(run, "cancelled", None),
            };
            if let Err(error) = done {
                tracing::debug!(run, %error, "sandbox: a scheduled step no longer applies");
            }
        }
    }

    fn shall_fail(&mut self, run: u64) -> bool {
        let dice = self.share();
        match self.options.auto.as_ref().map(|auto| &auto.fails) {
            Some(Fails::Share(share)) => dice < *share,
            Some(Fails::Input { name, value }) => {
                self.run(run).is_some_and(|r| r.inputs.get(name) == Some(value))
            }
            Some(Fails::Never) | None => false,
        }
    }
}
