//! The few fields that are read, each tolerant of everything else.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Payload {
    pub action: Option<String>,
    pub repository: Option<Repository>,
    pub installation: Option<Installation>,
    pub sender: Option<Account>,
    pub issue: Option<Issue>,
    pub comment: Option<Comment>,
    pub workflow_run: Option<Run>,
    #[serde(default)]
    pub commits: Vec<Commit>,
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub id: i64,
    pub name: String,
    #[serde(default)]
    pub private: bool,
    pub default_branch: Option<String>,
    pub owner: Account,
}

#[derive(Deserialize)]
pub(super) struct Installation {
    pub id: i64,
    pub account: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct Account {
    pub id: Option<i64>,
    /// Absent in some payloads for an account without one.
    pub login: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub number: i64,
    pub title: Option<String>,
    pub body: Option<String>,
    pub user: Option<Account>,
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Present when the "issue" is a pull request.
    pub pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Label {
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub id: i64,
    pub body: Option<String>,
    pub user: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct Run {
    pub id: i64,
    pub run_attempt: Option<i32>,
    pub conclusion: Option<String>,
    pub path: Option<String>,
    pub display_title: Option<String>,
    pub event: Option<String>,
    pub actor: Option<Account>,
    pub triggering_actor: Option<Account>,
    pub head_sha: Option<String>,
    pub html_url: Option<String>,
    pub created_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Commit {
    #[serde(default)]
    pub added: Vec<String>,
    #[serde(default)]
    pub modified: Vec<String>,
    #[serde(default)]
    pub removed: Vec<String>,
}
