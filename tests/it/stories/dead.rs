//! What GitHub will not have is set aside, shown, and done once when the cause is gone.

use trilock::{
    sandbox::ApiTrouble,
    store::{Dead, DeadKind},
};

use crate::harness::{Issue, Trilock, minutes};

const COMMENTS: &str = "/issues/1/comments$";

async fn the_dead(t: &Trilock) -> Dead {
    let mut dead = t.store.dead().await.expect("the list");
    assert_eq!(dead.len(), 1, "{dead:?}");
    dead.remove(0)
}

/// A build ends well, and GitHub refuses the outcome comment.
async fn with_a_refused_outcome(trouble: ApiTrouble) -> (Trilock, Issue) {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.next_call("POST", COMMENTS, trouble);
    t.finish(run, "success").await;
    t.says(issue, "✅ Succeeded").await;
    (t, issue)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_comment_is_posted_once_when_the_cause_is_gone() {
    let (t, issue) = with_a_refused_outcome(ApiTrouble::FailBefore(422)).await;
    let dead = the_dead(&t).await;
    assert_eq!((dead.kind, dead.what.as_deref(), dead.issue), (DeadKind::Effect, Some("outcome"), Some(1)));
    assert_eq!((dead.repository.as_deref(), dead.attempts), (Some("octo/app"), 1));
    assert_eq!(dead.error.as_deref(), Some("422: Server Error"));

    assert!(t.store.retry_dead(&dead, "operator ann").await.expect("a retry"));
    t.pass_amid_calls(minutes(1)).await;
    t.ended_well(issue).await;
    assert_eq!(t.count("SELECT count(*) FROM audit WHERE what = 'retry effect'").await, 1);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_got_through_though_it_was_refused_is_not_posted_again() {
    let (t, issue) = with_a_refused_outcome(ApiTrouble::FailAfter(422)).await;
    assert!(t.outcome(issue).await.starts_with("### ✅ Your build is ready"));
    assert!(t.store.retry_dead(&the_dead(&t).await, "operator ann").await.expect("a retry"));
    t.pass_amid_calls(minutes(1)).await;
    t.says(issue, "✅ Succeeded").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_misses_is_dropped() {
    let (t, _) = with_a_refused_outcome(ApiTrouble::FailBefore(403)).await;
    let dead = the_dead(&t).await;
    assert!(t.store.drop_dead(&dead, "operator ann", "the issue says it").await.expect("a drop"));
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_reaction_is_not_missed() {
    for status in [404, 410, 422] {
        let t = Trilock::start().await;
        let issue = t.issue("ben").await;
        t.next_call("POST", "/reactions$", ApiTrouble::FailBefore(status));
        t.comment("ben", issue, "/help").await;
        assert!(t.replies(issue).await.starts_with("### 💡"));
        assert!(t.store.dead().await.expect("the list").is_empty());
        t.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_dispatch_is_told() {
    for status in [404, 410, 422] {
        let t = Trilock::start().await;
        let issue = t.issue("ben").await;
        t.next_call("POST", "/dispatches$", ApiTrouble::FailBefore(status));
        t.comment("ben", issue, "/build tag=v1.4.0").await;
        let outcome = t.outcome(issue).await;
        assert!(outcome.starts_with("### ❌"), "{status}: {outcome}");
        t.says(issue, "❌").await;
        assert!(t.runs().is_empty());
        t.end().await;
    }
}
