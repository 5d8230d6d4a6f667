//! Postgres, and the only place with SQL (`sql/`, one file a statement; a test prepares and plans every one of them).
//!
//! Rows travel as JSON in both directions: the heart's types are the row types, and their fields are the columns.
//!
//! * `locks` takes a whole [`LockPlan`](crate::queue::LockPlan) and gives the guards without which nothing is written;
//! * `lane` is one transaction over one repository's events: claim, plan, lock, read, then `write` commits;
//! * `inbox`, `outbox`, `mirrors`, `repositories`, `redeliveries`, `settings` are the tables around it;
//! * `access` is what the App may do where, `transfers` what happens when a repository changes its owner, `listed` what
//!   is compared with GitHub's own lists;
//! * `views` is what people look at, `audit` who changed what, `dead` what was set aside, `gauges` what a scrape reads;
//!   `seal` encrypts what people wrote, `answers` what is private of it; `cluster` brings up a private Postgres.

mod access;
mod answers;
mod audit;
pub mod cluster;
mod dead;
mod error;
mod gauges;
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

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Executor, PgPool, Postgres,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    types::Json,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use access::{InstallationChange, InstallationEvent};
pub use audit::{AuditQuery, AuditRow};
pub use dead::{Dead, DeadKind};
pub use error::StoreError;
pub use gauges::{Gauges, Stand};
pub use inbox::{Accepted, Delivery, PutOff, Unprepared};
pub use lane::{Lane, Waiting};
pub use listed::{KnownInstallation, KnownRepository, RECONCILE};
pub use locks::{BuildLock, IssueLock, LockBounds, Locked, QueueLock};
pub use mirrors::ClaimedMirror;
pub use outbox::{ClaimedEffect, Done, Posted, Urgency, Wait};
pub use redeliveries::{Cursor, Missed, Redelivery};
pub use repositories::{PolicyOutcome, Repository, UNREAD};
pub use seal::{SecretKeys, SecretKeysError};
pub use settings::StoredClock;
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
    /// How long one call to GitHub may take, in real time.
    call: Duration,
    answers_key: Arc<OnceCell<[u8; 32]>>,
}

impl Store {
    /// Opens a pool; connects when first used.
    pub fn new(options: PgConnectOptions, bounds: LockBounds, keys: SecretKeys, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECTION_WAIT)
            .connect_lazy_with(options.application_name("trilock"));
        Self { pool, bounds, keys, rate: 1.0, call: CALL, answers_key: Arc::default() }
    }

    /// For a stored clock that runs `rate` times as fast as the wall.
    pub fn at_rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// For calls to GitHub that may each take so long, in real time: claims outlast them.
    pub fn for_calls_of(mut self, call: Duration) -> Self {
        self.call = call;
        self
    }

    /// Brings the schema up to date. Postgres' advisory lock lets one process at a time do it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(MIGRATIONS.run(&self.pool).await?)
    }

    /// The only now.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(sqlx::query_scalar(include_str!("sql/now.sql")).fetch_one(&self.pool).await?)
    }

    /// When a claim taken at `now` ends. It outlasts the calls that it guards, whatever rate the clock has.
    pub fn claim_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.of_calls(CALLS_PER_CLAIM)
    }

    /// How long a worker may spend on what it claimed, by the stored clock; past it, it does not send any more.
    pub fn call_budget(&self) -> TimeDelta {
        self.of_calls(CALLS_PER_BUDGET)
    }

    fn of_calls(&self, calls: u32) -> TimeDelta {
        TimeDelta::from_std((self.call * calls).mul_f64(self.rate)).unwrap_or(TimeDelta::MAX)
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

/// How long one call to GitHub may take unless the operator says otherwise, in real time.
pub const CALL: Duration = Duration::from_secs(15);

/// A worker spends at most so many calls' time on what it claimed, and the claim lasts longer.
const CALLS_PER_BUDGET: u32 = 3;
const CALLS_PER_CLAIM: u32 = 4;

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
