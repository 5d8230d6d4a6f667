//! The server dies, GitHub answers wrongly, somebody deletes a comment: nothing is lost, nothing is said twice.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use trilock::sandbox::ApiTrouble;

use crate::harness::{CORRELATING_WORKFLOW, REPO, Trilock, WORKFLOW_PATH, seconds};

/// Longer than a dead worker's claim.
const CLAIM: u64 = 61;

#[tokio::test(flavor = "multi_thread")]
async fn killed_mid_queue_nothing_is_lost_or_doubled() {
    let mut t = Trilock::start().await;
    t.file(WORKFLOW_PATH, CORRELATING_WORKFLOW).await;
    let mut waiting = BTreeMap::new();
    for (login, tag) in [("ben", "v1.0.0"), ("eve", "v2.0.0"), ("ada", "v3.0.0")] {
        waiting.insert(tag.to_owned(), t.issue(login).await);
    }
    for (tag, issue) in &waiting {
        t.comment_and_go("ben", *issue, &format!("/build tag={tag}"));
    }
    // All are acknowledged, so from here on they may not be lost.
    t.github.settled().await;
    for n in 1..=3 {
        t.kill();
        t.serve().await;
        t.pass_amid_calls(seconds(CLAIM)).await;
        // Killed just before a dispatch it is looked for first, and then sent again.
        t.pass_until("the next run", |world| world.runs(REPO).len() == n).await;
        let run = t.run(n).await;
        // Those whose facts came first joined first.
        let issue = waiting.remove(&t.tags()[n - 1]).expect("each is built once");
        t.begin(run).await;
        t.kill();
        t.github.world().finish_run(run, "success", None).expect("a run");
        t.github.settled().await;
        t.serve().await;
        t.pass_amid_calls(seconds(CLAIM)).await;
        // The timer's first look may have come before that.
        t.pass(seconds(60)).await;
        t.ended_well(issue).await;
    }
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_dispatch_and_its_answer_there_is_one_run() {
    let mut t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.next_call("POST", "/dispatches$", ApiTrouble::AnswerLate(600_000));
    t.comment_and_go("ben", issue, "/build tag=v1.4.0");
    t.run(1).await;
    t.kill();
    t.serve().await;
    t.pass_amid_calls(seconds(CLAIM)).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_status_comment_and_its_answer_there_is_one() {
    let mut t = Trilock::start().await;
    t.file(WORKFLOW_PATH, CORRELATING_WORKFLOW).await;
    let issue = t.issue("ben").await;
    t.next_call("POST", "/issues/1/comments$", ApiTrouble::AnswerLate(600_000));
    t.comment_and_go("ben", issue, "/build tag=v1.4.0");
    t.until("a status comment", |world| world.comments(REPO, issue.number).len() == 2).await;
    t.kill();
    t.serve().await;
    t.pass_amid_calls(seconds(CLAIM)).await;
    t.pass_until("the run", |world| world.runs(REPO).len() == 1).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_answered_502_after_it_was_posted_is_posted_once() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.next_call("POST", "/issues/1/comments$", ApiTrouble::FailAfter(502));
    t.finish(run, "success").await;
    t.pass(seconds(1)).await;
    t.outcome(issue).await;
    assert_snapshot!(t.status(issue).await, @r"### ✅ Succeeded: desktop `v1.4.0` ([result](http://github/octo/app/issues/1#issuecomment-C))");
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_comment_answered_502_after_it_was_posted_is_posted_once() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.next_call("POST", "/issues/1/comments$", ApiTrouble::FailAfter(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.pass(seconds(1)).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    t.end().await;
}

/// Somehow there are two, and whoever deletes the second one learns that it is gone already.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_status_comments_the_oldest_stays() {
    for trouble in [None, Some(ApiTrouble::FailAfter(404)), Some(ApiTrouble::DropAfter)] {
        let t = Trilock::start().await;
        let issue = t.issue("ben").await;
        t.next_call("POST", "/issues/1/comments$", ApiTrouble::FailAfter(502));
        if let Some(trouble) = trouble {
            t.next_call("DELETE", "/issues/comments/", trouble);
        }
        t.comment("ben", issue, "/build tag=v1.4.0").await;
        let bot = t.github.world().bot();
        t.comment(&bot, issue, "### Once more\n\n<!-- trilock:status -->").await;
        t.pass(seconds(2)).await;
        t.pass(seconds(4)).await;
        t.says(issue, "🔨 Starting").await;
        t.carried_out(issue, t.run(1).await).await;
        t.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_status_comment_is_made_anew_at_the_next_change() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let bot = t.github.world().bot();
    let comments = t.github.world().comments(REPO, issue.number);
    let status = comments.iter().find(|c| c.author == bot).expect("a status comment").id;
    t.github.world().delete_comment(REPO, status, "ada").expect("a comment");
    t.calm().await;
    assert_eq!(t.status(issue).await, "(none)");
    t.begin(t.run(1).await).await;
    t.says(issue, "🔨 Building").await;
    t.finish(t.run(1).await, "success").await;
    t.ended_well(issue).await;
    t.end().await;
}
