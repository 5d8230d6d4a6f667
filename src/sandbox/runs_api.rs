//! The App's calls about workflows and runs, and what runs look like in answers and payloads.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    Plant,
    api::{Answer, Call},
    record::Dispatch,
    repos::WORKFLOWS,
    runs::{Job, Run, RunStatus},
    world::{Refusal, World, iso},
};

impl World {
    /// `/repos/{owner}/{repo}/actions/…`
    pub(super) fn actions_route(
        &mut self,
        call: &Call,
        repo: &str,
        rest: &[&str],
    ) -> Result<Answer, Refusal> {
        match (call.method.as_str(), rest) {
            ("GET", ["workflows"]) => {
                let all = self.repo(repo)?.workflows.iter();
                let all = all.map(|(path, id)| self.workflow_json(repo, path, *id)).collect();
                Ok(self.page(call, all, Some("workflows")))
            }
            ("GET", ["workflows", workflow]) => {
                let (path, id, _) = self.workflow(repo, workflow)?;
                Ok(Answer::ok(self.workflow_json(repo, &path, id)))
            }
            ("POST", ["workflows", workflow, "dispatches"]) => self.dispatch(call, repo, workflow),
            ("GET", ["workflows", workflow, "runs"]) => {
                let (_, id, _) = self.workflow(repo, workflow)?;
                self.run_list(call, repo, Some(id))
            }
            ("GET", ["runs"]) => self.run_list(call, repo, None),
            (_, ["runs", id, rest @ ..]) => {
                let id = id.parse().map_err(|_| Refusal::not_found())?;
                if self.known_run(id)?.repo != repo {
                    return Err(Refusal::not_found());
                }
                self.run_route(call, id, rest)
            }
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }

    fn run_route(&mut self, call: &Call, id: u64, rest: &[&str]) -> Result<Answer, Refusal> {
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Answer::ok(self.run_json(self.run(id).ok_or_else(Refusal::not_found)?))),
            ("GET", ["attempts", attempt]) => {
                let attempt = attempt.parse().map_err(|_| Refusal::not_found())?;
                let run = self.in_attempt(id, attempt).ok_or_else(Refusal::not_found)?;
                Ok(Answer::ok(self.run_json(&run)))
            }
            ("POST", ["cancel"]) => self.cancel_run(id, false).map(|()| Answer::new(202, json!({}))),
            ("POST", ["force-cancel"]) => self.cancel_run(id, true).map(|()| Answer::new(202, json!({}))),
            ("POST", ["rerun" | "rerun-failed-jobs"]) => {
                let bot = self.bot();
                self.rerun(id, &bot).map(|_| Answer::new(201, json!({})))
            }
            ("GET", ["jobs"]) => {
                let run = self.run(id).ok_or_else(Refusal::not_found)?;
                let all = run.jobs.iter().map(|job| self.job_json(run, job)).collect();
                Ok(self.page(call, all, Some("jobs")))
            }
            ("GET", ["artifacts"]) => {
                let run = self.run(id).ok_or_else(Refusal::not_found)?;
                let wanted =
                    run.artifacts.iter().filter(|(_, name)| call.param("name").is_none_or(|n| n == name));
                let all = wanted.map(|(artifact, name)| self.artifact_json(run, *artifact, name)).collect();
                Ok(self.page(call, all, Some("artifacts")))
            }
            _ => Err(Refusal::new(501, "not simulated")),
        }
    }

    /// The run as it was in an attempt, which another may have followed.
    fn in_attempt(&self, id: u64, attempt: u64) -> Option<Run> {
        let mut run = self.run(id)?.clone();
        if run.attempt != attempt {
            let times = self.record.runs.iter().find(|times| times.run == id && times.attempt == attempt)?;
            run.attempt = attempt;
            run.status = RunStatus::Completed;
            run.conclusion.clone_from(&times.conclusion);
            run.triggering_actor.clone_from(&times.login);
            run.run_started_at = times.requested_at;
            run.updated_at = times.completed_at.unwrap_or(times.requested_at);
        }
        Some(run)
    }

    fn dispatch(&mut self, call: &Call, repo: &str, workflow: &str) -> Result<Answer, Refusal> {
        let (git_ref, inputs, bot) = (call.text("ref")?, &call.body["inputs"], self.bot());
        let id = self.new_run(repo, workflow, &bot, git_ref, inputs)?;
        let mut runs = vec![id];
        if self.options.plant == Some(Plant::DoubleDispatch) {
            runs.push(self.new_run(repo, workflow, &bot, git_ref, inputs)?);
        }
        let run = self.run(id).ok_or_else(Refusal::not_found)?;
        let details = json!({
            "workflow_run_id": id,
            "run_url": format!("{}/repos/{repo}/actions/runs/{id}", self.base_url),
            "html_url": format!("{}/{repo}/actions/runs/{id}", self.base_url),
        });
        let dispatch = Dispatch {
            at: run.created_at,
            repo: repo.to_owned(),
            workflow: run.file().to_owned(),
            git_ref: git_ref.to_owned(),
            inputs: run.inputs.clone(),
            runs,
        };
        self.record.dispatches.push(dispatch);
        let wanted = self.options.return_run_details && call.body["return_run_details"] == true;
        Ok(if wanted { Answer::ok(details) } else { Answer::empty(204) })
    }

    fn run_list(&mut self, call: &Call, repo: &str, workflow: Option<u64>) -> Result<Answer, Refusal> {
        let (now, lag) = (self.now(), self.options.list_lag);
        let created = call.param("created").map(Created::parse).transpose()?;
        let matches = |run: &&Run| {
            let is = |name: &str, value: &str| call.param(name).is_none_or(|wanted| wanted == value);
            let status = [run.status.text(), run.conclusion.as_deref().unwrap_or_default()];
            run.repo == repo
                && workflow.is_none_or(|id| run.workflow_id == id)
                && (now - run.created_at).to_std().is_ok_and(|age| age >= lag)
                && is("event", &run.event)
                && is("branch", &run.branch)
                && is("actor", &run.actor)
                && is("head_sha", &run.sha)
                && call.param("status").is_none_or(|wanted| status.contains(&wanted))
                && created.as_ref().is_none_or(|c| c.holds(run.created_at))
        };
        let newest_first = self.runs.values().rev().filter(matches).map(|run| self.run_json(run)).collect();
        Ok(self.page(call, newest_first, Some("workflow_runs")))
    }

    pub(super) fn emit_run(&mut self, id: u64, action: &str) -> Result<(), Refusal> {
        let run = self.run(id).ok_or_else(Refusal::not_found)?;
        let (repo, login) = (run.repo.clone(), run.triggering_actor.clone());
        let workflow = self.workflow_json(&repo, &run.path, run.workflow_id);
        let extra = json!({ "workflow_run": self.run_json(run), "workflow": workflow });
        self.emit(&repo, "workflow_run", Some(action), &login, extra)
    }

    pub(super) fn emit_jobs(&mut self, id: u64, action: &str) -> Result<(), Refusal> {
        let run = self.run(id).ok_or_else(Refusal::not_found)?;
        let (repo, login) = (run.repo.clone(), run.triggering_actor.clone());
        let extras: Vec<_> =
            run.jobs.iter().map(|job| json!({ "workflow_job": self.job_json(run, job) })).collect();
        extras.into_iter().try_for_each(|extra| self.emit(&repo, "workflow_job", Some(action), &login, extra))
    }

    fn workflow_json(&self, repo: &str, path: &str, id: u64) -> Value {
        let file = path.strip_prefix(WORKFLOWS).unwrap_or(path);
        let name = self.workflow(repo, file).ok().and_then(|(_, _, workflow)| workflow.name);
        json!({
            "id": id,
            "name": name.as_deref().unwrap_or(path),
            "path": path,
            "state": "active",
            "html_url": format!("{}/{repo}/blob/main/{path}", self.base_url),
            "url": format!("{}/repos/{repo}/actions/workflows/{id}", self.base_url),
        })
    }

    fn run_json(&self, run: &Run) -> Value {
        let api = format!("{}/repos/{}/actions/runs/{}", self.base_url, run.repo, run.id);
        json!({
            "id": run.id,
            "name": run.name,
            "display_title": run.title,
            "run_number": run.number,
            "run_attempt": run.attempt,
            "event": run.event,
            "status": run.status.text(),
            "conclusion": run.conclusion,
            "workflow_id": run.workflow_id,
            "path": run.path,
            "head_branch": run.branch,
            "head_sha": run.sha,
            "url": api,
            "jobs_url": format!("{api}/jobs"),
            "html_url": self.run_url(run),
            "pull_requests": [],
            "actor": self.user_json(&run.actor),
            "triggering_actor": self.user_json(&run.triggering_actor),
            "created_at": iso(run.created_at),
            "updated_at": iso(run.updated_at),
            "run_started_at": iso(run.run_started_at),
            "repository": self.repo(&run.repo).map(|repo| self.repo_json(repo)).ok(),
        })
    }

    fn run_url(&self, run: &Run) -> String {
        format!("{}/{}/actions/runs/{}", self.base_url, run.repo, run.id)
    }

    fn job_json(&self, run: &Run, job: &Job) -> Value {
        let status = match (job.started_at, &job.conclusion) {
            (_, Some(_)) => "completed",
            (Some(_), None) => "in_progress",
            (None, None) => "queued",
        };
        let steps = job.steps.iter().enumerate().map(|(at, step)| {
            json!({ "name": step.name, "number": at + 1, "status": status, "conclusion": step.conclusion })
        });
        json!({
            "id": job.id,
            "run_id": run.id,
            "run_attempt": run.attempt,
            "workflow_name": run.name,
            "name": job.name,
            "status": status,
            "conclusion": job.conclusion,
            "head_branch": run.branch,
            "head_sha": run.sha,
            "labels": ["ubuntu-latest"],
            "runner_name": job.started_at.map(|_| "GitHub Actions 1"),
            "created_at": iso(run.run_started_at),
            "started_at": iso(job.started_at.unwrap_or(run.run_started_at)),
            "completed_at": job.completed_at.map(iso),
            "steps": steps.collect::<Vec<_>>(),
            "html_url": format!("{}/job/{}", self.run_url(run), job.id),
        })
    }

    fn artifact_json(&self, run: &Run, id: u64, name: &str) -> Value {
        let api = format!("{}/repos/{}/actions/artifacts/{id}", self.base_url, run.repo);
        json!({
            "id": id,
            "name": name,
            "size_in_bytes": 1024,
            "url": api,
            "archive_download_url": format!("{api}/zip"),
            "expired": false,
            "created_at": iso(run.updated_at),
            "workflow_run": { "id": run.id, "head_branch": run.branch, "head_sha": run.sha },
        })
    }
}

impl RunStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// The `created` filter of a run listing: `>=T`, `<=T`, `>T`, `<T`, `T..T`, to the second.
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let time = |text: &str| {
            let parsed = DateTime::parse_from_rfc3339(text).map(|t| t.timestamp());
            parsed.map_err(|_| Refusal::unprocessable(format!("created: {text} is no time")))
        };
        let (from, to) = if let Some((from, to)) = text.split_once("..") {
            (time(from)?, time(to)?)
        } else if let Some(from) = text.strip_prefix(">=") {
            (time(from)?, i64::MAX)
        } else if let Some(to) = text.strip_prefix("<=") {
            (i64::MIN, time(to)?)
        } else if let Some(after) = text.strip_prefix('>') {
            (time(after)? + 1, i64::MAX)
        } else if let Some(before) = text.strip_prefix('<') {
            (i64::MIN, time(before)? - 1)
        } else {
            (time(text)?, time(text)?)
        };
        Ok(Self { from, to })
    }

    fn holds(&self, time: DateTime<Utc>) -> bool {
        (self.from..=self.to).contains(&time.timestamp())
    }
}
