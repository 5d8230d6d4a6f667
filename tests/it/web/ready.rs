//! `/readyz`: each part that can be missing is named, and nothing more is said.

use std::time::Duration;

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use trilock::workers::Step;

use super::pages::{Answer, Pages};
use crate::harness::Trilock;

fn parts(database: &str, migrations: &str, workers: &str) -> Value {
    let ready = [database, migrations, workers] == ["ok"; 3];
    json!({ "ready": ready, "database": database, "migrations": migrations, "workers": workers })
}

async fn asked(pages: &Pages) -> Answer {
    let answer = pages.get("/readyz").await;
    let ready = answer.json()["ready"] == true;
    assert_eq!(answer.status, if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE });
    assert_eq!(answer.header(header::RETRY_AFTER), if ready { "" } else { "5" });
    assert_eq!(pages.get("/healthz").await.status, StatusCode::OK, "the process answers whatever is missing");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_is_who_has_database_migrations_and_loops() {
    let t = Trilock::backdrop().await;
    let pages = Pages::of(&t);
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "stalled"), "no loop runs yet");

    let health = pages.context.health();
    let pulse = health.watch("Apply");
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "ok"));
    // An hour at rate 0.1 is more than five rests.
    health.clock().advance(Duration::from_secs(3600));
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "stalled"));
    health.ended(pulse, Step::Done, Duration::ZERO);
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "ok"));
    for _ in 0..3 {
        health.ended(pulse, Step::Panicked, Duration::ZERO);
    }
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "stalled"));
    health.ended(pulse, Step::Failed, Duration::ZERO);
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "ok"));

    let newer =
        "WITH new AS (INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99999, 'of a newer version', true, '', 0) RETURNING 1) SELECT count(*) FROM new";
    assert_eq!(t.count(newer).await, 1);
    assert_eq!(asked(&pages).await.json(), parts("ok", "ok", "ok"), "more than is needed is no fault");
    let failed = "WITH old AS (UPDATE _sqlx_migrations SET success = false WHERE version = 2 RETURNING 1)
         SELECT count(*) FROM old";
    assert_eq!(t.count(failed).await, 1);
    assert_eq!(asked(&pages).await.json(), parts("ok", "missing", "ok"));
    t.meddle("DROP TABLE _sqlx_migrations").await;
    assert_eq!(asked(&pages).await.json(), parts("ok", "missing", "ok"));

    t.store.close().await;
    assert_eq!(asked(&pages).await.json(), parts("away", "unknown", "ok"));
}
