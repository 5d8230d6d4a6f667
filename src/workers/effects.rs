//! What all effects share: how a call's answer settles its outbox row.

use chrono::TimeDelta;
use tracing::Instrument as _;

use super::{
    Context, PAUSE, back_off,
    budget::Budget,
    obstacle::{NobodyLeft, Obstacle, SUCCESSOR_TRIES, UNTIL_PEOPLE},
    pause,
};
use crate::{
    github::{GitHubError, Repo},
    metrics,
    queue::{Access, DispatchAnswer, Effect, Event, OutboxEffect, RepoKey},
    store::{ClaimedEffect, Done, Wait},
};

/// After this many failures an effect is given up and shown as dead: after about an hour and a half.
const TRIES: i32 = 30;

/// How carrying an effect out ended.
pub(super) enum Settled {
    Done(Box<Done>),
    /// Not known to be done: try again, or look again, after this.
    Later {
        after: TimeDelta,
        untried: bool,
        /// Whether this try counts towards giving up.
        counts: bool,
        why: String,
    },
    /// An earlier try surely did nothing: the effect counts as never tried.
    Anew,
    /// GitHub will not have it.
    Never(String),
    /// GitHub will have it once people change something there.
    Blocked(&'static str),
    /// There is nobody left to do it for.
    Dropped(String),
}

impl Settled {
    /// As the metrics name it; what is given up is counted where that is decided.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Later { .. } => "later",
            Self::Anew => "anew",
            Self::Never(_) => "refused",
            Self::Blocked(_) => "blocked",
            Self::Dropped(_) => "dropped",
        }
    }

    pub(super) fn done() -> Self {
        Self::Done(Box::default())
    }

    /// This try made no call.
    pub(super) fn unsent(why: String, attempts: i32) -> Self {
        Self::Later { after: back_off(attempts), untried: true, counts: true, why }
    }

    /// Whatever this says, an earlier try may have done something.
    pub(super) fn unknown(self) -> Self {
        match self {
            Self::Later { after, counts, why, .. } => Self::Later { after, untried: false, counts, why },
            Self::Never(why) => {
                Self::Later { after: TimeDelta::minutes(1), untried: false, counts: true, why }
            }
            other => other,
        }
    }

    /// As [`from_error`](Self::from_error), for a call that is for people: what they took away is not missing, and what
    /// they stand in the way of waits for them.
    pub(super) async fn from_refusal(
        context: &Context,
        claim: &ClaimedEffect,
        address: &Repo,
        error: &GitHubError,
    ) -> anyhow::Result<Self> {
        Ok(match Obstacle::of(context, repo_of(&claim.row), address, error).await? {
            Some(Obstacle::Gone) => Self::done(),
            Some(Obstacle::Until(why)) => Self::Blocked(why),
            None => Self::from_error(error, claim.attempts),
        })
    }

    /// A call that may be made again whatever became of it.
    pub(super) fn from_error(error: &GitHubError, attempts: i32) -> Self {
        match error {
            GitHubError::NotFound => Self::Never("what it is about is gone".into()),
            GitHubError::Refused { status, message } => Self::Never(format!("{status}: {message}")),
            error => Self::Later {
                after: pause::after(error, attempts),
                untried: !error.is_unknown(),
                counts: pause::counts(error, attempts),
                why: error.to_string(),
            },
        }
    }
}

/// As the metrics name it.
fn kind_of(effect: &Effect) -> &'static str {
    match effect {
        Effect::Dispatch { .. } => "dispatch",
        Effect::Cancel { .. } => "cancel",
        Effect::React { .. } => "reaction",
        Effect::Outcome { .. } => "outcome",
        Effect::Reply { .. } => "reply",
        Effect::Check { .. } => "check",
    }
}

pub(super) fn repo_of(row: &OutboxEffect) -> RepoKey {
    RepoKey { tenant_id: row.tenant_id, repo_id: row.repo_id }
}

/// Runs `work` within the time that the claim guards, and records how it ended.
pub(super) async fn settle(
    context: &Context,
    claim: &ClaimedEffect,
    budget: Budget,
    work: impl Future<Output = anyhow::Result<Settled>>,
) -> anyhow::Result<()> {
    let row = &claim.row;
    let span = tracing::error_span!(
        "effect",
        tenant = row.tenant_id,
        repo = row.repo_id,
        build = row.build_id.map(tracing::field::display),
        effect = row.effect_key
    );
    carry_out(context, claim, budget, work).instrument(span).await
}

async fn carry_out(
    context: &Context,
    claim: &ClaimedEffect,
    budget: Budget,
    work: impl Future<Output = anyhow::Result<Settled>>,
) -> anyhow::Result<()> {
    let settled = match budget.spend(work).await {
        Some(Ok(settled)) => settled,
        Some(Err(error)) => match error.downcast_ref::<NobodyLeft>() {
            // A successor may be about to be known.
            Some(NobodyLeft(Access::Transferred)) if claim.attempts < SUCCESSOR_TRIES => {
                later(back_off(claim.attempts), error.to_string())
            }
            Some(nobody) => Settled::Dropped(nobody.to_string()),
            None => later(pause::after_any(&error, claim.attempts), format!("{error:#}")),
        },
        None => later(back_off(claim.attempts), "it took too long".into()),
    };
    let (store, row) = (context.store(), &claim.row);
    metrics::effect(kind_of(&row.effect), settled.as_str());
    match settled {
        Settled::Done(done) => {
            let event = done.event.is_some();
            store.finish_effect(row, *done).await?;
            if event {
                context.0.wakes.apply.notify_one();
            }
            context.0.wakes.mirror.notify_one();
        }
        Settled::Later { why, untried, counts: true, .. }
            if claim.attempts >= TRIES && !keeps_trying(claim, untried) =>
        {
            give_up(context, claim, &why).await?;
        }
        Settled::Later { after, untried, counts, why } => {
            tracing::info!(attempts = claim.attempts, why, "an effect is tried again later");
            let untried = untried && claim.tried_at.is_none();
            put_off(context, claim, after, Wait { untried, counts, error: &why }).await?;
        }
        Settled::Anew => {
            let wait = Wait { untried: true, counts: true, error: "surely not done: once more" };
            put_off(context, claim, TimeDelta::zero(), wait).await?;
        }
        Settled::Never(why) => give_up(context, claim, &why).await?,
        Settled::Blocked(why) => block(context, claim, why).await?,
        Settled::Dropped(why) => {
            tracing::info!(effect = row.effect_key, why, "an effect is dropped");
            store.drop_effect(row, &why).await?;
        }
    }
    Ok(())
}

/// Until its outcome can be told, an issue's status comment tells it.
async fn block(context: &Context, claim: &ClaimedEffect, why: &str) -> anyhow::Result<()> {
    let (store, row) = (context.store(), &claim.row);
    tracing::info!(effect = row.effect_key, why, "an effect waits for people");
    let due = store.now().await? + UNTIL_PEOPLE;
    store.block_effect(claim, due, claim.tried_at.is_none(), why).await?;
    if let Effect::Outcome { issue, .. } = row.effect {
        store.want_mirror(repo_of(row), issue).await?;
        context.0.wakes.mirror.notify_one();
    }
    Ok(())
}

/// What surely did not reach GitHub must not count as tried: while the database is away this is said again.
async fn put_off(
    context: &Context,
    claim: &ClaimedEffect,
    after: TimeDelta,
    wait: Wait<'_>,
) -> anyhow::Result<()> {
    let store = context.store();
    let mut tries = 0;
    loop {
        let result = match store.now().await {
            Ok(now) => store.postpone_effect(claim, now + after, wait).await,
            Err(error) => Err(error),
        };
        tries += 1;
        match result {
            Err(error) if wait.untried && tries < 10 && error.is_passing() => {
                context.0.clock.sleep(PAUSE).await
            }
            other => return Ok(other?),
        }
    }
}

/// A dispatch that surely was not sent waits for GitHub as long as its build does.
fn keeps_trying(claim: &ClaimedEffect, untried: bool) -> bool {
    matches!(claim.row.effect, Effect::Dispatch { .. }) && untried && claim.tried_at.is_none()
}

/// No more tries. A build learns that its dispatch was never confirmed; an issue, that its outcome stays unsaid.
async fn give_up(context: &Context, claim: &ClaimedEffect, why: &str) -> anyhow::Result<()> {
    let store = context.store();
    match &claim.row.effect {
        Effect::Dispatch { build } => {
            let event = Event::Dispatched { build: *build, answer: DispatchAnswer::NeverConfirmed };
            store.finish_effect(&claim.row, Done { event: Some(event), ..Done::default() }).await?;
            context.0.wakes.apply.notify_one();
        }
        Effect::Outcome { issue, .. } => {
            // First: a crash in between must not leave the status comment as it was.
            store.want_mirror(repo_of(&claim.row), *issue).await?;
            bury(context, claim, why).await?;
            context.0.wakes.mirror.notify_one();
        }
        _ => bury(context, claim, why).await?,
    }
    Ok(())
}

fn later(after: TimeDelta, why: String) -> Settled {
    Settled::Later { after, untried: false, counts: true, why }
}

async fn bury(context: &Context, claim: &ClaimedEffect, why: &str) -> anyhow::Result<()> {
    let row = &claim.row;
    tracing::error!(why, "an effect is given up");
    metrics::effect(kind_of(&row.effect), "dead");
    Ok(context.store().bury_effect(claim, why).await?)
}
