//! What the database looks like from outside: numbers for a scrape, and whether it is ready.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{MIGRATIONS, Store, StoreError, locks::millis, read_one};

/// Postgres ends a scrape that takes longer.
const BOUND: Duration = Duration::from_secs(2);

/// Rows in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Stand {
    pub rows: i64,
    pub oldest_seconds: f64,
}

/// The state of the whole database, over all tenants.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Gauges {
    /// By state: `unprepared`, `ready`, `parked`, `dead`.
    pub inbox: BTreeMap<String, Stand>,
    /// By state: `pending`, `dead`.
    pub outbox: BTreeMap<String, Stand>,
    /// Open builds by status.
    pub builds: BTreeMap<String, i64>,
    pub queue_oldest_seconds: f64,
    /// The most builds that wait in one queue.
    pub queue_longest: i64,
    /// By state: `held`, `quarantined`.
    pub leases: BTreeMap<String, i64>,
    /// Status comments that do not show the latest.
    pub comments_behind: i64,
    /// How many transactions the oldest snapshot or transaction lies back: nothing younger can be cleaned up.
    pub oldest_xmin: i64,
    pub oldest_transaction_seconds: f64,
}

impl Store {
    /// Reads all gauges in one statement, within two seconds.
    pub async fn gauges(&self) -> Result<Gauges, StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query(include_str!("sql/limit_statement.sql")).bind(millis(BOUND)).execute(&mut *tx).await?;
        let gauges = read_one(&mut *tx, sqlx::query_scalar(include_str!("sql/gauges.sql"))).await?;
        tx.rollback().await?;
        gauges.ok_or_else(|| StoreError::Guard("no gauges".into()))
    }

    /// The migrations that this version needs and that the database does not have.
    pub async fn missing_migrations(&self) -> Result<Vec<i64>, StoreError> {
        let needed: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        let query = sqlx::query_scalar(include_str!("sql/missing_migrations.sql")).bind(&needed);
        match query.fetch_one(&self.pool).await.map_err(StoreError::from) {
            // Not even the table of migrations is there.
            Err(error) if error.is_undefined_table() => Ok(needed),
            missing => missing,
        }
    }
}
