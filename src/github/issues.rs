//! Issues, read.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    Account, GitHub, GitHubError, Repo,
    call::{As, Call},
    people::RawAccount,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub number: u64,
    pub title: String,
    /// Empty if there is none.
    pub body: String,
    pub is_open: bool,
    pub labels: Vec<String>,
    /// None for an account that is gone.
    pub author: Option<Account>,
    /// GitHub numbers pull requests among the issues.
    pub is_pull_request: bool,
    pub html_url: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct RawIssue {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    #[serde(default)]
    labels: Vec<RawLabel>,
    user: Option<RawAccount>,
    pull_request: Option<serde::de::IgnoredAny>,
    html_url: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// GitHub's description allows both.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawLabel {
    Name(String),
    Label { name: Option<String> },
}

impl RawLabel {
    fn name(self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name),
            Self::Label { name } => name,
        }
    }
}

impl GitHub {
    /// # Errors
    /// `NotFound`, or `Refused` with 410 for a deleted issue; see [`GitHubError`].
    pub async fn issue(&self, repo: &Repo, number: u64) -> Result<Issue, GitHubError> {
        let number = number.to_string();
        let call =
            Call::get("/repos/{owner}/{repo}/issues/{issue_number}", &[&repo.owner, &repo.name, &number]);
        let raw: RawIssue = self.json(As::Installation(repo.installation), &call).await?;
        Ok(Issue {
            number: raw.number,
            title: raw.title,
            body: raw.body.unwrap_or_default(),
            is_open: raw.state == "open",
            labels: raw.labels.into_iter().filter_map(RawLabel::name).collect(),
            author: raw.user.map(Account::from),
            is_pull_request: raw.pull_request.is_some(),
            html_url: raw.html_url,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        })
    }
}
