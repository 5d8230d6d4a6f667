//! Has GitHub send again what we do not have, in the order in which it was first delivered, each until it has arrived.

use std::time::Duration;

use chrono::TimeDelta;

use super::REMEMBERED;
use crate::{
    github::GitHubError,
    store::{Redelivery, Store},
    workers::Context,
};

/// At most [`AT_ONCE`] calls in this time: half of what GitHub allows in a minute, where a write counts as 5 of 900.
pub(in crate::workers) const EVERY: Duration = Duration::from_secs(10);
const AT_ONCE: i64 = 15;

/// After so many requests that did not make it arrive, in about two days, a delivery is given up.
const TRIES: i32 = 15;

/// The longest wait between two requests.
const LONGEST: TimeDelta = TimeDelta::hours(6);

pub(in crate::workers) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let due = store.due_redeliveries(store.now().await?, AT_ONCE).await?;
    for row in due {
        ask(context, &row).await?;
    }
    Ok(false)
}

async fn ask(context: &Context, row: &Redelivery) -> anyhow::Result<()> {
    let store = context.store();
    let now = store.now().await?;
    if row.attempts >= TRIES || row.delivered_at < now - REMEMBERED {
        return give_up(store, row, "it is too old, or did not arrive however often GitHub was asked").await;
    }
    if !store.claim_redelivery(row, now, now + back_off(row.attempts + 1)).await? {
        return Ok(());
    }
    match context.0.github.redeliver(row.hook_id.cast_unsigned()).await {
        Ok(()) => {
            tracing::info!(
                delivery = row.delivery_id,
                event = row.event,
                "GitHub was asked to send a missed delivery again"
            );
            Ok(())
        }
        Err(GitHubError::NotFound) => give_up(store, row, "GitHub does not know it any more").await,
        Err(GitHubError::Refused { status, message }) => {
            give_up(store, row, &format!("GitHub refused: {status} {message}")).await
        }
        Err(error) => {
            if let GitHubError::RetryLater { after: Some(after), .. } = &error {
                let after = TimeDelta::from_std(*after).unwrap_or(LONGEST);
                store.postpone_redelivery(row, Some(now + after)).await?;
            }
            Err(error.into())
        }
    }
}

/// Nobody will try again, so an operator is told.
async fn give_up(store: &Store, row: &Redelivery, why: &str) -> anyhow::Result<()> {
    if store.postpone_redelivery(row, None).await? {
        let (delivery, event, tenant) = (&row.delivery_id, &row.event, row.tenant_id);
        let (first, attempts) = (row.delivered_at, row.attempts);
        tracing::warn!(delivery, event, tenant, %first, attempts, why, "a missed delivery is given up");
    }
    Ok(())
}

/// 1, 2, 4 … minutes after the `attempts`th request.
fn back_off(attempts: i32) -> TimeDelta {
    let exponent = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    TimeDelta::minutes(1_i64 << exponent).min(LONGEST)
}
