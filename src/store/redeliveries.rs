//! Deliveries that GitHub lists and we do not have: what it is asked to send again, and how far its list was looked
//! through.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, json};

/// A delivery that GitHub lists and we do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// Its account; 0 if nobody knows.
    #[serde(skip)]
    pub tenant_id: i64,
    /// `X-GitHub-Delivery`.
    pub delivery_id: String,
    /// GitHub's number of the attempt.
    pub hook_id: i64,
    pub event: String,
    pub delivered_at: DateTime<Utc>,
}

/// A row of the table `redelivery` that is due.
#[derive(Clone, Debug, Deserialize)]
pub struct Redelivery {
    pub tenant_id: i64,
    pub delivery_id: String,
    pub hook_id: i64,
    pub event: String,
    pub delivered_at: DateTime<Utc>,
    /// How often GitHub was asked.
    pub attempts: i32,
}

/// How far GitHub's list of deliveries was looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// When this database first looked. What GitHub delivered before is another's, unless it failed.
    pub since: DateTime<Utc>,
    /// When the last complete look began; none: there was none yet.
    pub through: Option<DateTime<Utc>>,
}

impl Store {
    /// Which of these deliveries we have. None of them may be older than `oldest`.
    pub async fn known_deliveries(
        &self,
        ids: &[String],
        oldest: DateTime<Utc>,
    ) -> Result<HashSet<String>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/known_deliveries.sql")).bind(ids).bind(oldest);
        Ok(query.fetch_all(&self.pool).await?.into_iter().collect())
    }

    /// The tenants of those of these repositories that are known.
    pub async fn tenants_of(&self, repositories: &[i64]) -> Result<HashMap<i64, i64>, StoreError> {
        let query = sqlx::query_as(include_str!("sql/tenants_of_repositories.sql")).bind(repositories);
        Ok(query.fetch_all(&self.pool).await?.into_iter().collect())
    }

    /// From now on GitHub is to be asked for these. Returns how many are new, and were not received meanwhile.
    pub async fn want_redelivery(&self, missed: Vec<Missed>) -> Result<i64, StoreError> {
        let now = self.now().await?;
        let mut by_tenant: BTreeMap<i64, Vec<Missed>> = BTreeMap::new();
        for one in missed {
            by_tenant.entry(one.tenant_id).or_default().push(one);
        }
        let mut new = 0;
        for (tenant_id, missed) in by_tenant {
            let query = sqlx::query_scalar(include_str!("sql/want_redelivery.sql"));
            let added: i64 = query.bind(tenant_id).bind(now).bind(json(missed)).fetch_one(&self.pool).await?;
            new += added;
        }
        Ok(new)
    }

    /// At most `most` of what GitHub is to be asked for, oldest first.
    pub async fn due_redeliveries(
        &self,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Redelivery>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/due_redeliveries.sql")).bind(now).bind(most);
        let rows: Vec<sqlx::types::Json<Redelivery>> = query.fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }

    /// Counts an attempt, and keeps other servers from asking before `until`. False: another one was faster.
    pub async fn claim_redelivery(
        &self,
        row: &Redelivery,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(include_str!("sql/claim_redelivery.sql"));
        let done = query.bind(row.tenant_id).bind(&row.delivery_id).bind(now).bind(until);
        Ok(done.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// GitHub was not asked after all: the attempt that was claimed does not count, and the next one is at `due`.
    pub async fn unask_redelivery(&self, row: &Redelivery, due: DateTime<Utc>) -> Result<(), StoreError> {
        let query = sqlx::query(include_str!("sql/unask_redelivery.sql"));
        query.bind(row.tenant_id).bind(&row.delivery_id).bind(due).execute(&self.pool).await?;
        Ok(())
    }

    /// Nobody asks for it any more. False: it has arrived, or another server gave it up.
    pub async fn give_up_redelivery(&self, row: &Redelivery) -> Result<bool, StoreError> {
        let query = sqlx::query(include_str!("sql/give_up_redelivery.sql"));
        let done = query.bind(row.tenant_id).bind(&row.delivery_id).execute(&self.pool).await?;
        Ok(done.rows_affected() > 0)
    }
}
