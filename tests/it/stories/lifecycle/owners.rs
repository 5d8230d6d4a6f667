//! A repository goes to another account.

use insta::assert_snapshot;
use trilock::sandbox::HookTrouble;

use super::one_runs_and_one_waits;
use crate::harness::{Issue, REPO, Trilock, minutes};

const NEW: &str = "acme/app";
const HELD: &str = "SELECT count(*) FROM lease";

fn moved(issue: Issue) -> Issue {
    Issue { repo: NEW, ..issue }
}

async fn the_new_owners_queue_goes_on(t: &Trilock, runs: usize) {
    let next = t.issue_in(NEW, "ben").await;
    t.comment("ben", next, "/build tag=v9.0.0").await;
    t.says(next, "🔨 Starting").await;
    t.carried_out(next, t.run_in(NEW, runs).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_closes_the_old_owners_queue_and_keeps_a_live_runs_lease() {
    let t = Trilock::start().await;
    t.happens(|world| world.install_app("acme")).await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.happens(|world| world.transfer_repo(REPO, "acme")).await;
    assert_snapshot!(t.outcome(moved(second)).await, @r"
    ### 🚫 Cancelled because the repository has another owner now
    Nothing was built. To ask again: `/build desktop tag=v2.0.0 channel=stable`
    ");
    t.says(moved(second), "🚫 Cancelled").await;
    assert_eq!(t.count(HELD).await, 1, "the run lives");
    t.finish(run, "success").await;
    assert_eq!(t.count(HELD).await, 0);
    t.ended_well(moved(first)).await;
    the_new_owners_queue_goes_on(&t, 2).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monitor_asks_about_a_live_run_through_the_new_owner() {
    let t = Trilock::start().await;
    t.happens(|world| world.install_app("acme")).await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.happens(|world| world.transfer_repo(REPO, "acme")).await;
    t.outcome(moved(second)).await;
    t.says(moved(second), "🚫 Cancelled").await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.happens(|world| world.finish_run(run, "success", None)).await;
    assert_eq!(t.count(HELD).await, 1);
    t.pass(minutes(1)).await;
    t.ended_well(moved(first)).await;
    the_new_owners_queue_goes_on(&t, 2).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_nobody_told_is_seen_by_the_next_webhook() {
    let t = Trilock::start().await;
    t.happens(|world| world.install_app("acme")).await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.next_hook("repository", "transferred", HookTrouble::Drop);
    t.happens(|world| world.transfer_repo(REPO, "acme")).await;
    the_new_owners_queue_goes_on(&t, 2).await;
    t.outcome(moved(second)).await;
    t.says(moved(second), "🚫 Cancelled").await;
    t.finish(run, "success").await;
    t.ended_well(moved(first)).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_comes_back_is_in_force_again() {
    let t = Trilock::start().await;
    t.happens(|world| world.install_app("acme")).await;
    t.happens(|world| world.transfer_repo(REPO, "acme")).await;
    the_new_owners_queue_goes_on(&t, 1).await;
    t.happens(|world| world.transfer_repo(NEW, "octo")).await;
    let next = t.asked("ben", "/build tag=v2.0.0").await;
    t.carried_out(next, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_app_is_not_nothing_is_done_until_it_is() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    let run = t.run(1).await;
    t.happens(|world| world.transfer_repo(REPO, "acme")).await;
    t.finish(run, "success").await;
    super::hours_pass(&t).await;
    t.happens(|world| world.install_app("acme")).await;
    the_new_owners_queue_goes_on(&t, 2).await;
    t.pass(minutes(1)).await;
    t.outcome(moved(second)).await;
    t.says(moved(second), "🚫 Cancelled").await;
    t.ended_well(moved(first)).await;
    t.end().await;
}
