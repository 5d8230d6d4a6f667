//! Workflow runs: what they are and how they come to be.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    progress::Step,
    record::RunTimes,
    repos::WORKFLOWS,
    workflow::Workflow,
    world::{Refusal, World},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Queued,
    InProgress,
    Completed,
}

/// A run in its latest attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub id: u64,
    pub name: String,
    pub conclusion: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub steps: Vec<JobStep>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobStep {
    pub name: String,
    pub conclusion: Option<String>,
}

impl Job {
    pub(super) fn new(id: u64, name: &str, steps: Vec<JobStep>) -> Self {
        Self { id, name: name.to_owned(), conclusion: None, started_at: None, completed_at: None, steps }
    }

    pub(super) fn finish(&mut self, conclusion: &str, failed_step: Option<&str>, now: DateTime<Utc>) {
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
    /// Somebody starts a workflow on the default branch, as on GitHub's own page; gives the run's id.
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
        let branch = self.repo(repo)?.default_branch.clone();
        self.new_run(repo, workflow, login, &branch, inputs)
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
        if place.disabled.contains(&path) {
            let why = "Cannot trigger a 'workflow_dispatch' on a disabled workflow";
            return Err(Refusal::unprocessable(why));
        }
        let inputs = workflow.inputs(inputs)?;
        let number = place.run_numbers.entry(path.clone()).or_default();
        *number += 1;
        let branch = ["refs/", "heads/", "tags/"].iter().fold(git_ref, |r, p| r.strip_prefix(p).unwrap_or(r));
        let number = *number;
        let late = place.moves_on_dispatch.remove(branch);
        let sha = if late { self.push(repo, branch, None, false)? } else { sha };
        let run = Run {
            id,
            repo: repo.to_owned(),
            name: workflow.name.clone().unwrap_or_else(|| path.clone()),
            title: workflow.title(&path, &inputs),
            path,
            workflow_id,
            number,
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
}
