//! The loops. Each is a level-triggered reconciler: it looks at the state and asks what is missing; a wake-up only
//! makes it look sooner, and losing one costs a polling interval, never a build.
//!
//! `prepare` fetches facts, `apply` decides under the locks, `actions` and `words` carry effects out, `mirror` keeps
//! status comments true, `monitor` asks GitHub about runs, `reconcile` about all that we may have missed, `retention`
//! forgets what is old. Any number of replicas run them against one database.

mod actions;
mod apply;
mod budget;
mod effects;
mod health;
mod mirror;
mod monitor;
mod obstacle;
mod pause;
mod policy;
mod prepare;
mod reconcile;
mod retention;
mod words;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{
    sync::{Notify, OnceCell},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use crate::{
    clock::Clock,
    github::{GitHub, GitHubError, Repo},
    queue::{Access, Event, RepoKey},
    store::{Due, Repository, Store},
};

pub use apply::apply_lane;
pub use health::{Health, Pulse, Step};
use obstacle::NobodyLeft;
use pause::back_off;

/// The longest that a loop sleeps, by the clock's time.
const POLL: Duration = Duration::from_secs(60);

/// What a loop does after an error, by the clock's time: the database may be away.
const PAUSE: Duration = Duration::from_secs(2);

/// What all loops share. Clones share it.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    store: Store,
    github: GitHub,
    clock: Clock,
    wakes: Wakes,
    /// What people open: the server's public address, without a slash at its end.
    public_url: String,
    /// GitHub is asked about a run at least this often.
    check_runs_every: Duration,
    /// GitHub's list of deliveries is looked through this often.
    reconcile_every: Duration,
    bot: OnceCell<String>,
    health: Health,
    missing: monitor::Missing,
}

/// Hints within this process. Each means: look now.
#[derive(Default)]
struct Wakes {
    prepare: Notify,
    apply: Notify,
    actions: Notify,
    words: Notify,
    mirror: Notify,
    redeliver: Notify,
}

impl Context {
    pub fn new(
        store: Store,
        github: GitHub,
        clock: Clock,
        public_url: String,
        check_runs_every: Duration,
        reconcile_every: Duration,
    ) -> Self {
        let (wakes, bot) = (Wakes::default(), OnceCell::new());
        let health = Health::new(Clock::system(), clock.rate());
        Self(Arc::new(Shared {
            store,
            github,
            clock,
            wakes,
            public_url,
            check_runs_every,
            reconcile_every,
            bot,
            health,
            missing: monitor::Missing::default(),
        }))
    }

    /// Whether the loops are alive.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Something new is in the inbox.
    pub fn wake_intake(&self) {
        self.0.wakes.prepare.notify_one();
        self.0.wakes.apply.notify_one();
        self.0.wakes.words.notify_one();
    }

    /// What the App may do somewhere changed: anything may be due.
    pub fn wake_all(&self) {
        self.wake_intake();
        self.wake_effects();
    }

    fn wake_effects(&self) {
        self.0.wakes.actions.notify_one();
        self.0.wakes.words.notify_one();
        self.0.wakes.mirror.notify_one();
    }

    /// The login that GitHub shows for what this App does. Asked once, remembered in the database.
    async fn bot(&self) -> anyhow::Result<&str> {
        let ask = || async {
            match self.0.github.app().await {
                Ok(app) => Ok(self.0.store.remember_bot(&format!("{}[bot]", app.slug)).await?),
                Err(error) => match self.0.store.remembered_bot().await? {
                    Some(bot) => Ok(bot),
                    None => Err(anyhow::Error::new(error).context("GitHub must be asked once who we are")),
                },
            }
        };
        Ok(self.0.bot.get_or_try_init(ask).await?)
    }

    /// The repository and its address for calls. A transferred one has the names and the installation of its new owner.
    ///
    /// # Errors
    /// [`NobodyLeft`] if it is deleted, or the App is not where it went.
    async fn repository(&self, repo: RepoKey) -> anyhow::Result<(Repository, Repo)> {
        let mut row = self.0.store.repository(repo).await?.context("the repository is not known")?;
        match row.access {
            Access::Deleted => return Err(NobodyLeft(row.access).into()),
            Access::Transferred => {
                let successor = self.0.store.successor(repo).await?.ok_or(NobodyLeft(row.access))?;
                let Repository { owner, name, installation_id, .. } = successor;
                row = Repository { owner, name, installation_id, ..row };
            }
            _ => {}
        }
        let installation = row.installation_id.cast_unsigned();
        let address = Repo { owner: row.owner.clone(), name: row.name.clone(), installation };
        Ok((row, address))
    }

    fn queue_url(&self, repository: &Repository) -> String {
        format!("{}/q/{}/{}", self.0.public_url, repository.owner, repository.name)
    }

    /// Puts an event of our own in the inbox.
    async fn tell(&self, repo: RepoKey, source: &str, event: &Event) -> anyhow::Result<()> {
        self.0.store.add_event(repo, source, event).await?;
        self.0.wakes.apply.notify_one();
        Ok(())
    }
}

/// Runs all loops until `stop`; then each finishes what it has in hand.
pub async fn run(context: Context, stop: CancellationToken) {
    let mut loops = JoinSet::new();
    for _ in 0..2 {
        loops.spawn(Loop::Prepare.run(context.clone(), stop.clone()));
        loops.spawn(Loop::Apply.run(context.clone(), stop.clone()));
        loops.spawn(Loop::Words.run(context.clone(), stop.clone()));
        loops.spawn(Loop::Mirror.run(context.clone(), stop.clone()));
        loops.spawn(Loop::Actions.run(context.clone(), stop.clone()));
    }
    loops.spawn(Loop::Monitor.run(context.clone(), stop.clone()));
    loops.spawn(Loop::Deliveries.run(context.clone(), stop.clone()));
    loops.spawn(Loop::Installations.run(context.clone(), stop.clone()));
    loops.spawn(Loop::Redeliver.run(context.clone(), stop.clone()));
    loops.spawn(Loop::Retention.run(context.clone(), stop.clone()));
    while loops.join_next().await.is_some() {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loop {
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
    async fn run(self, context: Context, stop: CancellationToken) {
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

/// What is due but cannot be had (another worker has it) is not asked for in a tight loop.
const SHORTEST: Duration = Duration::from_millis(100);

/// 15 % shorter to 15 % longer, so that replicas do not all come at once.
fn jitter(every: Duration) -> Duration {
    every.mul_f64(0.85 + 0.3 * fastrand::f64())
}
