//! What stands between an effect and GitHub although GitHub answers. People put it there and people take it away; until
//! then nothing is given up, and nothing is asked in a hurry.

use chrono::TimeDelta;

use super::Context;
use crate::{
    github::{GitHubError, Repo},
    queue::{Access, RepoKey},
};

/// How long to wait for people, if no webhook says that they did something.
pub(super) const UNTIL_PEOPLE: TimeDelta = TimeDelta::hours(1);

/// How often the new owner of a transferred repository is looked for before nobody is left.
pub(super) const SUCCESSOR_TRIES: i32 = 5;

/// Nobody can be asked, or told, anything about this repository any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the repository is {}", .0.as_str())]
pub(super) struct NobodyLeft(pub Access);

pub(super) enum Obstacle {
    /// What it was for is not there any more: nothing is missing.
    Gone,
    /// In words for the operator.
    Until(&'static str),
}

impl Obstacle {
    /// None for an ordinary error. A repository that GitHub calls archived is noted as such.
    pub(super) async fn of(
        context: &Context,
        repo: RepoKey,
        address: &Repo,
        error: &GitHubError,
    ) -> anyhow::Result<Option<Self>> {
        if error.is_archived() {
            context.store().access_said(repo, Access::Archived, "answer of GitHub").await?;
            context.0.wakes.apply.notify_one();
            return Ok(Some(Self::Until("the repository is archived")));
        }
        if error.lacks_permission() {
            return Ok(Some(Self::Until("the App lacks the permission for this")));
        }
        if error.is_locked() {
            return Ok(Some(Self::Until("the issue is locked")));
        }
        if !error.is_gone() {
            return Ok(None);
        }
        // "Not found" is also what GitHub says when it hides the whole repository.
        Ok(Some(match context.0.github.repository(address).await {
            Ok(_) => Self::Gone,
            Err(_) => Self::Until("the App does not reach the repository"),
        }))
    }
}
