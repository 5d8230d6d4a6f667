//! A process that is stopped in the middle of what it does and wakes up late (a suspended machine, a stalled disk).

use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::{interval, timeout};

use super::{
    child::Serving,
    survives::{ask, open_folder, sandbox, until},
};
use crate::harness::{REPO, fresh_database};

const PATIENCE: Duration = Duration::from_secs(30);
const GATE: i64 = 4711;

/// Holds up whoever makes a build, in the middle of its transaction, for as long as this connection holds the gate.
const MAKE_GATE: &str = "
    CREATE FUNCTION at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END';
    CREATE TRIGGER gate AFTER INSERT ON build FOR EACH STATEMENT EXECUTE FUNCTION at_the_gate()";

async fn gate(database: &PgConnectOptions) -> PgConnection {
    let mut connection = PgConnection::connect_with(database).await.expect("a connection");
    sqlx::raw_sql(MAKE_GATE).execute(&mut connection).await.expect("a gate");
    sqlx::query("SELECT pg_advisory_lock($1)").bind(GATE).execute(&mut connection).await.expect("closed");
    connection
}

/// Looks until the query gives what is wanted: nothing signals what Postgres' own views show.
async fn until_shown(connection: &mut PgConnection, query: &'static str, wanted: i64) {
    let mut ticks = interval(Duration::from_millis(20));
    let looking = async {
        loop {
            ticks.tick().await;
            let shown: i64 = sqlx::query_scalar(query).fetch_one(&mut *connection).await.expect("a count");
            if shown == wanted {
                return;
            }
        }
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("it never came to {wanted}: {query}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_paused_in_the_middle_of_a_write_loses_its_locks_and_does_no_harm_when_it_wakes() {
    let (sandbox, folder) = (sandbox().await, open_folder());
    let key_file = folder.path().join("app.pem");
    let config = folder.path().join("trilock.toml");
    // After this long Postgres ends a transaction that nobody goes on with.
    std::fs::write(&config, "lock_hold = \"2s\"").expect("a file");
    let options = fresh_database().await;
    let url = options.to_url_lossy().to_string();
    let database = [
        ("DATABASE_URL", url.as_str()),
        ("TRILOCK_SECRET_KEY", &"22".repeat(32)),
        ("TRILOCK_CONFIG", config.to_str().expect("a path in UTF-8")),
    ];
    let mut watcher = gate(&options).await;
    let paused = Serving::start(&sandbox, &key_file, &database).await;
    let first = ask(&sandbox, "v1.1");
    let waiting =
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted";
    until_shown(&mut watcher, waiting, 1).await;
    paused.signal(Signal::SIGSTOP);
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(GATE).execute(&mut watcher).await.expect("open");

    // It holds the lane and all three locks, and does nothing with them.
    let idle = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND state = 'idle in transaction'";
    until_shown(&mut watcher, idle, 1).await;
    let other = Serving::start(&sandbox, &key_file, &database).await;
    let second = ask(&sandbox, "v1.2");
    until(&sandbox, "the other goes on with both", |world| world.runs(REPO).len() == 1).await;
    until_shown(&mut watcher, idle, 0).await;

    paused.signal(Signal::SIGCONT);
    sandbox.set_webhook_url(paused.webhook_url());
    for n in 1..=2 {
        until(&sandbox, "a run", |world| world.runs(REPO).len() == n).await;
        let run = sandbox.world().runs(REPO).iter().map(|run| run.id).max().expect("a run");
        sandbox.world().start_run(run).expect("it starts");
        sandbox.world().finish_run(run, "success", None).expect("it ends");
    }
    for issue in [first, second] {
        until(&sandbox, "it is ready", |world| {
            world.comments(REPO, issue).iter().any(|comment| comment.body.contains("Your build is ready"))
        })
        .await;
    }
    let builds: i64 = sqlx::query_scalar("SELECT count(*) FROM build_history")
        .fetch_one(&mut watcher)
        .await
        .expect("a count");
    assert_eq!((builds, sandbox.world().runs(REPO).len()), (2, 2));
    drop(other);
}
