//! What all effects share: how a call's answer settles its outbox row.

use chrono::TimeDelta;

use super::{Context, back_off};
use crate::{
    github::GitHubError,
    queue::{OutboxEffect, RepoKey},
    store::{CALL_BUDGET, ClaimedEffect, Done},
};

/// After this many failures an effect is given up and shown as dead: about two hours.
const TRIES: i32 = 30;

/// How carrying an effect out ended.
pub(super) enum Settled {
    Done(Box<Done>),
    /// Not known to be done: try again, or look again, after this.
    Later {
        after: TimeDelta,
        untried: bool,
        why: String,
    },
    /// GitHub will not have it.
    Never(String),
}

impl Settled {
    pub(super) fn done() -> Self {
        Self::Done(Box::default())
    }

    /// A call that may be made again whatever became of it.
    pub(super) fn from_error(error: &GitHubError, attempts: i32) -> Self {
        match error {
            GitHubError::NotFound => Self::Never("what it is about is gone".into()),
            GitHubError::Refused { status, message } => Self::Never(format!("{status}: {message}")),
            error => {
                let untried = !error.is_unknown();
                let after = match error {
                    GitHubError::RetryLater { after: Some(after), .. } => {
                        TimeDelta::from_std(*after).unwrap_or(TimeDelta::minutes(5))
                    }
                    _ => back_off(attempts),
                };
                Self::Later { after, untried, why: error.to_string() }
            }
        }
    }
}

pub(super) fn repo_of(row: &OutboxEffect) -> RepoKey {
    RepoKey { tenant_id: row.tenant_id, repo_id: row.repo_id }
}

/// Runs `work` within the time that the claim guards, and records how it ended.
pub(super) async fn settle(
    context: &Context,
    claim: &ClaimedEffect,
    work: impl Future<Output = anyhow::Result<Settled>>,
) -> anyhow::Result<()> {
    let settled = match tokio::time::timeout(CALL_BUDGET, work).await {
        Ok(Ok(settled)) => settled,
        Ok(Err(error)) => later(claim, format!("{error:#}")),
        Err(_) => later(claim, "it took too long".into()),
    };
    let (store, row) = (context.store(), &claim.row);
    match settled {
        Settled::Done(done) => {
            let event = done.event.is_some();
            store.finish_effect(row, *done).await?;
            if event {
                context.0.wakes.apply.notify_one();
            }
            context.0.wakes.mirror.notify_one();
        }
        Settled::Later { why, .. } if claim.attempts >= TRIES => bury(context, claim, &why).await?,
        Settled::Later { after, untried, why } => {
            tracing::info!(
                effect = row.effect_key,
                attempts = claim.attempts,
                why,
                "an effect is tried again later"
            );
            let untried = untried && claim.tried_at.is_none();
            store.postpone_effect(row, store.now().await? + after, untried, &why).await?;
        }
        Settled::Never(why) => bury(context, claim, &why).await?,
    }
    Ok(())
}

fn later(claim: &ClaimedEffect, why: String) -> Settled {
    Settled::Later { after: back_off(claim.attempts), untried: false, why }
}

async fn bury(context: &Context, claim: &ClaimedEffect, why: &str) -> anyhow::Result<()> {
    let row = &claim.row;
    tracing::error!(
        effect = row.effect_key,
        tenant = row.tenant_id,
        repo = row.repo_id,
        why,
        "an effect is given up"
    );
    Ok(context.store().bury_effect(row, why).await?)
}
