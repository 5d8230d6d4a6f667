//! What a run left behind: its jobs and its artifacts.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    GitHub, GitHubError, Repo,
    call::{As, Call},
};

/// A job of a run's latest attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub html_url: Option<String>,
    /// The step that failed first; if none did, the first that was cancelled.
    pub stopped_at: Option<String>,
}

impl Job {
    pub fn failed(&self) -> bool {
        is_failure(self.conclusion.as_deref())
    }
}

fn is_failure(conclusion: Option<&str>) -> bool {
    matches!(conclusion, Some("failure" | "timed_out" | "startup_failure"))
}

#[derive(Deserialize)]
struct JobsPage {
    jobs: Vec<RawJob>,
}

#[derive(Deserialize)]
struct RawJob {
    name: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    #[serde(default)]
    steps: Vec<RawStep>,
}

#[derive(Deserialize)]
struct RawStep {
    name: String,
    conclusion: Option<String>,
}

impl From<RawJob> for Job {
    fn from(raw: RawJob) -> Self {
        let cancelled = |step: &&RawStep| step.conclusion.as_deref() == Some("cancelled");
        let failed = raw.steps.iter().find(|step| is_failure(step.conclusion.as_deref()));
        let stopped_at = failed.or_else(|| raw.steps.iter().find(cancelled)).map(|step| step.name.clone());
        Self {
            stopped_at,
            name: raw.name,
            status: raw.status,
            conclusion: raw.conclusion,
            html_url: raw.html_url,
        }
    }
}

/// A file that a run uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    pub id: u64,
    pub name: String,
    /// Bytes.
    #[serde(rename = "size_in_bytes")]
    pub size: u64,
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct ArtifactsPage {
    artifacts: Vec<Artifact>,
}

impl GitHub {
    /// The jobs of a run's latest attempt.
    ///
    /// # Errors
    /// `NotFound` if the run is gone; see [`GitHubError`].
    pub async fn jobs(&self, repo: &Repo, run: u64) -> Result<Vec<Job>, GitHubError> {
        let template = "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs";
        let call =
            Call::get(template, &[&repo.owner, &repo.name, &run.to_string()]).query("filter", "latest");
        self.pages(As::Installation(repo.installation), &call, |page: JobsPage| {
            page.jobs.into_iter().map(Job::from).collect()
        })
        .await
    }

    /// A run's artifacts.
    ///
    /// # Errors
    /// `NotFound` if the run is gone; see [`GitHubError`].
    pub async fn artifacts(&self, repo: &Repo, run: u64) -> Result<Vec<Artifact>, GitHubError> {
        let template = "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts";
        let call = Call::get(template, &[&repo.owner, &repo.name, &run.to_string()]);
        self.pages(As::Installation(repo.installation), &call, |page: ArtifactsPage| page.artifacts).await
    }
}
