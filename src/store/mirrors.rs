//! Status comments: one row per issue with the wanted and the shown version.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Store, StoreError, read_one};
use crate::queue::RepoKey;

/// A target that one worker may now bring up to date.
#[derive(Debug, Deserialize)]
pub struct ClaimedMirror {
    #[serde(flatten)]
    pub repo: RepoKey,
    pub target: String,
    pub issue: i64,
    /// What is shown once this is done.
    pub wanted: i64,
    pub comment_id: Option<i64>,
    /// What the comment says now, as far as we know.
    pub body: Option<String>,
    pub attempts: i32,
    /// Past it another worker may have it.
    pub due_at: DateTime<Utc>,
}

impl Store {
    pub async fn claim_mirror(&self, now: DateTime<Utc>) -> Result<Option<ClaimedMirror>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/claim_mirror.sql"));
        read_one(&self.pool, query.bind(now).bind(self.claim_until(now))).await
    }

    /// An issue's status comment is to be written again.
    pub async fn want_mirror(&self, repo: RepoKey, issue: i64) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/want_mirror.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(issue)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The comment now shows the version that was wanted at the claim; a newer wish is due at once. Without a comment
    /// there is nobody to show it to.
    pub async fn finish_mirror(
        &self,
        claim: &ClaimedMirror,
        comment_id: Option<i64>,
        body: &str,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/finish_mirror.sql"))
            .bind(claim.repo.tenant_id)
            .bind(claim.repo.repo_id)
            .bind(&claim.target)
            .bind(claim.wanted)
            .bind(comment_id)
            .bind(body)
            .bind(now)
            .bind(claim.due_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Tries again at `due`. A try that does not count (`counts`) surely changed nothing on GitHub.
    pub async fn postpone_mirror(
        &self,
        claim: &ClaimedMirror,
        due: DateTime<Utc>,
        counts: bool,
        error: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/postpone_mirror.sql"))
            .bind(claim.repo.tenant_id)
            .bind(claim.repo.repo_id)
            .bind(&claim.target)
            .bind(due)
            .bind(error)
            .bind(counts)
            .bind(claim.due_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The comment was deleted on GitHub: it is made anew, at once.
    pub async fn forget_comment(&self, claim: &ClaimedMirror) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/forget_mirrored_comment.sql"))
            .bind(claim.repo.tenant_id)
            .bind(claim.repo.repo_id)
            .bind(&claim.target)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Somebody deleted a comment: if it is the issue's status comment it is made anew, if it told an outcome it is no
    /// longer linked.
    pub async fn comment_deleted(&self, repo: RepoKey, issue: i64, comment: i64) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/comment_deleted.sql"))
            .bind(repo.tenant_id)
            .bind(repo.repo_id)
            .bind(issue)
            .bind(comment)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
