//! The queue's order, and who may run beside whom.

use insta::assert_snapshot;

use crate::harness::{POLICY, Trilock, minutes};

#[tokio::test(flavor = "multi_thread")]
async fn two_on_one_lock_run_in_order() {
    let t = Trilock::start().await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.issue("eve").await;
    t.comment("eve", second, "/build tag=v2.0.0").await;
    assert_snapshot!(t.status(second).await, @r"
    ### ⏳ Queued
    **desktop** · Version tag `v2.0.0` · Channel `stable`

    1 build before yours as of 13:58 UTC; the number of now: [live queue](https://ci.example/q/octo/app)
    No estimate yet.
    You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    let run = t.run(1).await;
    t.begin(run).await;
    t.pass(minutes(22)).await;
    assert_eq!(t.tags(), ["v1.0.0"], "the second waits for the first");
    t.finish(run, "success").await;
    assert_snapshot!(t.outcome(first).await, @r"
    ### ✅ Your build is ready: desktop `v1.0.0`
    **[app-windows](http://github/octo/app/actions/runs/run-1/artifacts/A)** 1 KB
    Sign in to GitHub to download (a zip file).
    Waited 0 s, built 22 min · commit `1a2b3c4` · [run](http://github/octo/app/actions/runs/run-1)
    ");
    t.says(first, "✅ Succeeded").await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"], "its end starts the second");
    assert_snapshot!(t.status(second).await, @r"
    ### 🔨 Starting since 14:20 UTC
    **desktop** · Version tag `v2.0.0` · Channel `stable`

    It is your turn: the build is being started. You need to do nothing: a new comment will tell you the result. To stop, write a comment with only `/cancel`.
    ");
    t.begin(t.run(2).await).await;
    t.pass(minutes(31)).await;
    t.finish(t.run(2).await, "success").await;
    assert_snapshot!(t.outcome(second).await, @r"
    ### ✅ Your build is ready: desktop `v2.0.0`
    **[app-windows](http://github/octo/app/actions/runs/run-2/artifacts/A)** 1 KB
    Sign in to GitHub to download (a zip file).
    Waited 22 min, built 31 min · commit `1a2b3c4` · [run](http://github/octo/app/actions/runs/run-2)
    ");
    t.says(second, "✅ Succeeded").await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_run_two_at_a_time() {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}queue: {{ concurrency: 2 }}\n")).await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let third = t.asked("ada", "/build tag=v3.0.0").await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0"]);
    let run = t.run(2).await;
    t.carried_out(second, run).await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0", "v3.0.0"], "a free place is taken at once");
    t.says(third, "🔨 Starting").await;
    t.carried_out(first, t.run(1).await).await;
    t.carried_out(third, t.run(3).await).await;
    t.end().await;
}

/// Two build types, each with room for itself, that share one GPU.
const SHARED: &str = "version: 1
builds:
  desktop:
    workflow: build-desktop.yml
    resources: ['gpu:0']
  mobile:
    workflow: build-desktop.yml
    resources: ['gpu:0']
  docs:
    workflow: build-desktop.yml
queue: { concurrency: 2 }
named_resources: { 'gpu:0': { capacity: 1 } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_named_resource_is_shared_by_two_build_types() {
    let t = Trilock::start().await;
    t.policy(SHARED).await;
    let desktop = t.asked("ben", "/build desktop tag=v1.0.0").await;
    let mobile = t.asked("eve", "/build mobile tag=v2.0.0").await;
    t.says(mobile, "⏳ Queued").await;
    let docs = t.asked("ada", "/build docs tag=v3.0.0").await;
    assert_eq!(t.tags(), ["v1.0.0"], "nobody overtakes the head, which waits for the GPU");
    t.carried_out(desktop, t.run(1).await).await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0", "v3.0.0"]);
    for issue in [mobile, docs] {
        t.says(issue, "🔨 Starting").await;
    }
    t.carried_out(docs, t.run(3).await).await;
    t.carried_out(mobile, t.run(2).await).await;
    t.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_refused_with_words() {
    let t = Trilock::start().await;
    t.policy(&format!("{POLICY}queue: {{ limit: 1 }}\n")).await;
    let first = t.asked("ben", "/build tag=v1.0.0").await;
    let second = t.asked("eve", "/build tag=v2.0.0").await;
    let third = t.issue("ada").await;
    let asked = t.comment("ada", third, "/build tag=v3.0.0").await;
    assert_snapshot!(t.replies(third).await, @"
    ### ⛔ The queue is full (1 of 1).
    Nothing has been queued. When the [live queue](https://ci.example/q/octo/app) is shorter, try once more: with the same comment, or, if the issue's text asks, by editing it.
    ");
    assert_eq!(t.reactions(third, asked), ["eyes", "confused"]);
    assert_eq!(t.status(third).await, "(none)");
    t.carried_out(first, t.run(1).await).await;
    t.says(second, "🔨 Starting").await;
    // There is room again, for who writes once more.
    t.comment("ada", third, "/build tag=v3.0.0").await;
    t.says(third, "⏳ Queued").await;
    t.carried_out(second, t.run(2).await).await;
    t.says(third, "🔨 Starting").await;
    t.carried_out(third, t.run(3).await).await;
    assert_eq!(t.tags(), ["v1.0.0", "v2.0.0", "v3.0.0"]);
    t.end().await;
}
