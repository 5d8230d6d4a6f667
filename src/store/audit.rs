//! The audit: a row for every change of state. A turn's rows are written with its changes; here are the others.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Store, StoreError, new_id};
use crate::queue::{AuditEntry, BuildId, RepoKey};

/// A row of the table `audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    pub at: DateTime<Utc>,
    /// `owner/name`; none if the repository is not known any more.
    pub repository: Option<String>,
    pub tenant_id: i64,
    pub repo_id: i64,
    pub build_id: Option<BuildId>,
    /// A login, `github`, `trilock`, or `operator NAME`.
    pub actor: String,
    /// What changed: `request`, `status`, `run`, `cancel`, `lease`, `lift`, `policy`, `event`, `effect`, …
    pub what: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub why: Option<String>,
    /// `delivery ID`, `effect`, `monitor`, `operator` or `queue`.
    pub source: String,
}

/// Which rows of the audit are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditQuery {
    pub repo: Option<RepoKey>,
    pub build: Option<BuildId>,
    pub since: Option<DateTime<Utc>>,
    /// How many at most, the newest.
    pub limit: i64,
}

impl Store {
    /// The newest first.
    pub async fn audit_view(&self, wanted: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/audit_view.sql"))
            .bind(wanted.repo.map(|repo| repo.tenant_id))
            .bind(wanted.repo.map(|repo| repo.repo_id))
            .bind(wanted.build.map(|build| build.0))
            .bind(wanted.since)
            .bind(wanted.limit);
        self.list(query).await
    }

    /// A change that no turn made, such as what an operator did.
    pub async fn add_audit(&self, repo: RepoKey, entry: &AuditEntry) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/add_audit.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(now)
            .bind(super::json(entry))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// Leases that a turn showed, to give them back or to renew them.
pub(super) struct Shown {
    repo: RepoKey,
    now: DateTime<Utc>,
    leases: Vec<Value>,
}

impl Shown {
    pub fn new(repo: RepoKey, now: DateTime<Utc>) -> Self {
        Self { repo, now, leases: Vec::new() }
    }

    /// `leases` have `resource`, `slot`, `token` and `build_id`.
    pub fn add(&mut self, what: &str, leases: &Value) {
        for lease in leases.as_array().into_iter().flatten() {
            let mut lease = lease.clone();
            lease["what"] = json!(what);
            lease["audit_id"] = json!(new_id());
            self.leases.push(lease);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    /// Puts down those that were not the shower's.
    pub async fn put_down(self, pool: &PgPool) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/audit_violation.sql"))
            .bind(self.repo.tenant_id)
            .bind(self.repo.repo_id)
            .bind(self.now)
            .bind(Value::Array(self.leases))
            .execute(pool)
            .await?;
        Ok(())
    }
}
