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

/// The longest wait between two requests: what people asked for is not kept waiting longer once all is well again.
const LONGEST: TimeDelta = TimeDelta::minutes(30);

/// Asked for in vain so often, a delivery that GitHub says it does not know is given up.
const TIMES_UNKNOWN: i32 = 3;

pub(in crate::workers) async fn step(context: &Context) -> anyhow::Result<bool> {
    let store = context.store();
    let due = store.due_redeliveries(store.now().await?, AT_ONCE).await?;
    let mut failed = None;
    for row in due {
        match ask(context, &row).await {
            Ok(()) => {}
            // GitHub wants to be left alone, or the database is away: so it is for all of them.
            Err(error) if is_for_all(&error) => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(false), Err)
}

fn is_for_all(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), None | Some(GitHubError::RetryLater { .. }))
}

async fn ask(context: &Context, row: &Redelivery) -> anyhow::Result<()> {
    let store = context.store();
    let now = store.now().await?;
    if row.delivered_at < now - REMEMBERED {
        return give_up(store, row, "it did not arrive however often GitHub was asked, and is too old now")
            .await;
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
        // Once may be a mistake.
        Err(GitHubError::NotFound) if row.attempts + 1 >= TIMES_UNKNOWN => {
            give_up(store, row, "GitHub does not know it any more").await
        }
        Err(GitHubError::Refused { status, message }) => {
            give_up(store, row, &format!("GitHub refused: {status} {message}")).await
        }
        Err(error) => {
            // Where GitHub was not asked, or would not listen, nothing was tried: it does not make the next wait longer.
            let soon = match &error {
                GitHubError::RetryLater { after, .. } => {
                    Some(after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or(back_off(1)))
                }
                GitHubError::NotSent(_) => Some(back_off(1)),
                _ => None,
            };
            if let Some(soon) = soon {
                store.unask_redelivery(row, now + soon).await?;
            }
            Err(error.into())
        }
    }
}

/// Nobody will try again, so an operator is told.
async fn give_up(store: &Store, row: &Redelivery, why: &str) -> anyhow::Result<()> {
    if store.give_up_redelivery(row).await? {
        let (delivery, event, tenant) = (&row.delivery_id, &row.event, row.tenant_id);
        let (first, attempts) = (row.delivered_at, row.attempts);
        tracing::warn!(delivery, event, tenant, %first, attempts, why, "a missed delivery is given up");
    }
    Ok(())
}

/// 1, 2, 4 … minutes after the `attempts`th request.
fn back_off(attempts: i32) -> TimeDelta {
    let exponent = u32::try_from(attempts.clamp(1, 6) - 1).unwrap_or(0);
    TimeDelta::minutes(1_i64 << exponent).min(LONGEST)
}
