use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::{metrics, store::StoreError, workers::Context};

/// A database that takes longer than this to answer is as good as away, in real time.
const PATIENCE: Duration = Duration::from_secs(5);

/// `/healthz`: the process answers. `/readyz`: it can also do its work. `/metrics`: what it counts.
pub(super) fn router(context: Context) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(context)
}

/// Which part is not there. More than this is in the log only.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    /// `ok` or `away`
    database: &'static str,
    /// `ok`, `missing`, or `unknown` while the database is away
    migrations: &'static str,
    /// `ok` or `stalled`
    workers: &'static str,
}

async fn ready(State(context): State<Context>) -> Response {
    let (database, migrations) = match within(context.store().missing_migrations()).await {
        Ok(missing) if missing.is_empty() => ("ok", "ok"),
        Ok(missing) => {
            tracing::warn!(?missing, "not ready: migrations are missing; `trilock migrate` applies them");
            ("ok", "missing")
        }
        Err(error) => {
            tracing::warn!(error, "not ready: the database is away");
            ("away", "unknown")
        }
    };
    let unwell = context.health().unwell();
    if !unwell.is_empty() {
        tracing::warn!(?unwell, "not ready: loops hang, panic, or do not run");
    }
    let workers = if unwell.is_empty() { "ok" } else { "stalled" };
    let ready = [database, migrations, workers] == ["ok"; 3];
    let body = Json(Readiness { ready, database, migrations, workers });
    if ready {
        return body.into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], body).into_response()
}

async fn scrape(State(context): State<Context>) -> Response {
    let gauges = within(context.store().gauges()).await;
    let gauges = gauges.inspect_err(|error| tracing::warn!(error, "the database could not be measured")).ok();
    match metrics::render(gauges.as_ref()) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn within<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("it did not answer in time".to_owned()),
    }
}
