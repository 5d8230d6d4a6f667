//! Stopping builds, before and after they begin.

use insta::assert_snapshot;

use crate::harness::{Trilock, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_build_is_cancelled_at_once() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let cancel = t.comment("eve", second, "/cancel").await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### 🚫 Cancelled by you
    Nothing was built. To ask again: `/build desktop tag=v2.0.0 channel=stable`
    ");
    assert_snapshot!(t.status(second).await, @r"### 🚫 Cancelled: desktop `v2.0.0` ([result](http://github/octo/app/issues/2#issuecomment-C))");
    assert_eq!(t.reactions(second, cancel), ["eyes", "+1"]);
    t.comment("eve", second, "/cancel").await;
    assert_snapshot!(t.replies(second).await, @r"
    ### 💤 Nothing to cancel
    No build of this issue is queued or running. You need to do nothing.
    ");
    t.carried_out(first, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_build_keeps_its_lock_until_github_says_completed() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0 channel=beta").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.comment("ben", first, "/cancel").await;
    assert_snapshot!(t.status(first).await, @r"
    ### 🚫 Stopping since 13:58 UTC ([run](http://github/octo/app/actions/runs/run-1))
    **desktop** · Version tag `v1.0.0` · Channel `beta` · commit `1a2b3c4`

    It was asked to stop by you; the machine is not free yet. You need to do nothing: a new comment will tell you the result.
    ");
    assert!(!t.is_over(run));
    assert_eq!(t.tags(), ["v1.0.0"], "a cancel takes time, and the lock is held meanwhile");
    t.pass_amid_calls(seconds(5)).await;
    t.until_over(run).await;
    assert_snapshot!(t.outcome(first).await, @r"
    ### 🚫 Cancelled by you
    It was stopped before it finished. To ask again: `/build desktop tag=v1.0.0 channel=beta`
    ");
    assert_snapshot!(t.status(first).await, @r"### 🚫 Cancelled: desktop `v1.0.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"]);
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_well_before_the_cancel_reaches_it_is_told_as_it_was() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.comment("ben", issue, "/cancel").await;
    t.finish(run, "success").await;
    t.ended_well(issue).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_cancelled_on_github_ends_its_build() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.finish(run, "cancelled").await;
    assert_snapshot!(t.outcome(issue).await, @r"
    ### 🚫 Cancelled by a maintainer
    It was stopped before it finished. To ask again: `/build desktop tag=v1.0.0 channel=stable`
    ");
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_issue_cancels_what_waits_and_not_what_runs() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    t.close("eve", second).await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### 🚫 Cancelled because the issue was closed
    Nothing was built. To ask again: `/build desktop tag=v2.0.0 channel=stable`
    ");
    assert_snapshot!(t.status(second).await, @r"### 🚫 Cancelled: desktop `v2.0.0` ([result](http://github/octo/app/issues/2#issuecomment-C))");
    t.close("ben", first).await;
    t.carried_out(first, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.end().await;
}
