//! Forgets what is kept for a set time only.

use std::time::Duration;

use chrono::TimeDelta;

use super::Context;

pub(super) const EVERY: Duration = Duration::from_secs(3600);

/// Delivery ids serve dedupe, and payloads replay, for this long.
const KEEP: TimeDelta = TimeDelta::days(7);

/// Private answers of builds that have ended serve `/retry` for this long.
const KEEP_ANSWERS: TimeDelta = TimeDelta::days(30);

pub(super) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let gone = store.retire(store.now().await? - KEEP).await?;
    if gone > 0 {
        tracing::info!(gone, "old deliveries forgotten");
    }
    store.keep_answers(store.now().await? - KEEP_ANSWERS).await?;
    Ok(false)
}
