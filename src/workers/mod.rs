//! The loops. Each is a level-triggered reconciler: it looks at the state and asks what is missing; a wake-up only
//! makes it look sooner, and losing one costs a polling interval, never a build.
//!
//! `prepare` fetches facts, `apply` decides under the locks, `actions` and `words` carry effects out, `mirror` keeps
//! status comments true, `monitor` asks GitHub about runs, `reconcile` about all that we may have missed, `retention`
//! forgets what is old. Any number of replicas run them against one database. `context` is what they share, `rounds` how
//! each goes on.

mod actions;
mod apply;
mod budget;
mod check;
mod context;
mod effects;
mod files;
mod health;
mod mirror;
mod monitor;
mod obstacle;
mod outcome;
mod pause;
mod policy;
mod prepare;
mod reconcile;
mod retention;
mod rounds;
mod steps;
mod words;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use apply::apply_lane;
pub use context::Context;
pub use health::{Health, Pulse, Step};
use pause::back_off;
use rounds::Loop;

/// The longest that a loop sleeps, by the clock's time.
const POLL: Duration = Duration::from_secs(60);

/// What a loop does after an error, by the clock's time: the database may be away.
const PAUSE: Duration = Duration::from_secs(2);

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

/// 15 % shorter to 15 % longer, so that replicas do not all come at once.
fn jitter(every: Duration) -> Duration {
    every.mul_f64(0.85 + 0.3 * fastrand::f64())
}
