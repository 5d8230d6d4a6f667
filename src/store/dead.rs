//! What was set aside: events that could not be applied, effects that GitHub would not have. Each waits for a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Store, StoreError, new_id};
use crate::queue::Event;

/// Something that was set aside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dead {
    #[serde(skip_serializing)]
    pub tenant_id: i64,
    pub kind: DeadKind,
    pub id: Uuid,
    /// `owner/name`, if it is known.
    pub repository: Option<String>,
    /// Which event or effect, e.g. `comment` or `outcome`.
    pub what: Option<String>,
    pub issue: Option<i64>,
    /// When it came to be.
    pub since: DateTime<Utc>,
    pub attempts: i32,
    /// The last one.
    pub error: Option<String>,
    /// The delivery that an event came with.
    pub delivery_id: Option<String>,
    #[serde(skip_serializing)]
    event: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadKind {
    Event,
    Effect,
}

impl Store {
    /// Events and effects that were set aside, oldest first.
    pub async fn dead(&self) -> Result<Vec<Dead>, StoreError> {
        self.list(sqlx::query_scalar(include_str!("sql/dead.sql"))).await
    }

    /// Makes it due again. False if it is not set aside any more. `by` is who says so, for the audit.
    pub async fn retry_dead(&self, dead: &Dead, by: &str) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let done: i64 = sqlx::query_scalar(include_str!("sql/retry_dead.sql"))
            .bind(dead.tenant_id)
            .bind(dead.id)
            .bind(now)
            .bind(self.fresh_state(dead))
            .bind(new_id())
            .bind(by)
            .fetch_one(&self.pool)
            .await?;
        Ok(done > 0)
    }

    /// The state from which an event starts anew. One that this version cannot read needs no facts that it could ask for.
    fn fresh_state(&self, dead: &Dead) -> &'static str {
        let opened = dead.event.clone().and_then(|mut event| {
            self.keys.open_event(&mut event).ok()?;
            Event::deserialize(event).ok()
        });
        if opened.is_some_and(|event| event.needs_facts()) { "unprepared" } else { "ready" }
    }

    /// Gives it up for good. False if it is not set aside any more. `by` and `why` are for the audit.
    pub async fn drop_dead(&self, dead: &Dead, by: &str, why: &str) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let done: i64 = sqlx::query_scalar(include_str!("sql/drop_dead.sql"))
            .bind(dead.tenant_id)
            .bind(dead.id)
            .bind(now)
            .bind(why)
            .bind(new_id())
            .bind(by)
            .fetch_one(&self.pool)
            .await?;
        Ok(done > 0)
    }
}
