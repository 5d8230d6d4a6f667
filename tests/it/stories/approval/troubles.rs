//! Approvals while something else happens.

use insta::assert_snapshot;
use trilock::sandbox::{HookTrouble, Role};

use super::{FORM, approved, decides, it_ends, one_runs, waits};
use crate::harness::{POLICY, REPO, Trilock, minutes, seconds};

const WAITING: &str = "SELECT count(*) FROM build WHERE status = 'awaiting_approval'";

#[tokio::test(flavor = "multi_thread")]
async fn the_time_stands_still_while_the_app_is_suspended() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.pass(minutes(24 * 60)).await;
    t.happens(|world| world.suspend("octo")).await;
    t.pass(minutes(10 * 24 * 60)).await;
    t.pass(minutes(1)).await;
    assert_eq!(t.count(WAITING).await, 1);
    t.happens(|world| world.unsuspend("octo")).await;
    t.pass(minutes(1)).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 3 Dec 13:59 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    t.pass(minutes(47 * 60)).await;
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_delivered_twice_approves_once() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.next_hook("issue_comment", "created", HookTrouble::Double);
    approved(&t, issue).await;
    t.github.world().resend_last(3, true);
    t.calm().await;
    t.is_built(issue, 1).await;
    // Nor does it approve what is asked for later.
    t.comment("sam", issue, "/build tag=v1.5.0").await;
    t.github.world().resend_last(20, true);
    t.calm().await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("sam", issue, "/cancel").await;
    t.outcome(issue).await;
    t.says(issue, "🚫 Cancelled").await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_survives_a_kill() {
    let mut t = Trilock::start().await;
    let issue = waits(&t).await;
    t.pass(seconds(1)).await;
    t.comment_and_go("ada", issue, "/approve");
    // It is acknowledged, and perhaps not applied.
    t.github.settled().await;
    t.kill();
    t.pass_amid_calls(seconds(61)).await;
    t.serve().await;
    t.pass(seconds(60)).await;
    t.pass_until("the run", |world| world.runs(REPO).len() == 1).await;
    t.is_built(issue, 1).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_approval_takes_no_place_and_needs_one_when_approved() {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}queue: {{ limit: 1 }}\n")).await;
    let first = one_runs(&t).await;
    let issue = t.request("sam", FORM).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let full = decides(&t, "ada", issue, "/approve").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ⛔ The queue is full (1 of 1).
    Nothing has been queued. When the [live queue](https://ci.example/q/octo/app) is shorter, try once more: with the same comment, or, if the issue's text asks, by editing it.
    ");
    assert_eq!(t.reactions(issue, full), ["eyes", "confused"]);
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    it_ends(&t, first).await;
    t.says(second, "🔨 Starting").await;
    approved(&t, issue).await;
    t.says(issue, "⏳ Queued").await;
    t.carried_out(second, t.run(2).await).await;
    t.is_built(issue, 3).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_may_take_it_back_and_a_stranger_may_not() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    let stranger = t.comment("tom", issue, "/cancel").await;
    assert_eq!(t.reactions(issue, stranger), ["eyes", "confused"]);
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not done: `/cancel` is for people with write access, or who asked for the build
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("sam", issue, "/cancel").await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### 🚫 Cancelled by you
    Nothing was built. To ask again: `/build desktop tag=v1.4.0 channel=stable`
    ");
    t.says(issue, "🚫 Cancelled").await;
    decides(&t, "ada", issue, "/approve").await;
    t.replies(issue).await;
    assert!(t.runs().is_empty());
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_issue_ends_the_waiting() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.close("sam", issue).await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### 🚫 Cancelled because the issue was closed
    Nothing was built. To ask again: `/build desktop tag=v1.4.0 channel=stable`
    ");
    t.says(issue, "🚫 Cancelled").await;
    assert_eq!(t.count(WAITING).await, 0);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_issue_ends_the_waiting() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.happens(|world| world.delete_issue(REPO, issue.number, "ada")).await;
    assert_eq!(t.count(WAITING).await, 0);
    t.end().await;
}

/// A maintainer's role is asked of GitHub each time.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_maintainer_any_more_decides_nothing() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.happens(|world| world.set_role(REPO, "ada", Role::Write)).await;
    let former = decides(&t, "ada", issue, "/approve").await;
    assert_eq!(t.reactions(issue, former), ["eyes", "confused"]);
    assert!(t.replies(issue).await.starts_with("### 🚫 Not done: `/approve` is for maintainers"));
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("sam", issue, "/cancel").await;
    t.outcome(issue).await;
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}
