//! Workflow runs: how they come to be, progress by hand or by themselves, are cancelled, and end.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Plant,
    record::{Cancel, RunTimes},
    repos::WORKFLOWS,
    workflow::Workflow,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Queued,
    InProgress,
    Completed,
}

/// A run in its latest attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub id: u64,
    pub repo: String,
    /// The workflow's name.
    pub name: String,
    pub title: String,
    /// `.github/workflows/…`
    pub path: String,
    pub workflow_id: u64,
    pub number: u64,
    pub attempt: u64,
    pub event: String,
    pub status: RunStatus,
    pub conclusion: Option<String>,
    pub inputs: BTreeMap<String, String>,
    pub branch: String,
    pub sha: String,
    /// Who started the first attempt.
    pub actor: String,
    /// Who started this one.
    pub triggering_actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// When this attempt was asked for.
    pub run_started_at: DateTime<Utc>,
    pub cancel_asked: bool,
    pub jobs: Vec<Job>,
    pub artifacts: Vec<(u64, String)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Job {
    pub id: u64,
    pub name: String,
    pub conclusion: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub steps: Vec<JobStep>,
}

#[derive(Clone, Debug, Serialize)]
pub struct JobStep {
    pub name: String,
    pub conclusion: Option<String>,
}

/// Something that happens to a run later. An attempt that is over by then is left alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Start { run: u64, attempt: u64 },
    Finish { run: u64, attempt: u64 },
    Cancelled { run: u64, attempt: u64 },
}

impl Job {
    pub(super) fn new(id: u64, name: &str, steps: Vec<JobStep>) -> Self {
        Self { id, name: name.to_owned(), conclusion: None, started_at: None, completed_at: None, steps }
    }

    fn finish(&mut self, conclusion: &str, failed_step: Option<&str>, now: DateTime<Utc>) {
        self.conclusion = Some(conclusion.to_owned());
        self.completed_at = Some(now);
        let last = self.steps.len().saturating_sub(1);
        let failed =
            failed_step.and_then(|name| self.steps.iter().position(|s| s.name == name)).unwrap_or(last);
        for (at, step) in self.steps.iter_mut().enumerate() {
            step.conclusion = Some(match at.cmp(&failed) {
                _ if conclusion == "success" => "success".to_owned(),
                std::cmp::Ordering::Less => "success".to_owned(),
                std::cmp::Ordering::Equal => conclusion.to_owned(),
                std::cmp::Ordering::Greater => "skipped".to_owned(),
            });
        }
    }
}

impl JobStep {
    pub(super) fn new(name: String) -> Self {
        Self { name, conclusion: None }
    }
}

impl Run {
    /// The workflow file's name, e.g. `build.yml`.
    pub fn file(&self) -> &str {
        self.path.strip_prefix(WORKFLOWS).unwrap_or(&self.path)
    }
}

impl World {
    /// Somebody starts a workflow on `main`, as on GitHub's own page; gives the run's id.
    ///
    /// # Errors
    /// As GitHub: no such workflow, no such trigger, inputs that do not fit.
    pub fn start_run_by_hand(
        &mut self,
        repo: &str,
        workflow: &str,
        login: &str,
        inputs: &Value,
    ) -> Result<u64, Refusal> {
        self.new_run(repo, workflow, login, "main", inputs)
    }

    /// The runs of a repository, oldest first.
    pub fn runs(&self, repo: &str) -> Vec<Run> {
        self.runs.values().filter(|r| r.repo == repo).cloned().collect()
    }

    pub fn run(&self, id: u64) -> Option<&Run> {
        self.runs.get(&id)
    }

    pub(super) fn known_run(&mut self, id: u64) -> Result<&mut Run, Refusal> {
        self.runs.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    /// The path and text of a workflow given by file name or id.
    pub(super) fn workflow(&self, repo: &str, workflow: &str) -> Result<(String, u64, Workflow), Refusal> {
        let place = self.repo(repo)?;
        let path = format!("{WORKFLOWS}{workflow}");
        let wanted = |p: &String, id: u64| *p == path || id.to_string() == workflow;
        let (path, id) =
            place.workflows.iter().find(|(p, id)| wanted(p, **id)).ok_or_else(Refusal::not_found)?;
        let text = place.files.get(path).map(String::as_str).unwrap_or_default();
        Ok((path.clone(), *id, Workflow::parse(text)))
    }

    pub(super) fn new_run(
        &mut self,
        repo: &str,
        workflow: &str,
        login: &str,
        git_ref: &str,
        inputs: &Value,
    ) -> Result<u64, Refusal> {
        let (path, workflow_id, workflow) = self.workflow(repo, workflow)?;
        self.add_user(login);
        let (id, now) = (self.new_id(), self.now());
        let place = self.repo_mut(repo)?;
        let no_ref = || Refusal::unprocessable(format!("No ref found for: {git_ref}"));
        let sha = place.commit(git_ref).filter(|sha| *sha != git_ref).ok_or_else(no_ref)?.clone();
        let inputs = workflow.inputs(inputs)?;
        let number = place.run_numbers.entry(path.clone()).or_default();
        *number += 1;
        let branch = ["refs/", "heads/", "tags/"].iter().fold(git_ref, |r, p| r.strip_prefix(p).unwrap_or(r));
        let run = Run {
            id,
            repo: repo.to_owned(),
            name: workflow.name.clone().unwrap_or_else(|| path.clone()),
            title: workflow.title(&path, &inputs),
            path,
            workflow_id,
            number: *number,
            attempt: 1,
            event: "workflow_dispatch".to_owned(),
            status: RunStatus::Queued,
            conclusion: None,
            inputs,
            branch: branch.to_owned(),
            sha,
            actor: login.to_owned(),
            triggering_actor: login.to_owned(),
            created_at: now,
            updated_at: now,
            run_started_at: now,
            cancel_asked: false,
            jobs: workflow.jobs(|| self.new_id()),
            artifacts: Vec::new(),
        };
        self.runs.insert(id, run);
        self.requested(id)?;
        Ok(id)
    }

    /// Runs a completed run again; the number of the new attempt.
    ///
    /// # Errors
    /// When there is no such run, or it is not completed.
    pub fn rerun(&mut self, id: u64, login: &str) -> Result<u64, Refusal> {
        self.add_user(login);
        let now = self.now();
        let run = self.known_run(id)?;
        if run.status != RunStatus::Completed {
            return Err(Refusal::new(403, "This workflow is already running"));
        }
        run.attempt += 1;
        run.status = RunStatus::Queued;
        run.conclusion = None;
        run.cancel_asked = false;
        run.triggering_actor = login.to_owned();
        run.run_started_at = now;
        run.updated_at = now;
        let (attempt, repo, file) = (run.attempt, run.repo.clone(), run.file().to_owned());
        let jobs = self.workflow(&repo, &file)?.2.jobs(|| self.new_id());
        self.known_run(id)?.jobs = jobs;
        self.requested(id)?;
        Ok(attempt)
    }

    /// What every new attempt begins with.
    fn requested(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.now();
        let run = self.known_run(id)?;
        let attempt = run.attempt;
        let times = RunTimes {
            run: id,
            attempt,
            repo: run.repo.clone(),
            workflow: run.file().to_owned(),
            event: run.event.clone(),
            login: run.triggering_actor.clone(),
            inputs: run.inputs.clone(),
            requested_at: now,
            started_at: None,
            completed_at: None,
            conclusion: None,
        };
        self.record.runs.push(times);
        self.emit_run(id, "requested")?;
        self.emit_jobs(id, "queued")?;
        if let Some(auto) = &self.options.auto {
            self.later(auto.queue_delay, Step::Start { run: id, attempt });
        }
        Ok(())
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

    fn later(&mut self, after: Duration, step: Step) {
        let at = self.now() + TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
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
