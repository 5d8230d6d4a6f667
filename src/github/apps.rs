//! The App itself and where it is installed. These calls are signed with the App's key.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    Account, GitHub, GitHubError,
    call::{As, Call},
    people::RawAccount,
};

/// The App as GitHub knows it. Its bot comments as `{slug}[bot]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub slug: String,
    pub owner: Option<Account>,
}

#[derive(Deserialize)]
struct RawApp {
    slug: String,
    owner: Option<RawAccount>,
}

/// One account's installation of the App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub id: u64,
    pub account: Option<Account>,
    pub suspended_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct RawInstallation {
    id: u64,
    account: Option<RawAccount>,
    suspended_at: Option<DateTime<Utc>>,
}

impl From<RawInstallation> for Installation {
    fn from(raw: RawInstallation) -> Self {
        Self { id: raw.id, account: raw.account.map(Account::from), suspended_at: raw.suspended_at }
    }
}

/// A repository as an installation's list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRepository {
    pub id: u64,
    pub owner: Account,
    /// Without the owner.
    pub name: String,
    pub private: bool,
    pub archived: bool,
    pub default_branch: String,
}

#[derive(Deserialize)]
struct RepositoriesPage {
    repositories: Vec<RawListed>,
}

#[derive(Deserialize)]
struct RawListed {
    id: u64,
    owner: RawAccount,
    name: String,
    private: bool,
    #[serde(default)]
    archived: bool,
    default_branch: String,
}

impl From<RawListed> for ListedRepository {
    fn from(raw: RawListed) -> Self {
        Self {
            id: raw.id,
            owner: raw.owner.into(),
            name: raw.name,
            private: raw.private,
            archived: raw.archived,
            default_branch: raw.default_branch,
        }
    }
}

impl GitHub {
    /// Who we are.
    ///
    /// # Errors
    /// `Unauthorized` if GitHub does not know the App by this id and key; see [`GitHubError`].
    pub async fn app(&self) -> Result<App, GitHubError> {
        let raw: RawApp = self.json(As::App, &Call::get("/app", &[])).await?;
        Ok(App { slug: raw.slug, owner: raw.owner.map(Account::from) })
    }

    /// All installations of the App, suspended ones included.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn installations(&self) -> Result<Vec<Installation>, GitHubError> {
        let call = Call::get("/app/installations", &[]);
        self.pages(As::App, &call, |page: Vec<RawInstallation>| {
            page.into_iter().map(Installation::from).collect()
        })
        .await
    }

    /// One installation of the App.
    ///
    /// # Errors
    /// `NotFound` if it is gone; see [`GitHubError`].
    pub async fn installation(&self, id: u64) -> Result<Installation, GitHubError> {
        let call = Call::get("/app/installations/{installation_id}", &[&id.to_string()]);
        let raw: RawInstallation = self.json(As::App, &call).await?;
        Ok(raw.into())
    }

    /// The repositories that an installation reaches; a very long list is cut.
    ///
    /// # Errors
    /// `Unauthorized` if it is gone or suspended; see [`GitHubError`].
    pub async fn installation_repositories(&self, id: u64) -> Result<Vec<ListedRepository>, GitHubError> {
        let call = Call::get("/installation/repositories", &[]);
        self.pages(As::Installation(id), &call, |page: RepositoriesPage| {
            page.repositories.into_iter().map(ListedRepository::from).collect()
        })
        .await
    }

    /// The installation through which a repository is reached.
    ///
    /// # Errors
    /// `NotFound` if the App is not installed there; see [`GitHubError`].
    pub async fn repo_installation(&self, owner: &str, name: &str) -> Result<Installation, GitHubError> {
        let call = Call::get("/repos/{owner}/{repo}/installation", &[owner, name]);
        let raw: RawInstallation = self.json(As::App, &call).await?;
        Ok(raw.into())
    }
}
