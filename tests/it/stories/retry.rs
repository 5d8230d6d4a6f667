//! The same once more: `/retry` keeps the answers, and the approval if nothing has changed.

use insta::assert_snapshot;
use trilock::sandbox::ApiTrouble;

use crate::harness::{Issue, POLICY, Trilock, minutes, seconds};

/// Sam, who may only read, asks; ada approves; it runs.
async fn approved(t: &Trilock) -> Issue {
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build tag=v1.4.0 channel=beta").await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("ada", issue, "/approve").await;
    t.says(issue, "🔨 Starting").await;
    issue
}

async fn fails(t: &Trilock, issue: Issue, n: usize) {
    let run = t.run(n).await;
    t.begin(run).await;
    t.fail(run, "windows", "Compile").await;
    assert!(t.outcome(issue).await.starts_with("### ❌ Your build failed"));
    t.says(issue, "❌ Failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_the_approval_is_kept() {
    let t = Trilock::start().await;
    let issue = approved(&t).await;
    fails(&t, issue, 1).await;
    let again = t.comment("sam", issue, "/retry").await;
    assert_eq!(t.reactions(issue, again), ["eyes", "+1"]);
    assert_snapshot!(t.status(issue).await, @"
    ### 🔨 Starting since 13:58 UTC
    **desktop** · Version tag `v1.4.0` · Channel `beta`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.carried_out(issue, t.run(2).await).await;
    assert_eq!(t.runs()[0].inputs, t.runs()[1].inputs);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_success_the_approval_is_asked_for_anew() {
    let t = Trilock::start().await;
    let issue = approved(&t).await;
    t.carried_out(issue, t.run(1).await).await;
    t.comment("sam", issue, "/retry").await;
    assert_snapshot!(t.status(issue).await, @"
    ### ✋ Waiting for a maintainer's approval (until 23 Nov 13:58 UTC)
    **desktop** · Version tag `v1.4.0` · Channel `beta` · from branch `main`

    You need to do nothing.
    Maintainers: `/approve`, or `/reject` and a reason.
    ");
    t.comment("ada", issue, "/approve").await;
    t.is_built(issue, 2).await;
    t.end().await;
}

/// Who cancels what was approved and asks again has nothing changed either.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_cancel_the_approval_is_kept() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v0.1.0").await;
    let issue = t.issue("sam").await;
    t.comment("sam", issue, "/build tag=v1.4.0").await;
    t.comment("ada", issue, "/approve").await;
    t.says(issue, "⏳ Queued").await;
    t.comment("sam", issue, "/cancel").await;
    t.outcome(issue).await;
    t.comment("sam", issue, "/retry desktop").await;
    t.says(issue, "⏳ Queued").await;
    t.carried_out(first, t.run(1).await).await;
    t.is_built(issue, 2).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_of_the_policy_it_is_asked_for_with_a_new_line() {
    let t = Trilock::start().await;
    let issue = approved(&t).await;
    fails(&t, issue, 1).await;
    t.policy(&POLICY.replace(r"'^v\d+\.\d+'", r"'^v\d+\.\d+\.\d+$'")).await;
    let again = t.comment("sam", issue, "/retry").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not asked again: what can be asked for here has changed since
    Nothing has been started. Ask anew instead: write a comment with only `/build desktop tag=v1.4.0 channel=beta`.
    ");
    assert_eq!(t.reactions(issue, again), ["eyes", "confused"]);
    t.says(issue, "❌ Failed").await;
    t.comment("sam", issue, "/build desktop tag=v1.4.0 channel=beta").await;
    t.says(issue, "✋ Waiting for a maintainer's approval").await;
    t.comment("ada", issue, "/approve").await;
    t.is_built(issue, 2).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_has_ended_there_is_nothing_to_retry() {
    let t = Trilock::start().await;
    let issue = t.issue("ben").await;
    let early = t.comment("ben", issue, "/retry").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### 💤 Nothing to ask for once more
    No build of this issue has ended, one goes on still, or the last request needs a correction first. A comment with only `/status` says how it stands.
    ");
    assert_eq!(t.reactions(issue, early), ["eyes", "confused"]);
    t.comment("ben", issue, "/build tag=1").await;
    t.says(issue, "✏️ One answer needs a correction").await;
    t.comment("ben", issue, "/retry").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing to ask for once more"));
    t.comment("ben", issue, "/build tag=v1.0.0").await;
    t.says(issue, "🔨 Starting").await;
    t.comment("ben", issue, "/retry").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing to ask for once more"));
    t.comment("ben", issue, "/retry mobile").await;
    assert!(t.replies(issue).await.starts_with("### 💤 Nothing to ask for once more"));
    t.carried_out(issue, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_write_may_retry_for_others_and_a_stranger_may_not() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    fails(&t, issue, 1).await;
    for login in ["sam", "tom"] {
        let stranger = t.comment(login, issue, "/retry").await;
        assert_eq!(t.reactions(issue, stranger), ["eyes", "confused"]);
    }
    assert_snapshot!(t.replies(issue).await, @"
    ### 🚫 Not done: `/retry` is for people with write access, or who asked for the build
    Nothing has changed. One of them can write it in a comment here. (I say this once in each issue.)
    ");
    t.comment("eve", issue, "/retry").await;
    t.is_built(issue, 2).await;
    assert_eq!(t.tags(), ["v1.4.0", "v1.4.0"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_answers_are_for_build() {
    let t = Trilock::start().await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    t.carried_out(issue, t.run(1).await).await;
    let wrong = t.comment("ben", issue, "/retry tag=v1.5.0").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ✏️ Line 1 of your comment needs a correction
    `/retry tag=v1.5.0`, at `tag=v1.5.0`: `/retry` takes the same answers as before; `/build` takes others

    Write a new comment with only: `/build tag=v1.5.0`. This line changed nothing.
    ");
    assert_eq!(t.reactions(issue, wrong), ["eyes", "confused"]);
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn into_a_full_queue_nothing_is_retried() {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}queue: {{ limit: 1 }}\n")).await;
    let issue = t.asked("ben", "/build tag=v1.4.0").await;
    fails(&t, issue, 1).await;
    let first = t.asked("ben", "/build tag=v2.0.0").await;
    let second = t.asked("eve", "/build tag=v3.0.0").await;
    t.comment("ben", issue, "/retry").await;
    assert_snapshot!(t.replies(issue).await, @"
    ### ⛔ The queue is full (1 of 1).
    Nothing has been queued. When the [live queue](https://ci.example/q/octo/app) is shorter, try once more: with the same comment, or, if the issue's text asks, by editing it.
    ");
    t.carried_out(first, t.run(2).await).await;
    t.says(second, "🔨 Starting").await;
    t.comment("ben", issue, "/retry").await;
    t.says(issue, "⏳ Queued").await;
    t.carried_out(second, t.run(3).await).await;
    t.is_built(issue, 4).await;
    t.end().await;
}

/// Whether a lost build runs nobody knows: its slot is not handed on, to its own retry neither.
#[tokio::test(flavor = "multi_thread")]
async fn the_retry_of_a_lost_build_waits_for_its_slot() {
    let t = Trilock::with(|options| options.list_lag = minutes(60)).await;
    let issue = t.issue("ben").await;
    t.next_call("POST", "/dispatches$", ApiTrouble::FailAfter(502));
    t.comment("ben", issue, "/build tag=v1.4.0").await;
    t.pass(seconds(2)).await;
    for _ in 0..12 {
        t.pass(seconds(10)).await;
    }
    assert!(t.outcome(issue).await.starts_with("### ❓ We could not learn whether the build started."));
    t.comment("ben", issue, "/retry").await;
    t.says(issue, "⏳ Queued").await;
    t.pass(minutes(10)).await;
    assert_eq!(t.tags(), ["v1.4.0"]);
    let run = t.run(1).await;
    t.begin(run).await;
    t.finish(run, "success").await;
    t.is_built(issue, 2).await;
    t.end().await;
}
