//! What GitHub says about a run.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How far a run is; it only grows within an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Requested,
    InProgress,
    Completed,
}

/// What a webhook or a look at the API says about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    pub run_id: i64,
    pub attempt: i32,
    pub phase: Phase,
    /// Present once completed, as GitHub writes it.
    pub conclusion: Option<String>,
    /// The workflow's file name, e.g. `build.yml`.
    pub workflow: String,
    /// The run's title, which shows the build's id if the workflow correlates.
    pub title: String,
    /// GitHub's event that started it, e.g. `workflow_dispatch`.
    pub trigger: String,
    /// Who started the first attempt.
    pub actor: String,
    /// Who started this one; empty in what an older version stored.
    #[serde(default)]
    pub started_by: String,
    /// When GitHub made the run; a re-run keeps it.
    pub created_at: DateTime<Utc>,
    pub head_sha: String,
    pub url: String,
}

/// What an event means that was stored without an attempt.
pub(super) fn first_attempt() -> i32 {
    1
}

impl RunReport {
    /// The permanent key of the manual build that it may become.
    pub fn request_key(&self) -> String {
        format!("run:{}:{}", self.run_id, self.attempt)
    }

    /// The workflow's file name in a run's `path`: `.github/workflows/build.yml@main` gives `build.yml`.
    pub fn workflow_file(path: &str) -> String {
        let path = path.split_once('@').map_or(path, |(path, _)| path);
        path.rsplit('/').next().unwrap_or(path).to_owned()
    }
}
