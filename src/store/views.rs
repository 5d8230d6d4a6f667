//! What people look at. Read without locks: true as of its own `now`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::types::Json;

use super::{Repository, Store, StoreError, read_one};
use crate::queue::{Build, BuildId, Lease, QUEUE, RepoKey};

/// What the status comment of an issue is made from.
#[derive(Debug, Deserialize)]
pub struct IssueView {
    pub now: DateTime<Utc>,
    pub open: Vec<Build>,
    /// The last ended one of each build type.
    pub ended: Vec<Build>,
    /// How many builds stand before each queued one.
    pub before: BTreeMap<BuildId, u32>,
    /// The queued one that is next, while a run outside the lock holds it up.
    pub outside: Vec<BuildId>,
    /// Links of outcome comments, by marker.
    pub outcomes: BTreeMap<String, String>,
}

/// One repository's queue.
#[derive(Debug, Serialize, Deserialize)]
pub struct QueueView {
    pub now: DateTime<Utc>,
    pub open: Vec<Build>,
    pub ended: Vec<Build>,
}

/// A lock as it was last taken. Class 1 is issue, 2 queue, 3 build.
#[derive(Debug, Serialize, Deserialize)]
pub struct LockView {
    pub tenant_id: i64,
    pub class: i16,
    pub key: String,
    pub version: i64,
    pub counter: i64,
    pub holder: Option<String>,
    pub taken_at: Option<DateTime<Utc>>,
}

/// A taken slot and whose it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct LeaseView {
    pub lease: Lease,
    pub repository: Option<String>,
    pub issue: Option<i64>,
    pub build_type: Option<String>,
    pub status: Option<String>,
    pub run_url: Option<String>,
}

/// Everything that the live page shows of one repository.
#[derive(Debug, Deserialize)]
pub struct RepositoryView {
    #[serde(flatten)]
    pub key: RepoKey,
    pub now: DateTime<Utc>,
    pub open: Vec<Build>,
    /// The last ones, newest first.
    pub ended: Vec<Build>,
    /// The locks of these builds, of the queue, and of every resource that the policy names.
    pub locks: Vec<LockView>,
    pub leases: Vec<LeaseView>,
}

/// A holder that the monitor must see to.
#[derive(Debug, Deserialize)]
pub struct RunToCheck {
    pub build: Build,
    /// GitHub has not been asked about its run for a while.
    pub ask: bool,
    /// It has no run, and nobody is left who looks for it.
    pub unanswered: bool,
    /// Its time is up, or its cancel is slow.
    pub overdue: bool,
    /// When GitHub last said that its run goes on, or else when it got its slots; none without a lease.
    pub answered_at: Option<DateTime<Utc>>,
}

impl Store {
    pub async fn issue_view(&self, repo: RepoKey, issue: i64) -> Result<IssueView, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/issue_view.sql"));
        let view = read_one(&self.pool, query.bind(repo.tenant_id).bind(repo.repo_id).bind(issue)).await?;
        view.ok_or_else(|| StoreError::Guard("no view".into()))
    }

    pub async fn build(&self, tenant_id: i64, build: BuildId) -> Result<Option<Build>, StoreError> {
        read_one(&self.pool, sqlx::query_scalar(include_str!("sql/build.sql")).bind(tenant_id).bind(build.0))
            .await
    }

    /// Repositories in which an approval has expired at `now`.
    pub async fn approvals_due(&self, now: DateTime<Utc>) -> Result<Vec<RepoKey>, StoreError> {
        let query = sqlx::query_as(include_str!("sql/approvals_due.sql")).bind(now);
        let rows: Vec<(i64, i64)> = query.fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(tenant_id, repo_id)| RepoKey { tenant_id, repo_id }).collect())
    }

    /// The branches and tags of an issue's builds whose approval is bound to a commit.
    pub async fn pinned_refs(&self, repo: RepoKey, issue: i64) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/pinned_refs.sql"));
        Ok(query.bind(repo.tenant_id).bind(repo.repo_id).bind(issue).fetch_all(&self.pool).await?)
    }

    /// Which of `runs` a build has already, in their first attempt.
    pub async fn known_runs(&self, repo: RepoKey, runs: &[i64]) -> Result<Vec<i64>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/known_runs.sql"));
        Ok(query.bind(repo.tenant_id).bind(repo.repo_id).bind(runs).fetch_all(&self.pool).await?)
    }

    /// Does another build of the same workflow hold slots without a known run?
    pub async fn others_await_runs(&self, build: &Build) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/others_await_runs.sql"));
        let query =
            query.bind(build.tenant_id).bind(build.repo_id).bind(&build.workflow).bind(build.build_id.0);
        Ok(query.fetch_one(&self.pool).await?)
    }

    pub async fn queue_view(&self, repo: RepoKey) -> Result<QueueView, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/queue_view.sql"));
        let view = read_one(&self.pool, query.bind(repo.tenant_id).bind(repo.repo_id)).await?;
        view.ok_or_else(|| StoreError::Guard("no view".into()))
    }

    /// All repositories, or the public ones.
    pub async fn repositories(&self, public_only: bool) -> Result<Vec<Repository>, StoreError> {
        self.list(sqlx::query_scalar(include_str!("sql/repositories.sql")).bind(public_only)).await
    }

    /// What the live page shows of `repos`, in no order; those that are not known are left out.
    pub async fn page_view(&self, repos: &[RepoKey]) -> Result<Vec<RepositoryView>, StoreError> {
        let tenants: Vec<i64> = repos.iter().map(|repo| repo.tenant_id).collect();
        let ids: Vec<i64> = repos.iter().map(|repo| repo.repo_id).collect();
        let query = sqlx::query_scalar(include_str!("sql/page_view.sql"));
        self.list(query.bind(tenants).bind(ids).bind(QUEUE)).await
    }

    /// The locks taken last, of one repository or of all.
    pub async fn lock_view(&self, repo: Option<RepoKey>, limit: i64) -> Result<Vec<LockView>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/lock_view.sql"));
        let repo_id = repo.map(|repo| repo.repo_id.to_string());
        self.list(query.bind(repo.map(|repo| repo.tenant_id)).bind(repo_id).bind(limit)).await
    }

    /// Who holds which slot, in one repository or in all.
    pub async fn lease_view(&self, repo: Option<RepoKey>) -> Result<Vec<LeaseView>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/lease_view.sql"));
        self.list(query.bind(repo.map(|repo| repo.tenant_id)).bind(repo.map(|repo| repo.repo_id))).await
    }

    /// Holders whose run GitHub was not asked about since `asked_before`, or whose time is up at `now`.
    pub async fn runs_to_check(
        &self,
        asked_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<RunToCheck>, StoreError> {
        self.list(sqlx::query_scalar(include_str!("sql/runs_to_check.sql")).bind(asked_before).bind(now))
            .await
    }

    pub(super) async fn list<T: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        query: sqlx::query::QueryScalar<'_, sqlx::Postgres, Json<T>, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(query.fetch_all(&self.pool).await?.into_iter().map(|Json(row)| row).collect())
    }
}
