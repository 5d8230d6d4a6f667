//! Postgres, and the only place with SQL (`sql/`, one file a statement; a test prepares and plans every one of them).
//!
//! Rows travel as JSON in both directions: the heart's types are the row types, and their fields are the columns.
//!
//! * `locks` takes a whole [`LockPlan`](crate::queue::LockPlan) and gives the guards without which nothing is written;
//! * `lane` is one transaction over one repository's events: claim, plan, lock, read, then `write` commits;
//! * `inbox`, `outbox`, `mirrors`, `repositories`, `redeliveries`, `settings` are the tables around it;
//! * `access` is what the App may do where, `transfers` what happens when a repository changes its owner,
//!   `listed` what is compared with GitHub's own lists;
//! * `views` is what people look at; `seal` encrypts raw payloads; `cluster` brings up a private Postgres.

mod access;
pub mod cluster;
mod error;
mod inbox;
mod lane;
mod listed;
mod locks;
mod mirrors;
mod outbox;
mod redeliveries;
mod repositories;
mod seal;
mod settings;
mod transfers;
mod views;
mod write;

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Executor, PgPool, Postgres,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    types::Json,
};
use uuid::Uuid;

pub use access::{InstallationChange, InstallationEvent};
pub use error::StoreError;
pub use inbox::{Accepted, Delivery, PutOff, Unprepared};
pub use lane::{Lane, Waiting};
pub use listed::{KnownInstallation, KnownRepository, RECONCILE};
pub use locks::{BuildLock, IssueLock, LockBounds, Locked, QueueLock};
pub use mirrors::ClaimedMirror;
pub use outbox::{ClaimedEffect, Done, Posted, Urgency};
pub use redeliveries::{Cursor, Missed, Redelivery};
pub use repositories::{PolicyOutcome, Repository};
pub use seal::{SecretKeys, SecretKeysError};
pub use views::{IssueView, LeaseView, LockView, QueueView, RepositoryView, RunToCheck};
pub use write::WriteSet;

/// All migrations, embedded.
///
/// What a newer version has added to the schema does not stop an older one: they run side by side during an upgrade.
pub static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("./migrations");
    migrations.set_ignore_missing(true);
    migrations
});

/// How long a request waits for a connection before it is told that the database is away.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);

/// A handle on the database. Clones share the pool.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    bounds: LockBounds,
    keys: SecretKeys,
    /// How fast the stored clock runs: claims, which guard real calls, are lengthened by it.
    rate: f64,
}

impl Store {
    /// Opens a pool; connects when first used.
    pub fn new(options: PgConnectOptions, bounds: LockBounds, keys: SecretKeys, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECTION_WAIT)
            .connect_lazy_with(options.application_name("trilock"));
        Self { pool, bounds, keys, rate: 1.0 }
    }

    /// For a stored clock that runs `rate` times as fast as the wall.
    pub fn at_rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Brings the schema up to date. Postgres' advisory lock lets one process at a time do it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(MIGRATIONS.run(&self.pool).await?)
    }

    /// Whether the database answers, with our schema in it.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.now().await.map(drop)
    }

    /// The only now.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(sqlx::query_scalar(include_str!("sql/now.sql")).fetch_one(&self.pool).await?)
    }

    /// When a claim taken at `now` ends. It outlasts the calls that it guards, whatever rate the clock has.
    pub fn claim_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + chrono::TimeDelta::from_std(CLAIM.mul_f64(self.rate)).unwrap_or(chrono::TimeDelta::MAX)
    }

    /// When the next thing is due, for whoever sleeps until then.
    pub async fn next_due(&self, of: Due) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sqlx::query_scalar(include_str!("sql/next_due.sql"))
            .bind(of.as_str())
            .fetch_one(&self.pool)
            .await?)
    }

    /// Ends all connections after what is under way.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// How long a claimed effect or event belongs to its worker, in real time. Longer than [`CALL_BUDGET`].
const CLAIM: Duration = Duration::from_secs(60);

/// How long a worker may spend on what it claimed, in real time; past it, it does not send any more.
pub const CALL_BUDGET: Duration = Duration::from_secs(45);

/// What a worker waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Unprepared,
    Ready,
    Effect,
    Mirror,
    Redelivery,
}

impl Due {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unprepared => "unprepared",
            Self::Ready => "ready",
            Self::Effect => "outbox",
            Self::Mirror => "mirror",
            Self::Redelivery => "redelivery",
        }
    }
}

/// Ids for rows that no turn makes. Their order means nothing.
fn new_id() -> Uuid {
    Uuid::now_v7()
}

fn json<T: Serialize>(value: T) -> Json<T> {
    Json(value)
}

/// Reads one row of one JSON column.
async fn read_one<T>(
    executor: impl Executor<'_, Database = Postgres>,
    query: sqlx::query::QueryScalar<'_, Postgres, Json<T>, sqlx::postgres::PgArguments>,
) -> Result<Option<T>, StoreError>
where
    T: DeserializeOwned + Send + Unpin + 'static,
{
    Ok(query.fetch_optional(executor).await?.map(|Json(value)| value))
}
