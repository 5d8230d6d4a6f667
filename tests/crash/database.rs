//! A real Postgres of its own, and what is done to it.

use chrono::{DateTime, Utc};
use fastrand::Rng;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{
    ConnectOptions as _, PgPool, Row as _,
    postgres::{PgPoolOptions, PgRow},
};
use trilock::store::{
    LockBounds, Store, StoredClock,
    cluster::{Cluster, ClusterOptions, Home},
};

pub const SECRET_KEY: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// How often a query is tried while Postgres restarts.
const TRIES: u32 = 200;

pub struct Database {
    cluster: Cluster,
    pool: PgPool,
    pub url: String,
    pub clock: StoredClock,
}

impl Database {
    /// Starts one, with the schema, and a clock that shows `shown` and runs `rate` times as fast as the wall's.
    pub async fn start(shown: DateTime<Utc>, rate: f64) -> Self {
        let options =
            ClusterOptions { home: Home::Temporary, bin_dir: None, fsync: false, max_connections: 200 };
        let cluster = Cluster::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let key = SECRET_KEY.parse().expect("a key");
        let store = Store::new(cluster.options(), LockBounds::default(), key, 2);
        store.migrate().await.expect("the migrations");
        store.set_clock(shown, rate).await.expect("the clock is stored");
        let clock = store.stored_clock().await.expect("an answer").expect("the clock");
        store.close().await;
        let pool = PgPoolOptions::new().max_connections(4);
        let pool = pool.connect_lazy_with(cluster.options().application_name("crash test"));
        let url = cluster.options().to_url_lossy().to_string();
        Self { cluster, pool, url, clock }
    }

    /// As many times as it takes: Postgres may just be restarting.
    pub async fn rows(&self, query: &'static str) -> Vec<PgRow> {
        self.rows_of(query, None).await
    }

    /// The same with a list of texts as `$1`.
    async fn rows_of(&self, query: &'static str, texts: Option<&[String]>) -> Vec<PgRow> {
        for _ in 0..TRIES {
            let bound = match texts {
                Some(texts) => sqlx::query(query).bind(texts),
                None => sqlx::query(query),
            };
            match bound.fetch_all(&self.pool).await {
                Ok(rows) => return rows,
                Err(sqlx::Error::Database(error)) if !is_away(error.code().as_deref()) => {
                    panic!("{query}: {error}")
                }
                Err(_) => trilock::clock::Clock::system().sleep(std::time::Duration::from_millis(100)).await,
            }
        }
        panic!("the database does not come back")
    }

    /// The first column of each row.
    pub async fn lines(&self, query: &'static str) -> Vec<String> {
        self.rows(query).await.iter().map(|row| row.get(0)).collect()
    }

    /// The same, with a list of texts as `$1`.
    pub async fn lines_of(&self, query: &'static str, texts: &[String]) -> Vec<String> {
        self.rows_of(query, Some(texts)).await.iter().map(|row| row.get(0)).collect()
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        self.rows(query).await[0].get(0)
    }

    /// As `pg_ctl stop -m immediate`: no session is ended in an orderly way, and recovery follows. The cluster's keeper
    /// starts it again.
    pub fn restart(&self) {
        let options = self.cluster.options();
        let folder = options.get_socket().expect("a socket");
        let Ok(text) = std::fs::read_to_string(folder.join("postmaster.pid")) else { return };
        if let Some(pid) = text.lines().next().and_then(|line| line.trim().parse().ok()) {
            // It may have gone just then.
            _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
    }

    /// Ends some of the servers' sessions; returns how many.
    pub async fn end_sessions(&self, percent: u64, rng: &mut Rng) -> u64 {
        let find =
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'trilock' AND datname IS NOT NULL";
        let Ok(rows) = sqlx::query(find).fetch_all(&self.pool).await else { return 0 };
        let pids = rows.iter().map(|row| row.get::<i32, _>(0)).filter(|_| rng.u64(..100) < percent);
        let mut ended = 0;
        for pid in pids.collect::<Vec<_>>() {
            let query = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid);
            ended += u64::from(query.execute(&self.pool).await.is_ok());
        }
        ended
    }

    pub async fn stop(self) {
        self.pool.close().await;
        self.cluster.stop().await;
    }
}

fn is_away(code: Option<&str>) -> bool {
    code.is_some_and(|code| code.starts_with("57P") || code.starts_with("08") || code == "53300")
}
