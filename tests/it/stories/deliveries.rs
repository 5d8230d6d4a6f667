//! Webhooks that come twice, late or not at all.

use insta::assert_snapshot;
use trilock::sandbox::HookTrouble;

use crate::harness::{Trilock, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_delivery_twice_is_one_build() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.next_hook("issue_comment", "created", HookTrouble::Double);
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    let deliveries = t.github.world().deliveries();
    let of_comment: Vec<_> = deliveries.iter().filter(|d| d.event == "issue_comment").collect();
    assert_eq!(of_comment[0].guid, of_comment[1].guid, "it was delivered twice");
    assert_eq!([of_comment[0].status_code, of_comment[1].status_code], [202, 202]);
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_delivered_again_under_other_ids_changes_nothing() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.github.world().resend_last(100, false);
    t.calm().await;
    let form = t.request("eve", "### Version tag\n\nv2.0.0").await;
    t.says(form, "⏳ Queued").await;
    t.github.world().resend_last(100, false);
    t.calm().await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.carried_out(issue, t.run(1).await).await;
    t.github.world().resend_last(100, false);
    t.calm().await;
    t.says(form, "🔨 Starting").await;
    t.carried_out(form, t.run(2).await).await;
    t.github.world().resend_last(100, false);
    t.calm().await;
    assert_eq!(t.tags(), ["v1.4.0", "v2.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_overtakes_its_build_still_counts() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.next_hook("issue_comment", "created", HookTrouble::Delay(30_000));
    t.comment_and_go("ben", issue, "/build tag=v1.4.0");
    t.comment_and_go("ben", issue, "/cancel");
    t.until("a reply", |world| world.comments(issue.repo, issue.number).len() == 3).await;
    t.pass_amid_calls(seconds(30)).await;
    assert_snapshot!(t.replies(issue).await, @r"
    ### 💤 Nothing to cancel
    No build of this issue is queued or running. You need to do nothing.
    ");
    assert_snapshot!(t.outcome(issue).await, @r"
    ### 🚫 Cancelled by you
    Nothing was built. To ask again: `/build desktop tag=v1.4.0 channel=stable`
    ");
    assert_snapshot!(t.status(issue).await, @r"### 🚫 Cancelled: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_completion_is_recovered_by_the_timer() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.finish(run, "success").await;
    t.says(first, "🔨 Building").await;
    t.pass(seconds(60)).await;
    assert_snapshot!(t.outcome(first).await, @r"
    ### ✅ Your build is ready: desktop `v1.0.0`
    **[app-windows](http://github/octo/app/actions/runs/run-1/artifacts/A)** 1 KB
    Sign in to GitHub to download (a zip file).
    Waited 0 s, built 1 min · commit `1a2b3c4` · [run](http://github/octo/app/actions/runs/run-1)
    ");
    assert_snapshot!(t.status(first).await, @r"### ✅ Succeeded: desktop `v1.0.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.run(2).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_webhook_of_a_run_arrives_at_all() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    for action in ["requested", "in_progress", "completed"] {
        t.next_hook("workflow_run", action, HookTrouble::Drop);
    }
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Starting").await;
    t.pass_amid_calls(seconds(60)).await;
    t.until("building", |world| {
        world.comments(issue.repo, issue.number).iter().any(|c| c.body.contains("Building"))
    })
    .await;
    t.finish(run, "success").await;
    t.pass(seconds(60)).await;
    t.ended_well(issue).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_events_in_the_wrong_order_end_the_build() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.next_hook("workflow_run", "in_progress", HookTrouble::Reorder);
    t.github.world().start_run(run).expect("a queued run");
    t.github.world().finish_run(run, "success", None).expect("a run");
    t.ended_well(issue).await;
    t.end().await;
}
