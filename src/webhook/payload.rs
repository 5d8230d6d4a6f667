//! The few fields that are read, each tolerant of everything else.

use chrono::{DateTime, Utc};
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
    /// The branch's commit after a push.
    #[serde(default, deserialize_with = "lenient")]
    pub after: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub created: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub forced: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub changes: Option<Changes>,
    #[serde(default, deserialize_with = "lenient")]
    pub repositories: Option<Vec<Listed>>,
    #[serde(default, deserialize_with = "lenient")]
    pub repositories_added: Option<Vec<Listed>>,
    #[serde(default, deserialize_with = "lenient")]
    pub repositories_removed: Option<Vec<Listed>>,
}

/// A repository in the list of an installation's.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub id: i64,
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub private: Option<bool>,
}

/// Each event has its own shape of this; what is not understood is absent.
#[derive(Default, Deserialize)]
pub(super) struct Changes {
    #[serde(default, deserialize_with = "lenient")]
    pub owner: Option<OwnerChange>,
    pub default_branch: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct OwnerChange {
    pub from: Option<FormerOwner>,
}

#[derive(Deserialize)]
pub(super) struct FormerOwner {
    pub user: Option<Account>,
    pub organization: Option<Account>,
}

/// GitHub writes times of installations as text or as seconds since 1970.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Time {
    Unix(i64),
    Text(DateTime<Utc>),
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub id: i64,
    pub name: String,
    #[serde(default)]
    pub private: bool,
    pub default_branch: Option<String>,
    pub archived: Option<bool>,
    pub owner: Account,
}

#[derive(Deserialize)]
pub(super) struct Installation {
    pub id: i64,
    pub account: Option<Account>,
    #[serde(default, deserialize_with = "lenient")]
    pub updated_at: Option<Time>,
    #[serde(default, deserialize_with = "lenient")]
    pub suspended_at: Option<Time>,
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
    #[serde(default, deserialize_with = "lenient")]
    pub updated_at: Option<DateTime<Utc>>,
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
    #[serde(default, deserialize_with = "lenient")]
    pub created_at: Option<DateTime<Utc>>,
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
    pub created_at: Option<DateTime<Utc>>,
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

/// A value of another shape than expected counts as absent: it must not make a payload unreadable.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}
