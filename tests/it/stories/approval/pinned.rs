//! Approvals of one commit.

use insta::assert_snapshot;

use super::{
    FORM, approved, approved_behind_another, decides, it_ends, one_runs, policy_with, short_head, waits,
};
use crate::harness::{Issue, POLICY, REPO, Trilock, WORKFLOW, WORKFLOW_PATH};

async fn pinned() -> Trilock {
    let t = Trilock::start().await;
    t.policy(&policy_with("{ pin: commit }")).await;
    t
}

async fn the_branch_moves(t: &Trilock) {
    t.happens(|world| world.force_push(REPO, "main")).await;
}

/// The status comment as it is, with its commit.
fn shows(t: &Trilock, issue: Issue, commit: &str) -> bool {
    let comments = t.github.world().comments(issue.repo, issue.number);
    comments.iter().any(|comment| comment.body.contains(&format!("commit `{commit}`")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_moves_before_the_approval_is_looked_at_once_more() {
    let t = pinned().await;
    let issue = t.request("sam", FORM).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main` · commit `1a2b3c4`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    let old = short_head(&t);
    assert!(shows(&t, issue, &old));
    the_branch_moves(&t).await;
    let blind = decides(&t, "ada", issue, "/approve").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✋ Not approved: the branch has moved meanwhile, or is gone
    The status comment above shows how it is now. If that is right, write another comment with only `/approve`.
    ");
    assert_eq!(t.reactions(issue, blind), ["eyes", "confused"]);
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    assert!(shows(&t, issue, &short_head(&t)) && !shows(&t, issue, &old));
    assert!(t.runs().is_empty());
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_moves_before_the_start_voids_the_approval() {
    let t = pinned().await;
    let (first, issue) = approved_behind_another(&t).await;
    the_branch_moves(&t).await;
    t.says(issue, "⏳ Queued").await;
    // Whoever stands behind it is not held up.
    let third = t.asked("eve", "/build tag=v2.0.0").await;
    it_ends(&t, first).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ The branch has moved, so the approval no longer counts.
    Waiting for a maintainer's approval (until 23 Nov 13:58 UTC).
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `main` · commit `1a2b3c4`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    assert!(shows(&t, issue, &short_head(&t)));
    t.is_built(third, 2).await;
    assert_eq!(t.tags(), ["v0.1.0", "v2.0.0"]);
    approved(&t, issue).await;
    t.is_built(issue, 3).await;
    t.end().await;
}

/// A dispatch names no commit: there is a moment in which the branch may move.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_another_commit_is_stopped() {
    let t = pinned().await;
    let issue = waits(&t).await;
    t.happens(|world| world.move_on_dispatch(REPO, "main")).await;
    approved(&t, issue).await;
    let run = t.run(1).await;
    t.pass_until("the run is over", |world| world.run(run).is_some_and(|run| run.conclusion.is_some())).await;
    assert_snapshot!(t.outcome(issue).await, @"
    ### ✋ Stopped: the branch moved after the approval: desktop `v1.4.0`
    Approved was commit `1a2b3c4`, the run had commit `1a2b3c4`; what it made must not be used.
    Write a comment with only `/retry` to ask for approval of the branch as it is now; your answers are kept.
    ");
    assert_snapshot!(t.status(issue).await, @"### 🚫 Cancelled: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    assert_eq!(t.github.world().record().cancels.len(), 1);
    t.comment("sam", issue, "/retry").await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    assert!(shows(&t, issue, &short_head(&t)), "of the branch as it is now");
    approved(&t, issue).await;
    t.is_built(issue, 2).await;
    t.end().await;
}

/// Its runner was faster than the cancel.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_another_commit_that_began_is_stopped() {
    let t = Trilock::with(|options| options.cancel_takes = std::time::Duration::MAX).await;
    t.policy(&policy_with("{ pin: commit }")).await;
    let issue = waits(&t).await;
    t.happens(|world| world.move_on_dispatch(REPO, "main")).await;
    approved(&t, issue).await;
    let run = t.run(1).await;
    t.until("a cancel", |world| world.record().cancels.len() == 1).await;
    assert_snapshot!(t.status(issue).await, @"
    ### 🚫 Stopping since 13:58 UTC ([run](http://github/octo/app/actions/runs/run-1))
    **desktop** · Version tag `v1.4.0` · Channel `stable` · commit `1a2b3c4`

    It was asked to stop because it builds another commit than the approved one; the machine is not free yet. You need to do nothing: a new comment will tell you the result.
    ");
    t.begin(run).await;
    // What it made in spite of that does not count.
    t.finish(run, "success").await;
    assert!(t.outcome(issue).await.starts_with("### ✋ Stopped: the branch moved after the approval"));
    t.says(issue, "🚫 Cancelled").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_asks_for_the_approved_commit_gets_it() {
    let t = Trilock::start().await;
    let workflow =
        WORKFLOW.replace("      channel:", "      trilock_commit: { type: string }\n      channel:");
    t.file(WORKFLOW_PATH, &workflow).await;
    t.policy(&policy_with("{ pin: commit }")).await;
    let issue = waits(&t).await;
    approved(&t, issue).await;
    let head = t.github.world().head(REPO).expect("a repository");
    t.is_built(issue, 1).await;
    assert_eq!(t.runs()[0].inputs["trilock_commit"], head);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_gone_cannot_be_approved() {
    let t = Trilock::start().await;
    t.github.world().set_ref(REPO, "heads/release").expect("a branch");
    t.policy(&policy_with("{ pin: commit }").replace("    approval", "    ref: release\n    approval")).await;
    let issue = waits(&t).await;
    t.happens(|world| world.delete_ref(REPO, "heads/release")).await;
    decides(&t, "ada", issue, "/approve").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✋ Not approved: the branch has moved meanwhile, or is gone
    The status comment above shows how it is now. If that is right, write another comment with only `/approve`.
    ");
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `stable` · from branch `release`, which is not there

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    decides(&t, "ada", issue, "/approve").await;
    t.replies(issue).await;
    t.github.world().set_ref(REPO, "heads/release").expect("a branch");
    decides(&t, "ada", issue, "/approve").await;
    t.replies(issue).await;
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    t.end().await;
}

/// Every merge moves the default branch: unless the policy says so, that does not matter.
#[tokio::test(flavor = "multi_thread")]
async fn without_pin_the_branch_may_move() {
    let t = Trilock::start().await;
    t.policy(POLICY).await;
    let first = one_runs(&t).await;
    let issue = t.request("sam", FORM).await;
    the_branch_moves(&t).await;
    approved(&t, issue).await;
    the_branch_moves(&t).await;
    t.says(issue, "⏳ Queued").await;
    it_ends(&t, first).await;
    t.is_built(issue, 2).await;
    t.end().await;
}
