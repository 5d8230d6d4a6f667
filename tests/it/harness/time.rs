//! Waiting for the world, and moving its clock. Every wait is bounded.

use std::time::Duration;

use sqlx::{Postgres, pool::PoolConnection};
use trilock::sandbox::World;

use super::{RATE, Trilock};

/// Real time after which a story fails instead of waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the database is asked while waiting for it.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Is anything to be done now, or in a worker's hands? A claim lies a minute ahead; what was put off is due earlier, or
/// waits for people. Where the App may do nothing, nothing is due.
const BUSY: &str = "
    WITH due AS (
        SELECT tenant_id, repo_id, due_at, false AS writes FROM inbox WHERE state = 'unprepared'
        UNION ALL SELECT tenant_id, repo_id, due_at, true FROM outbox WHERE state = 'pending'
        UNION ALL SELECT tenant_id, repo_id, due_at, true FROM mirror WHERE shown < wanted),
    possible AS (
        SELECT due_at FROM due WHERE NOT EXISTS (
            SELECT FROM repository r WHERE r.tenant_id = due.tenant_id AND r.repo_id = due.repo_id
               AND (r.access IN ('suspended', 'removed') OR (writes AND r.access = 'archived')))
        UNION ALL SELECT due_at FROM inbox WHERE state = 'ready')
    SELECT EXISTS (SELECT FROM possible WHERE due_at <= trilock_now())
        OR EXISTS (SELECT FROM due WHERE due_at BETWEEN trilock_now() + interval '45 seconds'
                                                    AND trilock_now() + interval '61 seconds')";

/// What others do in this database just now.
const STATEMENTS: &str = "
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()";

pub const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

impl Trilock {
    /// Waits until nothing is left to do before time passes: no webhook under way, no event, call or comment due.
    pub async fn calm(&self) {
        let calm = async {
            let mut changes = self.github.changed();
            loop {
                self.github.settled().await;
                let before = *changes.borrow_and_update();
                let busy = self.server.is_some() && self.busy().await;
                if !busy && *changes.borrow() == before {
                    return;
                }
                _ = tokio::time::timeout(LOOK_EVERY, changes.changed()).await;
            }
        };
        if tokio::time::timeout(PATIENCE, calm).await.is_err() {
            panic!("it never became calm: {}", self.rest().await);
        }
    }

    async fn busy(&self) -> bool {
        sqlx::query_scalar(BUSY).fetch_one(&self.database).await.expect("the database answers")
    }

    /// Lets time pass for everybody, and waits until what follows at once is done.
    pub async fn pass(&self, time: Duration) {
        self.calm().await;
        self.pass_amid_calls(time).await;
        self.calm().await;
    }

    /// Lets time pass while calls may be under way. Claims older than a minute are then taken over by others.
    pub async fn pass_amid_calls(&self, time: Duration) {
        if self.server.is_none() {
            // What a killed server had sent still happens, e.g. a claim: before time passes, not after.
            self.until_stored(STATEMENTS, 0).await;
        }
        // The database first: whoever wakes up asks it what is due.
        let delta = chrono::TimeDelta::from_std(time).expect("a time that passes");
        self.store.set_clock(self.clock.now() + delta, RATE).await.expect("the clock is stored");
        self.clock.advance(time);
    }

    /// Lets time pass in steps of ten seconds until GitHub is as described, for at most some minutes.
    pub async fn pass_until(&self, what: &str, mut condition: impl FnMut(&World) -> bool) {
        for _ in 0..30 {
            if self.github.until_within(Duration::ZERO, &mut condition).await {
                return self.calm().await;
            }
            self.pass(seconds(10)).await;
        }
        panic!("it did not come to this within minutes: {what}; what waits: {}", self.rest().await);
    }

    /// Waits until GitHub is as described.
    pub async fn until(&self, what: &str, condition: impl FnMut(&World) -> bool) {
        assert!(
            self.github.until_within(PATIENCE, condition).await,
            "it never came to this: {what}; what waits: {}",
            self.rest().await
        );
    }

    /// Waits until a query's one value is as wanted.
    pub async fn until_stored(&self, query: &'static str, wanted: i64) {
        let poll = async {
            let mut changes = self.github.changed();
            while self.count(query).await != wanted {
                _ = tokio::time::timeout(LOOK_EVERY, changes.changed()).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, poll).await;
        assert!(done.is_ok(), "{query} never gave {wanted}; what waits: {}", self.rest().await);
    }

    /// Changes the database behind the server's back.
    pub async fn meddle(&self, statement: &'static str) {
        let done = sqlx::raw_sql(statement).execute(&self.database).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// A session of its own, beside the server's.
    pub async fn connection(&self) -> PoolConnection<Postgres> {
        self.database.acquire().await.expect("a connection")
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&self.database)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}
