//! What we know of installations and repositories, to be compared with what GitHub lists, and what that changes.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{Store, StoreError, json, new_id};
use crate::queue::{Access, RepoKey};

/// The source of what a comparison with GitHub's lists repaired, for [`Store::set_access`] and the like: the audit then
/// says that an event was missed.
pub const RECONCILE: &str = "reconcile";

/// An installation that we know of.
#[derive(Clone, Debug, Deserialize)]
pub struct KnownInstallation {
    pub tenant_id: i64,
    pub installation_id: i64,
    /// `active`, `suspended`, `deleted`; none: only its repositories told us of it.
    pub state: Option<String>,
    pub login: Option<String>,
    /// Is a repository of it not known to be removed?
    pub reaches: bool,
}

/// A repository that we know of.
#[derive(Clone, Debug, Deserialize)]
pub struct KnownRepository {
    #[serde(flatten)]
    pub key: RepoKey,
    pub owner: String,
    pub name: String,
    pub private: bool,
    pub default_branch: String,
    pub installation_id: i64,
    pub access: Access,
    pub access_since: Option<DateTime<Utc>>,
}

impl Store {
    pub async fn known_installations(&self) -> Result<Vec<KnownInstallation>, StoreError> {
        self.list(sqlx::query_scalar(include_str!("sql/known_installations.sql"))).await
    }

    pub async fn known_repositories(&self, tenant_id: i64) -> Result<Vec<KnownRepository>, StoreError> {
        self.list(sqlx::query_scalar(include_str!("sql/known_repositories.sql")).bind(tenant_id)).await
    }

    /// Other accounts under which these repositories are still open: (repository, account).
    pub async fn other_accounts(
        &self,
        repositories: &[i64],
        tenant_id: i64,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        let query = sqlx::query_as(include_str!("sql/other_accounts.sql"));
        Ok(query.bind(repositories).bind(tenant_id).fetch_all(&self.pool).await?)
    }

    /// Writes what GitHub's list says, with an audit row, if it differs; says whether it did.
    pub async fn repository_listed(&self, listed: &KnownRepository) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let changed: i64 = sqlx::query_scalar(include_str!("sql/repository_listed.sql"))
            .bind(listed.key.tenant_id)
            .bind(listed.key.repo_id)
            .bind(now)
            .bind(json(json!({
                "owner": listed.owner, "name": listed.name, "private": listed.private,
                "default_branch": listed.default_branch,
            })))
            .bind(new_id())
            .bind(new_id())
            .fetch_one(&self.pool)
            .await?;
        Ok(changed > 0)
    }
}
