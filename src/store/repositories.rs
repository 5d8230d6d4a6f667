//! What we know of each repository, and its files as last read.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Store, StoreError, json, new_id, read_one};
use crate::{
    policy::{Catalogue, FileError},
    queue::{Access, RepoKey},
};

/// A row of the table `repository`.
#[derive(Clone, Debug, Deserialize)]
pub struct Repository {
    #[serde(flatten)]
    pub key: RepoKey,
    pub owner: String,
    pub name: String,
    pub private: bool,
    pub default_branch: String,
    pub installation_id: i64,
    #[serde(default)]
    pub access: Access,
    /// `unread`, `none`, `good` or `broken`.
    #[serde(default = "unread")]
    pub policy_state: String,
    /// The last good one; in force even while the file is broken.
    #[serde(default)]
    pub catalogue: Option<Catalogue>,
    #[serde(default)]
    pub policy_errors: Option<Vec<FileError>>,
    #[serde(default)]
    pub policy_read_at: Option<DateTime<Utc>>,
}

/// The state of a repository whose files nobody has looked at.
pub const UNREAD: &str = "unread";

fn unread() -> String {
    UNREAD.into()
}

impl Repository {
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// What reading a repository's files came to.
#[derive(Clone, Debug)]
pub enum PolicyOutcome {
    None,
    Good(Box<Catalogue>),
    Broken(Vec<FileError>),
}

impl PolicyOutcome {
    /// In one line, for the audit.
    fn why(&self) -> String {
        match self {
            Self::None => "there is no policy file".to_owned(),
            Self::Good(_) => "the files were read".to_owned(),
            Self::Broken(errors) => {
                let first = errors.first().map(ToString::to_string).unwrap_or_default();
                format!("{} mistake(s): {first}", errors.len())
            }
        }
    }
}

impl Store {
    pub async fn repository(&self, repo: RepoKey) -> Result<Option<Repository>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/repository.sql"));
        read_one(&self.pool, query.bind(repo.tenant_id).bind(repo.repo_id)).await
    }

    pub async fn repository_by_name(
        &self,
        owner: &str,
        name: &str,
    ) -> Result<Option<Repository>, StoreError> {
        read_one(
            &self.pool,
            sqlx::query_scalar(include_str!("sql/repository_by_name.sql")).bind(owner).bind(name),
        )
        .await
    }

    /// What GitHub says of a repository that was only listed so far.
    pub async fn learned(&self, repo: RepoKey, branch: &str, private: bool) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sql/learned.sql")).bind(repo.tenant_id).bind(repo.repo_id);
        query.bind(branch).bind(private).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps what reading the policy came to. `source` is what made us read it, for the audit.
    pub async fn save_policy(
        &self,
        repo: RepoKey,
        outcome: &PolicyOutcome,
        read_at: DateTime<Utc>,
        source: &str,
    ) -> Result<(), StoreError> {
        let (state, catalogue, errors) = match outcome {
            PolicyOutcome::None => ("none", None, None),
            PolicyOutcome::Good(catalogue) => ("good", Some(json(catalogue)), None),
            PolicyOutcome::Broken(errors) => ("broken", None, Some(json(errors))),
        };
        sqlx::query(include_str!("sql/save_policy.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(state)
            .bind(catalogue)
            .bind(errors)
            .bind(read_at)
            .bind(new_id())
            .bind(outcome.why())
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The file's ETag and text, as last read.
    pub async fn file(&self, repo: RepoKey, path: &str) -> Result<Option<(String, String)>, StoreError> {
        let query = sqlx::query_as(include_str!("sql/file.sql"));
        Ok(query.bind(repo.tenant_id).bind(repo.repo_id).bind(path).fetch_optional(&self.pool).await?)
    }

    pub async fn save_file(
        &self,
        repo: RepoKey,
        path: &str,
        etag: &str,
        content: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/save_file.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(path)
            .bind(etag)
            .bind(content)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
