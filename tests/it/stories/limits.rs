//! GitHub asks for patience: it is left alone for as long as it said, and then all is done.

use trilock::sandbox::ApiTrouble;

use crate::harness::{REPO, Trilock, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_limit_nothing_is_asked_until_it_is_over() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.next_call("PATCH", "/issues/comments/", ApiTrouble::RetryAfter(30));
    t.begin(run).await;
    let calls = t.github.world().calls();

    // Facts, receipts, the status comment and an outcome are wanted meanwhile.
    let second = t.issue("eve").await;
    let asked = t.comment("eve", second, "/build tag=v2.0.0").await;
    t.finish(run, "success").await;
    t.pass(seconds(25)).await;
    assert_eq!(t.github.world().calls(), calls);
    assert!(t.reactions(second, asked).is_empty());

    t.pass(seconds(10)).await;
    t.pass(seconds(10)).await;
    t.ended_well(first).await;
    t.says(second, "🔨 Starting").await;
    assert_eq!(t.reactions(second, asked), ["eyes", "+1"]);
    t.carried_out(second, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_dispatch_is_sent_once_when_the_limit_is_over() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    t.next_call("POST", "/dispatches$", ApiTrouble::RetryAfter(30));
    t.comment("ben", issue, "/build tag=v1.0.0").await;
    t.pass(seconds(25)).await;
    assert!(t.runs().is_empty());
    t.pass(seconds(10)).await;
    t.pass(seconds(10)).await;
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_cancel_reaches_the_run_when_the_limit_is_over() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.next_call("POST", "/cancel$", ApiTrouble::RetryAfter(30));
    t.comment("ben", issue, "/cancel").await;
    t.pass(seconds(25)).await;
    assert!(t.github.world().record().cancels.is_empty());
    t.pass(seconds(10)).await;
    t.pass_until("the run is over", |world| world.runs(REPO).iter().all(|run| run.conclusion.is_some()))
        .await;
    assert!(t.outcome(issue).await.starts_with("### 🚫 Cancelled by you"));
    t.says(issue, "🚫 Cancelled").await;
    assert_eq!(t.github.world().record().cancels.len(), 1);
    t.end().await;
}
