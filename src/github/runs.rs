//! Workflow runs: dispatched, looked up, cancelled.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{
    GitHub, GitHubError, Repo,
    call::{As, Call},
};

/// A run, as the API shows it; right after a webhook it may still show an older state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub id: u64,
    /// 1 for the first; a re-run keeps the id and counts this up.
    pub attempt: u32,
    /// `queued`, `in_progress`, `completed`, `waiting`, `pending`, `requested`, or what GitHub adds.
    pub status: String,
    /// Set once the run is completed: `success`, `failure`, `cancelled`, `timed_out`, …
    pub conclusion: Option<String>,
    pub name: Option<String>,
    /// The workflow's `run-name`.
    pub display_title: String,
    /// The workflow's file, sometimes followed by `@` and a ref.
    pub path: String,
    pub event: String,
    pub html_url: String,
    pub head_sha: String,
    pub head_branch: Option<String>,
    pub created_at: DateTime<Utc>,
    pub run_started_at: Option<DateTime<Utc>>,
    /// Who started attempt 1, and who this attempt.
    pub actor_login: Option<String>,
    pub triggering_actor_login: Option<String>,
}

impl Run {
    pub fn is_completed(&self) -> bool {
        self.status == "completed"
    }
}

#[derive(Deserialize)]
struct RawRun {
    id: u64,
    #[serde(default = "first_attempt")]
    run_attempt: u32,
    status: Option<String>,
    conclusion: Option<String>,
    name: Option<String>,
    #[serde(default)]
    display_title: String,
    #[serde(default)]
    path: String,
    event: String,
    html_url: String,
    head_sha: String,
    head_branch: Option<String>,
    created_at: DateTime<Utc>,
    run_started_at: Option<DateTime<Utc>>,
    actor: Option<Login>,
    triggering_actor: Option<Login>,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

fn first_attempt() -> u32 {
    1
}

impl From<RawRun> for Run {
    fn from(raw: RawRun) -> Self {
        Self {
            id: raw.id,
            attempt: raw.run_attempt,
            status: raw.status.unwrap_or_default(),
            conclusion: raw.conclusion,
            name: raw.name,
            display_title: raw.display_title,
            path: raw.path,
            event: raw.event,
            html_url: raw.html_url,
            head_sha: raw.head_sha,
            head_branch: raw.head_branch,
            created_at: raw.created_at,
            run_started_at: raw.run_started_at,
            actor_login: raw.actor.map(|actor| actor.login),
            triggering_actor_login: raw.triggering_actor.map(|actor| actor.login),
        }
    }
}

#[derive(Deserialize)]
struct RunsPage {
    workflow_runs: Vec<RawRun>,
}

/// The run that a dispatch started.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DispatchedRun {
    #[serde(rename = "workflow_run_id")]
    pub id: u64,
    pub html_url: String,
}

/// GitHub's word on a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Noted (202); the run ends when its clean-up steps have.
    Accepted,
    /// 409: there is nothing left to cancel.
    AlreadyCompleted,
}

impl GitHub {
    /// Starts a workflow (its file's name) on a branch or tag. None: it was started, but this server does not say
    /// which run it became (204, older servers). Not idempotent, and never sent twice by itself.
    ///
    /// # Errors
    /// If [`is_unknown`](GitHubError::is_unknown), the run may exist. `Refused` with 422 for undeclared inputs, an
    /// unknown ref or a workflow without `workflow_dispatch`; see [`GitHubError`].
    pub async fn dispatch(
        &self,
        repo: &Repo,
        workflow: &str,
        reference: &str,
        inputs: &BTreeMap<String, String>,
    ) -> Result<Option<DispatchedRun>, GitHubError> {
        let template = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches";
        let call = Call::post(template, &[&repo.owner, &repo.name, workflow])
            .body(json!({ "ref": reference, "inputs": inputs, "return_run_details": true }));
        let answer = self.send(As::Installation(repo.installation), &call).await?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(None),
            _ => call.read(&answer).map(Some),
        }
    }

    /// # Errors
    /// `NotFound` if the run is gone or hidden; see [`GitHubError`].
    pub async fn run(&self, repo: &Repo, id: u64) -> Result<Run, GitHubError> {
        let template = "/repos/{owner}/{repo}/actions/runs/{run_id}";
        let call = Call::get(template, &[&repo.owner, &repo.name, &id.to_string()])
            .query("exclude_pull_requests", true);
        let raw: RawRun = self.json(As::Installation(repo.installation), &call).await?;
        Ok(raw.into())
    }

    /// One attempt of a run, which may have been followed by others.
    ///
    /// # Errors
    /// `NotFound` if there was no such attempt, or it is not kept any more; see [`GitHubError`].
    pub async fn run_attempt(&self, repo: &Repo, id: u64, attempt: u32) -> Result<Run, GitHubError> {
        let template = "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}";
        let call = Call::get(template, &[&repo.owner, &repo.name, &id.to_string(), &attempt.to_string()])
            .query("exclude_pull_requests", true);
        let raw: RawRun = self.json(As::Installation(repo.installation), &call).await?;
        Ok(raw.into())
    }

    /// A workflow's runs for one event (`workflow_dispatch`), created at or after a time, newest first. The list lags
    /// behind, and GitHub shows at most 1,000.
    ///
    /// # Errors
    /// `NotFound` if there is no such workflow; see [`GitHubError`].
    pub async fn workflow_runs(
        &self,
        repo: &Repo,
        workflow: &str,
        event: &str,
        created_since: DateTime<Utc>,
    ) -> Result<Vec<Run>, GitHubError> {
        let template = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs";
        let created = format!(">={}", created_since.to_rfc3339_opts(SecondsFormat::Secs, true));
        let call = Call::get(template, &[&repo.owner, &repo.name, workflow])
            .query("event", event)
            .query("created", created)
            .query("exclude_pull_requests", true);
        self.pages(As::Installation(repo.installation), &call, |page: RunsPage| {
            page.workflow_runs.into_iter().map(Run::from).collect()
        })
        .await
    }

    /// Asks GitHub to cancel a run; asking twice does no harm.
    ///
    /// # Errors
    /// `NotFound` if the run is gone; `RetryLater` for a re-run that is not queued yet; see [`GitHubError`].
    pub async fn cancel(&self, repo: &Repo, id: u64) -> Result<CancelAnswer, GitHubError> {
        self.cancel_by(repo, "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel", id).await
    }

    /// As [`cancel`](Self::cancel), but past conditions (`always()`) that keep the run going.
    ///
    /// # Errors
    /// See [`cancel`](Self::cancel).
    pub async fn force_cancel(&self, repo: &Repo, id: u64) -> Result<CancelAnswer, GitHubError> {
        self.cancel_by(repo, "/repos/{owner}/{repo}/actions/runs/{run_id}/force-cancel", id).await
    }

    async fn cancel_by(
        &self,
        repo: &Repo,
        template: &'static str,
        id: u64,
    ) -> Result<CancelAnswer, GitHubError> {
        let call = Call::post(template, &[&repo.owner, &repo.name, &id.to_string()]);
        match self.send(As::Installation(repo.installation), &call).await {
            Ok(_) => Ok(CancelAnswer::Accepted),
            // "Cannot cancel a workflow re-run that has not yet queued."
            Err(GitHubError::Refused { status: 409, message }) if message.contains("not yet") => {
                Err(GitHubError::RetryLater { after: None, message })
            }
            Err(GitHubError::Refused { status: 409, .. }) => Ok(CancelAnswer::AlreadyCompleted),
            Err(error) => Err(error),
        }
    }
}
