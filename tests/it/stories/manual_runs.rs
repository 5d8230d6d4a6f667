//! Runs that people start on GitHub's own page, and runs that they run again.

use insta::assert_snapshot;
use trilock::sandbox::{ApiTrouble, HookTrouble};

use crate::harness::{Trilock, seconds};

const TAKEN_BY_HAND: &str = "SELECT count(*) FROM lease WHERE kind = 'manual'";
const BY_HAND: &str =
    "SELECT count(*) FROM (SELECT trigger FROM build UNION ALL SELECT trigger FROM build_history)
                        AS builds WHERE trigger = 'manual'";
const PARKED: &str = "SELECT count(*) FROM inbox WHERE state = 'parked'";

/// Manual builds that ended, with how.
async fn ended_by_hand(t: &Trilock) -> Vec<&'static str> {
    let repo = t.store.repositories(false).await.expect("the repositories").remove(0).key;
    let ended = t.store.queue_view(repo).await.expect("the queue").ended;
    ended.iter().filter(|build| build.issue.is_none()).map(|build| build.status.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_started_by_hand_takes_the_free_lock_and_a_build_waits_behind_it() {
    let t = Trilock::start().await;
    t.policy(crate::harness::POLICY).await;
    let by_hand = t.by_hand("eve", "v9.0.0").await;
    assert_eq!(t.count(TAKEN_BY_HAND).await, 1);
    let issue = t.issue("ben").await;
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    assert_snapshot!(t.status(issue).await, @r"
    ### ⏳ Queued
    **desktop** · Version tag `v1.4.0` · Channel `stable`

    1 build before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.begin(by_hand).await;
    assert_eq!(t.tags(), ["v9.0.0"]);
    t.finish(by_hand, "success").await;
    assert_eq!(t.tags(), ["v9.0.0", "v1.4.0"]);
    assert_eq!((t.count(TAKEN_BY_HAND).await, ended_by_hand(&t).await), (0, vec!["succeeded"]));
    t.says(issue, "🔨 Starting").await;
    t.carried_out(issue, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_build_it_runs_outside_the_lock_and_nothing_is_started_until_it_ends() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    t.begin(t.run(1).await).await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let by_hand = t.by_hand("ada", "v9.0.0").await;
    t.begin(by_hand).await;
    assert_snapshot!(t.status(second).await, @r"
    ### ⚠️ A run started by hand is running outside the lock; your place is kept.
    **desktop** · Version tag `v2.0.0` · Channel `stable`

    2 builds before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.says(first, "🔨 Building").await;
    t.finish(t.run(1).await, "success").await;
    t.ended_well(first).await;
    t.pass(seconds(120)).await;
    assert_eq!(t.tags(), ["v1.0.0", "v9.0.0"], "the lock is free, but not for anybody");
    t.finish(by_hand, "failure").await;
    assert_eq!(t.tags(), ["v1.0.0", "v9.0.0", "v2.0.0"]);
    assert!(t.github.world().record().cancels.is_empty());
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(3).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_end_is_learnt_when_no_webhook_tells_it() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let by_hand = t.by_hand("ada", "v9.0.0").await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.finish(by_hand, "success").await;
    t.carried_out(first, t.run(1).await).await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    assert!(t.status(second).await.starts_with("### ⚠️ A run started by hand"));
    t.pass(seconds(60)).await;
    t.run(3).await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(3).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_run_again_is_a_build_of_its_own_and_its_issue_hears_nothing() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.fail(run, "windows", "Compile").await;
    assert!(t.outcome(issue).await.starts_with("### ❌ Your build failed"));
    t.says(issue, "❌ Failed").await;
    t.again("ben", run).await;
    assert_eq!(t.count(TAKEN_BY_HAND).await, 1);
    let other = t.asked("eve", "/build tag=v2.0.0").await;
    t.says(other, "⏳ Queued").await;
    t.begin(run).await;
    t.finish(run, "success").await;
    assert_eq!(ended_by_hand(&t).await, ["succeeded"]);
    t.says(issue, "❌ Failed").await;
    t.says(other, "🔨 Starting").await;
    t.carried_out(other, t.run(2).await).await;
    t.end().await;
}

/// The build ends as its own attempt did, although GitHub shows another one by then.
#[tokio::test(flavor = "multi_thread")]
async fn run_again_after_a_completion_that_was_lost() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.finish(run, "failure").await;
    t.again("ben", run).await;
    t.says(issue, "🔨 Building").await;
    assert_eq!(t.count(PARKED).await, 1);
    t.pass(seconds(60)).await;
    assert!(t.outcome(issue).await.starts_with("### ❌ Your build failed"));
    t.says(issue, "❌ Failed").await;
    t.until_stored(TAKEN_BY_HAND, 1).await;
    assert_eq!(t.count(PARKED).await, 0);
    t.begin(run).await;
    t.finish(run, "success").await;
    assert_eq!(ended_by_hand(&t).await, ["succeeded"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_webhook_tells_that_it_ended_and_was_run_again() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.finish(run, "success").await;
    t.next_hook("workflow_run", "requested", HookTrouble::Drop);
    t.again("ben", run).await;
    t.pass(seconds(60)).await;
    t.ended_well(issue).await;
    // The monitor saw both.
    t.until_stored(TAKEN_BY_HAND, 1).await;
    t.finish(run, "success").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_github_does_not_keep_is_given_to_a_person() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.next_hook("workflow_run", "completed", HookTrouble::Drop);
    t.finish(run, "success").await;
    t.again("ben", run).await;
    t.next_call("GET", "/attempts/1$", ApiTrouble::FailBefore(404));
    t.pass(seconds(60)).await;
    assert!(t.outcome(issue).await.starts_with("### ❓ GitHub no longer knows the run of your build"));
    t.says(issue, "❓ Not known how it ended").await;
    t.until_stored(TAKEN_BY_HAND, 1).await;
    t.finish(run, "success").await;
    t.end().await;
}

/// The cancel was decided before the run ended, and reaches GitHub when somebody has run it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_cancel_does_not_stop_what_somebody_ran_again() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.0.0").await;
    let run = t.run(1).await;
    t.begin(run).await;
    t.says(issue, "🔨 Building").await;
    t.next_call("POST", "/cancel$", ApiTrouble::FailBefore(502));
    t.comment("ben", issue, "/cancel").await;
    t.says(issue, "🚫 Stopping").await;
    t.finish(run, "failure").await;
    assert!(t.outcome(issue).await.starts_with("### ❌ Your build failed"));
    t.says(issue, "❌ Failed").await;
    t.again("ben", run).await;
    t.begin(run).await;
    t.pass(seconds(30)).await;
    assert!(t.github.world().record().cancels.is_empty());
    t.finish(run, "success").await;
    assert_eq!(ended_by_hand(&t).await, ["succeeded"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_our_bot_that_no_build_has_keeps_the_lock_from_everybody() {
    let mut t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let bot = t.github.world().bot();
    let stray = t.by_hand(&bot, "v9.0.0").await;
    assert_eq!(t.count(BY_HAND).await, 1);
    t.carried_out(first, t.run(1).await).await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    assert!(t.status(second).await.starts_with("### ⚠️ A run started by hand"));
    assert_eq!(t.tags(), ["v1.0.0", "v9.0.0"]);
    t.finish(stray, "success").await;
    t.says(second, "🔨 Starting").await;
    t.carried_out(second, t.run(3).await).await;
    assert_eq!(t.wreckage().await, [r#"1 runs too many of Some("v9.0.0")"#], "which it was to be");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_come_twice_and_in_the_wrong_order_make_one_build() {
    let t = Trilock::start().await;
    t.policy(crate::harness::POLICY).await;
    t.next_hook("workflow_run", "requested", HookTrouble::Double);
    t.next_hook("workflow_run", "in_progress", HookTrouble::Reorder);
    let by_hand = t.by_hand("eve", "v9.0.0").await;
    t.github.world().start_run(by_hand).expect("a queued run");
    t.github.world().finish_run(by_hand, "success", None).expect("a run");
    t.calm().await;
    t.github.world().resend_last(100, true);
    t.calm().await;
    assert_eq!((t.count(BY_HAND).await, ended_by_hand(&t).await), (1, vec!["succeeded"]));

    // The end alone is heard, then how it began.
    t.next_hook("workflow_run", "requested", HookTrouble::Delay(20_000));
    t.next_hook("workflow_run", "in_progress", HookTrouble::Delay(20_000));
    let late = t.by_hand_and_go("eve", "v9.1.0");
    t.github.world().start_run(late).expect("a queued run");
    t.github.world().finish_run(late, "success", None).expect("a run");
    t.until_stored("SELECT count(*) FROM request WHERE request_key LIKE 'run:%'", 2).await;
    t.pass_amid_calls(seconds(20)).await;
    t.calm().await;
    assert_eq!((t.count(BY_HAND).await, t.count(TAKEN_BY_HAND).await), (1, 0));
    t.end().await;
}
