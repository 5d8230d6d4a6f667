//! Issues are deleted, transferred, locked, closed and reopened.

use insta::assert_snapshot;

use super::{both_end_well, hours_pass, one_runs_and_one_waits, the_queue_goes_on};
use crate::harness::{REPO, Trilock};

const CANCELLED: &str = "SELECT count(*) FROM build_history WHERE status = 'cancelled'";

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_deleted_issue_is_cancelled() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.delete_issue(REPO, second.number, "ada")).await;
    assert_eq!(t.count(CANCELLED).await, 1);
    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_for_a_deleted_issue_ends_untold() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.delete_issue(REPO, first.number, "ada")).await;
    t.finish(t.run(1).await, "success").await;
    hours_pass(&t).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transferred_issue_leaves_the_queue() {
    let t = Trilock::start().await;
    t.repository("octo/web");
    t.calm().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.transfer_issue(REPO, second.number, "ada", "octo/web")).await;
    assert_eq!(t.count(CANCELLED).await, 1);
    t.happens(|world| world.transfer_issue(REPO, first.number, "ada", "octo/web")).await;
    t.finish(t.run(1).await, "success").await;
    hours_pass(&t).await;
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_issues_status_tells_the_outcome_and_the_comment_follows() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.happens(|world| world.set_locked(REPO, first.number, "ada", true)).await;
    t.finish(t.run(1).await, "success").await;
    assert_snapshot!(t.status(first).await, @r"### ✅ Succeeded: desktop `v1.0.0`; a new comment tells the result");
    t.says(second, "🔨 Starting").await;
    hours_pass(&t).await;
    t.carried_out(second, t.run(2).await).await;
    t.happens(|world| world.set_locked(REPO, first.number, "ada", false)).await;
    t.ended_well(first).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_cancels_and_reopening_alone_asks_for_nothing() {
    let t = Trilock::start().await;
    let (first, second) = one_runs_and_one_waits(&t).await;
    t.close("eve", second).await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### 🚫 Cancelled because the issue was closed
    Nothing was built. To ask again: `/build desktop tag=v2.0.0 channel=stable`
    ");
    t.says(second, "🚫 Cancelled").await;
    t.happens(|world| world.set_open(REPO, second.number, "eve", true)).await;
    assert_eq!(t.count("SELECT count(*) FROM build WHERE status = 'queued'").await, 0);
    t.says(second, "🚫 Cancelled").await;
    t.comment("eve", second, "/build tag=v2.0.0").await;
    t.says(second, "⏳ Queued").await;
    t.finish(t.run(1).await, "success").await;
    both_end_well(&t, first, second).await;
    t.end().await;
}
