//! What happens to the App, its repositories and their issues: nothing of it wedges a queue.

mod comments;
mod installations;
mod issues;
mod owners;
mod permissions;
mod repositories;
mod workflows;

use crate::harness::{Issue, REPO, Trilock, minutes};

const ACTIVE: &str = "SELECT count(*) FROM repository WHERE access = 'active'";
const DEAD: &str = "SELECT (SELECT count(*) FROM outbox WHERE state = 'dead') + (SELECT count(*) FROM inbox WHERE state = 'dead')";

/// One build runs and another waits behind it.
async fn one_runs_and_one_waits(t: &Trilock) -> (Issue, Issue) {
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    t.begin(t.run(1).await).await;
    t.says(first, "🔨 Building").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    (first, second)
}

/// The first build is ready, and the second goes its way.
async fn both_end_well(t: &Trilock, first: Issue, second: Issue) {
    t.ended_well(first).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run_in(second.repo, 2).await).await;
}

/// Another build of the usual repository runs.
async fn the_queue_goes_on(t: &Trilock) {
    let runs = t.github.world().runs(REPO).len();
    let next = t.asked("eve", "/build tag=v9.0.0").await;
    t.says(next, "🔨 Starting").await;
    t.carried_out(next, t.run(runs + 1).await).await;
}

/// Long enough for whoever gives up too early; shorter than a build may take.
async fn hours_pass(t: &Trilock) {
    for _ in 0..11 {
        t.pass(minutes(10)).await;
    }
    assert_eq!(t.count(DEAD).await, 0, "nothing is given up");
}
