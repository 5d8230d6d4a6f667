//! One Postgres for the whole run, or the server that `DATABASE_URL` names; a database per test, copied from a
//! migrated template.

use std::{
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;
use trilock::store::{
    LockBounds, MIGRATIONS, Store,
    cluster::{Cluster, ClusterOptions, Home},
};

struct Postgres {
    options: PgConnectOptions,
    /// Held for the whole run: it goes when the process does.
    _cluster: Option<Cluster>,
    run: String,
}

static POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
static MADE: AtomicU32 = AtomicU32::new(0);

pub fn store_on(options: PgConnectOptions, bounds: LockBounds) -> Store {
    store_with(options, bounds, &"11".repeat(32))
}

/// With these keys for what is encrypted at rest.
pub fn store_with(options: PgConnectOptions, bounds: LockBounds, keys: &str) -> Store {
    Store::new(options, bounds, keys.parse().expect("keys"), 8)
}

/// The address of a new, migrated database.
pub async fn fresh_database() -> PgConnectOptions {
    let postgres = POSTGRES.get_or_init(start).await;
    database_from(postgres, &template(&postgres.run)).await
}

/// One that no version has seen yet.
pub async fn empty_database() -> PgConnectOptions {
    database_from(POSTGRES.get_or_init(start).await, "template0").await
}

async fn database_from(postgres: &Postgres, template: &str) -> PgConnectOptions {
    let name = format!("t_{}_{}", postgres.run, MADE.fetch_add(1, Ordering::Relaxed));
    admin(&postgres.options, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    postgres.options.clone().database(&name)
}

async fn start() -> Postgres {
    let run = format!("{}", std::process::id());
    let (options, cluster) = match std::env::var("DATABASE_URL") {
        Ok(url) => (PgConnectOptions::from_str(&url).expect("DATABASE_URL"), None),
        Err(_) => {
            let options =
                ClusterOptions { home: Home::Temporary, bin_dir: None, fsync: false, max_connections: 300 };
            let cluster = Cluster::start(options).await.unwrap_or_else(|error| panic!("{error}"));
            (cluster.options(), Some(cluster))
        }
    };
    let template = template(&run);
    admin(&options, &format!("CREATE DATABASE {template}")).await;
    let mut connection =
        PgConnection::connect_with(&options.clone().database(&template)).await.expect("the template");
    MIGRATIONS.run(&mut connection).await.expect("the migrations");
    connection.close().await.expect("a clean end");
    Postgres { options, _cluster: cluster, run }
}

fn template(run: &str) -> String {
    format!("template_{run}")
}

async fn admin(options: &PgConnectOptions, sql: &str) {
    let mut connection = PgConnection::connect_with(options).await.expect("a connection");
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("a clean end");
}
