//! People delete comments.

use insta::assert_snapshot;
use trilock::sandbox::HookTrouble;

use super::the_queue_goes_on;
use crate::harness::{Issue, REPO, Trilock};

/// The bot's comments in the issue, by a part of their hidden mark.
fn of_bot(t: &Trilock, issue: Issue, mark: &str) -> Vec<u64> {
    let world = t.github.world();
    let bot = world.bot();
    let all = world.comments(issue.repo, issue.number);
    let mark = format!("<!-- trilock:{mark}");
    all.into_iter().filter(|c| c.author == bot && c.body.contains(&mark)).map(|c| c.id).collect()
}

async fn delete(t: &Trilock, comment: u64) {
    t.happens(|world| world.delete_comment(REPO, comment, "ada")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_status_comment_is_made_anew() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let old = of_bot(&t, issue, "status");
    delete(&t, old[0]).await;
    let new = of_bot(&t, issue, "status");
    assert_eq!(new.len(), 1);
    assert_ne!(new, old);
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_nobody_told_is_found_by_the_next_edit() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    t.next_hook("issue_comment", "deleted", HookTrouble::Drop);
    delete(&t, of_bot(&t, issue, "status")[0]).await;
    assert!(of_bot(&t, issue, "status").is_empty());
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(of_bot(&t, issue, "status").len(), 1);
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_outcome_is_not_posted_again_and_not_linked() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    t.carried_out(issue, t.run(1).await).await;
    delete(&t, of_bot(&t, issue, "outcome")[0]).await;
    assert_snapshot!(t.status(issue).await, @r"### ✅ Succeeded: desktop `v1.0.0`; a new comment tells the result");
    assert!(of_bot(&t, issue, "outcome").is_empty());
    the_queue_goes_on(&t).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_request_changes_nothing() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let request = t.comment("ben", issue, "/build tag=v1.0.0").await;
    t.says(issue, "🔨 Starting").await;
    delete(&t, request).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    the_queue_goes_on(&t).await;
    t.end().await;
}
