//! An approval counts for the answers that were approved.

use insta::assert_snapshot;

use super::{FORM, approved, approved_behind_another, decides, it_ends, one_runs, waits};
use crate::harness::Trilock;

const OTHER: &str = "### Version tag\n\nv1.5.0";

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_before_the_approval_is_what_is_approved() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.edit("sam", issue, OTHER).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.5.0` · Channel `stable` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    assert_eq!(t.tags(), ["v1.5.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_after_the_approval_voids_it() {
    let t = Trilock::start().await;
    let (first, issue) = approved_behind_another(&t).await;
    t.edit("sam", issue, OTHER).await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ The answers changed, so the approval no longer counts.
    Waiting for a maintainer's approval (until 23 Nov 13:58 UTC).
    **desktop** · Version tag `v1.5.0` · Channel `stable` · from branch `main`

    You need to do nothing. Editing the issue asks for approval anew.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    it_ends(&t, first).await;
    assert_eq!(t.tags(), ["v0.1.0"], "neither is built unapproved");
    approved(&t, issue).await;
    t.is_built(issue, 2).await;
    assert_eq!(t.tags(), ["v0.1.0", "v1.5.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_back_to_what_was_approved_is_asked_for_anew() {
    let t = Trilock::start().await;
    let (first, issue) = approved_behind_another(&t).await;
    t.edit("sam", issue, OTHER).await;
    t.pass(crate::harness::seconds(2)).await;
    t.edit("sam", issue, FORM).await;
    t.says(issue, "✋ The answers changed, so the approval no longer counts.").await;
    assert!(t.status(issue).await.contains("Version tag `v1.4.0`"));
    it_ends(&t, first).await;
    approved(&t, issue).await;
    t.is_built(issue, 2).await;
    assert_eq!(t.tags(), ["v0.1.0", "v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_in_the_second_of_an_edit_does_not_count() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    t.pass(crate::harness::seconds(5)).await;
    t.edit("sam", issue, OTHER).await;
    let blind = t.comment("ada", issue, "/approve").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✋ Not approved: what was asked for changed at that very moment
    Look at it once more. If it is right, write another comment with only `/approve`.
    ");
    assert_eq!(t.reactions(issue, blind), ["eyes", "confused"]);
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    assert!(t.runs().is_empty());
    approved(&t, issue).await;
    t.is_built(issue, 1).await;
    assert_eq!(t.tags(), ["v1.5.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_breaks_the_request_voids_the_approval_too() {
    let t = Trilock::start().await;
    let (first, issue) = approved_behind_another(&t).await;
    t.edit("sam", issue, "### Version tag\n\n1.5").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✏️ One answer needs a correction
    | Field | Now | Why not | Would be right |
    |---|---|---|---|
    | Version tag | `1.5` | must begin with v | `v1.4.0` |

    Edit the issue's text above (⋯ → Edit); I check it again by myself. Nothing has been started.
    ");
    it_ends(&t, first).await;
    assert_eq!(t.tags(), ["v0.1.0"]);
    let nothing = decides(&t, "ada", issue, "/approve").await;
    assert_eq!(t.reactions(issue, nothing), ["eyes", "confused"]);
    t.replies(issue).await;
    t.edit("sam", issue, OTHER).await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    approved(&t, issue).await;
    t.is_built(issue, 2).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_changes_no_answer_keeps_the_approval() {
    let t = Trilock::start().await;
    let first = one_runs(&t).await;
    let issue = t.request("sam", FORM).await;
    approved(&t, issue).await;
    t.edit("sam", issue, "### Version tag\n\nv1.4.0\n\n### Anything else?\n\nThank you!").await;
    t.says(issue, "⏳ Queued").await;
    it_ends(&t, first).await;
    t.is_built(issue, 2).await;
    t.end().await;
}

/// Whoever edits it, it is the author's request, and what was approved is not there any more.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_edit_voids_the_approval_as_well() {
    let t = Trilock::start().await;
    let (first, issue) = approved_behind_another(&t).await;
    t.edit("eve", issue, OTHER).await;
    t.says(issue, "✋ The answers changed, so the approval no longer counts.").await;
    approved(&t, issue).await;
    t.says(issue, "⏳ Queued").await;
    it_ends(&t, first).await;
    t.is_built(issue, 2).await;
    assert_eq!(t.tags(), ["v0.1.0", "v1.5.0"]);
    t.end().await;
}

/// What runs was approved as it is; the new answers wait until it has ended.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_while_it_runs_changes_nothing() {
    let t = Trilock::start().await;
    let issue = waits(&t).await;
    approved(&t, issue).await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.edit("sam", issue, OTHER).await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not queued: this issue's desktop build with other answers has not ended
    It goes on as before. To have the new answers built instead, write a comment with only `/cancel`; when that build has ended, one with only `/build desktop tag=v1.5.0 channel=stable`.
    ");
    t.says(issue, "🔨 Building").await;
    t.finish(run, "success").await;
    t.ended_well(issue).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}
