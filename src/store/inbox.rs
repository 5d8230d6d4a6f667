//! What waits to be applied.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Repository, Store, StoreError, json, new_id, read_one};
use crate::queue::{Event, Facts, OutboxEffect, RepoKey, Stored};

/// A verified delivery, parsed as far as it is our business.
pub struct Delivery<'a> {
    pub tenant_id: i64,
    pub repo_id: Option<i64>,
    /// What it says of its repository; noted with it, so that a repeated delivery does not bring old names back.
    pub repository: Option<&'a Repository>,
    /// `X-GitHub-Delivery`, an opaque string.
    pub id: &'a str,
    /// `X-GitHub-Event`.
    pub name: &'a str,
    /// The body; kept encrypted for `trilock replay` where there is a policy.
    pub raw: Option<&'a [u8]>,
    /// `None`: acknowledged and ignored.
    pub event: Option<&'a Event>,
    /// The receipt, for a comment with a command.
    pub seen: Option<OutboxEffect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New,
    /// New, and GitHub was asked to send it again: it would have been missed.
    Recovered,
    /// This id was accepted before; nothing changed.
    Repeated,
}

/// An event whose facts must be asked from GitHub, claimed for a while.
#[derive(Debug, Deserialize)]
pub struct Unprepared {
    #[serde(flatten)]
    pub repo: RepoKey,
    pub attempts: i32,
    pub stored: Stored,
}

impl Store {
    /// Makes a delivery durable. After this returns it may be acknowledged.
    pub async fn accept(&self, delivery: Delivery<'_>) -> Result<Accepted, StoreError> {
        let now = self.now().await?;
        let raw = delivery.raw.map(|raw| self.keys.seal(raw)).transpose()?;
        let event = delivery.event;
        let state = if event.is_some_and(Event::needs_facts) { "unprepared" } else { "ready" };
        let query = sqlx::query_as(include_str!("sql/accept_delivery.sql"));
        let (fresh, recovered, known): (i64, i64, Option<i64>) = query
            .bind(delivery.tenant_id)
            .bind(delivery.id)
            .bind(delivery.repo_id)
            .bind(delivery.name)
            .bind(now)
            .bind(raw)
            .bind(new_id())
            .bind(event.and_then(Event::issue))
            .bind(event.and_then(Event::comment))
            .bind(event.map(json))
            .bind(state)
            .bind(delivery.seen.map(json))
            .bind(delivery.repository.map(|repository| {
                json(serde_json::json!({
                    "owner": repository.owner, "name": repository.name, "private": repository.private,
                    "default_branch": repository.default_branch, "installation_id": repository.installation_id,
                    "access": repository.access,
                }))
            }))
            .bind(new_id())
            .bind(event.is_some_and(Event::is_short))
            .bind(event.map(|event| self.keys.seal_event(event)).transpose()?.flatten().map(json))
            .fetch_one(&self.pool)
            .await?;
        if fresh == 0 {
            return Ok(Accepted::Repeated);
        }
        if let Some(repository) = delivery.repository {
            let source = format!("delivery {}", delivery.id);
            match known {
                None => self.owned_by(repository.key, &source).await?,
                Some(id) if id != repository.installation_id => {
                    self.seen_through(repository.key, repository.installation_id, &source).await?;
                }
                Some(_) => {}
            }
        }
        Ok(if recovered > 0 { Accepted::Recovered } else { Accepted::New })
    }

    /// An event of our own. `source` is `effect`, `monitor` or `operator`.
    pub async fn add_event(&self, repo: RepoKey, source: &str, event: &Event) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/add_event.sql"))
            .bind(repo.tenant_id)
            .bind(new_id())
            .bind(repo.repo_id)
            .bind(source)
            .bind(json(event))
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Claims one event that needs facts.
    pub async fn claim_unprepared(&self, now: DateTime<Utc>) -> Result<Option<Unprepared>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/claim_unprepared.sql"));
        let row: Option<Value> = read_one(&self.pool, query.bind(now).bind(self.claim_until(now))).await?;
        let Some(mut row) = row else { return Ok(None) };
        self.keys.open_event(&mut row["stored"]["event"])?;
        Ok(serde_json::from_value(row)?)
    }

    /// An event about which nobody is left to decide: it goes, and the audit says why.
    pub async fn ignore_event(&self, repo: RepoKey, inbox_id: Uuid, why: &str) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/ignore_event.sql"))
            .bind(repo.tenant_id)
            .bind(inbox_id)
            .bind(new_id())
            .bind(now)
            .bind(why)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn prepared(&self, repo: RepoKey, inbox_id: Uuid, facts: &Facts) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/prepared.sql"))
            .bind(repo.tenant_id)
            .bind(inbox_id)
            .bind(json(facts))
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts an event off, or sets it aside as dead: visible, and out of the way of later ones.
    pub async fn postpone_event(
        &self,
        repo: RepoKey,
        inbox_id: Uuid,
        put_off: PutOff<'_>,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query(include_str!("sql/postpone_event.sql"))
            .bind(repo.tenant_id)
            .bind(inbox_id)
            .bind(put_off.state)
            .bind(put_off.due_at)
            .bind(put_off.attempts)
            .bind(put_off.error)
            .bind(now)
            .bind(new_id())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The stored payload of a delivery: (tenant, event name, body).
    pub async fn raw_delivery(
        &self,
        delivery_id: &str,
    ) -> Result<Option<(i64, String, Vec<u8>)>, StoreError> {
        let row: Option<(i64, String, Vec<u8>)> = sqlx::query_as(include_str!("sql/delivery_raw.sql"))
            .bind(delivery_id)
            .fetch_optional(&self.pool)
            .await?;
        let Some((tenant, event, sealed)) = row else { return Ok(None) };
        Ok(Some((tenant, event, self.keys.open(&sealed)?)))
    }

    /// Forgets deliveries received before `before`; returns how many rows went.
    pub async fn retire(&self, before: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(include_str!("sql/retire.sql")).bind(before).fetch_one(&self.pool).await?)
    }
}

/// See [`Store::postpone_event`].
pub struct PutOff<'a> {
    /// `unprepared`, `ready` or `dead`.
    pub state: &'a str,
    pub due_at: DateTime<Utc>,
    pub attempts: i32,
    pub error: &'a str,
}
