//! A repository that changes its owner changes its tenant. What was open under the old one is closed there, but a live
//! run keeps its lease until it ends, and is heard of and asked about under the new owner.

use super::{Repository, Store, StoreError, access::Change, read_one};
use crate::queue::{
    Access::{Active, Archived, Deleted, Removed, Suspended, Transferred},
    RepoKey,
};

impl Store {
    /// The repository came from another owner. What is open there is closed; what this owner had of it before is in
    /// force again.
    pub async fn transferred(&self, repo: RepoKey, former: i64, source: &str) -> Result<(), StoreError> {
        let old = RepoKey { tenant_id: former, ..repo };
        let away = Change::of_one(old, Transferred, &[Active, Suspended, Archived, Removed], source);
        self.change(away.said_under(repo.tenant_id)).await?;
        self.change(Change::of_one(repo, Active, &[Removed, Deleted, Transferred], source)).await?;
        Ok(())
    }

    /// The repository is new under this owner, so it is no other's any more.
    pub(super) async fn owned_by(&self, repo: RepoKey, source: &str) -> Result<(), StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/other_owners.sql"));
        let others: Vec<i64> = query.bind(repo.repo_id).bind(repo.tenant_id).fetch_all(&self.pool).await?;
        for former in others {
            self.set_access(RepoKey { tenant_id: former, ..repo }, Transferred, source).await?;
        }
        Ok(())
    }

    /// The same repository under accounts that owned it and still hold slots for its runs.
    pub async fn former_owners(&self, repo: RepoKey) -> Result<Vec<RepoKey>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/former_owners.sql"));
        let tenants: Vec<i64> = query.bind(repo.repo_id).bind(repo.tenant_id).fetch_all(&self.pool).await?;
        Ok(tenants.into_iter().map(|tenant_id| RepoKey { tenant_id, ..repo }).collect())
    }

    /// A transferred repository under its owner of now.
    pub async fn successor(&self, repo: RepoKey) -> Result<Option<Repository>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/successor.sql"));
        read_one(&self.pool, query.bind(repo.tenant_id).bind(repo.repo_id)).await
    }
}
