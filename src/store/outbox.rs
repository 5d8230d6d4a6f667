//! Effects: decided, not yet known to be done.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, json, new_id, read_one};
use crate::queue::{Event, OutboxEffect, RepoKey};

/// Dispatches and cancels never queue behind comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Action,
    Words,
}

/// An effect that one worker may now carry out.
#[derive(Debug, Deserialize)]
pub struct ClaimedEffect {
    pub row: OutboxEffect,
    /// This try included.
    pub attempts: i32,
    /// An earlier try whose result is not known began then.
    pub tried_at: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
    /// Past it another worker may have it.
    pub until: DateTime<Utc>,
}

/// A comment of ours that stands on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub marker: String,
    pub comment_id: i64,
    pub url: String,
}

/// What follows from a done effect, committed with it.
#[derive(Debug, Default)]
pub struct Done {
    pub event: Option<Event>,
    pub posted: Option<Posted>,
    /// The issue whose status comment changes by it.
    pub mirror: Option<i64>,
}

/// Why an effect is put off.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// GitHub surely did nothing.
    pub untried: bool,
    /// Counts as a failed try.
    pub counts: bool,
    pub error: &'a str,
}

impl Store {
    /// Claims the effect that is due longest. That it is about to be tried is committed before this returns.
    pub async fn claim_effect(
        &self,
        now: DateTime<Utc>,
        urgency: Urgency,
    ) -> Result<Option<ClaimedEffect>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/claim_effect.sql"));
        let query = query.bind(now).bind(self.claim_until(now)).bind(urgency == Urgency::Action);
        read_one(&self.pool, query).await
    }

    pub async fn finish_effect(&self, row: &OutboxEffect, done: Done) -> Result<(), StoreError> {
        let now = self.now().await?;
        let _: i64 = sqlx::query_scalar(include_str!("sql/finish_effect.sql"))
            .bind(row.tenant_id)
            .bind(row.effect_id)
            .bind(row.repo_id)
            .bind(now)
            .bind(done.event.map(json))
            .bind(new_id())
            .bind(done.posted.map(json))
            .bind(done.mirror)
            .fetch_one(&self.pool)
            .await?;
        Ok(())
    }

    /// Tries again at `due`.
    pub async fn postpone_effect(
        &self,
        claim: &ClaimedEffect,
        due: DateTime<Utc>,
        wait: Wait<'_>,
    ) -> Result<(), StoreError> {
        self.put_off(claim, due, wait, "pending").await
    }

    /// Gives it up: visible as dead, never tried again by itself.
    pub async fn bury_effect(&self, claim: &ClaimedEffect, error: &str) -> Result<(), StoreError> {
        let now = self.now().await?;
        self.put_off(claim, now, Wait { untried: false, counts: true, error }, "dead").await
    }

    /// Tries again at `due`, however often it was tried: people have to change something on GitHub first.
    pub async fn block_effect(
        &self,
        claim: &ClaimedEffect,
        due: DateTime<Utc>,
        untried: bool,
        error: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/block_effect.sql"))
            .bind(claim.row.tenant_id)
            .bind(claim.row.effect_id)
            .bind(due)
            .bind(untried)
            .bind(error)
            .bind(claim.until)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Nobody is left to do it for: it goes, and the audit says why.
    pub async fn drop_effect(&self, row: &OutboxEffect, why: &str) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/drop_effect.sql"))
            .bind(row.tenant_id)
            .bind(row.effect_id)
            .bind(new_id())
            .bind(now)
            .bind(why)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// What was put off because people stood in the way is due now: in one issue, one repository, or wherever the
    /// installation reaches.
    pub async fn unblock(
        &self,
        tenant_id: i64,
        installation_id: Option<i64>,
        repo_id: Option<i64>,
        issue: Option<i64>,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        let _: i64 = sqlx::query_scalar(include_str!("sql/unblock.sql"))
            .bind(tenant_id)
            .bind(installation_id)
            .bind(repo_id)
            .bind(issue)
            .bind(now)
            .bind(self.claim_until(now))
            .fetch_one(&self.pool)
            .await?;
        Ok(())
    }

    async fn put_off(
        &self,
        claim: &ClaimedEffect,
        due: DateTime<Utc>,
        wait: Wait<'_>,
        state: &str,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/postpone_effect.sql"))
            .bind(claim.row.tenant_id)
            .bind(claim.row.effect_id)
            .bind(due)
            .bind(wait.untried)
            .bind(state)
            .bind(wait.error)
            .bind(wait.counts)
            .bind(now)
            .bind(new_id())
            .bind(claim.until)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Was a comment with this marker posted?
    pub async fn posted(&self, repo: RepoKey, marker: &str) -> Result<Option<Posted>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/posted.sql"));
        read_one(&self.pool, query.bind(repo.tenant_id).bind(repo.repo_id).bind(marker)).await
    }
}
