//! One loop: a step, a rest, a step. An error or a panic ends the step and not the loop.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use super::{
    Context, PAUSE, POLL, Step, actions, apply, jitter, mirror, monitor, prepare, reconcile, retention, words,
};
use crate::{github::GitHubError, store::Due};

/// What is due but cannot be had (another worker has it) is not asked for in a tight loop.
const SHORTEST: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loop {
    Prepare,
    Apply,
    Actions,
    Words,
    Mirror,
    Monitor,
    Deliveries,
    Redeliver,
    Installations,
    Retention,
}

impl Loop {
    /// Looks, rests, and looks again until `stop`.
    pub(super) async fn run(self, context: Context, stop: CancellationToken) {
        let (health, name) = (context.health(), format!("{self:?}"));
        let clock = &context.0.clock;
        let pulse = health.watch(&name);
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.sleep(self.first(&context)) => {}
        }
        while !stop.is_cancelled() {
            let began = clock.now();
            // A task of its own, so that a panic ends one step and not the loop; it ends with the loop.
            let step = context.clone();
            let span = tracing::error_span!("worker", worker = name);
            let step = tokio::spawn(async move { self.step(&step).await }.instrument(span));
            let until = match AbortOnDropHandle::new(step).await {
                Ok(Ok(true)) => {
                    health.ended(pulse, Step::Done, Duration::ZERO);
                    continue;
                }
                Ok(Ok(false)) => {
                    let rest = self.next(&context).await;
                    health.ended(pulse, Step::Done, rest);
                    // From before the step, which cannot have seen what time has brought since.
                    began + rest
                }
                Ok(Err(error)) => {
                    health.ended(pulse, Step::Failed, PAUSE);
                    tracing::warn!(worker = ?self, error = format!("{error:#}"), "a step failed; it is tried again");
                    clock.now() + self.rest(&error)
                }
                Err(panic) => {
                    health.ended(pulse, Step::Panicked, PAUSE);
                    tracing::error!(worker = ?self, %panic, "a step panicked; it is tried again");
                    clock.now() + PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.woken(&context) => {}
                () = clock.sleep_until(until) => {}
            }
        }
    }

    /// Returns whether there may be more to do at once.
    async fn step(self, context: &Context) -> anyhow::Result<bool> {
        match self {
            Self::Prepare => prepare::step(context).await,
            Self::Apply => apply::step(context).await,
            Self::Actions => actions::step(context).await,
            Self::Words => words::step(context).await,
            Self::Mirror => mirror::step(context).await,
            Self::Monitor => monitor::step(context).await,
            Self::Deliveries => reconcile::look_through_deliveries(context).await,
            Self::Redeliver => reconcile::redeliver(context).await,
            Self::Installations => reconcile::compare_installations(context).await,
            Self::Retention => retention::step(context).await,
        }
    }

    async fn woken(self, context: &Context) {
        let wakes = &context.0.wakes;
        match self {
            Self::Prepare => wakes.prepare.notified().await,
            Self::Apply => wakes.apply.notified().await,
            Self::Actions => wakes.actions.notified().await,
            Self::Words => wakes.words.notified().await,
            Self::Mirror => wakes.mirror.notified().await,
            Self::Redeliver => wakes.redeliver.notified().await,
            Self::Monitor | Self::Deliveries | Self::Installations | Self::Retention => {
                std::future::pending().await
            }
        }
    }

    /// How long the first step waits.
    fn first(self, context: &Context) -> Duration {
        match self {
            Self::Deliveries | Self::Installations => reconcile::first_within(context.0.reconcile_every),
            _ => Duration::ZERO,
        }
    }

    /// How long to rest after an error: as long as GitHub wishes, if it does.
    fn rest(self, error: &anyhow::Error) -> Duration {
        match (error.downcast_ref(), self) {
            (Some(GitHubError::RetryLater { after, .. }), _) => after.unwrap_or(POLL),
            (Some(_), Self::Deliveries | Self::Redeliver | Self::Installations) => jitter(POLL),
            _ => PAUSE,
        }
    }

    /// How long there is surely nothing to do.
    async fn next(self, context: &Context) -> Duration {
        let due = match self {
            Self::Prepare => Due::Unprepared,
            Self::Apply => Due::Ready,
            Self::Actions | Self::Words => Due::Effect,
            Self::Mirror => Due::Mirror,
            Self::Redeliver => Due::Redelivery,
            // Shorter, never longer: it is a promise.
            Self::Monitor => return (context.0.check_runs_every / 2).mul_f64(1.0 - 0.2 * fastrand::f64()),
            Self::Deliveries => return jitter(context.0.reconcile_every),
            Self::Installations => return jitter(context.0.reconcile_every * reconcile::RARELY),
            Self::Retention => return retention::EVERY,
        };
        let store = context.store();
        let shortest = if self == Self::Redeliver { reconcile::REDELIVER_EVERY } else { SHORTEST };
        match (store.next_due(due).await, store.now().await) {
            (Ok(Some(due)), Ok(now)) => (due - now).to_std().unwrap_or(Duration::ZERO).clamp(shortest, POLL),
            _ => POLL,
        }
    }
}
