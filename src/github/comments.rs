//! Comments of issues, and reactions to both.

use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    Account, GitHub, GitHubError, Repo,
    call::{As, Call},
    people::RawAccount,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub body: String,
    /// None for an account that is gone.
    pub author: Option<Account>,
    pub html_url: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct RawComment {
    id: u64,
    body: Option<String>,
    user: Option<RawAccount>,
    html_url: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<RawComment> for Comment {
    fn from(raw: RawComment) -> Self {
        Self {
            id: raw.id,
            body: raw.body.unwrap_or_default(),
            author: raw.user.map(Account::from),
            html_url: raw.html_url,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        }
    }
}

/// Where a comment of ours is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommentRef {
    pub id: u64,
    pub html_url: String,
}

/// The reactions with which commands are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reaction {
    /// Seen.
    Eyes,
    /// Done.
    PlusOne,
    /// Refused.
    Confused,
    /// Started.
    Rocket,
}

impl Reaction {
    /// GitHub's name of it.
    pub fn content(self) -> &'static str {
        match self {
            Self::Eyes => "eyes",
            Self::PlusOne => "+1",
            Self::Confused => "confused",
            Self::Rocket => "rocket",
        }
    }
}

const OF_ISSUE: &str = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
const ONE: &str = "/repos/{owner}/{repo}/issues/comments/{comment_id}";

impl GitHub {
    /// Writes a new comment, of at most 65,536 characters. Not idempotent.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn create_comment(
        &self,
        repo: &Repo,
        issue: u64,
        body: &str,
    ) -> Result<CommentRef, GitHubError> {
        let call = Call::post(OF_ISSUE, &[&repo.owner, &repo.name, &issue.to_string()])
            .body(json!({ "body": body }));
        self.json(As::Installation(repo.installation), &call).await
    }

    /// Replaces a comment's text; doing it twice is doing it once.
    ///
    /// # Errors
    /// `NotFound` if somebody deleted it; see [`GitHubError`].
    pub async fn update_comment(&self, repo: &Repo, id: u64, body: &str) -> Result<CommentRef, GitHubError> {
        let call = Call::new(Method::PATCH, ONE, &[&repo.owner, &repo.name, &id.to_string()])
            .body(json!({ "body": body }));
        self.json(As::Installation(repo.installation), &call).await
    }

    /// # Errors
    /// `NotFound` if it is gone already; see [`GitHubError`].
    pub async fn delete_comment(&self, repo: &Repo, id: u64) -> Result<(), GitHubError> {
        let call = Call::new(Method::DELETE, ONE, &[&repo.owner, &repo.name, &id.to_string()]);
        self.send(As::Installation(repo.installation), &call).await.map(drop)
    }

    /// An issue's comments, oldest first; with `since` those changed at or after it. At most 2,000.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn list_comments(
        &self,
        repo: &Repo,
        issue: u64,
        since: Option<DateTime<Utc>>,
    ) -> Result<Vec<Comment>, GitHubError> {
        let mut call = Call::get(OF_ISSUE, &[&repo.owner, &repo.name, &issue.to_string()]);
        if let Some(since) = since {
            call = call.query("since", since.to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        self.pages(As::Installation(repo.installation), &call, |page: Vec<RawComment>| {
            page.into_iter().map(Comment::from).collect()
        })
        .await
    }

    /// Reacts; GitHub keeps one reaction of a kind per account, so doing it twice is doing it once.
    ///
    /// # Errors
    /// `NotFound` if the comment is gone; see [`GitHubError`].
    pub async fn react_to_comment(
        &self,
        repo: &Repo,
        comment: u64,
        reaction: Reaction,
    ) -> Result<(), GitHubError> {
        let template = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions";
        self.react(repo, template, comment, reaction).await
    }

    /// As [`react_to_comment`](Self::react_to_comment), to the issue itself.
    ///
    /// # Errors
    /// `NotFound` if the issue is gone; see [`GitHubError`].
    pub async fn react_to_issue(
        &self,
        repo: &Repo,
        issue: u64,
        reaction: Reaction,
    ) -> Result<(), GitHubError> {
        self.react(repo, "/repos/{owner}/{repo}/issues/{issue_number}/reactions", issue, reaction).await
    }

    async fn react(
        &self,
        repo: &Repo,
        template: &'static str,
        to: u64,
        reaction: Reaction,
    ) -> Result<(), GitHubError> {
        let call = Call::post(template, &[&repo.owner, &repo.name, &to.to_string()])
            .body(json!({ "content": reaction.content() }));
        self.send(As::Installation(repo.installation), &call).await.map(drop)
    }
}
