//! Accounts, and what they may do in a repository.

use serde::Deserialize;

use super::{
    GitHub, GitHubError, Repo,
    call::{As, Call},
};
use crate::queue::Role;

/// A user, organisation or bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: u64,
    pub login: String,
    pub is_bot: bool,
}

/// GitHub's answer where it speaks of an account; `type` is `User`, `Organization` or `Bot`.
#[derive(Deserialize)]
pub(super) struct RawAccount {
    id: u64,
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

impl From<RawAccount> for Account {
    fn from(raw: RawAccount) -> Self {
        Self { id: raw.id, login: raw.login, is_bot: raw.kind == "Bot" }
    }
}

/// `permission` reads maintain as write and triage as read, so it only serves where `role_name` is a custom one.
#[derive(Deserialize)]
struct Permission {
    permission: String,
    role_name: Option<String>,
}

impl GitHub {
    /// An account's role in the repository; a stranger's, and that of an account that does not exist, is `None`.
    /// <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>
    ///
    /// # Errors
    /// See [`GitHubError`]; never `NotFound`.
    pub async fn permission(&self, repo: &Repo, login: &str) -> Result<Role, GitHubError> {
        let template = "/repos/{owner}/{repo}/collaborators/{username}/permission";
        let call = Call::get(template, &[&repo.owner, &repo.name, login]);
        let answer: Permission = match self.json(As::Installation(repo.installation), &call).await {
            Err(GitHubError::NotFound) => return Ok(Role::None),
            answer => answer?,
        };
        let by_role = answer.role_name.as_deref().and_then(Role::from_name);
        by_role.or_else(|| Role::from_name(&answer.permission)).ok_or_else(|| {
            GitHubError::Unreadable(format!(
                "neither role {:?} nor permission {:?} is known",
                answer.role_name, answer.permission
            ))
        })
    }
}
